"""What the law asks at the door and before testimony: identity, an empty room, the oath.

Values come from the rule pack (R-ID-01, R-OA-01, R-OA-02, R-CR-22); this gives them names.
"""

from dataclasses import dataclass
from datetime import date

from sessions.rules import RulePack
from sessions.seat import SeatRole


@dataclass(frozen=True, slots=True)
class Door:
    """R-ID-01."""

    unproved_admitted_by: frozenset[SeatRole]
    """Who may let somebody in whose identity is not proved, with a reason. Empty: nobody."""
    unproved_may_swear: bool
    shows_room: frozenset[SeatRole]
    """Roles that show the room to the camera and declare that nobody else is in it."""


@dataclass(frozen=True, slots=True)
class Oath:
    """The oath of a role: its words in both languages, and where they stand."""

    ar: str
    en: str
    source: str
    from_age: int
    """Whoever is younger is heard without an oath; 0 where the law names no age."""


def door(pack: RulePack, day: date) -> Door:
    """The rule of the door on `day`. Raises RulesError where the pack has none."""
    value = pack.rule("R-ID-01", day).value
    return Door(
        frozenset(SeatRole(role) for role in value["unproved_admitted_by"]),
        bool(value["unproved_may_swear"]),
        frozenset(SeatRole(role) for role in value["shows_room"]),
    )


def screened_sources(pack: RulePack, day: date) -> frozenset[str]:
    """R-ID-02: sources of a protected person that are withheld from those who are screened."""
    return frozenset(pack.rule("R-ID-02", day).value["withheld"])


def record_sources(pack: RulePack, day: date) -> frozenset[str]:
    """R-ID-02: sources of a protected person that nobody outside the bench sees in the record.
    The voice stays: it is the evidence, and whoever is screened sees nothing of the record."""
    return frozenset(pack.rule("R-ID-02", day).value["withheld_in_record"])


def oath(pack: RulePack, role: SeatRole, day: date) -> Oath | None:
    """The oath of `role` on `day`; None where the law asks for none."""
    for id in ("R-OA-01", "R-OA-02"):
        rule = pack.rule(id, day)
        if role.value in rule.value["roles"]:
            age = pack.rule("R-CR-22", day).value["oath_age"] if id == "R-OA-01" else 0
            return Oath(rule.value["ar"], rule.value["en"], rule.source, age)
    return None
