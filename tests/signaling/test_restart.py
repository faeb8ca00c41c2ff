from dataclasses import replace

import pytest

from sessions import store as booked
from sessions.seat import Seat
from signaling import messages as m
from signaling.page import RESTART
from signaling.store import unsealed
from tests.signaling.test_service import consult, settle
from tests.signaling.world import World


async def test_everybody_is_back_in_place_without_a_host(both: World) -> None:
    people = await both.hearing()
    await people["clerk"].ok(m.ToLobby(seats=["prosecutor"]))
    await people["clerk"].ok(m.Mute(seat="counsel", lock=True))
    await both.start_again()

    judge = await both.come("judge")
    counsel = await both.come("counsel")
    prosecutor = await both.come("prosecutor")
    assert judge.state["phase"] == "roll_call"
    assert counsel.state["me"]["place"] == "hearing"
    assert counsel.state["me"]["locked"]
    assert prosecutor.state["me"]["place"] == "lobby"
    assert set(both.media.spaces) == {"judge", "clerk", "counsel", "accused"}
    assert both.media.permits["counsel"] == {"camera"}


async def test_nobody_is_looked_at_after_a_restart(world: World) -> None:
    people = await world.hearing()
    await world.come("witness2")
    await people["clerk"].ok(m.Look(seat="witness2"))
    await world.start_again()
    clerk = await world.come("clerk")
    witness = await world.come("witness2")

    assert world.media.shows == {}
    assert clerk.state["me"]["looks_at"] is None
    assert not witness.state["me"]["looked_at"]


async def test_private_room_is_still_private(world: World) -> None:
    people = await world.hearing()
    room = await consult(people)
    await world.start_again()

    assert {seat for seat, space in world.media.spaces.items() if _id(space) == room} == {
        "counsel",
        "accused",
    }


async def test_on_record_is_interrupted_and_goes_on_by_itself(world: World) -> None:
    people = await world.hearing()
    await people["judge"].ok(m.OnRecord())
    world.clock.advance(2)
    await world.live.tick()
    world.clock.advance(7)
    await world.start_again()
    assert ("desk.resume_after_restart",) in world.calls
    assert (await world.stored()).phase == "tech_suspended"
    assert "recording.interrupted" in [entry[0] for entry in await world.journal()]

    await world.live.tick()
    await settle(world.live)
    assert ("desk.start", "") not in world.calls
    judge = await world.come("judge")
    assert judge.state["record"]["state"] == "interrupted"
    assert judge.state["me"]["missed"][0]["seconds"] == 7
    clerk = await world.come("clerk")
    await world.live.tick()
    await settle(world.live)

    assert ("desk.start", "") in world.calls
    assert clerk.state["phase"] == "on_record"
    assert clerk.state["record"]["state"] == "recording"


async def test_a_host_may_decide_otherwise(world: World) -> None:
    people = await world.hearing()
    await people["judge"].ok(m.OnRecord())
    await world.start_again()
    judge = await world.come("judge")
    await judge.ok(m.OffRecord(reason="we wait"))
    await world.come("clerk")
    await world.live.tick()
    await settle(world.live)

    assert ("desk.start", "") not in world.calls
    assert judge.state["phase"] == "off_record"


async def test_a_record_that_cannot_go_on_is_tried_again_later(world: World) -> None:
    people = await world.hearing()
    await people["judge"].ok(m.OnRecord())
    await world.start_again()
    judge = await world.come("judge")
    await world.come("clerk")
    world.desk.refuses = OSError("vault away")
    for _ in range(3):
        await world.live.tick()
        await settle(world.live)
    assert world.calls.count(("desk.start", "")) == 1
    assert judge.state["record"]["state"] == "interrupted"

    world.desk.refuses = None
    world.clock.advance(4)
    await world.live.tick()
    await settle(world.live)
    assert judge.state["phase"] == "on_record"


async def test_a_sitting_that_was_over_but_not_sealed_is_sealed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = await world.hearing()
    await people["judge"].ok(m.OnRecord())

    async def killed(*_args: object) -> None:
        raise OSError("killed")

    monkeypatch.setattr(world.desk, "close", killed)
    await people["judge"].ok(m.Close())
    await world.start_again()

    assert ("desk.close",) in world.calls
    assert "sitting1" not in world.engine.rooms
    async with world.house.database.unit(write=False) as session:
        assert await unsealed(session) == []


async def test_orderly_end(world: World) -> None:
    people = await world.hearing()
    await world.live.close()

    assert {visitor.socket.code for visitor in people.values()} == {RESTART}
    assert world.media.closed


def _id(space: object) -> str:
    return getattr(space, "id", "hearing")


async def test_a_deserted_room_is_forgotten_and_found_again(world: World) -> None:
    people = await world.hearing()
    for visitor in people.values():
        visitor.gone()
    world.clock.advance(16)
    await world.live.tick()
    assert list(world.live.pages("sitting1")) == []
    world.clock.advance(601)
    await world.live.tick()
    assert world.media.closed

    counsel = await world.come("counsel")
    assert not world.media.closed
    assert counsel.state["me"]["place"] == "hearing"
    assert counsel.state["phase"] == "roll_call"


async def test_a_deserted_record_is_not_forgotten(world: World) -> None:
    people = await world.hearing()
    await people["judge"].ok(m.OnRecord())
    for visitor in people.values():
        visitor.gone()
    for _ in range(3):
        world.clock.advance(601)
        await world.live.tick()
    assert not world.media.closed


async def test_a_lobby_comes_back_with_its_first_page(world: World) -> None:
    await world.come("judge")
    await world.start_again()
    assert world.engine.rooms == {}

    clerk = await world.come("clerk")
    of = {seat["id"]: seat for seat in clerk.state["seats"]}
    assert of["judge"]["place"] == "lobby"
    assert not of["judge"]["present"]


async def test_a_witness_who_was_booked_later(world: World) -> None:
    people = await world.hearing()
    seat = replace(_witness(world), id="witness3")
    async with world.house.database.unit() as session:
        await booked.add_seat(session, "sitting1", seat, 99)
    await world.house.sittings.changed("sitting1")

    assert "witness3" in {one["id"] for one in people["clerk"].state["seats"]}
    assert world.media.spaces.get("witness3") is None


def _witness(world: World) -> Seat:
    found = world.sitting.seat("witness")
    assert found is not None
    return found
