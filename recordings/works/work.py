"""The life of a derived work: one guarded state machine, whole, in one table. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from errors import N_, BadInput
from machine import follow

KEPT = timedelta(days=7)
"""A finished file is kept so long; then it is removed, and can be made again."""


class Kind(StrEnum):
    """What is made."""

    FILM = "film"
    VOICES = "voices"
    BUNDLE = "bundle"


KINDS: dict[Kind, str] = {
    Kind.FILM: N_("Film of all together (MP4)"),
    Kind.VOICES: N_("A sound file for each person (ZIP)"),
    Kind.BUNDLE: N_("Evidence bundle with proofs (ZIP)"),
}


class State(StrEnum):
    """How far it is."""

    ASKED = "asked"
    RUNNING = "running"
    MADE = "made"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REMOVED = "removed"


STATES: dict[State, str] = {
    State.ASKED: N_("Waiting"),
    State.RUNNING: N_("Being made"),
    State.MADE: N_("Ready"),
    State.FAILED: N_("Could not be made"),
    State.CANCELLED: N_("Cancelled"),
    State.REMOVED: N_("Removed"),
}


class Step(StrEnum):
    """What moves it on."""

    BEGIN = "begin"
    RESTART = "restart"
    FINISH = "finish"
    FAIL = "fail"
    CANCEL = "cancel"
    REMOVE = "remove"


_S, _T = State, Step
TRANSITIONS: dict[tuple[State, Step], State] = {
    (_S.ASKED, _T.BEGIN): _S.RUNNING,
    (_S.RUNNING, _T.RESTART): _S.ASKED,
    (_S.RUNNING, _T.FINISH): _S.MADE,
    (_S.RUNNING, _T.FAIL): _S.FAILED,
    (_S.ASKED, _T.FAIL): _S.FAILED,
    (_S.ASKED, _T.CANCEL): _S.CANCELLED,
    (_S.RUNNING, _T.CANCEL): _S.CANCELLED,
    (_S.MADE, _T.REMOVE): _S.REMOVED,
}


def after(state: State, step: Step) -> State:
    """The state that follows. Raises Refusal `work.wrong_state`."""
    return follow(
        TRANSITIONS, state, step, "work.wrong_state",
        N_("This is not possible any more. Reload the page."),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A work as it is stored."""

    id: str
    sitting: str
    owner: str
    kind: Kind
    language: str
    start_ms: int
    end_ms: int | None
    """None: to the end."""
    order: str
    """The reference that was given; the log holds a commitment."""
    mark: str
    """The line with the owner's name that is burnt in."""
    state: State
    done: int = 0
    total: int = 0
    asked_at: datetime
    finished_at: datetime | None = None
    problem: str = ""
    """Code of why it could not be made."""
    sha256: str = ""
    size: int = 0

    @property
    def percent(self) -> int:
        """How much is done."""
        if self.state is State.MADE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else 0


def moment(text: str, field: str) -> int | None:
    """`1:02:03`, `2:03` or seconds as milliseconds; None for nothing. Raises BadInput."""
    text = text.strip()
    if not text:
        return None
    parts = text.split(":")
    if len(parts) > 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise _bad_moment(field)
    numbers = [int(part) for part in parts]
    if len(text) > 9 or any(number > 59 for number in numbers[1:]):
        raise _bad_moment(field)
    seconds = 0
    for number in numbers:
        seconds = seconds * 60 + number
    return seconds * 1000


def _bad_moment(field: str) -> BadInput:
    return BadInput(
        "work.bad_time",
        N_("Write a time of the record as hours:minutes:seconds, such as 0:12:30."),
        field=field,
    )
