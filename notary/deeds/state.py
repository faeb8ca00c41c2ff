"""The life of a request for an act: one guarded state machine, whole, in one table (law.md 3.2).

`./mahdar deeds` prints it. A state is a code; its label is a translation. Who may take a step is
the policy's (`ACTIONS` names the action that is asked); what else must hold is the use case's.
"""

from enum import StrEnum

from errors import N_
from machine import follow


class State(StrEnum):
    """Where a request is."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    AUDIT = "audit"
    RETURNED = "returned"
    FEE_DUE = "fee_due"
    APPROVED = "approved"
    """Audited; the fee comes after the session (R-NT-01)."""
    PAID = "paid"
    QUEUED = "queued"
    BOOKED = "booked"
    LOBBY_ID = "lobby_id"
    CAPACITY_CHECK = "capacity_check"
    READING = "reading"
    OATH = "oath"
    CONSENT = "consent"
    PARTIES_SIGNING = "parties_signing"
    SUSPENDED = "suspended"
    SEALED = "notary_signed_sealed"
    REGISTERED = "registered"
    DELIVERED = "delivered"
    REFUSED = "refused"
    GRIEVANCE = "grievance"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    IN_PERSON = "in_person"
    """Converted: the act goes on at the office."""


class Step(StrEnum):
    """What moves a request."""

    SUBMIT = "submit"
    TAKE = "take"
    RETURN = "return"
    APPROVE = "approve"
    APPROVE_FEE_LATER = "approve_fee_later"
    PAY = "pay"
    QUEUE = "queue"
    BOOK = "book"
    OPEN = "open"
    IDENTIFIED = "identified"
    CAPABLE = "capable"
    READ = "read"
    READ_OATH = "read_oath"
    SWORN = "sworn"
    CONSENTED = "consented"
    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    RESUME_SIGNING = "resume_signing"
    SEAL = "seal"
    REGISTER = "register"
    DELIVER = "deliver"
    REFUSE = "refuse"
    GRIEVE = "grieve"
    UPHOLD = "uphold"
    OVERTURN = "overturn"
    REOPEN = "reopen"
    CONVERT = "convert"
    CANCEL = "cancel"
    EXPIRE = "expire"


_T, _S = State, Step
IN_SESSION = frozenset(
    {_T.LOBBY_ID, _T.CAPACITY_CHECK, _T.READING, _T.OATH, _T.CONSENT, _T.PARTIES_SIGNING}
)
"""The notary conducts the act in a sitting that is on record."""
READY = frozenset({_T.PAID, _T.APPROVED})
"""Audited, and may be booked."""
LAPSING = frozenset({_T.DRAFT, _T.RETURNED, _T.FEE_DUE, _T.PAID, _T.APPROVED, _T.SUSPENDED})
"""Lapses by itself when nobody goes on with it (R-NT-12)."""
_CANCELLABLE = LAPSING | {_T.SUBMITTED, _T.AUDIT, _T.QUEUED, _T.BOOKED}
_REFUSABLE = IN_SESSION | {_T.AUDIT, _T.BOOKED, _T.SUSPENDED}
_CONVERTIBLE = IN_SESSION | READY | {_T.QUEUED, _T.BOOKED, _T.SUSPENDED}

TRANSITIONS: dict[tuple[State, Step], State] = {
    (_T.DRAFT, _S.SUBMIT): _T.SUBMITTED,
    (_T.RETURNED, _S.SUBMIT): _T.SUBMITTED,
    (_T.SUBMITTED, _S.TAKE): _T.AUDIT,
    (_T.AUDIT, _S.RETURN): _T.RETURNED,
    (_T.AUDIT, _S.APPROVE): _T.FEE_DUE,
    (_T.AUDIT, _S.APPROVE_FEE_LATER): _T.APPROVED,
    (_T.FEE_DUE, _S.PAY): _T.PAID,
    (_T.REGISTERED, _S.PAY): _T.REGISTERED,
    (_T.PAID, _S.QUEUE): _T.QUEUED,
    (_T.PAID, _S.BOOK): _T.BOOKED,
    (_T.APPROVED, _S.QUEUE): _T.QUEUED,
    (_T.APPROVED, _S.BOOK): _T.BOOKED,
    (_T.QUEUED, _S.BOOK): _T.BOOKED,
    (_T.SUSPENDED, _S.BOOK): _T.BOOKED,
    (_T.BOOKED, _S.QUEUE): _T.QUEUED,
    (_T.BOOKED, _S.OPEN): _T.LOBBY_ID,
    (_T.LOBBY_ID, _S.IDENTIFIED): _T.CAPACITY_CHECK,
    (_T.CAPACITY_CHECK, _S.CAPABLE): _T.READING,
    (_T.READING, _S.READ): _T.CONSENT,
    (_T.READING, _S.READ_OATH): _T.OATH,
    (_T.OATH, _S.SWORN): _T.CONSENT,
    (_T.READING, _S.CHANGE): _T.READING,
    (_T.OATH, _S.CHANGE): _T.READING,
    (_T.CONSENT, _S.CHANGE): _T.READING,
    (_T.PARTIES_SIGNING, _S.CHANGE): _T.READING,
    (_T.CONSENT, _S.CONSENTED): _T.PARTIES_SIGNING,
    (_T.PARTIES_SIGNING, _S.SEAL): _T.SEALED,
    (_T.SEALED, _S.REGISTER): _T.REGISTERED,
    (_T.REGISTERED, _S.DELIVER): _T.DELIVERED,
    **{(state, _S.SUSPEND): _T.SUSPENDED for state in sorted(IN_SESSION)},
    (_T.SUSPENDED, _S.RESUME): _T.LOBBY_ID,
    (_T.SUSPENDED, _S.RESUME_SIGNING): _T.PARTIES_SIGNING,
    **{(state, _S.CONVERT): _T.IN_PERSON for state in sorted(_CONVERTIBLE)},
    **{(state, _S.REFUSE): _T.REFUSED for state in sorted(_REFUSABLE)},
    (_T.REFUSED, _S.GRIEVE): _T.GRIEVANCE,
    (_T.GRIEVANCE, _S.UPHOLD): _T.UPHELD,
    (_T.GRIEVANCE, _S.OVERTURN): _T.OVERTURNED,
    (_T.OVERTURNED, _S.REOPEN): _T.AUDIT,
    **{(state, _S.CANCEL): _T.CANCELLED for state in sorted(_CANCELLABLE)},
    **{(state, _S.EXPIRE): _T.EXPIRED for state in sorted(LAPSING)},
}
"""The only place that says what may follow what."""

FINAL = frozenset({_T.DELIVERED, _T.UPHELD, _T.EXPIRED, _T.CANCELLED, _T.IN_PERSON})
"""Nothing follows these."""

LABELS: dict[State, str] = {
    _T.DRAFT: N_("Draft"),
    _T.SUBMITTED: N_("Submitted"),
    _T.AUDIT: N_("Being audited"),
    _T.RETURNED: N_("Returned for completion"),
    _T.FEE_DUE: N_("Fee due"),
    _T.APPROVED: N_("Approved, fee later"),
    _T.PAID: N_("Paid"),
    _T.QUEUED: N_("Waiting for the next notary"),
    _T.BOOKED: N_("Booked"),
    _T.LOBBY_ID: N_("Identity check"),
    _T.CAPACITY_CHECK: N_("Capacity and free will"),
    _T.READING: N_("Reading"),
    _T.OATH: N_("Oath"),
    _T.CONSENT: N_("Consent"),
    _T.PARTIES_SIGNING: N_("Parties sign"),
    _T.SUSPENDED: N_("Session suspended"),
    _T.SEALED: N_("Signed and sealed by the notary"),
    _T.REGISTERED: N_("Registered"),
    _T.DELIVERED: N_("Delivered"),
    _T.REFUSED: N_("Refused with reasons"),
    _T.GRIEVANCE: N_("Grievance before the director"),
    _T.UPHELD: N_("Refusal upheld"),
    _T.OVERTURNED: N_("Refusal overturned"),
    _T.EXPIRED: N_("Lapsed"),
    _T.CANCELLED: N_("Cancelled"),
    _T.IN_PERSON: N_("Converted to in-person"),
}

ACTIONS: dict[Step, str] = {
    _S.SUBMIT: "deed.edit",
    _S.TAKE: "deed.audit",
    _S.RETURN: "deed.audit",
    _S.APPROVE: "deed.audit",
    _S.APPROVE_FEE_LATER: "deed.audit",
    _S.PAY: "deed.pay",
    _S.QUEUE: "deed.book",
    _S.BOOK: "deed.book",
    _S.CANCEL: "deed.cancel",
    _S.REFUSE: "deed.refuse",
    _S.GRIEVE: "deed.grieve",
    _S.UPHOLD: "deed.decide",
    _S.OVERTURN: "deed.decide",
    _S.REOPEN: "deed.audit",
    _S.SEAL: "deed.seal",
    _S.DELIVER: "deed.copy",
    _S.EXPIRE: "(the house itself)",
    _S.REGISTER: "(with the seal)",
}
"""The action of the policy that a step asks for; all others: `deed.conduct`."""


def after(state: State, step: Step) -> State:
    """The state that follows; raises Refusal `deed.wrong_state` where the table has none."""
    return follow(
        TRANSITIONS, state, step, "deed.wrong_state",
        N_("That is not possible at this point of the request. The page shows what is."),
    )  # fmt: skip


def table() -> list[tuple[str, str, str, str]]:
    """The whole machine: state, step, next state, action of the policy."""
    return [
        (state.value, step.value, to.value, ACTIONS.get(step, "deed.conduct"))
        for (state, step), to in sorted(
            TRANSITIONS.items(), key=lambda item: (list(State).index(item[0][0]), item[0][1])
        )
    ]
