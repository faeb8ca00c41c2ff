"""A protected person: what those from whom the person is screened may learn, and get.

The tie `screened_from` of a seat names the seats that may not learn who sits there. They get no
packet of that person (R-ID-02 names the sources) and a pseudonym for the name. The bench is never
screened from anybody.
"""

from sessions.door import screened_sources
from sessions.rules import in_force
from sessions.seat import Seat
from signaling.engine import SOURCES, TrackId
from signaling.state import Room


def screened(room: Room, viewer: str, other: Seat) -> bool:
    """Whether `viewer` may not learn who sits on `other`."""
    return viewer in other.screened_from and viewer != other.id and not room.is_host(viewer)


def withheld(room: Room, viewer: str) -> frozenset[TrackId]:
    """The tracks that never reach this seat, wherever it is."""
    hidden = screened_sources(in_force(), room.sitting.starts_at.date())
    return frozenset(
        TrackId(seat.id, source)
        for seat in room.sitting.seats
        if screened(room, viewer, seat)
        for source in SOURCES
        if source in hidden
    )
