"""Rights that end while a page is in a sitting: it is told, and its media ends, at once."""

from audit.leaf import Leaf, decode
from auth.delegations import Delegations
from auth.demo import PASSWORD
from signaling import messages as m
from signaling.state import Place
from tests.auth.house import House
from tests.signaling.world import World


async def leaves_of(house: House, subject: str) -> list[Leaf]:
    return [decode(found.entry) for found in await house.log.leaves(subject)]


async def settled(world: World) -> None:
    room = world.live._rooms["sitting1"]
    await room.changes.idle()


async def test_an_officer_who_is_taken_off_the_room(world: World) -> None:
    officer = await world.come("accused")
    judge = await world.come("judge")
    admin, house = world.house.people["admin"], world.house
    await house.rooms.change(admin, house.room.id, officers=[])
    await settled(world)
    [bye] = officer.socket.of("bye")
    assert (bye["reason"], bye["code"]) == ("not_allowed", "policy.not_your_room")
    assert officer.socket.code == 4401
    assert ("leave", "accused") in world.calls
    assert not world.live._rooms["sitting1"].room.at("accused").present
    assert judge.socket.code is None


async def test_a_shut_account_and_a_session_that_is_ended(world: World) -> None:
    house = world.house
    for seat, end in (
        (
            "prosecutor",
            lambda person: house.accounts.set_active(house.people["admin"], person.id, False),
        ),
        ("counsel", lambda person: house.accounts.sign_out_everywhere(person)),
    ):
        page = await world.come(seat)
        person = page.page.who.person
        await end(person)
        await settled(world)
        [bye] = page.socket.of("bye")
        assert bye["reason"] == "signed_out", seat
        assert page.socket.code == 4401
        assert await page.refused(m.Hand(raised=True)) == "protocol.taken_over", seat


async def test_an_officer_of_one_more_room_stays(world: World) -> None:
    officer = await world.come("accused")
    house = world.house
    await house.rooms.add_officer(house.people["admin"], house.room.id, house.people["officer"].id)
    await settled(world)
    assert officer.socket.of("bye") == []
    assert world.live._rooms["sitting1"].room.at("accused").place is Place.LOBBY


async def test_a_deputy_is_shown_and_ends_with_the_delegation(world: World) -> None:
    house = world.house
    await house.accounts.create(
        house.people["admin"],
        username="judge2",
        role="judge",
        name_ar="نائب",
        name_en="The Deputy",
        password=PASSWORD,
    )
    people = {one.username: one for one in await house.accounts.people(house.people["admin"])}
    offices = Delegations(house.database, house.log, house.clock)
    made = await offices.grant(
        house.people["judge"],
        house.people["judge"].id,
        people["judge2"].id,
        house.at(0),
        house.at(8),
        reason="On leave",
    )
    clerk = await world.come("clerk")
    page = await world.come("judge", username="judge2")
    shown = next(seat for seat in clerk.state["seats"] if seat["id"] == "judge")
    assert shown["name"] == "نائب"
    assert shown["acts_for"]
    await page.ok(m.Open())
    leaves = await leaves_of(house, "sitting1")
    opened = next(leaf for leaf in leaves if leaf.type == "live.phase.roll_call")
    assert opened.data["actor"] == people["judge2"].id
    assert opened.data["acts_for"] == house.people["judge"].id
    joined = [leaf.data for leaf in leaves if leaf.type == "live.seat.joined"]
    assert any(data.get("acts_for") == house.people["judge"].id for data in joined)
    await offices.withdraw(house.people["judge"], made.id)
    await settled(world)
    [bye] = page.socket.of("bye")
    assert bye["code"] == "policy.not_your_seat"
    again = await world.come("judge")
    shown = next(seat for seat in again.state["seats"] if seat["id"] == "judge")
    assert shown["acts_for"] == ""


async def test_a_delegation_that_runs_out_ends_the_page(world: World) -> None:
    house = world.house
    await house.accounts.create(
        house.people["admin"],
        username="judge2",
        role="judge",
        name_ar="",
        name_en="The Deputy",
        password=PASSWORD,
    )
    people = {one.username: one for one in await house.accounts.people(house.people["admin"])}
    offices = Delegations(house.database, house.log, house.clock)
    until = house.at(0.01)
    await offices.grant(
        house.people["judge"],
        house.people["judge"].id,
        people["judge2"].id,
        house.at(0),
        until,
        reason="For half a minute",
    )
    page = await world.come("judge", username="judge2")
    await world.live.tick()
    assert page.socket.of("bye") == []
    world.clock.advance(37)
    await world.live.tick()
    assert page.socket.of("bye")
