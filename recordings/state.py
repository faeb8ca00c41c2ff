"""The life of a sitting's record: one guarded state machine, whole, in one table."""

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
    AVAILABLE = "available"
    """Sealed. Nothing is recorded in this sitting any more."""


class Step(StrEnum):
    """What moves a record on."""

    START = "start"
    PROVE = "prove"
    REFUSE = "refuse"
    STOP = "stop"
    ALARM = "alarm"
    CRASH = "crash"
    SEAL = "seal"


_S, _T = State, Step
TRANSITIONS: dict[tuple[State, Step], State] = {
    (_S.STANDBY, _T.START): _S.INITIALISING,
    (_S.SUSPENDED, _T.START): _S.INITIALISING,
    (_S.INTERRUPTED, _T.START): _S.INITIALISING,
    (_S.INITIALISING, _T.PROVE): _S.RECORDING,
    (_S.INITIALISING, _T.REFUSE): _S.STANDBY,
    (_S.RECORDING, _T.STOP): _S.STANDBY,
    (_S.RECORDING, _T.ALARM): _S.SUSPENDED,
    (_S.RECORDING, _T.CRASH): _S.INTERRUPTED,
    (_S.SUSPENDED, _T.STOP): _S.STANDBY,
    (_S.INTERRUPTED, _T.STOP): _S.STANDBY,
    (_S.SUSPENDED, _T.CRASH): _S.INTERRUPTED,
    (_S.STANDBY, _T.SEAL): _S.AVAILABLE,
    (_S.SUSPENDED, _T.SEAL): _S.AVAILABLE,
    (_S.INTERRUPTED, _T.SEAL): _S.AVAILABLE,
}

SHOWN: dict[State, RecordState] = {
    State.STANDBY: "off",
    State.INITIALISING: "starting",
    State.RECORDING: "recording",
    State.SUSPENDED: "suspended",
    State.INTERRUPTED: "interrupted",
    State.AVAILABLE: "off",
}
"""What the live room calls it."""


class WrongState(Exception):
    """The table has no such step."""


def after(state: State, step: Step) -> State:
    """The state that follows. Raises WrongState."""
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise WrongState(f"{step} is not possible while {state}") from None
