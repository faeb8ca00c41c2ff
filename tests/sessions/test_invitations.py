"""Guests: a link is bound to a seat, works in one browser, and says why it does not."""

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from auth.invitation import GRACE
from auth.service import SignedIn
from errors import Forbidden, NotFound, Refusal
from sessions.booking import Invalid, SeatDraft
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole
from sessions.service import SlotTaken
from sessions.sitting import Sitting
from tests.auth.house import House
from tests.sessions.drafts import account, civil, criminal, guest


async def booked(house: House) -> tuple[Sitting, Seat]:
    clerk = house.people["clerk"]
    sitting = (await house.sittings.book(clerk, criminal(house, house.at(24)))).sitting
    return sitting, next(seat for seat in sitting.seats if seat.role is SeatRole.WITNESS)


async def link(house: House, sitting: Sitting, seat: Seat) -> str:
    made = await house.invitations.invite(house.people["clerk"], sitting.id, seat.id)
    return made.path.removeprefix("/invitation/")


async def refused(house: House, token: str, by: SignedIn | None = None) -> str:
    codes = set()
    for use in (
        house.invitations.open(token, by.login if by else None),
        house.invitations.confirm(token, "en", by.login if by else None),
    ):
        with pytest.raises(Refusal) as caught:
            await use
        codes.add(caught.value.code)
    assert len(codes) == 1
    return codes.pop()


async def test_opening_uses_nothing_up_and_confirming_does(house: House) -> None:
    sitting, seat = await booked(house)
    token = await link(house, sitting, seat)
    for _ in range(3):
        opened = await house.invitations.open(token, None)
        assert (opened.sitting.id, opened.seat, opened.confirmed) == (sitting.id, seat, False)
    signed_in = await house.invitations.confirm(token, "en", None)
    assert signed_in is not None
    login = await house.accounts.login(signed_in.token)
    assert login is not None
    assert (login.person.sitting, login.person.seat) == (sitting.id, seat.id)
    assert login.person.name_en == seat.name_en
    assert (await house.sittings.seat_for(login.person, sitting.id))[1] == seat
    # the same browser goes on, another one is told
    assert await house.invitations.confirm(token, "en", login) is None
    assert (await house.invitations.open(token, login)).confirmed
    assert await refused(house, token) == "invitation.used"
    assert await refused(house, token, await house.sign_in("clerk")) == "invitation.used"


async def test_of_two_browsers_at_once_one_comes_in(house: House) -> None:
    sitting, seat = await booked(house)
    for _ in range(5):
        token = await link(house, sitting, seat)
        results = await asyncio.gather(
            *(house.invitations.confirm(token, "en", None) for _ in range(4)),
            return_exceptions=True,
        )
        assert sum(isinstance(result, SignedIn) for result in results) == 1
        codes = {result.code for result in results if isinstance(result, Refusal)}
        assert codes == {"invitation.used"}


async def test_a_new_link_ends_the_old_one_and_its_guest(house: House) -> None:
    sitting, seat = await booked(house)
    old = await link(house, sitting, seat)
    signed_in = await house.invitations.confirm(old, "en", None)
    assert signed_in is not None
    new = await link(house, sitting, seat)
    assert await refused(house, old) == "invitation.revoked"
    assert await house.accounts.login(signed_in.token) is None
    assert await house.invitations.confirm(new, "en", None)
    clerk = house.people["clerk"]
    await house.invitations.revoke(clerk, sitting.id, seat.id)
    assert await refused(house, new) == "invitation.revoked"
    assert (await house.invitations.of(clerk, sitting.id))[seat.id].state == "revoked"


async def test_an_old_link_is_expired_and_moves_with_the_sitting(house: House) -> None:
    clerk = house.people["clerk"]
    sitting, seat = await booked(house)
    token = await link(house, sitting, seat)
    signed_in = await house.invitations.confirm(token, "en", None)
    assert signed_in is not None
    other = (
        await house.sittings.book(
            clerk,
            civil(
                house,
                house.at(100),
                seats=(*civil(house, house.at(100)).seats, guest("w", SeatRole.WITNESS, "ZZ9999")),
            ),
        )
    ).sitting
    later = await link(house, other, other.seats[-1])
    await house.sittings.reschedule(clerk, other.id, house.at(200), timedelta(hours=1))
    house.clock.now = sitting.ends_at + GRACE - timedelta(seconds=1)
    assert (await house.invitations.open(token, signed_in.login)).confirmed
    assert await house.accounts.login(signed_in.token) is not None
    house.clock.advance(1)
    assert await refused(house, token) == "invitation.expired"
    assert await refused(house, token, signed_in) == "invitation.expired"
    assert await house.accounts.login(signed_in.token) is None
    house.clock.now = other.ends_at + GRACE + timedelta(hours=50)
    assert not (await house.invitations.open(later, None)).confirmed


@pytest.mark.parametrize("phase", [Phase.CANCELLED, Phase.CLOSED, Phase.ADJOURNED])
async def test_the_link_of_a_sitting_that_is_over(lite: House, phase: Phase) -> None:
    from sessions import store

    sitting, seat = await booked(lite)
    token = await link(lite, sitting, seat)
    async with lite.database.unit() as session:
        await store.set_phase(session, sitting.id, phase)
    assert await refused(lite, token) == "invitation.over"
    with pytest.raises(Forbidden):
        await link(lite, sitting, seat)


