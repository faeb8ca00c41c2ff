"""The rules of booking, without a database: overlap, free times, and every mistake of a form."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.person import Role
from sessions.booking import (
    ACCOUNT_ROLES,
    STEP,
    Draft,
    Hold,
    Invalid,
    SeatDraft,
    check,
    conflicts,
    holds,
    next_free,
    normal_identity_number,
    overlap,
)
from sessions.kinds import KINDS
from sessions.seat import SeatRole

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
minutes = st.integers(0, 600)
lengths = st.integers(1, 240)
subjects = st.sampled_from(["person:a", "person:b", "room:r"])
some_holds = st.builds(
    lambda subject, start, length: hold(start, start + length, subject), subjects, minutes, lengths
)


def hold(start: int, end: int, subject: str = "person:a") -> Hold:
    return Hold(subject, NOW + timedelta(minutes=start), NOW + timedelta(minutes=end))


@pytest.mark.parametrize(
    ("one", "other", "met"),
    [
        (hold(0, 60), hold(60, 90), False),  # one begins when the other ends
        (hold(0, 60), hold(59, 90), True),
        (hold(0, 60), hold(10, 20), True),
        (hold(10, 20), hold(0, 60), True),
        (hold(0, 60), hold(0, 60), True),
        (hold(0, 60), hold(0, 60, "person:b"), False),
        (hold(0, 60), hold(61, 90), False),
    ],
)
def test_overlap(one: Hold, other: Hold, met: bool) -> None:
    assert overlap(one, other) is met
    assert overlap(other, one) is met


@given(some_holds, some_holds)
def test_overlap_is_a_shared_minute(one: Hold, other: Hold) -> None:
    def covers(hold: Hold) -> set[tuple[str, int]]:
        first = int((hold.start - NOW).total_seconds() // 60)
        last = int((hold.end - NOW).total_seconds() // 60)
        return {(hold.subject, minute) for minute in range(first, last)}

    assert overlap(one, other) is bool(covers(one) & covers(other))
    assert overlap(one, other) is overlap(other, one)


@given(st.lists(some_holds, max_size=6), st.lists(some_holds, max_size=12))
def test_conflicts_are_exactly_those_that_overlap(wanted: list[Hold], taken: list[Hold]) -> None:
    found = conflicts(wanted, taken)
    assert found == [one for one in wanted if any(overlap(one, other) for other in taken)]


@given(st.lists(some_holds, max_size=12), minutes, lengths)
def test_the_next_free_time_is_free_and_the_first(
    taken: list[Hold], start: int, length: int
) -> None:
    begin, duration = NOW + timedelta(minutes=start), timedelta(minutes=length)
    found = next_free(taken, begin, duration)
    assert found >= begin
    assert (found - NOW) % STEP == timedelta(0)

    def free(moment: datetime) -> bool:
        return not any(one.start < moment + duration and moment < one.end for one in taken)

    assert free(found)
    earlier = found - STEP
    while earlier >= begin:
        assert not free(earlier)
        earlier -= STEP


def draft(**changes: Any) -> Draft:
    seats = (
        SeatDraft("j", SeatRole.PRESIDING_JUDGE, "judge"),
        SeatDraft("c", SeatRole.CLERK, "clerk"),
        SeatDraft("p", SeatRole.PROSECUTOR, "prosecutor"),
        SeatDraft(
            "a", SeatRole.ACCUSED, None, "", "The Accused", room="r1", identity_number="784-1"
        ),
        SeatDraft("l", SeatRole.COUNSEL, "lawyer", represents=frozenset({"a"})),
    )
    made = Draft(
        "criminal_hearing", "1/2026", "Title", ("ar",), NOW + timedelta(days=20),
        timedelta(hours=1), seats, "felony",
    )  # fmt: skip
    return replace(made, **changes)


PEOPLE = {
    "judge": Role.JUDGE,
    "clerk": Role.CLERK,
    "prosecutor": Role.PROSECUTOR,
    "lawyer": Role.LAWYER,
    "party": Role.PARTY,
}


def wrong(made: Draft) -> dict[str, str]:
    try:
        check(made, KINDS[made.kind], NOW, PEOPLE, {"r1"})
    except Invalid as refusal:
        return {error.field: error.code for error in refusal.errors}
    return {}


def change_seat(key: str, **changes: Any) -> Callable[[Draft], Draft]:
    def change(made: Draft) -> Draft:
        seats = tuple(replace(seat, **changes) if seat.key == key else seat for seat in made.seats)
        return replace(made, seats=seats)

    return change


def drop(key: str) -> Callable[[Draft], Draft]:
    return lambda made: replace(made, seats=tuple(s for s in made.seats if s.key != key))


def add(seat: SeatDraft) -> Callable[[Draft], Draft]:
    return lambda made: replace(made, seats=(*made.seats, seat))


def test_a_right_draft_passes() -> None:
    assert wrong(draft()) == {}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda made: replace(made, case_number=""), "case_number"),
        (lambda made: replace(made, case_title=""), "case_title"),
        (lambda made: replace(made, languages=()), "languages"),
        (lambda made: replace(made, languages=("xx",)), "languages"),
        (lambda made: replace(made, offence=""), "offence"),
        (lambda made: replace(made, offence="murder"), "offence"),
        (lambda made: replace(made, starts_at=NOW - timedelta(hours=1)), "starts_at"),
        (lambda made: replace(made, starts_at=NOW + timedelta(days=800)), "starts_at"),
        (lambda made: replace(made, duration=timedelta(minutes=4)), "duration"),
        (lambda made: replace(made, duration=timedelta(hours=13)), "duration"),
        (drop("j"), "role_presiding_judge"),
        (drop("c"), "role_clerk"),
        (add(SeatDraft("j2", SeatRole.PRESIDING_JUDGE, "judge")), "role_presiding_judge"),
        (add(SeatDraft("x", SeatRole.CLAIMANT, "party")), "seat_x_role"),
        (
            add(SeatDraft("x", SeatRole.COUNSEL, "lawyer", represents=frozenset({"a"}))),
            "seat_x_person",
        ),
        (add(SeatDraft("l", SeatRole.WITNESS, None, "", "W", identity_number="1234")), ""),
        (change_seat("j", person="lawyer"), "seat_j_person"),
        (change_seat("j", person="nobody"), "seat_j_person"),
        (change_seat("j", person=None), "seat_j_person"),
        (change_seat("a", name_en=""), "seat_a_name"),
        (change_seat("a", identity_number="12-"), "seat_a_identity_number"),
        (change_seat("a", identity_number="x" * 21), "seat_a_identity_number"),
        (change_seat("a", room="r2"), "seat_a_room"),
        (change_seat("a", person="party"), "seat_a_room"),
        (change_seat("p", room="r1"), "seat_p_room"),
        (change_seat("l", represents=frozenset()), "seat_l_represents"),
        (change_seat("l", represents=frozenset({"nobody"})), "seat_l_represents"),
        (change_seat("l", represents=frozenset({"j"})), "seat_l_represents"),
        (change_seat("l", represents=frozenset({"l"})), "seat_l_represents"),
    ],
)
def test_each_mistake_is_named_at_its_field(change: Callable[[Draft], Draft], field: str) -> None:
    assert field in wrong(change(draft()))


def test_all_mistakes_come_at_once() -> None:
    made = draft(case_number="", offence="", duration=timedelta(0))
    made = change_seat("a", name_en="", identity_number="")(drop("c")(made))
    assert set(wrong(made)) == {
        "case_number",
        "offence",
        "duration",
        "role_clerk",
        "seat_a_name",
        "seat_a_identity_number",
    }


def test_a_consultation_with_a_detainee_needs_the_permit() -> None:
    seats = (
        SeatDraft("l", SeatRole.COUNSEL, "lawyer", represents=frozenset({"a"})),
        SeatDraft("a", SeatRole.CLIENT, None, "", "Client", room="r1", identity_number="784-1"),
    )
    made = draft(kind="consultation", offence="", seats=seats)
    assert set(wrong(made)) == {"permit"}
    assert wrong(replace(made, permit="PP-1")) == {}
    free = replace(made, seats=(seats[0], replace(seats[1], room=None)))
    assert wrong(free) == {}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_role_of_a_kind_has_accounts_that_may_take_it(kind: str) -> None:
    for rule in KINDS[kind].roles:
        assert ACCOUNT_ROLES[rule.role]
        assert 0 <= rule.least <= rule.most


def test_what_is_held() -> None:
    made = add(
        SeatDraft("b", SeatRole.ACCUSED, None, "", "Second", room="r1", identity_number="784-2")
    )(draft())
    held = holds(made, lambda number: f"<{number}>")
    assert [(key, one.subject) for key, one in held] == [
        ("j", "person:judge"),
        ("c", "person:clerk"),
        ("p", "person:prosecutor"),
        ("a", "room:r1"),
        ("a", "identity:<7841>"),
        ("l", "person:lawyer"),
        ("b", "identity:<7842>"),
    ]
    assert {(one.start, one.end) for _, one in held} == {(made.starts_at, made.ends_at)}


@pytest.mark.parametrize("text", ["784-1990-1234567-1", " 784 1990 1234567 1", "78419901234567-1"])
def test_identity_numbers_compare_however_they_are_written(text: str) -> None:
    assert normal_identity_number(text) == "784199012345671"
