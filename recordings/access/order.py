"""An order of a court or prosecution over a record, and what is given by it. Pure.

No circulation, viewing, copying or deletion without leave of prosecution or court (R-CR-10,
R-CV-05). An order says what may be done with which part until when; a grant gives that to one
person; a seal hides a stretch from everybody but the bench; a hold forbids destruction.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from errors import N_


class Use(StrEnum):
    """What an order allows."""

    VIEW = "view"
    COPY = "copy"
    DELETE = "delete"


USES: dict[Use, str] = {
    Use.VIEW: N_("View the record"),
    Use.COPY: N_("Take a copy"),
    Use.DELETE: N_("Destroy the record"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a record. Without tracks and seats: all of them; without an end: to the end."""

    start_ms: int = 0
    end_ms: int | None = None
    tracks: frozenset[str] = frozenset()
    seats: frozenset[str] = frozenset()

    @property
    def whole(self) -> bool:
        """The whole record."""
        return self.start_ms <= 0 and self.end_ms is None and not self.tracks | self.seats

    def has_track(self, track: str) -> bool:
        """Whether a track (`<seat>-<source>`) is in it."""
        if not self.tracks | self.seats:
            return True
        return track in self.tracks or any(track.startswith(f"{seat}-") for seat in self.seats)

    def has_seat(self, seat: str) -> bool:
        """Whether anything of a seat is in it."""
        if not self.tracks | self.seats:
            return True
        return seat in self.seats or any(track.startswith(f"{seat}-") for track in self.tracks)

    def has_time(self, start_ms: int, end_ms: int) -> bool:
        """Whether the whole interval is in it."""
        return self.start_ms <= start_ms and (self.end_ms is None or end_ms <= self.end_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """As it was entered into the book of orders."""

    id: str
    sitting: str
    reference: str
    authority: str
    """Who gave it: the court or prosecution, as its heading says."""
    uses: frozenset[Use]
    part: Part = field(default=Part())
    ends: datetime | None = None
    by: str = ""
    at: datetime
    revoked_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether anything may be done by it."""
        return self.revoked_at is None and (self.ends is None or now < self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One person may do, until a day, what an order allows."""

    id: str
    order: str
    sitting: str
    person: str
    ends: datetime
    by: str = ""
    at: datetime
    revoked_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Whether it counts, as far as its order does."""
        return self.revoked_at is None and now < self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """A stretch that only the bench sees and hears."""

    id: str
    sitting: str
    start_ms: int
    end_ms: int
    reason: str
    by: str = ""
    at: datetime
    lifted_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """While one stands the record is not destroyed. Set by one person, lifted by two."""

    id: str
    sitting: str
    reason: str
    authority: str
    by: str
    at: datetime
    lift_by: str = ""
    """Who proposed to lift it; empty: nobody."""
    lift_office: str = ""
    """In whose place they did: their own, or that of whom they act for."""
    lift_at: datetime | None = None
    lift_reason: str = ""
    lifted_by: str = ""
    lifted_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it forbids destruction."""
        return self.lifted_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """A record's key is to be destroyed: proposed by one person, done when another agrees."""

    id: str
    sitting: str
    order: str
    by: str
    office: str = ""
    """In whose place `by` proposed it."""
    at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    agreed: bool = False

    @property
    def open(self) -> bool:
        """Whether it waits for the second person."""
        return self.decided_at is None

    @property
    def done(self) -> bool:
        """Whether the key is destroyed."""
        return self.agreed
