"""Hand-made packets, wires and sinks for tests without a network."""

import struct
from collections.abc import Callable, Iterable

from signaling import rtp
from signaling.engine import (
    SOURCES,
    Codec,
    HearingSpace,
    Layer,
    MediaEvent,
    MediaPacket,
    RecordedTrack,
    Source,
    TrackId,
)
from signaling.feedback import MS, SECOND
from signaling.forwarder import Forwarder
from signaling.publisher import ExtensionIds, Publisher
from signaling.sdp import plan_slots
from signaling.subscriber import Subscriber
from signaling.upstream import PublishedSection

START = 1000 * SECOND
OPUS, VP8, RTX = 111, 96, 97
MID_ID, LEVEL_ID, SEND_TIME_ID = 4, 1, 2
RID_ID, REPAIRED_ID, TRANSPORT_ID = 10, 11, 5
IDS = ExtensionIds(MID_ID, SEND_TIME_ID, RID_ID, REPAIRED_ID)
HEARING = HearingSpace("sitting")


def packet(
    sequence: int,
    timestamp: int,
    payload: bytes,
    *,
    ssrc: int = 1,
    payload_type: int = VP8,
    marker: bool = False,
    elements: dict[int, bytes] | None = None,
    padding: int = 0,
) -> bytes:
    """An RTP packet as a browser writes it."""
    first = 0x80 | (0x10 if elements else 0) | (0x20 if padding else 0)
    out = struct.pack(
        "!BBHLL",
        first,
        payload_type | (0x80 if marker else 0),
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )
    if elements:
        body = b"".join(
            bytes([key << 4 | len(value) - 1]) + value for key, value in elements.items()
        )
        body += bytes(-len(body) % 4)
        out += struct.pack("!HH", rtp.ONE_BYTE_PROFILE, len(body) // 4) + body
    out += payload
    return out + (bytes(padding - 1) + bytes([padding]) if padding else b"")


def picture(number: int, *, key: bool = False, start: bool = True, tl0: int = 0) -> bytes:
    """A VP8 payload with a 15 bit picture id and TL0PICIDX."""
    head = bytes([0x80 | (0x10 if start else 0), 0xC0, 0x80 | number >> 8 & 0x7F, number & 0xFF])
    return head + bytes([tl0 & 0xFF, 0x00 if key else 0x01]) + b"picture"


def keyframe_header(width: int, height: int) -> bytes:
    """Start of a VP8 keyframe (RFC 6386 section 9.1)."""
    return bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", width, height)


class FakeWire:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.rtp: list[rtp.RtpPacket] = []
        self.rtcp: list[bytes] = []
        self.broken = False

    def send_one(self, packet: bytes) -> None:
        self.send_rtp((packet,))

    def send_rtp(self, packets: Iterable[bytes]) -> None:
        if self.broken:
            raise OSError("a bug in a wire")
        self.rtp += [rtp.parse(packet) for packet in packets]

    def send_rtcp(self, data: bytes) -> None:
        self.rtcp.append(data)


class FakeEstimator:
    """Never limits."""

    def add(self, arrival_ns: int, send_time: int, size: int, ssrc: int) -> tuple[int, bool] | None:
        return None


class FakeSink:
    """Keeps packets, clock and the reason of its end."""

    def __init__(self, track: RecordedTrack, codec: Codec) -> None:
        self.track, self.codec = track, codec
        self.packets: list[MediaPacket] = []
        self.clocks: list[tuple[int, int]] = []
        self.reason: str | None = None

    def write(self, packet: MediaPacket) -> None:
        assert self.reason is None, "a packet after close"
        self.packets.append(packet)

    def clock(self, timestamp: int, ntp_ns: int) -> None:
        self.clocks.append((timestamp, ntp_ns))

    def close(self, reason: str) -> None:
        assert self.reason is None, "closed twice"
        self.reason = reason


class FakeRecorder:
    """Opens a `FakeSink` for every track."""

    def __init__(self) -> None:
        self.sinks: list[FakeSink] = []

    def open(
        self, track: RecordedTrack, codec: Codec, request_keyframe: Callable[[], None]
    ) -> FakeSink:
        self.sinks.append(FakeSink(track, codec))
        return self.sinks[-1]

    def of(self, seat: str, source: str) -> list[FakeSink]:
        return [sink for sink in self.sinks if sink.track == (seat, source)]


class Room:
    """A forwarder with fake peers and a clock that only moves when told."""

    def __init__(self) -> None:
        self.now = START
        self.events: list[MediaEvent] = []
        self.forwarder = Forwarder("sitting", self.events.append, self.now)
        self.publishers: dict[str, Publisher] = {}
        self.subscribers: dict[str, Subscriber] = {}
        self.up: dict[str, FakeWire] = {}
        self.down: dict[str, FakeWire] = {}
        self._sequence: dict[tuple[str, Source], int] = {}
        self._names = 0
        self._layers: dict[str, int] = {}
        self._seats: dict[str, int] = {}

    def join(self, seat: str, *, admit: bool = True) -> None:
        """Publish and subscribe; with `admit`, in the hearing with everything permitted."""
        self.publish(seat)
        self.subscribe(seat)
        if admit:
            self.permit(seat)
            self.place(seat, HEARING)

    def publish(self, seat: str, layers: tuple[Layer, ...] = ("h",)) -> Publisher:
        self._names += 1
        base = self._names * 1000
        sections = [
            PublishedSection(
                mid=str(index),
                track=TrackId(seat, source),
                codec="opus" if index == 0 else "vp8",
                payload_type=OPUS if index == 0 else VP8,
                rtx_payload_type=None if index == 0 else RTX,
                level_id=LEVEL_ID if index == 0 else None,
                ssrcs=(base + index,) if index == 0 else (base + index, base + index + 100),
                layers=layers if source == "camera" else ("h",),
            )
            for index, source in enumerate(SOURCES)
        ]
        wire = FakeWire()
        publisher = Publisher(
            seat,
            f"c{self._names}",
            sections,
            wire,
            FakeEstimator(),
            IDS,
        )
        self.forwarder.seat(seat)
        self.publishers[seat], self.up[seat] = publisher, wire
        return publisher

    def subscribe(self, seat: str, slots: tuple[int, int, int] = (3, 3, 2)) -> Subscriber:
        self._names += 1
        wire = FakeWire()
        subscriber = Subscriber(seat, f"c{self._names}", plan_slots(*slots), wire, 0)
        self.subscribers[seat], self.down[seat] = subscriber, wire
        self.forwarder.connected(subscriber, self.now)
        return subscriber

    def permit(self, seat: str, *sources: Source, reason: str = "muted") -> None:
        self.forwarder.permit(seat, frozenset(sources or SOURCES), reason, self.now)

    def place(self, seat: str, space: object, reason: str | None = None) -> None:
        self.forwarder.place(seat, space, reason, self.now)  # type: ignore[arg-type]

    def tune(self, seat: str, speaks: str = "", listens: str = "") -> None:
        self.forwarder.tune(seat, speaks, listens, self.now)

    def show(self, seat: str, shown: str | None) -> None:
        self.forwarder.show(seat, shown, self.now)

    def send(
        self,
        seat: str,
        source: Source = "camera",
        *,
        key: bool = False,
        skip: int = 0,
        level: int | None = None,
        publisher: Publisher | None = None,
        layer: Layer | None = None,
        size: int = 0,
    ) -> int:
        """One packet of a source, or of one of its layers; returns its sequence number."""
        if layer is not None:
            return self._send_layer(seat, layer, key=key, skip=skip, size=size)
        publisher = publisher or self.publishers[seat]
        upstream = next(item for item in publisher.upstreams if item.track.source == source)
        number = self._sequence.get((publisher.connection, source), 100) + 1 + skip
        self._sequence[publisher.connection, source] = number
        audio = source == "microphone"
        payload = b"sound" if audio else picture(number, key=key)
        elements = {} if level is None else {LEVEL_ID: bytes([level])}
        data = packet(
            number,
            number * (960 if audio else 3000),
            payload,
            ssrc=upstream.section.ssrcs[0],
            payload_type=upstream.section.payload_type,
            elements=elements,
        )
        self.forwarder.receive_rtp(publisher, data, self.now)
        return number

    def _send_layer(self, seat: str, layer: Layer, *, key: bool, skip: int, size: int) -> int:
        """Every layer has numbers and timestamps of its own."""
        publisher = self.publishers[seat]
        at = ("l", "m", "h").index(layer) + 1
        name = f"{publisher.connection}/{layer}"
        number = self._layers.get(name, 1000 * at) + 1 + skip
        self._layers[name] = number
        ssrc = 70_000 + 100 * self._seats.setdefault(publisher.connection, len(self._seats)) + at
        payload = picture(number, key=key, tl0=number)
        if key:
            payload = picture(number, key=True, tl0=number)[:6] + keyframe_header(
                160 << at, 90 << at
            )
        data = packet(
            number,
            (self.now - START) * 90 // MS + 1_000_000 * at,
            payload + bytes(size),
            ssrc=ssrc,
            payload_type=VP8,
            marker=True,
            elements={MID_ID: b"1", RID_ID: layer.encode()},
        )
        self.forwarder.receive_rtp(publisher, data, self.now)
        return number

    def wait(self, nanoseconds: int, step: int = 50 * MS) -> None:
        """Let time pass, ticking."""
        end = self.now + nanoseconds
        while self.now < end:
            self.now = min(end, self.now + step)
            self.forwarder.tick(self.now, self.publishers.values())

    def heard(self, listener: str, source: Source = "camera") -> list[rtp.RtpPacket]:
        """Packets that a listener received in slots of that sort."""
        slots = {
            slot.plan.ssrc
            for slot in self.subscribers[listener].slots
            if slot.plan.source == source
        }
        return [item for item in self.down[listener].rtp if item.ssrc in slots]

    def of(self, kind: type[MediaEvent]) -> list[MediaEvent]:
        return [event for event in self.events if isinstance(event, kind)]
