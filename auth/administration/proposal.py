"""Four eyes: what one administrator proposes takes effect when another one agrees."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from auth.person import Role
from errors import N_, Refusal

VALID_FOR = timedelta(days=7)


class Act(StrEnum):
    """What needs two persons."""

    OPEN_ADMINISTRATOR = "open_administrator"
    MAKE_ADMINISTRATOR = "make_administrator"
    SHUT_ADMINISTRATOR = "shut_administrator"
    OPEN_AUDITOR = "open_auditor"
    MAKE_AUDITOR = "make_auditor"
    SHUT_AUDITOR = "shut_auditor"
    NEW_LINK = "new_link"
    RESET_METHODS = "reset_methods"


ACTS: dict[Act, str] = {
    Act.OPEN_ADMINISTRATOR: N_("Open an administrator's account"),
    Act.MAKE_ADMINISTRATOR: N_("Make this person an administrator"),
    Act.SHUT_ADMINISTRATOR: N_("Shut an administrator's account"),
    Act.OPEN_AUDITOR: N_("Open an auditor's account"),
    Act.MAKE_AUDITOR: N_("Make this person an auditor"),
    Act.SHUT_AUDITOR: N_("Shut an auditor's account"),
    Act.NEW_LINK: N_("Let one password link be made for this person"),
    Act.RESET_METHODS: N_("Take this person's passkeys and second factor away"),
}


@dataclass(frozen=True, slots=True)
class Acts:
    """The acts on accounts of a role that needs two."""

    open: Act
    make: Act
    shut: Act


FOUR_EYES: Mapping[Role, Acts] = {
    Role.ADMINISTRATOR: Acts(
        Act.OPEN_ADMINISTRATOR, Act.MAKE_ADMINISTRATOR, Act.SHUT_ADMINISTRATOR
    ),
    Role.AUDITOR: Acts(Act.OPEN_AUDITOR, Act.MAKE_AUDITOR, Act.SHUT_AUDITOR),
}
"""Who rules the house, and who watches those that do: one administrator alone makes or ends
neither."""
ROLES = {acts.make: role for role, acts in FOUR_EYES.items()}
"""What a proposal to give a role gives."""


LETS_IN = frozenset({Act.NEW_LINK, *(acts.open for acts in FOUR_EYES.values())})
"""After each of these one password link may be made: whoever makes one alone could sign in as the
second person, and agree with themselves."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Waits for a second person. `account` is whom it is about; a new one is shut until then."""

    id: str
    act: Act
    account: str
    by: str
    at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    agreed: bool = False

    def open(self, now: datetime) -> bool:
        """Whether it can still be decided."""
        return self.decided_at is None and now < self.at + VALID_FOR


def check_second(proposal: Proposal, decider: str, now: datetime, *, agree: bool) -> None:
    """Raise Refusal unless `decider` may decide: the proposer may only withdraw."""
    if not proposal.open(now):
        raise Refusal("four_eyes.decided", N_("This was decided already, or it lapsed."))
    if agree and decider in (proposal.by, proposal.account):
        raise Refusal("four_eyes.same_person", N_("Another administrator must agree to this."))


def needed(administrators: int) -> bool:
    """One alone has nobody to ask: the act is done at once, and the log says that it was."""
    return administrators > 1
