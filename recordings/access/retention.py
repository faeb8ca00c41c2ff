"""How long a record is kept: rules of the pack (R-RET-*) by kind and outcome. Pure.

No years are found in any text read (R-RET-01), so the rule that holds for all kinds names none and
nothing ever falls due. An installation that is given a number adds a rule with it, its source and
dates. What falls due is proposed; it is destroyed only by an order and by two persons.
"""

import calendar
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from sessions.rules import Rule, RulePack, RulesError

KeptUntil = Callable[[str], Awaitable[datetime | None]]
"""The day until which the record of a sitting must be kept at least, whatever a policy or an order
says, because something of a room to the right rests on it; None: no such duty."""


async def no_duty(_sitting: str) -> datetime | None:
    """Where nothing rests on records."""
    return None


PREFIX = "R-RET-"
ANY = "*"
_MEMBERS = {"kind", "outcome", "years"}


@dataclass(frozen=True, slots=True)
class Policy:
    """One rule: how many years after its sealing a record of this kind and outcome is kept."""

    rule: str
    kind: str
    outcome: str
    """Phase in which the sitting ended."""
    years: int | None
    """None: no end."""
    source: str

    def fits(self, kind: str, outcome: str) -> bool:
        """Whether it speaks of such a sitting."""
        return self.kind in (ANY, kind) and self.outcome in (ANY, outcome)

    @property
    def rank(self) -> tuple[bool, bool]:
        """The more exact one wins: kind before outcome."""
        return self.kind != ANY, self.outcome != ANY


@dataclass(frozen=True, slots=True)
class Kept:
    """What the policies say of one record."""

    policy: Policy
    due_at: datetime | None
    """The later of what the policy and `rests_until` say. None: never."""
    rests_until: datetime | None = None
    """Something rests on the record until then (`KeptUntil`)."""

    def is_due(self, now: datetime) -> bool:
        """Whether its time has run out."""
        return self.due_at is not None and self.due_at <= now


def policies(pack: RulePack, day: datetime) -> list[Policy]:
    """The policies in force on a day. Raises RulesError for one that cannot be read."""
    found = [rule for rule in pack.rules if rule.id.startswith(PREFIX) and rule.holds(day.date())]
    return [
        _policy(rule) for rule in found if isinstance(rule.value, dict) and "years" in rule.value
    ]


def kept(
    pack: RulePack,
    kind: str,
    outcome: str,
    sealed_at: datetime,
    now: datetime,
    rests_until: datetime | None = None,
) -> Kept:
    """How long a record is kept. Raises RulesError when no policy speaks of it."""
    fitting = [one for one in policies(pack, now) if one.fits(kind, outcome)]
    if not fitting:
        raise RulesError(f"no retention policy for {kind}, {outcome}")
    policy = max(fitting, key=lambda one: one.rank)
    if policy.years is None:
        return Kept(policy, None, rests_until)
    due = _after(sealed_at, policy.years)
    return Kept(policy, max(due, rests_until or due), rests_until)


def _after(moment: datetime, years: int) -> datetime:
    """The same day, years later; 29 February becomes the 28th."""
    year = moment.year + years
    last = calendar.monthrange(year, moment.month)[1]
    return moment.replace(year=year, day=min(moment.day, last))


def _policy(rule: Rule) -> Policy:
    value = rule.value
    years = value["years"]
    right = value.keys() == _MEMBERS and all(
        isinstance(value[name], str) for name in ("kind", "outcome")
    )
    if not right or not (years is None or (type(years) is int and 0 < years <= 1000)):
        raise RulesError(f"{rule.id}: a retention policy has kind, outcome and years (or null)")
    return Policy(rule.id, value["kind"], value["outcome"], years, rule.source)