async def test_a_guest_has_one_sitting(house: House) -> None:
    clerk = house.people["clerk"]
    sitting, seat = await booked(house)
    other = (await house.sittings.book(clerk, civil(house, house.at(60)))).sitting
    signed_in = await house.invitations.confirm(await link(house, sitting, seat), "en", None)
    assert signed_in is not None
    person = signed_in.login.person
    with pytest.raises(Refusal) as caught:
        await house.sittings.seat_for(person, other.id)
    assert caught.value.code == "invitation.other_sitting"
    with pytest.raises(NotFound):
        await house.sittings.get(person, other.id)
    with pytest.raises(Forbidden):
        await house.sittings.mine(person)
    with pytest.raises(Forbidden):
        await house.sittings.book(person, civil(house, house.at(90)))
    with pytest.raises(Forbidden):
        await house.invitations.invite(person, sitting.id, seat.id)


@pytest.mark.parametrize("token", ["", "x", "a" * 43, "é", "../..", "' OR 1=1"])
async def test_a_link_that_was_never_made(lite: House, token: str) -> None:
    assert await refused(lite, token) == "invitation.unknown"


async def test_who_makes_links_and_to_which_seats(house: House) -> None:
    sitting, seat = await booked(house)
    for username in ("judge", "lawyer", "prosecutor", "officer"):
        with pytest.raises(Forbidden):
            await house.invitations.invite(house.people[username], sitting.id, seat.id)
        assert await house.invitations.of(house.people[username], sitting.id) == {}
    with pytest.raises(NotFound):
        await house.invitations.invite(house.people["admin"], sitting.id, seat.id)
    clerk = house.people["clerk"]
    with pytest.raises(NotFound):
        await house.invitations.invite(clerk, sitting.id, "nothing")
    for other in sitting.seats:
        if other != seat:  # an account, or the detained accused
            with pytest.raises(Refusal) as caught:
                await house.invitations.invite(clerk, sitting.id, other.id)
            assert caught.value.code == "invitation.not_a_guest"


async def test_the_token_is_nowhere(
    house: House, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    sitting, seat = await booked(house)
    token = await link(house, sitting, seat)
    await house.invitations.confirm(token, "en", None)
    shown = capsys.readouterr()
    assert token not in caplog.text + shown.out + shown.err
    async with house.database.unit(write=False) as session:
        for table in ("invitations", "guests", "logins", "sitting_events", "audit_leaves"):
            rows = (await session.execute(text(f"SELECT * FROM {table}"))).all()
            assert rows
            assert token not in repr(rows)


# --- a witness who is added later --------------------------------------------------------------


async def test_a_witness_is_added_later(house: House) -> None:
    clerk = house.people["clerk"]
    sitting, _ = await booked(house)
    told: list[str] = []

    async def listener(changed: str) -> None:
        told.append(changed)

    house.sittings.listeners.append(listener)
    seat = await house.invitations.add_witness(
        clerk, sitting.id, guest("new", SeatRole.WITNESS, "AB7777")
    )
    assert told == [sitting.id]
    stored = (await house.sittings.get(clerk, sitting.id)).sitting
    assert stored.seats[-1] == seat
    assert seat.id_last4 == "7777"
    await house.invitations.confirm(await link(house, sitting, seat), "en", None)
    # the same identity number is held now
    again = civil(house, house.at(24.5))
    people = (guest("w", SeatRole.WITNESS, "ab-7777"), *again.seats[2:4])
    with pytest.raises(SlotTaken) as caught:
        await house.sittings.book(clerk, replace(again, seats=(*again.seats[:2], *people)))
    assert any("Guest w" in who for who in caught.value.who)


async def test_who_cannot_be_added(house: House) -> None:
    clerk = house.people["clerk"]
    sitting, _ = await booked(house)

    async def code(seat: SeatDraft, by: str = "clerk") -> str:
        with pytest.raises(Refusal) as caught:
            await house.invitations.add_witness(house.people[by], sitting.id, seat)
        return caught.value.code

    assert await code(account(house, "lawyer2", SeatRole.COUNSEL)) == "sitting.no_such_seat"
    assert await code(guest("x", SeatRole.VICTIM)) == "sitting.no_such_seat"
    assert await code(guest("x", SeatRole.WITNESS), "lawyer") == "policy.wrong_role"
    assert (
        await code(guest("x", SeatRole.WITNESS)) == "booking.slot_taken"
    )  # in the sitting already
    with pytest.raises(Invalid):
        await house.invitations.add_witness(clerk, sitting.id, guest("x", SeatRole.WITNESS, "1"))
    taken = (await house.sittings.book(clerk, civil(house, house.at(60)))).sitting
    assert taken
    witness = account(house, "witness", SeatRole.WITNESS)
    await house.invitations.add_witness(clerk, sitting.id, witness)
    assert await code(witness) == "sitting.seated"
