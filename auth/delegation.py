"""A delegation: somebody acts for a judge or a clerk for a while.

The delegate stands on the delegator's seat with the delegator's rights, and is shown and recorded
as acting for that person. What one holds by delegation cannot be delegated: a delegation always
starts from a person's own office. (R-CR-03, R-CV-03: 'or delegate'.)
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from errors import N_, BadInput

LONGEST: Final = timedelta(days=366)
REASON_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Delegation:
    """`delegate` acts for `delegator` in [starts_at, ends_at). Both are account ids."""

    id: str
    delegator: str
    delegate: str
    starts_at: datetime
    ends_at: datetime
    kind: str
    """Only sittings of this kind; empty for all."""
    sitting: str
    """Only this sitting; empty for all."""
    reason: str
    granted_by: str
    granted_at: datetime
    withdrawn_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it counts now. It ends by itself."""
        return self.withdrawn_at is None and self.starts_at <= now < self.ends_at

    def covers(self, sitting: str, kind: str) -> bool:
        """Whether this sitting is within its scope."""
        return self.sitting in ("", sitting) and self.kind in ("", kind)

    def state(self, now: datetime) -> str:
        """`withdrawn`, `ended`, `in_force` or `future`."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if now >= self.ends_at:
            return "ended"
        return "in_force" if now >= self.starts_at else "future"


def delegators(held: Iterable[Delegation], sitting: str, kind: str) -> tuple[str, ...]:
    """For whom a person acts in a sitting, by the delegations in force that the person holds."""
    return tuple(one.delegator for one in held if one.covers(sitting, kind))


def check(made: Delegation, now: datetime) -> None:
    """Raise BadInput for a delegation that cannot be granted, naming the field of the form."""
    if made.delegate == made.delegator:
        raise BadInput(
            "delegation.oneself", N_("Nobody needs to act for themselves."), field="delegate"
        )
    if made.ends_at <= max(made.starts_at, now):
        raise BadInput(
            "delegation.over", N_("Choose an end after the beginning, and not past."), field="until"
        )
    if made.ends_at - made.starts_at > LONGEST:
        raise BadInput("delegation.long", N_("A delegation lasts a year at most."), field="until")
    if not made.reason:
        raise BadInput("reason.missing", N_("Write the reason."), field="reason")
