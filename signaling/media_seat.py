"""Media state of one participant, and what is told of the line."""

from collections import Counter
from dataclasses import dataclass, field, replace

from signaling.choosing import Viewer
from signaling.engine import LineReport, Source, Space, TrackId
from signaling.feedback import SECOND
from signaling.line import LineMeter, LineSample
from signaling.publisher import Publisher
from signaling.subscriber import Subscriber
from signaling.upstream import Upstream


@dataclass(slots=True)
class Seat:
    """Media state of one participant; it outlives connections."""

    id: str
    space: Space | None = None
    permitted: frozenset[Source] = frozenset()
    shown: str | None = None
    """A seat in no space whose camera this one sees too."""
    viewer: Viewer = field(default_factory=Viewer)
    sees: list[Upstream] = field(default_factory=list)
    """Tracks that it may see and hear, with a slot or not."""
    speaks: str = ""
    """The channel that its microphone goes to; empty: the floor."""
    listens: str = ""
    """The channel that it hears besides the floor; empty: none."""
    withheld: frozenset[TrackId] = frozenset()
    """Tracks of protected persons that it never gets."""
    publisher: Publisher | None = None
    """The newest connection whose media flowed."""
    subscriber: Subscriber | None = None
    """The newest subscribe connection that is up."""
    meter: LineMeter = field(default_factory=LineMeter)


def report(seat: Seat, now: int) -> LineReport:
    """Its line over the last seconds."""
    publisher, subscriber = seat.publisher, seat.subscriber
    heard = [item for item in publisher.upstreams if item.last_packet] if publisher else []
    due = [item.last_packet or 0 for item in heard if item.open and item.track.source != "screen"]
    microphone = next((item for item in heard if item.codec == "opus"), None)
    found = seat.meter.report(
        connected=publisher is not None or subscriber is not None,
        round_trip=subscriber.round_trip if subscriber else None,
        jitter=(
            microphone.streams[0].reception.jitter / microphone.clock_rate if microphone else None
        ),
        silent_for=(now - max(due)) / SECOND if due else None,
    )
    pictures = seat.viewer.pictures if subscriber else None
    layers: Counter[str] = Counter(
        picture.layer or "none"
        for picture in (pictures or {}).values()
        if picture.layer or picture.why == "line"
    )
    return replace(found, layers=dict(layers))


def sample(seat: Seat, now: int) -> LineSample:
    """Its totals at this moment."""
    upstreams = seat.publisher.upstreams if seat.publisher else []
    streams = [stream for item in upstreams for stream in item.streams]
    down = seat.subscriber.reception.values() if seat.subscriber else ()
    return LineSample(
        at=now,
        bytes_up=sum(item.bytes for item in upstreams),
        expected_up=sum(item.reception.expected for item in streams),
        received_up=sum(item.reception.received for item in streams),
        bytes_down=seat.subscriber.octets if seat.subscriber else 0,
        lost_down=max(0, sum(lost for lost, _ in down)),
        expected_down=sum(expected for _, expected in down),
    )
