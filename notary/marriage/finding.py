"""What a gate answers: the rule, the state, why, and what would satisfy it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class GateState(StrEnum):
    """Worst last: the application stands where its worst gate stands."""

    NOT_NEEDED = "not_needed"
    PASSED = "passed"
    WARNING = "warning"
    """Does not block once both spouses acknowledged it."""
    MISSING = "missing"
    NEEDS_LEAVE = "needs_leave"
    """The judge or the court may give leave; then it is passed."""
    FAILED = "failed"


BLOCKING = frozenset({GateState.MISSING, GateState.NEEDS_LEAVE, GateState.FAILED})


@dataclass(frozen=True, slots=True)
class Finding:
    """One gate's answer. `reason` and `remedy` are gettext message ids filled by `params`."""

    rule: str
    state: GateState
    reason: str
    remedy: str = ""
    fields: tuple[str, ...] = ()
    """Fields of the application to look at, dotted (`witness_1.born`)."""
    leave: str = ""
    """The permission that would satisfy it."""
    params: Mapping[str, str | int] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        """Whether the marriage cannot be contracted while this stands."""
        return self.state in BLOCKING
