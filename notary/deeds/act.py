"""Acts as data: one TOML file each in `rules/acts/` (law.md 3.1-3.3).

An act says who takes part, which standing is proved, what is attached, which fields it has, the
fee, the warnings that the notary explains, and its text in Arabic and English. Arabic counts
(FDL 20/2022 Art 5); English stands beside it for whoever reads no Arabic.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from settings import ROOT

FOLDER = ROOT / "rules" / "acts"
FIELD_TYPES = frozenset(
    {"line", "text", "code", "number", "money", "date", "choice", "yes_no", "register_number"}
)
GROUPS = (
    "power_of_attorney",
    "revocation",
    "declaration",
    "authentication",
    "contract",
    "notice",
    "will",
)
_CODE = re.compile(r"[a-z][a-z_]{1,39}")
_PLACE = re.compile(r"\{([a-z_]+)\}")


class ActsError(Exception):
    """A file of an act cannot be used; the text names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class RoleRule:
    """Who takes part. One who does not appear (an agent, an addressee) is only named."""

    code: str
    least: int
    most: int
    appears: bool = True
    standing: bool = False
    """The right to act for somebody else is proved by an attachment."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One thing to be filled in."""

    code: str
    type: str
    label_ar: str
    label_en: str
    required: bool = True
    most: int = 200
    choices: tuple[tuple[str, str, str], ...] = ()
    """Code, Arabic, English."""
    least_value: int | None = None
    most_value: int | None = None
    future: bool = False
    must: bool = False
    """A yes_no that has to be yes."""
    forbids: str = ""
    """A yes here is a ground of refusal (R-NT-06): such an act is not for the notary."""
    forbids_unless: str = ""
    """A no here is."""


@dataclass(frozen=True, slots=True)
class AttachmentRule:
    """A paper that belongs to the request."""

    code: str
    label_ar: str
    label_en: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Both:
    """The same in both languages."""

    ar: str
    en: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the text, with `{places}` of roles and fields."""

    ar: str
    en: str
    when: str = ""
    """Only where this field has a value, or is yes."""
    unless: str = ""

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether this paragraph belongs to a deed with these values."""
        if self.when:
            return bool(values.get(self.when))
        return not self.unless or not values.get(self.unless)


@dataclass(frozen=True, slots=True)
class Act:
    """Everything that the house needs to know of an act."""

    code: str
    title_ar: str
    title_en: str
    group: str
    source: str
    verified: str
    fee: str
    """Code in R-NT-08."""
    minutes: int
    """How long a session is booked for."""
    roles: tuple[RoleRule, ...]
    fields: tuple[FieldRule, ...]
    attachments: tuple[AttachmentRule, ...]
    warnings: tuple[Both, ...]
    paragraphs: tuple[Paragraph, ...]
    oath: bool = False
    executory: bool = False
    """It may carry the executory formula (R-NT-10)."""
    notaries: tuple[str, ...] = ("public", "private")
    capacity: str = "civil"
    """Which least age counts (R-NT-04)."""
    revokes: str = ""
    """The field with the register number of what this act revokes."""

    @property
    def signing_roles(self) -> tuple[RoleRule, ...]:
        """Those who appear and sign, in the order in which they do."""
        return tuple(role for role in self.roles if role.appears)

    def role(self, code: str) -> RoleRule | None:
        """The rule of a role, or None."""
        return next((role for role in self.roles if role.code == code), None)


def load(folder: Path = FOLDER) -> dict[str, Act]:
    """Every act by its code, in the order of GROUPS. Raises ActsError."""
    found = [_read(path) for path in sorted(folder.glob("*.toml"))]
    found.sort(key=lambda act: (GROUPS.index(act.group), act.code))
    return {act.code: act for act in found}


@cache
def acts() -> dict[str, Act]:
    """The acts of this installation, read once."""
    return load()


def _read(path: Path) -> Act:
    try:
        data = tomllib.loads(path.read_text("utf-8"))
        act = _act(path.stem, data)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ActsError(f"{path.name}: {error}") from None
    _check(act, path.name)
    return act


def _act(code: str, data: dict[str, Any]) -> Act:
    lists: dict[str, Any] = {
        "roles": tuple(RoleRule(**one) for one in data.pop("role")),
        "fields": tuple(_field(one) for one in data.pop("field", ())),
        "attachments": tuple(AttachmentRule(**one) for one in data.pop("attachment", ())),
        "warnings": tuple(Both(**one) for one in data.pop("warning")),
        "paragraphs": tuple(Paragraph(**one) for one in data.pop("paragraph")),
    }
    if "notaries" in data:
        data["notaries"] = tuple(data["notaries"])
    return Act(code=code, **data, **lists)


def _field(data: dict[str, Any]) -> FieldRule:
    choices = tuple((code, ar, en) for code, ar, en in data.pop("choices", ()))
    return FieldRule(choices=choices, **data)


def _check(act: Act, name: str) -> None:
    def need(holds: bool, words: str) -> None:
        if not holds:
            raise ActsError(f"{name}: {words}")

    codes = [*(role.code for role in act.roles), *(field.code for field in act.fields)]
    need(bool(_CODE.fullmatch(act.code)), "the name is no code")
    need(act.group in GROUPS, f"no group {act.group}")
    need(act.verified in "VPMD", "verified is one of V P M D")
    need(len(set(codes)) == len(codes), "two roles or fields have one code")
    need(all(map(_CODE.fullmatch, codes)), "a role or field has no code")
    need(bool(act.signing_roles), "nobody appears")
    need(bool(act.warnings), "no warning to explain")
    for field in act.fields:
        need(field.type in FIELD_TYPES, f"{field.code}: no type {field.type}")
        need((field.type == "choice") == bool(field.choices), f"{field.code}: choices")
    for part in act.paragraphs:
        places = {*_PLACE.findall(part.ar), *_PLACE.findall(part.en)}
        need(places <= set(codes), f"unknown places {sorted(places - set(codes))}")
        need(set(_PLACE.findall(part.ar)) == set(_PLACE.findall(part.en)), "places differ")
        need({part.when, part.unless} - {""} <= set(codes), "a condition on nothing")
    proved = not any(role.standing for role in act.roles) or any(
        one.required for one in act.attachments
    )
    need(proved, "standing is proved by a required attachment; there is none")
    need(set(act.notaries) <= {"public", "private", "authorised_private"}, "an unknown notary")
    need(not act.revokes or act.revokes in codes, "revokes names no field")
