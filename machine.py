"""Guarded state machines: a table of transitions, read in one way (promise 3).

Each room keeps its own table, so that a reader sees the whole life of a thing in one place.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from errors import Refusal

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


def follow(
    table: Mapping[tuple[State, Step], State], state: State, step: Step, code: str, message: str
) -> State:
    """The state that follows. Raises Refusal `code` with `message` where the table has none."""
    try:
        return table[state, step]
    except KeyError:
        raise Refusal(code, message, state=state.value, step=step.value) from None
