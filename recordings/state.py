"""The life of a sitting's record: one guarded state machine, whole, in one table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from signaling.ports import RecordState


class State(StrEnum):
    """What the record of a sitting is doing."""

    STANDBY = "standby"
    """Nothing is being recorded: not yet, or off record."""
    INITIALISING = "initialising"
    """Attached; the first second of every live track is being proved."""
    RECORDING = "recording"
    SUSPENDED = "suspended"
    """It could not be proved any more."""
    INTERRUPTED = "interrupted"
    """The process was killed while on record."""
    PROCESSING = "processing"
    """Closed: nothing is recorded any more. What is on disk is compared with the log."""
    AVAILABLE = "available"
    """Every segment is as it was recorded."""
    FAILED = "failed"
    """A segment is missing or altered. The others can be seen."""
    NO_RECORDING = "no_recording"
    """The sitting is over and was never on record."""


class Step(StrEnum):
    """What moves a record on."""

    START = "start"
    PROVE = "prove"
    REFUSE = "refuse"
    STOP = "stop"
    ALARM = "alarm"
    CRASH = "crash"
    SEAL = "seal"
    FINISH = "finish"
    FAIL = "fail"
    CLOSE_EMPTY = "close_empty"


_S, _T = State, Step
TRANSITIONS: dict[tuple[State, Step], State] = {
    (_S.STANDBY, _T.START): _S.INITIALISING,
    (_S.SUSPENDED, _T.START): _S.INITIALISING,
    (_S.INTERRUPTED, _T.START): _S.INITIALISING,
    (_S.INITIALISING, _T.PROVE): _S.RECORDING,
    (_S.INITIALISING, _T.REFUSE): _S.STANDBY,
    (_S.INITIALISING, _T.CRASH): _S.STANDBY,
    (_S.RECORDING, _T.STOP): _S.STANDBY,
    (_S.RECORDING, _T.ALARM): _S.SUSPENDED,
    (_S.RECORDING, _T.CRASH): _S.INTERRUPTED,
    (_S.SUSPENDED, _T.STOP): _S.STANDBY,
    (_S.SUSPENDED, _T.CRASH): _S.INTERRUPTED,
    (_S.INTERRUPTED, _T.STOP): _S.STANDBY,
    (_S.STANDBY, _T.CLOSE_EMPTY): _S.NO_RECORDING,
    (_S.STANDBY, _T.SEAL): _S.PROCESSING,
    (_S.SUSPENDED, _T.SEAL): _S.PROCESSING,
    (_S.INTERRUPTED, _T.SEAL): _S.PROCESSING,
    (_S.PROCESSING, _T.FINISH): _S.AVAILABLE,
    (_S.PROCESSING, _T.FAIL): _S.FAILED,
}
"""RECORDING is entered from INITIALISING alone: only after the stream check."""
WHEN = {
    _T.START: "a host asks to go on record",
    _T.PROVE: "the first second of every live track was decoded",
    _T.REFUSE: "the stream check failed; nothing is kept of it",
    _T.STOP: "a host goes off record, into a recess, or on after a suspension",
    _T.ALARM: "an alarm that suspends by the kind's policy",
    _T.CRASH: "found at the start of the server",
    _T.SEAL: "the sitting is over",
    _T.FINISH: "every segment was read from disk and is the one in the log",
    _T.FAIL: "a segment is not the one in the log",
    _T.CLOSE_EMPTY: "the sitting is over, and it was never on record",
}

SHOWN: dict[State, RecordState] = {
    State.STANDBY: "off",
    State.INITIALISING: "starting",
    State.RECORDING: "recording",
    State.SUSPENDED: "suspended",
    State.INTERRUPTED: "interrupted",
    State.PROCESSING: "off",
    State.AVAILABLE: "off",
    State.FAILED: "off",
    State.NO_RECORDING: "off",
}
"""What the live room calls it."""


@dataclass(frozen=True, slots=True)
class Move:
    """One transition, with who and why."""

    at: datetime
    before: State
    step: Step
    after: State
    by: str
    """A seat, or `recorder`."""
    why: str
    """A code: of a refusal, an alarm or a gap; empty where the step says it all."""


class WrongState(Exception):
    """The table has no such step."""


def after(state: State, step: Step) -> State:
    """The state that follows. Raises WrongState."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise WrongState(f"{step} is not possible while {state}") from None


def move(state: State, step: Step, at: datetime, by: str, why: str = "") -> Move:
    """The transition of `step` from `state`. Raises WrongState."""
    return Move(at, state, step, after(state, step), by, why)


def table() -> Iterator[str]:
    """The lines of the table in docs/recordings.md."""
    yield "| from | step | to | when |"
    yield "|---|---|---|---|"
    for (before, step), to in TRANSITIONS.items():
        yield f"| `{before}` | `{step}` | `{to}` | {WHEN[step]} |"
