"""A person as the house knows them: an account, or a guest bound to one seat."""

from dataclasses import dataclass, field
from enum import StrEnum

from auth.assurance import CONSOLE, Assurance
from auth.delegation import Delegation
from auth.devices.device import Station
from errors import N_


class Role(StrEnum):
    """What an account may be. Codes; `LABELS` has their message ids."""

    JUDGE = "judge"
    CLERK = "clerk"
    PROSECUTOR = "prosecutor"
    LAWYER = "lawyer"
    PARTY = "party"
    INTERPRETER = "interpreter"
    WITNESS = "witness"
    EXPERT = "expert"
    FACILITY_OFFICER = "facility_officer"
    NOTARY = "notary"
    NOTARY_DIRECTOR = "notary_director"
    OFFICIANT = "officiant"
    """Contracts marriages (maazoun); no notary, whose acts these never are."""
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    """Reads the audit log and has it verified, and has no part in any sitting (`APART`)."""
    GUEST = "guest"
    """Came by an invitation; has no account and no password."""


LABELS: dict[Role, str] = {
    Role.JUDGE: N_("Judge"),
    Role.CLERK: N_("Clerk"),
    Role.PROSECUTOR: N_("Public prosecutor"),
    Role.LAWYER: N_("Lawyer"),
    Role.PARTY: N_("Party"),
    Role.INTERPRETER: N_("Interpreter"),
    Role.WITNESS: N_("Witness"),
    Role.EXPERT: N_("Expert"),
    Role.FACILITY_OFFICER: N_("Facility officer"),
    Role.NOTARY: N_("Notary"),
    Role.NOTARY_DIRECTOR: N_("Director of the notary department"),
    Role.OFFICIANT: N_("Authorised marriage officiant"),
    Role.ADMINISTRATOR: N_("Administrator"),
    Role.AUDITOR: N_("Auditor"),
    Role.GUEST: N_("Guest"),
}

DELEGABLE = frozenset({Role.JUDGE, Role.CLERK, Role.NOTARY})
"""Whose office can be delegated for a while, to somebody of the same office."""
ACCOUNT_ROLES = frozenset(Role) - {Role.GUEST}
APART = frozenset({Role.AUDITOR})
"""May only what a line of the policy names them for: neither a seat, nor a leave, nor a part in a
file opens anything to them."""
INVOLVED = ACCOUNT_ROLES - APART
"""Accounts that can have a part in what the house does."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. `id` is opaque: an account id, or `guest:<seat>`."""

    id: str
    role: Role
    name_ar: str
    name_en: str
    language: str = "ar"
    username: str = ""
    """What an account signs in with; empty for a guest."""
    active: bool = True
    sitting: str | None = None
    """For a guest: the one sitting of the invitation."""
    seat: str | None = None
    """For a guest: the one seat of the invitation."""
    names_from: str = ""
    """The identity provider that verified the names; empty: as somebody typed them."""
    assurance: Assurance = field(default=Assurance(), compare=False)
    """How sure we are that it is this person who asks; the session says so. Somebody who was only
    looked up proves nothing."""

    deputy_for: tuple[Delegation, ...] = field(default=(), compare=False)
    """Delegations in force that the person holds; the session's look-up fills them in."""
    station: Station = field(default=Station(), compare=False)
    """On which room's device the person is signed in, if on any; the session says so."""

    @property
    def guest(self) -> bool:
        """Whether this person came by an invitation."""
        return self.role is Role.GUEST

    def name(self, language: str) -> str:
        """The name to show in `language`."""
        first, second = (
            (self.name_ar, self.name_en) if language == "ar" else (self.name_en, self.name_ar)
        )
        return first or second


def guest(sitting: str, seat: str, name_ar: str, name_en: str, language: str) -> Person:
    """The person of a guest's session."""
    return Person(
        f"guest:{seat}", Role.GUEST, name_ar, name_en, language, sitting=sitting, seat=seat
    )


OPERATOR = Person(
    "operator", Role.ADMINISTRATOR, "مشغّل النظام", "System operator", assurance=CONSOLE
)
"""Whoever runs `./mahdar` on the machine itself. Nobody can sign in as this."""
