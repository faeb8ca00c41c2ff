"""The life of a marriage file."""

from datetime import date

import pytest

from errors import Refusal
from notary.marriage.workflow import (
    EDITABLE,
    FINAL,
    HANDS,
    TRANSITIONS,
    FileState,
    Move,
    after,
    lapsed,
    lapses_on,
)


def test_every_state_is_reached_and_every_final_state_ends() -> None:
    reached, edge = {FileState.DRAFT}, [FileState.DRAFT]
    while edge:
        state = edge.pop()
        for (source, _), target in TRANSITIONS.items():
            if source is state and target not in reached:
                reached.add(target)
                edge.append(target)
    assert reached == set(FileState)
    assert not {state for state, _ in TRANSITIONS} & FINAL
    assert {state for state in FileState if state not in FINAL} == {s for s, _ in TRANSITIONS}
    assert set(HANDS) == set(Move)


@pytest.mark.parametrize("state", FileState)
@pytest.mark.parametrize("move", Move)
def test_what_the_table_does_not_say_is_refused(state: FileState, move: Move) -> None:
    if (state, move) in TRANSITIONS:
        assert after(state, move) is TRANSITIONS[state, move]
    else:
        with pytest.raises(Refusal, match=r"marriage\.wrong_state"):
            after(state, move)


def test_no_way_to_a_certificate_but_by_contract_and_ratification() -> None:
    for needed in (FileState.CONTRACTED, FileState.RATIFIED, FileState.APPROVED, FileState.PAID):
        reached, edge = {FileState.DRAFT}, [FileState.DRAFT]
        while edge:
            state = edge.pop()
            for (source, _), target in TRANSITIONS.items():
                if source is state and target not in reached and target is not needed:
                    reached.add(target)
                    edge.append(target)
        assert FileState.CERTIFIED not in reached


def test_a_file_without_action_lapses() -> None:
    assert lapses_on(date(2026, 12, 31), 2) == date(2027, 2, 28)
    assert not lapsed(FileState.SUBMITTED, date(2026, 9, 25), date(2026, 11, 24), 2)
    assert lapsed(FileState.SUBMITTED, date(2026, 9, 24), date(2026, 11, 24), 2)
    assert not lapsed(FileState.CONTRACTED, date(2020, 1, 1), date(2026, 11, 24), 2)
    assert EDITABLE.isdisjoint(FINAL)
