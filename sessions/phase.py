"""The phases of a sitting: one guarded state machine, whole, in one table.

Source: law.md 1.5 (session states), R-CR-21, R-CV-06. A phase is a code; its label is a
translation. The table is the only place that says what may follow what.
"""

from enum import StrEnum

from errors import N_
from machine import follow


class Phase(StrEnum):
    """Where a sitting is in its life."""

    SCHEDULED = "scheduled"
    LOBBY = "lobby"
    """The lobby is open; nobody hears anybody."""
    ROLL_CALL = "roll_call"
    """Opened by a host; the hearing carries media, and nothing is recorded yet."""
    ON_RECORD = "on_record"
    OFF_RECORD = "off_record"
    RECESS = "recess"
    TECH_SUSPENDED = "tech_suspended"
    """The record could not go on; nothing is on record until a host resumes."""
    ADJOURNED = "adjourned"
    RESERVED = "reserved_for_judgment"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What moves a sitting from one phase to another."""

    OPEN_LOBBY = "open_lobby"
    OPEN = "open"
    GO_ON_RECORD = "on_record"
    GO_OFF_RECORD = "off_record"
    RECESS = "recess"
    RESUME = "resume"
    SUSPEND = "suspend"
    ADJOURN = "adjourn"
    RESERVE = "reserve"
    CLOSE = "close"
    CANCEL = "cancel"


_P, _S = Phase, Step
TRANSITIONS: dict[tuple[Phase, Step], Phase] = {
    (_P.SCHEDULED, _S.OPEN_LOBBY): _P.LOBBY,
    (_P.SCHEDULED, _S.CANCEL): _P.CANCELLED,
    (_P.LOBBY, _S.OPEN): _P.ROLL_CALL,
    (_P.LOBBY, _S.ADJOURN): _P.ADJOURNED,
    (_P.LOBBY, _S.CANCEL): _P.CANCELLED,
    (_P.ROLL_CALL, _S.GO_ON_RECORD): _P.ON_RECORD,
    (_P.ROLL_CALL, _S.RECESS): _P.RECESS,
    (_P.ROLL_CALL, _S.ADJOURN): _P.ADJOURNED,
    (_P.ROLL_CALL, _S.CLOSE): _P.CLOSED,
    (_P.ON_RECORD, _S.GO_OFF_RECORD): _P.OFF_RECORD,
    (_P.ON_RECORD, _S.RECESS): _P.RECESS,
    (_P.ON_RECORD, _S.SUSPEND): _P.TECH_SUSPENDED,
    (_P.ON_RECORD, _S.ADJOURN): _P.ADJOURNED,
    (_P.ON_RECORD, _S.RESERVE): _P.RESERVED,
    (_P.ON_RECORD, _S.CLOSE): _P.CLOSED,
    (_P.OFF_RECORD, _S.GO_ON_RECORD): _P.ON_RECORD,
    (_P.OFF_RECORD, _S.RECESS): _P.RECESS,
    (_P.OFF_RECORD, _S.ADJOURN): _P.ADJOURNED,
    (_P.OFF_RECORD, _S.RESERVE): _P.RESERVED,
    (_P.OFF_RECORD, _S.CLOSE): _P.CLOSED,
    (_P.RECESS, _S.RESUME): _P.OFF_RECORD,
    (_P.RECESS, _S.ADJOURN): _P.ADJOURNED,
    (_P.RECESS, _S.RESERVE): _P.RESERVED,
    (_P.RECESS, _S.CLOSE): _P.CLOSED,
    (_P.TECH_SUSPENDED, _S.GO_ON_RECORD): _P.ON_RECORD,
    (_P.TECH_SUSPENDED, _S.GO_OFF_RECORD): _P.OFF_RECORD,
    (_P.TECH_SUSPENDED, _S.RECESS): _P.RECESS,
    (_P.TECH_SUSPENDED, _S.ADJOURN): _P.ADJOURNED,
    (_P.TECH_SUSPENDED, _S.CLOSE): _P.CLOSED,
}

FINAL = frozenset({_P.ADJOURNED, _P.RESERVED, _P.CLOSED, _P.CANCELLED})
"""Nothing follows these."""
IN_SESSION = frozenset({_P.ROLL_CALL, _P.ON_RECORD, _P.OFF_RECORD, _P.TECH_SUSPENDED})
"""Admitted seats see and hear each other in these. In a recess they do not."""
LIVE = IN_SESSION | {_P.LOBBY, _P.RECESS}
"""People may be connected in these."""


def after(phase: Phase, step: Step) -> Phase:
    """The phase that follows; raises Refusal `sitting.wrong_phase` where the table has none."""
    return follow(
        TRANSITIONS, phase, step, "sitting.wrong_phase",
        N_("That is not possible at this point of the sitting. The page shows what is."),
    )  # fmt: skip
