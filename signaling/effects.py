"""Carry a change of routing to the media engine, in two halves.

`restrict` runs before the change is stored: whatever may flow less stops at once, so that nothing
flows that the log says does not. `release` runs after it: whatever may flow more.
"""

from collections.abc import Mapping

from sessions.phase import FINAL, Phase
from signaling.engine import SOURCES, MediaRoom, Source
from signaling.routing import NOTHING, Route, route, routes
from signaling.state import Place, Room

_NEW = Route(None, NOTHING)
"""A seat that was booked since."""
_OFF: dict[Source, str] = {"microphone": "muted", "camera": "camera_off", "screen": "screen_off"}


def restrict(media: MediaRoom, before: Room, after: Room) -> None:
    """Take away what the next state does not allow."""
    was, will = routes(before), routes(after)
    for seat, old in was.items():
        if old.looks_at is not None and will[seat].looks_at != old.looks_at:
            media.show(seat, None)
    for seat, new in will.items():
        old = was.get(seat, _NEW)
        if new.withheld - old.withheld:
            media.withhold(seat, new.withheld | old.withheld)
        if old.space is not None and new.space != old.space:
            media.place(seat, None, _reason(after, seat))
        kept = old.sources
        if new.speaks != old.speaks and "microphone" in kept:
            kept = kept - {"microphone"}  # it goes nowhere until the change is on disk
            media.permit(seat, kept, "channel")
        if old.listens and new.listens != old.listens:
            media.tune(seat, old.speaks, "")
        for source in SOURCES:
            if source in kept and source not in new.sources:
                kept = kept - {source}
                media.permit(seat, kept, _OFF[source])


def release(media: MediaRoom, before: Room, after: Room) -> None:
    """Give what the next state allows."""
    was, will = routes(before), routes(after)
    for seat, new in will.items():
        old = was.get(seat, _NEW)
        if old.withheld - new.withheld:
            media.withhold(seat, new.withheld)
        if (new.speaks, new.listens) != (old.speaks, old.listens):
            media.tune(seat, new.speaks, new.listens)
        if new.sources - old.sources or new.speaks != old.speaks:
            media.permit(seat, new.sources)
        if new.space is not None and new.space != old.space:
            media.place(seat, new.space)
    for seat, new in will.items():
        if new.looks_at is not None and new.looks_at != was.get(seat, _NEW).looks_at:
            media.show(seat, new.looks_at)
    if after.live.floor != before.live.floor:
        media.floor(after.live.floor)


def take_back(media: MediaRoom, before: Room) -> None:
    """The change could not be stored: everything is as before."""
    was = routes(before)
    for seat, old in was.items():
        media.withhold(seat, old.withheld)
        media.tune(seat, old.speaks, old.listens)
        media.permit(seat, old.sources)
        media.place(seat, old.space)
    _show(media, was)


def enter(media: MediaRoom, room: Room) -> None:
    """A new media room: every seat gets its route before anybody connects."""
    will = routes(room)
    for seat, found in will.items():
        _tell(media, seat, found)
    _show(media, will)
    media.floor(room.live.floor)


def again(media: MediaRoom, room: Room, seat: str) -> None:
    """The media room has forgotten a seat with its connections (`MediaRoom.leave`): it hears
    again what may flow there, and what never may, before anybody connects."""
    found = route(room, seat)
    _tell(media, seat, found)
    _show(media, {seat: found})


def _tell(media: MediaRoom, seat: str, found: Route) -> None:
    """All of one seat's route, what never flows first."""
    if found.withheld:
        media.withhold(seat, found.withheld)
    media.tune(seat, found.speaks, found.listens)
    media.permit(seat, found.sources)
    if found.space is not None:
        media.place(seat, found.space)


def _show(media: MediaRoom, found: Mapping[str, Route]) -> None:
    """Who looks at whom, once everybody is in place."""
    for seat, one in found.items():
        if one.looks_at is not None:
            media.show(seat, one.looks_at)


_PLACES: Mapping[Place, str] = {
    Place.PRIVATE: "private",
    Place.LOBBY: "lobby",
    Place.WITNESS_ROOM: "lobby",
    Place.OUTSIDE: "left",
    Place.REMOVED: "left",
}


def _reason(after: Room, seat: str) -> str:
    """The gap code of a seat that leaves a space."""
    if after.live.phase in FINAL:
        return "closed"
    if after.live.phase is Phase.RECESS and after.at(seat).place is Place.HEARING:
        return "recess"
    return _PLACES.get(after.at(seat).place, "lobby")
