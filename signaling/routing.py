"""Where a seat's media may flow, derived from the live state and from nothing else.

The service compares the routing before and after a command and carries the difference to the
media engine before anybody is answered.
"""

from dataclasses import dataclass

from sessions.kind import Recording
from sessions.phase import FINAL, IN_SESSION
from signaling import channels
from signaling.engine import HearingSpace, PrivateSpace, Source, Space, TrackId
from signaling.protecting import withheld
from signaling.state import MAIN, WAITING, Place, Room, detained

NOTHING: frozenset[Source] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    """Space and permitted sources of one seat, and the seat that waits which it looks at."""

    space: Space | None
    sources: frozenset[Source]
    looks_at: str | None = None
    speaks: str = ""
    """The channel that the microphone goes to; empty: the floor of its space."""
    listens: str = ""
    """The channel that is heard besides the floor."""
    withheld: frozenset[TrackId] = frozenset()
    """Tracks of protected persons that this seat never gets."""


def main_space(room: Room) -> Space:
    """The sitting's own space. Where recording is forbidden it is one that no recorder enters."""
    if room.kind.recording is Recording.FORBIDDEN:
        seats = frozenset(seat.id for seat in room.sitting.seats)
        return PrivateSpace(room.sitting.id, MAIN, seats)
    return HearingSpace(room.sitting.id)


def space_of(room: Room, seat_id: str) -> Space | None:
    """The space of a seat. The lobby, the witness room and a recess have none."""
    seat = room.at(seat_id)
    if seat.place is Place.PRIVATE:
        private = room.private_of(seat_id)
        if private is None or private.opened_at is None:
            return None
        return PrivateSpace(room.sitting.id, private.id, frozenset(private.seats))
    if seat.place is not Place.HEARING or room.live.phase not in IN_SESSION:
        return None
    space = main_space(room)
    if isinstance(space, PrivateSpace) and officer_near(room, seat_id):
        return None  # R-DT-04: in sight of an officer who cannot hear
    return space


def officer_near(room: Room, seat_id: str) -> bool:
    """A detained person's officer has not said 'out of earshot' of the main space."""
    return detained(room.seat(seat_id)) and not room.at(seat_id).officer_out


def leave_to_send(room: Room, seat_id: str) -> frozenset[Source]:
    """What a seat may send. In a private room a lock of the hearing does not count."""
    seat = room.at(seat_id)
    if seat.place is Place.PRIVATE:
        return frozenset({"microphone", "camera", "screen"})
    found: set[Source] = {"camera"}
    if not seat.locked and not channels.signs(room, seat_id):
        found.add("microphone")
    if seat.screen_allowed or room.is_host(seat_id):
        found.add("screen")
    return frozenset(found)


def route(room: Room, seat_id: str) -> Route:
    """Space and sources: what a seat may send and says it sends."""
    seat = room.at(seat_id)
    declared: set[Source] = set()
    if seat.microphone:
        declared.add("microphone")
    if seat.camera:
        declared.add("camera")
    if seat.screen:
        declared.add("screen")
    sources = leave_to_send(room, seat_id) & declared
    space = space_of(room, seat_id)
    speaks, listens = channels.tuned(room, seat_id, space)
    return Route(space, sources, looks_at(room, seat_id), speaks, listens, withheld(room, seat_id))


def looks_at(room: Room, seat_id: str) -> str | None:
    """Whose camera this seat sees to check an identity: a host's only, and only of somebody else
    who waits and is here."""
    shown = room.at(seat_id).looks_at
    if shown is None or shown == seat_id or room.live.phase in FINAL:
        return None
    if not room.is_host(seat_id) or not room.at(seat_id).present:
        return None
    other = room.at(shown)
    return shown if other.present and other.place in WAITING else None


def looked_at(room: Room, seat_id: str) -> bool:
    """Whether a host sees the camera of this seat, which waits."""
    return any(looks_at(room, host) == seat_id for host in room.hosts())


def routes(room: Room) -> dict[str, Route]:
    """The route of every seat."""
    return {seat.id: route(room, seat.id) for seat in room.sitting.seats}
