"""A marriage file: the application, whose account has which part, and how far it has come."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec

from notary.marriage.application import Application, Part
from notary.marriage.majlis import Majlis
from notary.marriage.workflow import FileState

SECTIONS: tuple[str, ...] = (
    "people",
    "status",
    "guardian",
    "terms",
    "impediments",
    "papers",
)
"""Pages of the wizard, in order. Two people fill them from two devices; each is saved alone."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "people": ("track", "court", "persons", "circumstances", "needs"),
    "status": ("status", "earlier", "existing_wives", "disclosed"),
    "guardian": ("guardianship", "agencies"),
    "terms": ("dower", "conditions"),
    "impediments": ("impediments",),
    "papers": ("medical", "leaves"),
}
"""Which members of the application a page holds."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Where somebody wants to be told by mail."""

    email: str
    language: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What a correction of the certificate says instead. The application stays as it was signed."""

    entry: str
    """Its number in the register."""
    changes: Mapping[str, str]
    """Field of the wizard to what stands there now."""


@dataclass(frozen=True, slots=True)
class File:
    """One marriage file. Times are UTC."""

    id: str
    state: FileState
    founder: str
    """Account of who began it: groom or bride."""
    created_at: datetime
    acted_at: datetime
    """Of the last action: from it the file lapses (R-MR-16)."""
    version: int
    application: Application = field(default_factory=Application)
    seats: Mapping[Part, str] = field(default_factory=dict)
    """Account of each part that has joined."""
    pages: Mapping[str, int] = field(default_factory=dict)
    """Version of each page of the wizard."""
    marks: tuple[str, ...] = ()
    """Fields that the judge returned, dotted."""
    reason: str = ""
    """Of the last move that needs one."""
    appeal: str = ""
    """What the applicants say against a refusal."""
    paid: bool = False
    delivery: str = ""
    """`collect` or `courier`."""
    starts_at: datetime | None = None
    sitting: str = ""
    majlis: Majlis | None = None
    number: str = ""
    register: str = ""
    code: str = ""
    devices: Mapping[Part, str] = field(default_factory=dict)
    """Page on which each person's identity was verified; another page is verified again."""
    contacts: Mapping[Part, Contact] = field(default_factory=dict)
    """Addresses, each given by that person, or by who sent the link."""
    ceremony: str = ""
    """Id of the signing of the contract."""
    certificate: str = ""
    """Id of the signing of the certificate."""
    revision: int = 1
    """Of the certificate that was signed last."""
    corrections: tuple[Correction, ...] = ()
    reissue: str = ""
    """Id of the signing of a corrected certificate that waits for the judge."""
    reissue_code: str = ""
    judge: str = ""
    """Account of who ratified."""
    ratified_at: datetime | None = None
    contracted_at: datetime | None = None
    standing: str = "stands"
    """What the public page says: `stands`, `divorced`, `annulled`, `corrected`."""

    @property
    def reissue_due(self) -> bool:
        """A correction waits for its certificate."""
        return len(self.corrections) >= self.revision

    @property
    def reference(self) -> str:
        """How people name the file before it has a number of the register."""
        return f"M-{self.id[:8].upper()}"

    def part_of(self, person: str) -> Part | None:
        """The part that an account has here."""
        return next((part for part, account in self.seats.items() if account == person), None)


def to_json(one: File) -> dict[str, Any]:
    """The members that hold what people typed, as plain JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(one)
    return plain


def from_json(data: Mapping[str, Any]) -> File:
    """The reverse of `to_json`. Raises msgspec.ValidationError."""
    return msgspec.convert(data, File)


def with_page(one: File, page: str, typed: Mapping[str, Any]) -> File:
    """The file with one page of the wizard replaced by what was typed (plain JSON).

    Raises msgspec.ValidationError naming the place where the data have the wrong shape.
    """
    old: dict[str, Any] = msgspec.to_builtins(one.application)
    new = {**old, **{name: typed[name] for name in FIELDS[page] if name in typed}}
    pages = {**one.pages, page: one.pages.get(page, 0) + 1}
    return replace(one, application=msgspec.convert(new, Application), pages=pages)
