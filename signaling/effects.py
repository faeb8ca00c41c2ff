"""Carry a change of routing to the media engine, in two halves.

`restrict` runs before the change is stored: whatever may flow less stops at once, so that nothing
flows that the log says does not. `release` runs after it: whatever may flow more.
"""

from collections.abc import Mapping

from sessions.phase import FINAL, Phase
from signaling.engine import SOURCES, MediaRoom, Source, Space
from signaling.routing import NOTHING, Route, routes
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
    for seat, route in will.items():
        if route.withheld:
            media.withhold(seat, route.withheld)
        media.tune(seat, route.speaks, route.listens)
        media.permit(seat, route.sources)
        _place(media, seat, route.space)
    _show(media, will)
    media.floor(room.live.floor)


def _show(media: MediaRoom, found: Mapping[str, Route]) -> None:
    """Who looks at whom, once everybody is in place."""
    for seat, route in found.items():
        if route.looks_at is not None:
            media.show(seat, route.looks_at)


def _place(media: MediaRoom, seat: str, space: Space | None) -> None:
    if space is not None:
        media.place(seat, space)


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
