"""Booking, moving, cancelling and reading sittings, on both databases."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from auth.person import APART, Role, guest
from errors import BadInput, Forbidden, NotFound, Refusal
from sessions import booking, demo, store
from sessions.booking import Invalid
from sessions.phase import Phase
from sessions.seat import SeatRole
from sessions.service import SlotTaken
from settings import Settings
from tests.auth.house import House
from tests.sessions.drafts import DETAINEE, account, civil, consultation, criminal


async def leaves(house: House, sitting: str) -> list[dict[str, object]]:
    return [json.loads(leaf.entry) for leaf in await house.log.leaves(sitting)]


async def test_a_booking_is_stored_whole_with_journal_and_leaf(house: House) -> None:
    clerk = house.people["clerk"]
    booked = await house.sittings.book(clerk, criminal(house, house.at(400)))
    seen = await house.sittings.get(clerk, booked.sitting.id)
    assert seen.sitting == booked.sitting
    assert seen.sitting.phase is Phase.SCHEDULED
    by_role = {seat.role: seat for seat in seen.sitting.seats}
    assert by_role[SeatRole.COUNSEL].represents == {by_role[SeatRole.ACCUSED].id}
    assert by_role[SeatRole.ACCUSED].room == house.room.id
    assert by_role[SeatRole.ACCUSED].id_last4 == "5671"
    assert by_role[SeatRole.PRESIDING_JUDGE].name_ar == house.people["judge"].name_ar
    assert seen.rooms == {house.room.id: house.room}
    journal = await house.sittings.journal(clerk, seen.sitting.id)
    assert [entry.type for entry in journal] == ["booked"]
    (leaf,) = await leaves(house, seen.sitting.id)
    assert (leaf["t"], leaf["s"], leaf["n"]) == ("sitting.booked", seen.sitting.id, 0)


async def test_no_leaf_and_no_row_holds_the_identity_number(house: House) -> None:
    clerk = house.people["clerk"]
    await house.sittings.book(clerk, criminal(house, house.at(400)))
    digits = booking.normal_identity_number(DETAINEE)
    async with house.database.unit(write=False) as session:
        for table in ("sittings", "seats", "holds", "sitting_events", "audit_leaves"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert rows
            assert digits not in repr(rows)
            assert DETAINEE not in repr(rows)


@pytest.mark.parametrize("seat", ["judge", "clerk", "prosecutor", "accused", "lawyer", "witness"])
async def test_nobody_and_no_room_is_held_twice(house: House, seat: str) -> None:
    """Each of the seats alone is enough: the others are exchanged for free people."""
    clerk = house.people["clerk"]
    first = criminal(house, house.at(400))
    await house.sittings.book(clerk, first)
    same = next(one for one in first.seats if one.key == seat)
    async with house.database.unit(write=False) as session:
        taken = await store.held(session, booking.subjects(same, house.sittings._tag), house.at(0))
    assert {hold.subject.split(":")[0] for hold in taken} == (
        {"room", "identity"}
        if seat == "accused"
        else {"identity" if seat == "witness" else "person"}
    )
    again = consultation(house, house.at(400.5))
    again = replace(
        again, seats=(again.seats[0], replace(again.seats[1], room=None, identity_number="OTHER1"))
    )
    if seat in ("accused", "witness"):
        client = replace(again.seats[1], identity_number=same.identity_number)
        again = replace(again, seats=(again.seats[0], client))
    elif seat == "lawyer":
        counsel = replace(again.seats[0], person=same.person)
        again = replace(again, seats=(counsel, again.seats[1]))
    else:
        again = civil(house, house.at(400.5))
        if seat == "prosecutor":
            again = replace(first, starts_at=house.at(400.5))
    with pytest.raises(SlotTaken) as caught:
        await house.sittings.book(clerk, again, language="en")
    assert caught.value.code == "booking.slot_taken"
    assert caught.value.free == house.at(401)
    name = house.people[seat].name_en if seat in house.people and seat != "witness" else "Guest"
    assert name in str(caught.value.params["who"])


async def test_the_room_alone_is_enough(house: House) -> None:
    clerk = house.people["clerk"]
    await house.sittings.book(clerk, criminal(house, house.at(400)))
    other = consultation(house, house.at(400))
    client = replace(other.seats[1], identity_number="OTHER1")
    with pytest.raises(SlotTaken) as caught:
        await house.sittings.book(
            clerk, replace(other, seats=(other.seats[0], client)), language="en"
        )
    assert caught.value.who == ("Video room 1, Al Waha Correctional Facility",)
    with pytest.raises(SlotTaken) as caught:
        await house.sittings.book(
            clerk, replace(other, seats=(other.seats[0], client)), language="ar"
        )
    assert caught.value.who == ("غرفة الاتصال المرئي 1، منشأة الواحة الإصلاحية",)


async def test_one_may_begin_when_the_other_ends(house: House) -> None:
    clerk = house.people["clerk"]
    await house.sittings.book(clerk, civil(house, house.at(48)))
    await house.sittings.book(clerk, civil(house, house.at(49)))
    await house.sittings.book(clerk, civil(house, house.at(47)))


async def test_two_clerks_at_once_one_wins(house: House) -> None:
    clerk = house.people["clerk"]
    other = await house.accounts.create(
        house.people["admin"],
        username="clerk2",
        password="long enough now",
        role="clerk",
        name_ar="",
        name_en="Second Clerk",
    )
    for number in range(20):
        start = house.at(48 + 2 * number)
        theirs = civil(house, start)
        seats = tuple(
            replace(seat, person=other.id) if seat.role is SeatRole.CLERK else seat
            for seat in theirs.seats
        )
        results = await asyncio.gather(
            house.sittings.book(clerk, civil(house, start)),
            house.sittings.book(other, replace(theirs, seats=seats)),
            return_exceptions=True,
        )
        refused = [result for result in results if isinstance(result, BaseException)]
        assert len(refused) == 1, (number, results)
        assert isinstance(refused[0], SlotTaken), refused
        assert refused[0].free == start + timedelta(hours=1)
    assert len((await house.sittings.mine(house.people["judge"])).upcoming) == 20


async def test_rescheduling_keeps_seats_and_looks_for_conflicts_again(house: House) -> None:
    clerk = house.people["clerk"]
    first = (await house.sittings.book(clerk, civil(house, house.at(48)))).sitting
    second = (await house.sittings.book(clerk, civil(house, house.at(60)))).sitting
    told: list[str] = []

    async def listener(sitting: str) -> None:
        told.append(sitting)

    house.sittings.listeners.append(listener)
    with pytest.raises(SlotTaken):
        await house.sittings.reschedule(
            clerk, first.id, house.at(60.5), timedelta(hours=1), "Judge is ill"
        )
    assert told == []
    hour = timedelta(hours=1)
    # half an hour later meets only itself, which is no conflict
    moved = await house.sittings.reschedule(clerk, first.id, house.at(48.5), hour, "Late")
    assert (await house.sittings.get(clerk, first.id)).sitting == moved
    assert moved.seats == first.seats
    assert told == [first.id]
    with pytest.raises(SlotTaken):
        await house.sittings.reschedule(clerk, second.id, house.at(49), hour)
    assert await house.sittings.book(clerk, civil(house, house.at(47.5)))
    with pytest.raises(Invalid):
        await house.sittings.reschedule(clerk, first.id, house.at(-5), hour)
    leaf = (await leaves(house, first.id))[-1]
    assert leaf["t"] == "sitting.rescheduled"
    assert "Late" not in json.dumps(leaf)


async def test_cancelling_frees_everything_and_needs_a_reason(house: House) -> None:
    clerk = house.people["clerk"]
    sitting = (await house.sittings.book(clerk, criminal(house, house.at(400)))).sitting
    with pytest.raises(BadInput):
        await house.sittings.cancel(clerk, sitting.id, " \n ")
    with pytest.raises(BadInput):
        await house.sittings.cancel(clerk, sitting.id, "x" * 5000)
    cancelled = await house.sittings.cancel(clerk, sitting.id, "تم الصلح")
    assert cancelled.phase is Phase.CANCELLED
    stored = (await house.sittings.get(house.people["lawyer"], sitting.id)).sitting
    assert (stored.phase, stored.outcome_reason) == (Phase.CANCELLED, "تم الصلح")
    await house.sittings.book(clerk, criminal(house, house.at(400)))
    for again in (
        house.sittings.cancel(clerk, sitting.id, "again"),
        house.sittings.reschedule(clerk, sitting.id, house.at(500), timedelta(hours=1)),
    ):
        with pytest.raises(Forbidden) as caught:
            await again
        assert caught.value.code == "policy.begun"
    journal = await house.sittings.journal(clerk, sitting.id)
    assert journal[-1].type == "cancelled"
    leaf = (await leaves(house, sitting.id))[-1]
    assert isinstance(leaf["d"], dict)
    from audit.leaf import commit

    salt = bytes.fromhex(journal[-1].data["salt"])
    assert leaf["d"]["reason"] == commit("تم الصلح".encode(), salt)


async def test_of_two_who_cancel_at_once_one_is_told(house: House) -> None:
    clerk, judge = house.people["clerk"], house.people["judge"]
    sitting = (await house.sittings.book(clerk, civil(house, house.at(48)))).sitting
    results = await asyncio.gather(
        house.sittings.cancel(clerk, sitting.id, "one"),
        house.sittings.cancel(judge, sitting.id, "two"),
        return_exceptions=True,
    )
    assert sum(isinstance(result, Refusal) for result in results) == 1


async def test_a_phase_that_moved_meanwhile_is_not_overwritten(house: House) -> None:
    clerk = house.people["clerk"]
    sitting = (await house.sittings.book(clerk, civil(house, house.at(48)))).sitting
    async with house.database.unit() as session:
        await store.set_phase(session, sitting.id, Phase.LOBBY, expected=Phase.SCHEDULED)
    with pytest.raises(Refusal) as caught:
        async with house.database.unit() as session:
            await store.set_phase(session, sitting.id, Phase.CANCELLED, expected=Phase.SCHEDULED)
    assert caught.value.code == "sitting.changed"
    with pytest.raises(Refusal):
        async with house.database.unit() as session:
            await store.set_phase(session, "nothing", Phase.LOBBY)


async def test_cancelling_from_the_lobby_and_not_later(lite: House) -> None:
    clerk = lite.people["clerk"]
    for phase, allowed in ((Phase.LOBBY, True), (Phase.ROLL_CALL, False), (Phase.CLOSED, False)):
        sitting = (await lite.sittings.book(clerk, civil(lite, lite.at(48)))).sitting
        async with lite.database.unit() as session:
            await store.set_phase(session, sitting.id, phase)
        if allowed:
            assert (await lite.sittings.cancel(clerk, sitting.id, "Why")).phase is Phase.CANCELLED
        else:
            with pytest.raises(Forbidden) as caught:
                await lite.sittings.cancel(clerk, sitting.id, "Why")
            assert caught.value.code == "policy.begun"
            async with lite.database.unit() as session:
                await store.set_phase(session, sitting.id, Phase.CLOSED)


async def test_a_refused_booking_leaves_nothing_behind(house: House) -> None:
    clerk = house.people["clerk"]
    await house.sittings.book(clerk, civil(house, house.at(48)))

    async def counts() -> list[int]:
        async with house.database.unit(write=False) as session:
            return [
                (await session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one()
                for table in ("sittings", "seats", "holds", "sitting_events", "audit_leaves")
            ]

    before = await counts()
    with pytest.raises(SlotTaken):
        await house.sittings.book(clerk, civil(house, house.at(48)))
    with pytest.raises(Invalid):
        await house.sittings.book(clerk, civil(house, house.at(-48)))
    with pytest.raises(Invalid):
        await house.sittings.book(clerk, replace(civil(house, house.at(90)), kind="wedding"))
    assert await counts() == before


@pytest.mark.parametrize("username", ["judge", "prosecutor", "claimant", "officer", "admin"])
async def test_only_clerks_book_hearings(house: House, username: str) -> None:
    with pytest.raises(Forbidden):
        await house.sittings.book(house.people[username], civil(house, house.at(48)))


async def test_a_lawyer_books_consultations_of_his_own_only(house: House) -> None:
    lawyer = house.people["lawyer2"]
    with pytest.raises(Forbidden):
        await house.sittings.book(lawyer, civil(house, house.at(48)))
    with pytest.raises(Invalid) as caught:
        await house.sittings.book(lawyer, consultation(house, house.at(48), "lawyer"))
    assert caught.value.errors[0].code == "booking.not_your_consultation"
    made = (await house.sittings.book(lawyer, consultation(house, house.at(48)))).sitting
    assert made.permit == "PP-1"
    await house.sittings.cancel(lawyer, made.id, "Client was moved")


async def test_a_shut_account_or_room_cannot_be_booked(house: House) -> None:
    clerk, admin = house.people["clerk"], house.people["admin"]
    await house.accounts.set_active(admin, house.people["judge"].id, False)
    await house.rooms.change(admin, house.room.id, active=False)
    with pytest.raises(Invalid) as caught:
        await house.sittings.book(clerk, criminal(house, house.at(400)))
    assert {error.field for error in caught.value.errors} == {
        "seat_judge_person",
        "seat_accused_room",
    }
    assert await house.rooms.all(clerk) == []


# --- reading -----------------------------------------------------------------------------------


async def test_my_sittings_by_day_of_the_courts_zone(house: House) -> None:
    clerk, judge = house.people["clerk"], house.people["judge"]
    # the clock stands at 10:00 in Dubai
    today = (await house.sittings.book(clerk, civil(house, house.at(13)))).sitting
    tomorrow = (await house.sittings.book(clerk, civil(house, house.at(14)))).sitting
    found = await house.sittings.mine(judge)
    assert [one.sitting.id for one in found.today] == [today.id]
    assert [one.sitting.id for one in found.upcoming] == [tomorrow.id]
    house.clock.advance(14 * 3600)
    found = await house.sittings.mine(judge)
    assert [one.sitting.id for one in found.today] == [tomorrow.id]
    assert [one.sitting.id for one in found.past] == [today.id]
    house.clock.advance(181 * 24 * 3600)
    assert (await house.sittings.mine(judge)).past == ()


async def test_who_sees_a_sitting(house: House) -> None:
    clerk = house.people["clerk"]
    sitting = (await house.sittings.book(clerk, criminal(house, house.at(400)))).sitting
    for username, person in house.people.items():
        involved = username in ("judge", "clerk", "prosecutor", "lawyer", "officer")
        if person.role in APART:
            with pytest.raises(Forbidden):
                await house.sittings.mine(person)
        else:
            listed = bool((await house.sittings.mine(person)).upcoming)
            assert listed is involved, username
        if involved:
            assert (await house.sittings.get(person, sitting.id)).sitting == sitting
        else:
            with pytest.raises(NotFound):
                await house.sittings.get(person, sitting.id)
    with pytest.raises(NotFound):
        await house.sittings.get(clerk, "nothing")


async def test_who_is_named_to_whom(house: House) -> None:
    clerk = house.people["clerk"]
    draft = criminal(house, house.at(400))
    witness = replace(account(house, "witness", SeatRole.WITNESS), key="second")
    sitting = (
        await house.sittings.book(clerk, replace(draft, seats=(*draft.seats, witness)))
    ).sitting

    async def roles(username: str) -> list[SeatRole]:
        seen = await house.sittings.get(house.people[username], sitting.id)
        return [seat.role for seat in seen.visible]

    everybody = [seat.role for seat in sitting.seats]
    bench = [SeatRole.PRESIDING_JUDGE, SeatRole.CLERK]
    assert await roles("lawyer") == everybody
    assert await roles("clerk") == everybody
    assert await roles("witness") == [*bench, SeatRole.WITNESS]
    assert await roles("officer") == [*bench, SeatRole.ACCUSED, SeatRole.COUNSEL]


async def test_the_seat_on_which_a_person_enters(house: House) -> None:
    clerk = house.people["clerk"]
    sitting = (await house.sittings.book(clerk, criminal(house, house.at(400)))).sitting
    by_role = {seat.role: seat for seat in sitting.seats}
    accused, witness = by_role[SeatRole.ACCUSED], by_role[SeatRole.WITNESS]

    async def enters(person: str, seat: str | None = None) -> str:
        return (await house.sittings.seat_for(house.people[person], sitting.id, seat))[1].id

    assert await enters("judge") == by_role[SeatRole.PRESIDING_JUDGE].id
    assert await enters("officer") == accused.id
    assert await enters("officer", accused.id) == accused.id
    for person, seat in (
        ("officer", witness.id),
        ("officer", by_role[SeatRole.CLERK].id),
        ("lawyer", accused.id),
        ("judge", by_role[SeatRole.CLERK].id),
        ("claimant", None),
        ("admin", None),
    ):
        with pytest.raises(Forbidden) as caught:
            await enters(person, seat)
        assert caught.value.code.startswith("policy."), person
    with pytest.raises(NotFound):
        await enters("clerk", "nothing")
    invited = guest(sitting.id, witness.id, "", "Guest", "en")
    assert (await house.sittings.seat_for(invited, sitting.id))[1] == witness
    with pytest.raises(Forbidden):
        await house.sittings.seat_for(invited, sitting.id, accused.id)
    with pytest.raises(Refusal) as other:
        await house.sittings.seat_for(invited, "another")
    assert other.value.code == "invitation.other_sitting"
    await house.sittings.cancel(clerk, sitting.id, "Settled")
    with pytest.raises(Forbidden) as caught:
        await enters("judge")
    assert caught.value.code == "policy.over"


async def test_an_officer_of_another_room_has_no_seat(house: House) -> None:
    admin = house.people["admin"]
    other = await house.accounts.create(
        admin,
        username="officer2",
        password="long enough now",
        role="facility_officer",
        name_ar="",
        name_en="Other Officer",
    )
    sitting = (
        await house.sittings.book(house.people["clerk"], criminal(house, house.at(400)))
    ).sitting
    with pytest.raises(Forbidden):
        await house.sittings.seat_for(other, sitting.id)
    await house.rooms.add_officer(admin, house.room.id, other.id)
    with pytest.raises(Forbidden):  # nobody knows where somebody is who is not signed in
        await house.sittings.seat_for(other, sitting.id)
    other = replace(other, station=house.people["officer"].station)
    assert (await house.sittings.seat_for(other, sitting.id))[1].role is SeatRole.ACCUSED
    await house.rooms.change(admin, house.room.id, officers=[])
    with pytest.raises(Forbidden):
        await house.sittings.seat_for(other, sitting.id)


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("offence", "hours", "rules"),
    [
        ("contravention", 23, ["R-CR-20", "R-CR-20"]),
        ("contravention", 24, []),
        ("misdemeanour", 71, ["R-CR-20"]),
        ("misdemeanour", 72, []),
        ("felony", 239, ["R-CR-20"]),
        ("felony", 240, []),
        ("felony_capital", 240, []),
        ("felony_capital", 10, ["R-CR-20", "R-CR-20"]),
    ],
)
async def test_lead_times_warn_and_do_not_stop(
    lite: House, offence: str, hours: int, rules: list[str]
) -> None:
    draft = replace(criminal(lite, lite.at(hours)), offence=offence)
    booked = await lite.sittings.book(lite.people["clerk"], draft)
    assert [warning.rule for warning in booked.warnings] == rules


async def test_an_accused_without_the_mandatory_lawyer_is_a_warning_first(lite: House) -> None:
    draft = criminal(lite, lite.at(400), offence="felony_capital")
    seats = tuple(seat for seat in draft.seats if seat.role is not SeatRole.COUNSEL)
    booked = await lite.sittings.book(lite.people["clerk"], replace(draft, seats=seats))
    assert [warning.rule for warning in booked.warnings] == ["R-CR-19"]
    assert [seat.role for seat in booked.sitting.undefended()] == [SeatRole.ACCUSED]
    assert replace(booked.sitting, offence="felony").undefended() == ()


# --- demo --------------------------------------------------------------------------------------


async def test_the_demo_seeds_once_a_day(house: House) -> None:
    settings = Settings(mode="demo")
    arguments = (house.database, house.accounts, house.rooms, house.sittings, house.clock)
    seeded = await demo.seed(settings, *arguments)
    again = await demo.seed(settings, *arguments)
    assert again == seeded
    assert {person.role for person in seeded.people.values()} == set(Role) - {Role.GUEST}
    found = await house.sittings.mine(house.people["lawyer"])
    assert [one.sitting.kind for one in found.today] == [
        "criminal_hearing",
        "consultation",
        "civil_hearing",
    ]
    house.clock.advance(24 * 3600)
    await demo.seed(settings, *arguments)
    assert len((await house.sittings.mine(house.people["lawyer"])).today) == 3
    assert len((await house.sittings.mine(house.people["lawyer"])).past) == 3


async def test_the_demo_refuses_outside_demo_mode(lite: House) -> None:
    settings = Settings(mode="production", key_passphrase="x")
    with pytest.raises(Refusal) as caught:
        await demo.seed(
            settings, lite.database, lite.accounts, lite.rooms, lite.sittings, lite.clock
        )
    assert caught.value.code == "demo.off"
