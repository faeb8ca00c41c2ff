"""A sitting: a kind, a case, a time, its seats and its phase."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from errors import N_
from sessions.phase import Phase
from sessions.seat import Seat, SeatRole


class Offence(StrEnum):
    """Class of an offence: the lead time of a summons and mandatory counsel depend on it."""

    CONTRAVENTION = "contravention"
    MISDEMEANOUR = "misdemeanour"
    FELONY = "felony"
    FELONY_CAPITAL = "felony_capital"
    """Punishable by death or life imprisonment: counsel is mandatory (R-CR-19)."""


OFFENCE_LABELS: dict[Offence, str] = {
    Offence.CONTRAVENTION: N_("Contravention"),
    Offence.MISDEMEANOUR: N_("Misdemeanour"),
    Offence.FELONY: N_("Felony"),
    Offence.FELONY_CAPITAL: N_("Felony punishable by death or life imprisonment"),
}


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
    offence: str = ""
    """Gravest class of the offences charged (`Offence`); empty outside criminal sittings."""
    permit: str = ""
    """Reference of the prosecution's written permission for a consultation (R-DT-04)."""
    booked_by: str = ""
    """Account id."""

    @property
    def ends_at(self) -> datetime:
        """When the booked time ends."""
        return self.starts_at + self.duration

    def seat(self, seat_id: str) -> Seat | None:
        """The seat of this id, or None."""
        return next((seat for seat in self.seats if seat.id == seat_id), None)

    def seat_of(self, person: str) -> Seat | None:
        """The seat booked for this account, or None."""
        return next((seat for seat in self.seats if seat.person == person), None)

    def undefended(self) -> tuple[Seat, ...]:
        """Accused who must have counsel and have none booked: a hard stop at trial (R-CR-19)."""
        if self.offence != Offence.FELONY_CAPITAL:
            return ()
        counsel = (seat for seat in self.seats if seat.role is SeatRole.COUNSEL)
        defended = frozenset[str]().union(*(seat.represents for seat in counsel))
        accused = (seat for seat in self.seats if seat.role is SeatRole.ACCUSED)
        return tuple(seat for seat in accused if seat.id not in defended)
