"""Which layer of which picture goes to one listener, and what its page is told about it.

Brings together what the page shows, what publishers send, who speaks, and what the line carries;
`allocation` decides. Sound is never chosen here: it flows whatever the line is like.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from signaling.allocation import Offer, Want, allocate, demand
from signaling.engine import Picture, TrackId, Why, Wish
from signaling.stream import Stream
from signaling.subscriber import Slot, Subscriber
from signaling.upstream import Upstream

SPARE = 0.95
"""Share of the line that is given out: reports and repeats need some."""
OVERDRAWN = 1.3
"""When what flows is so much more than the line carries, nobody waits for a keyframe to stop."""


@dataclass(slots=True)
class Viewer:
    """What a seat looks at; it outlives its connections."""

    wishes: Mapping[TrackId, Wish] | None = None
    """Pictures that its page shows; None: all of them."""
    audio_only: bool = False
    pictures: dict[TrackId, Picture] | None = None
    """What it was last told that it is sent; None: tell it anew."""
    demand: int = 0
    """What its line would have to carry for all that its page shows, bits per second."""

    def refuses(self, track: TrackId) -> Why:
        """Why the page does not want a picture; `none` if it does."""
        if self.audio_only:
            return "audio_only"
        return "hidden" if self.wishes is not None and track not in self.wishes else "none"

    def wish(self, track: TrackId) -> Wish | None:
        """How large the page shows it."""
        return self.wishes.get(track) if self.wishes is not None else None


@dataclass(slots=True)
class Importance:
    """Who matters most now, the same for all listeners."""

    floor: str | None = None
    speaking: Sequence[str] = ()

    def rank(self, track: TrackId) -> int:
        """Of a picture: a screen, then who speaks or has the floor, then the rest."""
        if track.source == "screen":
            return 0
        return 1 if track.seat == self.floor or track.seat in self.speaking else 2

    def weights(self, viewer: Viewer, wanted: Iterable[Upstream]) -> dict[str, int]:
        """Of seats, where not all of them find a place: who is heard comes before who is seen,
        and who is seen before the rest."""
        found: dict[str, int] = {}
        for upstream in wanted:
            track = upstream.track
            weight = 4 if track.seat == self.floor or track.seat in self.speaking else 0
            if upstream.codec == "opus":
                weight += upstream.live
            elif viewer.refuses(track) == "none" and upstream.live:
                weight += 2
            found[track.seat] = max(found.get(track.seat, 0), weight)
        return found


@dataclass(slots=True)
class Choice:
    """What came of it."""

    changed: bool = False
    """Slots go on with other streams: they are to be connected anew."""
    pictures: dict[TrackId, Picture] = field(default_factory=dict)


def choose(
    subscriber: Subscriber,
    viewer: Viewer,
    importance: Importance,
    seen: Iterable[Upstream],
    now: int,
) -> Choice:
    """Set every slot of a listener. `seen`: all pictures that it may see, with a slot or not."""
    result = Choice()
    for track in viewer.wishes or ():
        result.pictures[track] = Picture(None, "publisher_off")
    for upstream in seen:
        if upstream.codec == "vp8":
            why = viewer.refuses(upstream.track)
            why = why if why != "none" or upstream.live else "publisher_off"
            result.pictures[upstream.track] = Picture(None, "full" if why == "none" else why)
    sound = _choose_sound(subscriber, result, now)
    wanted: dict[TrackId, tuple[Slot, list[Stream]]] = {}
    for slot in subscriber.slots:
        source = slot.source
        if source is None or source.codec == "opus":
            continue
        streams = source.flowing(now)
        if source.live and streams and viewer.refuses(source.track) == "none":
            wanted[source.track] = slot, streams
        else:
            result.changed |= slot.choose(None, now)
    wants = [_want(slot, streams, viewer, importance, now) for slot, streams in wanted.values()]
    viewer.demand = int((sound + demand(wants)) / SPARE) + 1 if wants else 0
    budget = subscriber.budget_now()
    room = 1 << 40 if budget is None else max(0, int(budget * SPARE) - sound)
    overdrawn = _flowing(wanted, now) > OVERDRAWN * room
    for track, layer in allocate(room, wants).items():
        slot, streams = wanted[track]
        stream = next((item for item in streams if item.layer == layer), None)
        flowing = slot.flowing
        falls = stream is not None and flowing is not None and _above(flowing, stream)
        result.changed |= slot.choose(stream, now, cut=falls and overdrawn)
        result.pictures[track] = Picture(layer, "line" if layer is None else "none")
    return result


def _choose_sound(subscriber: Subscriber, result: Choice, now: int) -> int:
    """All sound flows; returns what it costs."""
    cost = 0
    for slot in subscriber.slots:
        if slot.source is not None and slot.source.codec == "opus":
            stream = slot.source.streams[0]
            result.changed |= slot.choose(stream, now)
            cost += stream.bitrate(now) if slot.source.live else 0
    return cost


def _want(
    slot: Slot, streams: list[Stream], viewer: Viewer, importance: Importance, now: int
) -> Want:
    track = streams[0].track
    offers = tuple(
        Offer(item.layer, item.bitrate(now), item.width, item.height) for item in streams
    )
    current = slot.flowing.layer if slot.flowing is not None else None
    return Want(track, offers, viewer.wish(track), importance.rank(track), current)


def _flowing(wanted: Mapping[TrackId, tuple[Slot, list[Stream]]], now: int) -> int:
    """Bits per second of pictures that go out now."""
    return sum(slot.stream.bitrate(now) for slot, _ in wanted.values() if slot.stream is not None)


def _above(one: Stream, other: Stream) -> bool:
    streams = one.upstream.streams
    return other in streams and streams.index(one) > streams.index(other)
