"""The notary's register: numbered entries by office and year, and notes in their margin.

Nothing is erased and nothing is written between the lines (FDL 20/2022 Art 9; Cabinet Res. 16/2024
Arts 9-10). A number is given when the text is fixed for signing, because the deed carries it; what
becomes of the deed is noted in the margin: completed, not completed, corrected by a later entry,
revoked, superseded, annulled, copies issued. Entries and notes are each a chain of hashes.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from audit.leaf import format_time
from errors import N_

FIRST = "0" * 64


class Sort(StrEnum):
    """What an entry is."""

    DEED = "deed"
    CORRECTION = "correction"


class Note(StrEnum):
    """What is noted in the margin of an entry."""

    COMPLETED = "completed"
    NOT_COMPLETED = "not_completed"
    CORRECTED = "corrected"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ANNULLED = "annulled"
    CERTIFIED_COPY = "certified_copy"
    EXECUTORY_COPY = "executory_copy"
    EXTRACT = "extract"


NOTES: dict[Note, str] = {
    Note.COMPLETED: N_("Completed: signed by all and sealed"),
    Note.NOT_COMPLETED: N_("Not completed"),
    Note.CORRECTED: N_("Corrected by a later entry"),
    Note.REVOKED: N_("Revoked by a later entry"),
    Note.SUPERSEDED: N_("Superseded by a later entry"),
    Note.ANNULLED: N_("Annulled by an order"),
    Note.CERTIFIED_COPY: N_("Certified copy issued"),
    Note.EXECUTORY_COPY: N_("Executory copy issued"),
    Note.EXTRACT: N_("Extract issued"),
}


class Standing(StrEnum):
    """Whether a deed still stands: what the public page of verification asks."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    STANDS = "stands"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    ANNULLED = "annulled"
    NOT_COMPLETED = "not_completed"


STANDINGS: dict[Standing, str] = {
    Standing.UNKNOWN: N_("No such deed in the register"),
    Standing.PENDING: N_("Not yet signed by all"),
    Standing.STANDS: N_("In force"),
    Standing.REVOKED: N_("Revoked by a later deed"),
    Standing.SUPERSEDED: N_("Superseded by a later deed"),
    Standing.ANNULLED: N_("Annulled"),
    Standing.NOT_COMPLETED: N_("Never completed: no deed"),
}
_ENDS = (
    (Note.ANNULLED, Standing.ANNULLED),
    (Note.REVOKED, Standing.REVOKED),
    (Note.SUPERSEDED, Standing.SUPERSEDED),
    (Note.NOT_COMPLETED, Standing.NOT_COMPLETED),
    (Note.COMPLETED, Standing.STANDS),
)
"""Gravest first: what ended a deed outweighs what made it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One numbered entry. `digest` is its link in the chain of its office and year."""

    office: str
    year: int
    number: int
    sort: str
    act: str
    request: str
    notary: str
    at: datetime
    commitment: str
    """Of the encrypted content: SHA-256 over salt and JSON."""
    before: str
    digest: str
    about: int | None = None
    """For a correction: the number that it corrects, of the same office..."""
    about_year: int | None = None
    content: Any = None
    """Titles and people, where they were decrypted."""

    @property
    def name(self) -> str:
        """The number as it is printed."""
        return name(self.office, self.year, self.number)


@dataclass(frozen=True, slots=True)
class Margin:
    """One note in the margin of an entry."""

    id: int
    office: str
    year: int
    number: int
    note: str
    at: datetime
    by: str
    refers_to: str
    """Another entry's printed number, or the reference of an order; may be empty."""
    sha256: str
    """Of the document that the note is about; empty where there is none."""
    before: str
    digest: str


def name(office: str, year: int, number: int) -> str:
    """`NOT/2026/15`."""
    return f"{office}/{year}/{number}"


def parse(text: str) -> tuple[str, int, int] | None:
    """The reverse of `name`; None for anything else."""
    parts = text.strip().upper().split("/")
    if len(parts) != 3 or not parts[0].isalpha() or not all(p.isdecimal() for p in parts[1:]):
        return None
    if len(parts[0]) > 8 or len(parts[1]) != 4 or len(parts[2]) > 9:
        return None
    return parts[0], int(parts[1]), int(parts[2])


def link(before: str, **members: Any) -> str:
    """The next link of a chain: SHA-256 in hex over the link before and the canonical JSON."""
    plain = {
        key: format_time(value) if isinstance(value, datetime) else value
        for key, value in members.items()
    }
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def entry_link(one: Entry) -> str:
    """What `one.digest` must be."""
    return link(
        one.before,
        office=one.office,
        year=one.year,
        number=one.number,
        sort=one.sort,
        act=one.act,
        request=one.request,
        notary=one.notary,
        at=one.at,
        commitment=one.commitment,
        about=one.about,
        about_year=one.about_year,
    )


def margin_link(one: Margin) -> str:
    """What `one.digest` must be."""
    return link(
        one.before,
        office=one.office,
        year=one.year,
        number=one.number,
        note=one.note,
        at=one.at,
        by=one.by,
        refers_to=one.refers_to,
        sha256=one.sha256,
    )


def standing(notes: Sequence[Margin]) -> Standing:
    """What the notes in its margin make of a deed."""
    return decided(notes)[0]


def decided(notes: Sequence[Margin]) -> tuple[Standing, Margin | None]:
    """What the notes make of a deed, and the first of those that made it so."""
    for note, code in _ENDS:
        for one in notes:
            if one.note == note.value:
                return code, one
    return Standing.PENDING, None
