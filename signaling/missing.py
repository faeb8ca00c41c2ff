"""Who misses what: derived from two states of a room, so that no command can forget it.

Time counts while the sitting is in session, for a seat that was admitted and is not hearing it.
Witnesses and experts who wait to be called miss nothing: they are meant to be out of hearing.
"""

from datetime import datetime
from typing import Literal

from sessions.kind import Admission
from sessions.phase import IN_SESSION
from signaling import facts as f
from signaling.state import Place, Room

Why = Literal["disconnected", "private", "lobby", "removed"]


def why_away(room: Room, seat_id: str) -> Why | None:
    """Why a seat does not hear what goes on in session now; None where it hears or need not."""
    seat = room.at(seat_id)
    if room.live.phase not in IN_SESSION or not seat.admitted:
        return None
    match seat.place:
        case Place.HEARING:
            return None if seat.present and not seat.cut else "disconnected"
        case Place.PRIVATE:
            private = room.private_of(seat_id)
            inside = private is not None and private.before.get(seat_id) is Place.HEARING
            return "private" if inside else None
        case Place.REMOVED:
            return "removed"
    if room.admission(seat_id) is Admission.CALLED:
        return None
    return "disconnected" if seat.place is Place.OUTSIDE else "lobby"


def changes(after: Room, at: datetime) -> list[f.Fact]:
    """Facts that bring `missing` of every seat in line with the room, as of `at`."""
    facts: list[f.Fact] = []
    for seat in after.sitting.seats:
        missing = after.at(seat.id).missing
        why = why_away(after, seat.id)
        if why == (missing.why if missing else None):
            continue
        if missing is not None:
            until = max(missing.since, at)
            facts.append(f.MissedUntil(seat.id, missing.since, until, missing.why))
        if why is not None:
            facts.append(f.MissingSince(seat.id, at, why))
    return facts
