"""An exhibit as it was filed, and the mark by which everybody calls it. Pure."""

from dataclasses import dataclass
from datetime import datetime

from errors import N_
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from signaling.ports import Exhibit

PROSECUTION, DEFENCE, VICTIM, COURT = "P", "D", "V", "C"
SIDES = {
    PROSECUTION: N_("Prosecution or claimant"),
    DEFENCE: N_("Defence"),
    VICTIM: N_("Victim"),
    COURT: N_("The court"),
}
_SIDE_OF = {
    SeatRole.PROSECUTOR: PROSECUTION,
    SeatRole.CLAIMANT: PROSECUTION,
    SeatRole.RESPONDENT: DEFENCE,
    SeatRole.ACCUSED: DEFENCE,
    SeatRole.VICTIM: VICTIM,
}
RULINGS = {
    "offered": N_("Offered"),
    "admitted": N_("Admitted"),
    "refused": N_("Refused"),
}
TITLE_MOST = 160


@dataclass(frozen=True, slots=True)
class Filed:
    """One exhibit. `key` is the file's data key, wrapped."""

    id: str
    sitting: str
    side: str
    number: int
    """Counts from 1 on each side; one that was taken back keeps its number."""
    title: str
    type: str
    """pdf, jpeg, png: by its content."""
    size: int
    pages: int
    sha256: str
    key: bytes
    seat: str
    """The seat that filed it."""
    person: str
    at: datetime
    named: tuple[str, ...] | None
    """Sealed: the seats that may see it besides the bench and its own side; None: not sealed."""
    shown_at: datetime | None = None
    taken_back_at: datetime | None = None

    @property
    def mark(self) -> str:
        """As everybody calls it: `P-1`."""
        return f"{self.side}-{self.number}"

    @property
    def live(self) -> Exhibit:
        """What the live room knows of it."""
        return Exhibit(
            self.id, self.mark, self.title, self.pages, self.seat, self.sha256, self.named
        )


@dataclass(frozen=True, slots=True)
class Sealing:
    """An exhibit was sealed after it was filed, or opened again; by whom and why."""

    id: str
    exhibit: str
    sitting: str
    named: tuple[str, ...] | None
    """The seats that may see it since then besides the bench and its own side; None: opened."""
    reason: str
    by: str
    at: datetime


def side_of(sitting: Sitting, seat: Seat) -> str:
    """For whom a seat files: counsel for the client, a guardian for the ward, the clerk for the
    court."""
    theirs = seat.represents or seat.guardian_of
    if theirs:
        first = sitting.seat(min(theirs))
        return _SIDE_OF.get(first.role, COURT) if first else COURT
    return _SIDE_OF.get(seat.role, COURT)
