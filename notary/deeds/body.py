"""The text of a deed: an act's paragraphs filled with people and values, in both languages.

Arabic counts; English stands beside it. The text is a value: its digest names the version that was
read aloud and signed. It is shared as `pages` of a few paragraphs, which the notary turns.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from notary.deeds.act import Act, Both, FieldRule
from notary.deeds.fields import shown
from notary.deeds.party import Party

PAGE_CHARS = 900
"""About what a person follows on a phone while it is read to them."""
_PLACE = re.compile(r"\{([a-z_]+)\}")
_NUMBERED = {"ar": "رقم الهوية", "en": "identity number"}
_NATIONAL = {"ar": "الجنسية", "en": "nationality"}


@dataclass(frozen=True, slots=True)
class Text:
    """What is read and signed. `number` counts the versions of one request from 1."""

    number: int
    paragraphs: tuple[Both, ...]
    warnings: tuple[Both, ...]

    @property
    def digest(self) -> str:
        """SHA-256 in hex of the canonical JSON of paragraphs and warnings."""
        data = [[[one.ar, one.en] for one in part] for part in (self.paragraphs, self.warnings)]
        text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def pages(self) -> tuple[tuple[Both, ...], ...]:
        """Pages as they are read: paragraphs by length, and at last the warnings."""
        return (*_paged(self.paragraphs), *_paged(self.warnings))


def _paged(parts: Sequence[Both]) -> list[tuple[Both, ...]]:
    pages: list[tuple[Both, ...]] = []
    current: list[Both] = []
    room = 0
    for one in parts:
        length = max(len(one.ar), len(one.en))
        if current and room + length > PAGE_CHARS:
            pages.append(tuple(current))
            current, room = [], 0
        current.append(one)
        room += length
    return [*pages, tuple(current)] if current else pages


def compose(
    act: Act,
    values: Mapping[str, Any],
    parties: Sequence[Party],
    number: int = 1,
    dates: Mapping[str, Mapping[str, str]] | None = None,
) -> Text:
    """The text that these values give. A place that nothing fills shows a dotted line."""
    paragraphs = tuple(
        Both(
            _fill(part.ar, act, values, parties, "ar", dates or {}),
            _fill(part.en, act, values, parties, "en", dates or {}),
        )
        for part in act.paragraphs
        if part.holds(values)
    )
    return Text(number, paragraphs, act.warnings)


def _fill(
    text: str,
    act: Act,
    values: Mapping[str, Any],
    parties: Sequence[Party],
    language: str,
    dates: Mapping[str, Mapping[str, str]],
) -> str:
    """One pass: what a value holds is never looked at for places again."""
    fields = {field.code: field for field in act.fields}

    def place(match: re.Match[str]) -> str:
        code = match.group(1)
        if code in fields:
            return _value(fields[code], values.get(code), language, dates)
        people = [_person(one, language) for one in parties if one.role == code]
        return (" و" if language == "ar" else " and ").join(people) or "…………"

    return _PLACE.sub(place, text).replace("..", ".")


def _value(
    field: FieldRule, value: Any, language: str, dates: Mapping[str, Mapping[str, str]]
) -> str:
    if value is None or value == "":
        return "…………"
    if field.type == "date":
        words = dates.get(str(value), {}).get(language)
        return words or date.fromisoformat(str(value)).strftime("%d/%m/%Y")
    return shown(field, value, language)


def _person(one: Party, language: str) -> str:
    parts = [one.name(language)]
    if one.nationality:
        parts.append(f"{_NATIONAL[language]}: {one.nationality}")
    if one.identity_number:
        parts.append(f"{_NUMBERED[language]}: {one.identity_number}")
    comma = "، " if language == "ar" else ", "
    return parts[0] if len(parts) == 1 else f"{parts[0]} ({comma.join(parts[1:])})"


def changed(before: Text, after: Sequence[Both]) -> list[tuple[int, Both | None, Both | None]]:
    """Which paragraphs differ, by place from 0: (place, before, after). None: not there."""
    most = max(len(before.paragraphs), len(after))
    found = []
    for place in range(most):
        old = before.paragraphs[place] if place < len(before.paragraphs) else None
        new = after[place] if place < len(after) else None
        if old != new:
            found.append((place, old, new))
    return found
