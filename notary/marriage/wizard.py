"""Two people fill one application: what is shown, what was typed, and how the two are merged.

A page is a flat mapping of the questions' names to texts. A form sends what it showed besides what
was typed, so that only what a person really changed is taken: fields that the other device changed
meanwhile stay. Only where both changed one field to different values must a person choose.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from errors import N_, BadInput
from notary.marriage.application import OFFICE, SPOUSES, Application, Part
from notary.marriage.questions import Group, Question

TEXT_MOST = 120
LINES_MOST = 2000
_PARTS = {part.value for part in Part}
_SEX = {Part.GROOM: "male", Part.BRIDE: "female"}
_CODE = re.compile(r"[\w ./()-]{1,40}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_HUGE = Decimal(1_000_000_000)

Flat = Mapping[str, str]


def shown(app: Application, groups: Iterable[Group]) -> dict[str, str]:
    """A page's fields as they stand."""
    plain: dict[str, Any] = msgspec.to_builtins(app)
    return {one.name: _text(plain, one) for group in groups for one in group.questions}


def _text(plain: dict[str, Any], one: Question) -> str:
    first, _, rest = one.name.partition(".")
    if first == "conditions":
        part, _, none = rest.partition(".")
        said = plain["conditions"].get(part)
        if none:
            return "1" if said is not None and not said else ""
        return "\n".join(said or ())
    if first in ("circumstances", "disclosed"):
        return "1" if rest in plain[first] else ""
    value = _get(plain, _place(one.name))
    if one.kind == "flag":
        return "1" if value else ""
    if one.kind == "yes_no":
        return "" if value is None else "yes" if value else "no"
    if one.name == "dower.deferred" and not Decimal(value):
        return ""
    return "" if value is None else str(value)


def _place(name: str) -> list[str]:
    parts = name.split(".")
    return ["persons", *parts] if parts[0] in _PARTS else parts


def _get(plain: Any, place: list[str]) -> Any:
    for step in place:
        if not isinstance(plain, dict) or step not in plain:
            return None
        plain = plain[step]
    return plain


@dataclass(frozen=True, slots=True)
class Merged:
    """What the page holds now, and where two people typed different things."""

    fields: dict[str, str]
    conflicts: frozenset[str]


def merge(now: Flat, before: Flat, typed: Flat) -> Merged:
    """Three ways: what stands, what the form had shown, what came back with it.

    In a conflict `fields` has what stands.
    """
    fields, conflicts = {}, set()
    for name, current in now.items():
        was, wish = _plain(before.get(name, current)), _plain(typed.get(name, ""))
        if wish in (was, _plain(current)):
            fields[name] = current
        elif was == _plain(current):
            fields[name] = wish
        else:
            fields[name] = current
            conflicts.add(name)
    return Merged(fields, frozenset(conflicts))


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


@dataclass(frozen=True, slots=True)
class Read:
    """The application with a page filled in, and what could not be read. A field that is wrong
    keeps what it had."""

    application: Application
    errors: tuple[BadInput, ...]


def fill_in(app: Application, groups: tuple[Group, ...], fields: Flat) -> Read:
    """Put a page's fields into the application."""
    plain: dict[str, Any] = msgspec.to_builtins(app)
    errors: list[BadInput] = []
    for group in groups:
        for one in group.questions:
            try:
                _put(plain, one, _plain(fields.get(one.name, "")), fields)
            except BadInput as error:
                errors.append(error)
    _tidy(plain)
    return Read(msgspec.convert(plain, Application), tuple(errors))


def _put(plain: dict[str, Any], one: Question, text: str, fields: Flat) -> None:
    first, _, rest = one.name.partition(".")
    if first == "conditions":
        _put_conditions(plain, rest, fields)
        return
    if first in ("circumstances", "disclosed"):
        known = set(plain[first]) - {rest}
        plain[first] = sorted(known | ({rest} if text else set()))
        return
    value = _value(one, text)
    if first in ("status", "needs") or one.name.startswith("guardianship.passed_over."):
        _set_or_drop(plain, one.name.split("."), value)
        return
    place = _place(one.name)
    target = plain
    for step in place[:-1]:
        target = target.setdefault(step, {})
    if value is None and place[-1] not in _NULLABLE:
        target.pop(place[-1], None)
    else:
        target[place[-1]] = value


