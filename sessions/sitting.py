"""A sitting: a kind, a case, a time, its seats and its phase."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sessions.phase import Phase
from sessions.seat import Seat


@dataclass(frozen=True, slots=True)
class Sitting:
    """What is booked, as the rest of the house sees it."""

    id: str
    kind: str
    """Code of the Kind."""
    case_number: str
    case_title: str
    languages: tuple[str, ...]
    """BCP 47 tags spoken in the sitting, the court's first."""
    starts_at: datetime
    duration: timedelta
    phase: Phase
    public: bool
    seats: tuple[Seat, ...]
    outcome_reason: str = ""
    """Why it was cancelled or adjourned."""
    adjourned_to: datetime | None = None

    @property
    def ends_at(self) -> datetime:
        """When the booked time ends."""
        return self.starts_at + self.duration

    def seat(self, seat_id: str) -> Seat | None:
        """The seat of this id, or None."""
        return next((seat for seat in self.seats if seat.id == seat_id), None)
