"""A kind of sitting, as a declaration.

To add a kind is to add one file to `sessions/kinds/` and its templates: who takes part, who
presides, who admits, what is recorded and by whose order, privacy, and the agenda as ordered
steps. The engine is the same for all.
"""

from dataclasses import dataclass
from enum import StrEnum

from sessions.alarm import LOST, Alarm
from sessions.seat import SeatRole


class Recording(StrEnum):
    """What a kind says of recording."""

    REQUIRED = "required"
    """The sitting's statements count only on record (R-CR-10)."""
    OPTIONAL = "optional"
    """On by default; the presiding judge may dispense with it (R-CV-06)."""
    FORBIDDEN = "forbidden"
    """There is no way to record (R-DT-04): the sitting's space is a PrivateSpace."""


class Admission(StrEnum):
    """How a role comes in from the lobby."""

    SELF = "self"
    """Hosts: they enter the hearing when they open it or when it is open."""
    HOST = "host"
    """A host admits, one by one or all."""
    CALLED = "called"
    """Never with 'all': waits in the witness room, out of hearing, until called (R-CR-22)."""


@dataclass(frozen=True, slots=True)
class RoleRule:
    """How many seats of a role a sitting of this kind has, and how they come in."""

    role: SeatRole
    least: int
    most: int
    admission: Admission = Admission.HOST
    must_be_present: bool = False
    """On record is refused without a seat of this role in the hearing."""


@dataclass(frozen=True, slots=True)
class AgendaStep:
    """One step of the agenda. `title` is a gettext message id."""

    id: str
    title: str
    source: str = ""
    """The rule that demands it, e.g. R-CR-21."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Everything the engine needs to know of a kind of sitting."""

    code: str
    title: str
    """A gettext message id."""
    roles: tuple[RoleRule, ...]
    hosts: frozenset[SeatRole]
    """Roles that may run the sitting."""
    recording: Recording
    viewing_needs_order: bool
    """Playback asks for the reference of an order (R-CR-10)."""
    public: bool
    """Public unless closed by order (R-CR-13)."""
    private_consultation: bool
    """Counsel and client may step into a private room (R-CR-09)."""
    agenda: tuple[AgendaStep, ...]
    sources: tuple[str, ...]
    """Rule ids of the rule pack that this declaration encodes."""
    asks_offence: bool = False
    """The booking says the gravest class of the offences charged (R-CR-19, R-CR-20)."""
    asks_permit: bool = False
    """With a detainee, the booking says the prosecution's permission (R-DT-04)."""
    agenda_by_act: bool = False
    """The agenda follows the act that is done in the sitting; no host moves it by hand."""
    suspends: frozenset[Alarm] = LOST
    """Alarms that suspend the record; the others warn the hosts. Never without LOST."""
    heard_alone: frozenset[SeatRole] = frozenset()
    """Whom a host hears alone in a private room, with an interpreter at most (law.md 2.2 (7)). The
    private rooms of such a kind are for nothing else."""

    def rule(self, role: SeatRole) -> RoleRule | None:
        """The rule for a role, or None where the kind has no such role."""
        return next((rule for rule in self.roles if rule.role is role), None)