_NULLABLE = {"prompt", "prompt_received", "existing_wives"}


def _set_or_drop(plain: dict[str, Any], place: list[str], value: Any) -> None:
    target = plain
    for step in place[:-1]:
        target = target.setdefault(step, {})
    if value:
        target[place[-1]] = value
    else:
        target.pop(place[-1], None)


def _put_conditions(plain: dict[str, Any], rest: str, fields: Flat) -> None:
    part, _, _ = rest.partition(".")
    text = _plain(fields.get(f"conditions.{part}", ""))
    if len(text) > LINES_MOST:
        raise _wrong(f"conditions.{part}", N_("This is too long."))
    lines = [" ".join(line.split()) for line in text.split("\n") if line.strip()]
    none = bool(fields.get(f"conditions.{part}.none"))
    if lines and none:
        raise _wrong(f"conditions.{part}", N_("Write conditions, or say that there are none."))
    if lines or none:
        plain["conditions"][part] = lines
    else:
        plain["conditions"].pop(part, None)


def _value(one: Question, text: str) -> Any:
    if one.kind == "flag":
        return bool(text)
    if not text:
        return None if one.kind in ("date", "number", "yes_no", "money") else ""
    match one.kind:
        case "date":
            try:
                found = date.fromisoformat(text)
            except ValueError:
                raise _wrong(one.name, N_("Write the date as year, month and day.")) from None
            if not 1900 <= found.year <= 2100:
                raise _wrong(one.name, N_("Write the date as year, month and day."))
            return text
        case "number":
            if not (text.isdecimal() and len(text) <= 2):
                raise _wrong(one.name, N_("Write a number."))
            return int(text)
        case "money":
            return _money(one.name, text)
        case "yes_no":
            if text not in ("yes", "no"):
                raise _wrong(one.name, N_("Choose yes or no."))
            return text == "yes"
        case "choice" if text not in (one.choices or {}):
            raise _wrong(one.name, N_("Choose from the list."))
        case "country" if not _COUNTRY.fullmatch(text):
            raise _wrong(one.name, N_("Choose from the list."))
        case "code" if not _CODE.fullmatch(text):
            raise _wrong(one.name, N_("Write letters and digits only, at most 40."))
    if len(text) > TEXT_MOST:
        raise _wrong(one.name, N_("This is too long."))
    return " ".join(text.split())


def _money(name: str, text: str) -> str:
    try:
        amount = Decimal(text.replace(",", "").replace("٬", ""))
    except InvalidOperation:
        raise _wrong(name, N_("Write an amount in dirhams.")) from None
    if not amount.is_finite() or not 0 <= amount < _HUGE or amount != round(amount, 2):
        raise _wrong(name, N_("Write an amount in dirhams."))
    return format(amount, "f")


def _wrong(name: str, message: str) -> BadInput:
    return BadInput("marriage.shape", message, field=name)


def _tidy(plain: dict[str, Any]) -> None:
    """Nobody is named by an empty form; a bride is a woman and a groom a man."""
    people = plain["persons"]
    for part in [*people]:
        said = {name for name, value in people[part].items() if value not in ("", None, False)}
        if part not in OFFICE and not said - {"sex"}:
            del people[part]
        elif part in {one.value for one in SPOUSES}:
            people[part]["sex"] = _SEX[Part(part)]
    for part, one in [*plain["agencies"].items()]:
        if part not in people:
            del plain["agencies"][part]
        else:
            one.setdefault("number", "")
            for name in ("special", "original_kept", "attested"):
                one.setdefault(name, False)
    plain["medical"] = {
        part: {"number": "", **one}
        for part, one in plain["medical"].items()
        if one.get("number") or one.get("issued") or one.get("original_kept")
    }
    for one in plain["medical"].values():
        if not one.get("outcome"):
            one["outcome"] = "fit"
    plain["earlier"] = {
        part: one
        for part, one in plain["earlier"].items()
        if any(value not in (None, []) for value in one.values())
    }
    if plain["dower"].get("deferred") in (None, ""):
        plain["dower"]["deferred"] = "0"
    plain["impediments"] = {
        code: answer for code, answer in plain["impediments"].items() if answer is not None
    }
