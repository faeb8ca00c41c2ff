"""The state machine: the table, and walks through it that nobody planned."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from errors import Refusal
from notary.deeds.state import FINAL, IN_SESSION, LABELS, TRANSITIONS, State, Step, after, table

STEPS = st.lists(st.sampled_from(list(Step)), max_size=60)


def walk(steps: list[Step]) -> tuple[State, list[State]]:
    """Where a request ends up that is asked for these steps, and where it was."""
    state, been = State.DRAFT, [State.DRAFT]
    for step in steps:
        try:
            state = after(state, step)
        except Refusal:
            continue
        been.append(state)
    return state, been


@given(STEPS)
def test_no_deed_without_every_stage(steps: list[Step]) -> None:
    _, been = walk(steps)
    if State.SEALED in been:
        before = been[: been.index(State.SEALED)]
        for needed in (State.AUDIT, State.BOOKED, State.LOBBY_ID, State.CAPACITY_CHECK,
                       State.READING, State.CONSENT, State.PARTIES_SIGNING):  # fmt: skip
            assert needed in before
        assert State.PAID in before or State.APPROVED in before


@given(STEPS)
def test_an_end_is_an_end(steps: list[Step]) -> None:
    _, been = walk(steps)
    for place, state in enumerate(been[:-1]):
        assert state not in FINAL, been[place + 1]


@given(STEPS)
def test_a_changed_text_is_read_and_consented_to_again(steps: list[Step]) -> None:
    state, last = State.DRAFT, ""
    for step in steps:
        try:
            state = after(state, step)
        except Refusal:
            continue
        if step is Step.CHANGE:
            last = "changed"
        elif step in (Step.READ, Step.READ_OATH):
            last = "read"
        elif step is Step.SEAL:
            assert last == "read"


def test_every_state_is_reached_and_left_as_the_table_says() -> None:
    reached = {State.DRAFT, *TRANSITIONS.values()}
    assert reached == set(State)
    left = {state for state, _ in TRANSITIONS}
    assert set(State) - left == FINAL
    assert set(LABELS) == set(State)
    assert len(table()) == len(TRANSITIONS)


def test_a_refusal_has_its_way_out() -> None:
    for state in IN_SESSION:
        assert after(state, Step.REFUSE) is State.REFUSED
        assert after(state, Step.SUSPEND) is State.SUSPENDED
        assert after(state, Step.CONVERT) is State.IN_PERSON
    grieved = after(State.REFUSED, Step.GRIEVE)
    assert after(grieved, Step.UPHOLD) is State.UPHELD
    assert after(after(grieved, Step.OVERTURN), Step.REOPEN) is State.AUDIT
    with pytest.raises(Refusal):
        after(State.REFUSED, Step.CONSENTED)
