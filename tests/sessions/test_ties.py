"""What seats are to each other: counsel of several, guardian, interpreter, screened persons."""

from dataclasses import replace

import pytest

from sessions.booking import Invalid, SeatDraft
from sessions.seat import SeatRole
from sessions.standing import visible_seats
from tests.auth.house import House
from tests.sessions.drafts import civil


def with_ties(house: House) -> tuple[SeatDraft, ...]:
    ward = frozenset({"child"})
    child = SeatDraft("child", SeatRole.CLAIMANT, None, name_en="A Child", identity_number="12345")
    guardian = SeatDraft(
        "guardian",
        SeatRole.GUARDIAN,
        None,
        "",
        "A Guardian",
        identity_number="784-1",
        guardian_of=ward,
    )
    witness = SeatDraft(
        "hidden",
        SeatRole.WITNESS,
        house.people["witness"].id,
        screened_from=frozenset({"respondent"}),
    )
    return child, guardian, witness


async def test_ties_are_stored_and_read(house: House) -> None:
    draft = civil(house, house.at(24))
    seats = tuple(
        replace(seat, represents=seat.represents | {"child"})
        if seat.role is SeatRole.COUNSEL and "claimant" in seat.represents
        else seat
        for seat in draft.seats
    )
    draft = replace(draft, seats=(*seats, *with_ties(house)))
    booked = await house.sittings.book(house.people["clerk"], draft)
    seen = await house.sittings.get(house.people["clerk"], booked.sitting.id)
    assert seen.sitting == booked.sitting
    by_name = {seat.name_en: seat for seat in seen.sitting.seats}
    child, guardian = by_name["A Child"], by_name["A Guardian"]
    assert guardian.guardian_of == {child.id}
    both = next(s for s in seen.sitting.seats if len(s.represents) == 2)
    assert child.id in both.represents
    hidden = seen.sitting.seat_of(house.people["witness"].id)
    respondent = seen.sitting.seat_of(house.people["respondent"].id)
    assert hidden is not None
    assert respondent is not None
    assert hidden.screened_from == {respondent.id}
    # the screened person is not named to that party, and is to the other one
    for party, sees in (("respondent", False), ("claimant", True)):
        visible = visible_seats(house.people[party], seen.sitting, frozenset())
        assert (hidden in visible) is sees, party


@pytest.mark.parametrize(
    ("key", "changes", "field"),
    [
        ("guardian", {"guardian_of": frozenset[str]()}, "seat_guardian_of"),
        ("guardian", {"guardian_of": frozenset({"judge"})}, "seat_guardian_of"),
        ("hidden", {"screened_from": frozenset({"judge"})}, "seat_hidden_screened"),
        ("hidden", {"screened_from": frozenset({"hidden"})}, "seat_hidden_screened"),
        ("hidden", {"screened_from": frozenset({"nobody"})}, "seat_hidden_screened"),
        ("child", {"screened_from": frozenset({"respondent"})}, "seat_child_screened"),
        ("hidden", {"interpreter_for": frozenset({"child"})}, "seat_hidden_of"),
    ],
)
async def test_wrong_ties_are_refused(
    lite: House, key: str, changes: dict[str, frozenset[str]], field: str
) -> None:
    draft = civil(lite, lite.at(24))
    seats = tuple(
        replace(seat, **changes) if seat.key == key else seat  # type: ignore[arg-type]
        for seat in with_ties(lite)
    )
    with pytest.raises(Invalid) as refused:
        await lite.sittings.book(lite.people["clerk"], replace(draft, seats=(*draft.seats, *seats)))
    assert field in {error.field for error in refused.value.errors}
