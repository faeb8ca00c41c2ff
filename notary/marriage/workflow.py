"""The life of a marriage file: one guarded table (law.md 2.2; Min. Res. 761/2016 Arts 12-16).

The table is the only place that says what may follow what, and in whose hands each move is.
"""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from errors import N_
from machine import follow
from notary.marriage.dates import months_after


class FileState(StrEnum):
    """Where a marriage file stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    POSTPONED = "postponed"
    APPROVED = "approved"
    REFUSED = "refused"
    APPEALED = "appealed"
    PAID = "paid"
    SCHEDULED = "scheduled"
    IN_SESSION = "in_session"
    CONTRACTED = "contracted"
    """Everybody signed, the officiant last; the court has not ratified it yet."""
    RETURNED_BY_COURT = "returned_by_court"
    RATIFIED = "ratified"
    CERTIFIED = "certified"
    """The certificate is issued and stands in the register."""
    DELIVERED = "delivered"
    REFUSED_FINALLY = "refused_finally"
    LAPSED = "lapsed"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What brings a file from one state to another."""

    SUBMIT = "submit"
    RETURN = "return"
    POSTPONE = "postpone"
    APPROVE = "approve"
    REFUSE = "refuse"
    APPEAL = "appeal"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    PAY = "pay"
    SCHEDULE = "schedule"
    CANCEL_SESSION = "cancel_session"
    OPEN_SESSION = "open_session"
    BREAK_OFF = "break_off"
    """The sitting ends without a contract; another day is chosen."""
    CONTRACT = "contract"
    RATIFY = "ratify"
    RETURN_CONTRACT = "return_contract"
    REFUSE_CONTRACT = "refuse_contract"
    ISSUE = "issue"
    DELIVER = "deliver"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"


_S, _M = FileState, Move
_OPEN = (
    _S.DRAFT,
    _S.SUBMITTED,
    _S.RETURNED,
    _S.POSTPONED,
    _S.APPROVED,
    _S.PAID,
    _S.SCHEDULED,
)
TRANSITIONS: Mapping[tuple[FileState, Move], FileState] = {
    (_S.DRAFT, _M.SUBMIT): _S.SUBMITTED,
    (_S.RETURNED, _M.SUBMIT): _S.SUBMITTED,
    (_S.SUBMITTED, _M.RETURN): _S.RETURNED,
    (_S.SUBMITTED, _M.POSTPONE): _S.POSTPONED,
    (_S.SUBMITTED, _M.APPROVE): _S.APPROVED,
    (_S.SUBMITTED, _M.REFUSE): _S.REFUSED,
    (_S.POSTPONED, _M.RETURN): _S.RETURNED,
    (_S.POSTPONED, _M.APPROVE): _S.APPROVED,
    (_S.POSTPONED, _M.REFUSE): _S.REFUSED,
    (_S.REFUSED, _M.APPEAL): _S.APPEALED,
    (_S.APPEALED, _M.UPHOLD): _S.REFUSED_FINALLY,
    (_S.APPEALED, _M.OVERTURN): _S.SUBMITTED,
    (_S.APPROVED, _M.PAY): _S.PAID,
    (_S.APPROVED, _M.RETURN): _S.RETURNED,
    (_S.PAID, _M.RETURN): _S.RETURNED,
    (_S.PAID, _M.SCHEDULE): _S.SCHEDULED,
    (_S.SCHEDULED, _M.SCHEDULE): _S.SCHEDULED,
    (_S.SCHEDULED, _M.CANCEL_SESSION): _S.PAID,
    (_S.SCHEDULED, _M.RETURN): _S.RETURNED,
    (_S.SCHEDULED, _M.OPEN_SESSION): _S.IN_SESSION,
    (_S.IN_SESSION, _M.BREAK_OFF): _S.PAID,
    (_S.IN_SESSION, _M.CONTRACT): _S.CONTRACTED,
    (_S.CONTRACTED, _M.RATIFY): _S.RATIFIED,
    (_S.CONTRACTED, _M.RETURN_CONTRACT): _S.RETURNED_BY_COURT,
    (_S.CONTRACTED, _M.REFUSE_CONTRACT): _S.REFUSED_FINALLY,
    (_S.RETURNED_BY_COURT, _M.SCHEDULE): _S.SCHEDULED,
    (_S.RATIFIED, _M.ISSUE): _S.CERTIFIED,
    (_S.CERTIFIED, _M.DELIVER): _S.DELIVERED,
    **{(state, _M.LAPSE): _S.LAPSED for state in _OPEN},
    **{(state, _M.WITHDRAW): _S.WITHDRAWN for state in _OPEN},
}

FINAL = frozenset({_S.DELIVERED, _S.REFUSED_FINALLY, _S.LAPSED, _S.WITHDRAWN})
EDITABLE = frozenset({_S.DRAFT, _S.RETURNED})
"""The applicants change data only in these; a change after approval needs a return first."""

HANDS: Mapping[Move, str] = {
    _M.SUBMIT: "applicant",
    _M.APPEAL: "applicant",
    _M.PAY: "applicant",
    _M.SCHEDULE: "applicant",
    _M.WITHDRAW: "applicant",
    _M.CANCEL_SESSION: "officiant",
    _M.OPEN_SESSION: "officiant",
    _M.BREAK_OFF: "officiant",
    _M.CONTRACT: "officiant",
    _M.RETURN: "judge",
    _M.POSTPONE: "judge",
    _M.APPROVE: "judge",
    _M.REFUSE: "judge",
    _M.UPHOLD: "court_president",
    _M.OVERTURN: "court_president",
    _M.RATIFY: "judge",
    _M.RETURN_CONTRACT: "judge",
    _M.REFUSE_CONTRACT: "judge",
    _M.ISSUE: "judge",
    _M.DELIVER: "registrar",
    _M.LAPSE: "system",
}
"""In whose hands a move is. The policy maps these to roles and to the person's tie to the file."""

WITH_REASON = frozenset(
    {_M.RETURN, _M.POSTPONE, _M.REFUSE, _M.UPHOLD, _M.OVERTURN, _M.BREAK_OFF}
    | {_M.RETURN_CONTRACT, _M.REFUSE_CONTRACT, _M.CANCEL_SESSION}
)
"""Moves that state a reason (Min. Res. 761/2016 Art 13)."""


def after(state: FileState, move: Move) -> FileState:
    """The state that follows; Refusal `marriage.wrong_state` where the table has none."""
    return follow(
        TRANSITIONS, state, move, "marriage.wrong_state",
        N_("That is not possible at this point of the application. The page shows what is."),
    )  # fmt: skip


def lapses_on(last_action: date, months: int) -> date:
    """The first day on which a file without action has lapsed (R-MR-16)."""
    return months_after(last_action, months)


def lapsed(state: FileState, last_action: date, day: date, months: int) -> bool:
    """Whether an open file lapsed for want of action (R-MR-16; 761/2016 Art 14)."""
    return state in _OPEN and day >= lapses_on(last_action, months)
