"""Rule packs: the law as data (design, promise 7; law.md section 0).

A pack is one JSON file in `rules/`. Each rule has an id, a value, its source, the jurisdiction,
the dates between which it holds, and how far it was verified. The code asks for a rule by id and
day; a changed law is a changed file.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from errors import N_
from sessions.booking import Draft
from sessions.seat import SeatRole
from sessions.sitting import Offence
from settings import ROOT

FOLDER = ROOT / "rules"
_ID = re.compile(r"R-[A-Z]{2,3}-\d{2}")
_MEMBERS = {"id", "title", "value", "source", "jurisdiction", "from", "until", "verified"}
_VERIFIED = {"V", "P", "M", "D"}


class RulesError(Exception):
    """The pack cannot be used; the text names the file, the rule and the member."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `starts` and `ends` are None where the source gives no day."""

    id: str
    title: str
    value: Any
    source: str
    jurisdiction: str
    starts: date | None
    ends: date | None
    """The last day on which it holds."""
    verified: str
    """V text of the law read, P page about it read, M from memory, D design inference."""

    def holds(self, day: date) -> bool:
        """Whether the rule is in force on `day`."""
        return (not self.starts or self.starts <= day) and (not self.ends or day <= self.ends)


@dataclass(frozen=True, slots=True)
class RulePack:
    """The rules of one jurisdiction. An id may return with other dates."""

    jurisdiction: str
    rules: tuple[Rule, ...]

    def rule(self, id: str, day: date) -> Rule:
        """The rule in force on `day`. Raises RulesError when there is none."""
        found = next((rule for rule in self.rules if rule.id == id and rule.holds(day)), None)
        if found is None:
            raise RulesError(f"{self.jurisdiction}: no rule {id} on {day}")
        return found

    @property
    def ids(self) -> frozenset[str]:
        """All ids, in force or not."""
        return frozenset(rule.id for rule in self.rules)


def load(path: Path = FOLDER / "uae.json") -> RulePack:
    """Read a pack strictly. Raises RulesError."""
    try:
        data = json.loads(path.read_text("utf-8"), object_pairs_hook=_no_duplicates)
    except (OSError, ValueError) as error:
        raise RulesError(f"{path.name}: {error}") from None
    return parse(data, path.name)


@cache
def in_force() -> RulePack:
    """The pack of this installation, read once."""
    return load()


def parse(data: Any, name: str) -> RulePack:
    """Check a pack's data. Raises RulesError."""
    if not isinstance(data, dict) or data.keys() != {"version", "jurisdiction", "rules"}:
        raise RulesError(f"{name}: a pack has version, jurisdiction and rules")
    if data["version"] != 1 or not isinstance(data["rules"], list):
        raise RulesError(f"{name}: not a pack of version 1")
    rules = tuple(_rule(item, name) for item in data["rules"])
    for place, rule in enumerate(rules):
        for other in rules[:place]:
            if rule.id == other.id and _together(rule, other):
                raise RulesError(f"{name}: {rule.id} is there twice for the same day")
    return RulePack(str(data["jurisdiction"]), rules)


def _together(one: Rule, other: Rule) -> bool:
    latest_start = max(one.starts or date.min, other.starts or date.min)
    return latest_start <= min(one.ends or date.max, other.ends or date.max)


def _rule(item: Any, name: str) -> Rule:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        raise RulesError(f"{name}: a rule without an id")
    where = f"{name}: {item['id']}"
    if item.keys() != _MEMBERS:
        raise RulesError(f"{where}: members {sorted(item.keys() ^ _MEMBERS)}")
    if not _ID.fullmatch(item["id"]):
        raise RulesError(f"{where}: the id is not of the form R-CR-01")
    for member in ("title", "source", "jurisdiction"):
        if not isinstance(item[member], str) or not item[member].strip():
            raise RulesError(f"{where}: {member} is empty")
    if item["verified"] not in _VERIFIED:
        raise RulesError(f"{where}: verified is one of {sorted(_VERIFIED)}")
    starts, ends = _day(item["from"], where), _day(item["until"], where)
    if starts and ends and ends < starts:
        raise RulesError(f"{where}: it ends before it starts")
    return Rule(
        item["id"],
        item["title"],
        item["value"],
        item["source"],
        item["jurisdiction"],
        starts,
        ends,
        item["verified"],
    )


def _day(text: Any, where: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        raise RulesError(f"{where}: {text!r} is not a day") from None


def _no_duplicates(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name} is there twice")
        found[name] = value
    return found


# --- what the rules say of a booking -----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Warning:
    """Something the clerk should know before booking; it does not stop the booking."""

    rule: str
    message: str
    """A gettext message id, filled by `params`."""
    params: Mapping[str, str | int]


def warnings(pack: RulePack, draft: Draft, now: datetime) -> tuple[Warning, ...]:
    """What the rules say of a booking that is allowed, most serious first."""
    if draft.offence not in set(Offence):
        return ()
    found = []
    day = draft.starts_at.date()
    if draft.offence in pack.rule("R-CR-19", day).value["mandatory"] and _undefended(draft):
        found.append(
            Warning(
                "R-CR-19",
                N_("An accused has no lawyer. Trial for this offence cannot start without one."),
                {},
            )
        )
    hours = pack.rule("R-CR-20", day).value
    ahead = draft.starts_at - now
    least = hours["felony" if draft.offence == Offence.FELONY_CAPITAL else draft.offence]
    if ahead < timedelta(hours=least):
        found.append(
            Warning(
                "R-CR-20",
                N_("The summons comes too late: this class of offence needs %(hours)s hours."),
                {"hours": least},
            )
        )
    witnesses = any(seat.role is SeatRole.WITNESS for seat in draft.seats)
    if witnesses and ahead < timedelta(hours=hours["witness"]):
        found.append(
            Warning(
                "R-CR-20",
                N_("The summons of the witness comes too late: it needs %(hours)s hours."),
                {"hours": hours["witness"]},
            )
        )
    return tuple(found)


def _undefended(draft: Draft) -> bool:
    counsel = (seat for seat in draft.seats if seat.role is SeatRole.COUNSEL)
    defended = frozenset[str]().union(*(seat.represents for seat in counsel))
    accused = {seat.key for seat in draft.seats if seat.role is SeatRole.ACCUSED}
    return bool(accused - defended)
