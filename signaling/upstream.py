"""One published track as it arrives over one connection: a microphone, camera or screen."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Protocol

from signaling import rtcp
from signaling.engine import Codec, Layer, TrackId, TrackSink
from signaling.feedback import KeyframeRequests, SenderClock, VoiceLevel
from signaling.numbering import Numbering
from signaling.rtp import RtpPacket
from signaling.stream import Stream

CLOCK_RATES: Final[dict[Codec, int]] = {"opus": 48_000, "vp8": 90_000}


@dataclass(frozen=True, slots=True)
class PublishedSection:
    """What the negotiation settled for one section of a publish connection."""

    mid: str
    track: TrackId
    codec: Codec
    payload_type: int
    rtx_payload_type: int | None
    level_id: int | None
    """Local id of the RFC 6464 audio level extension."""
    ssrcs: tuple[int, ...]
    """Announced SSRCs: media, then its retransmissions. May be empty."""
    layers: tuple[Layer, ...] = ("h",)
    """Simulcast layers (rids), lowest first; more than one are told apart by their rid alone."""


class Wire(Protocol):
    """Where packets to one peer go. No method raises or waits; a closed wire drops."""

    def send_one(self, packet: bytes) -> None:
        """Protect and send one RTP packet."""

    def send_rtp(self, packets: Iterable[bytes]) -> None:
        """Protect RTP packets and send them together."""

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one RTCP packet or compound."""


@dataclass(slots=True)
class Tap:
    """The recorder's end of a track."""

    sink: TrackSink | None = None
    asked: bool = False
    """The recorder was asked for a sink; it is asked again only after a close."""
    stream: Stream | None = None
    """The layer that is recorded."""
    next: Stream | None = None
    """The layer to go on with at its next keyframe."""
    numbering: Numbering | None = None


class Upstream:
    """State of one track, from its first packet to the end of its connection."""

    def __init__(
        self, section: PublishedSection, wire: Wire, clock: SenderClock, own_ssrc: int
    ) -> None:
        self.section = section
        self.track = section.track
        self.codec = section.codec
        self.clock_rate = CLOCK_RATES[section.codec]
        self.clock = clock
        """The publisher's clock, shared by its tracks."""
        self.keyframes = KeyframeRequests()
        self.level = VoiceLevel()
        self.last_packet: int | None = None
        """Arrival of the newest media packet, monotonic nanoseconds."""
        self.live = False
        """Permitted, and sent a packet in the last 2 s."""
        self.permitted = False
        self.open = False
        """Placed and permitted: its packets may go out. Set by the forwarder, synchronously."""
        self.tap = Tap()
        single = section.ssrcs[0] if section.ssrcs and len(section.layers) == 1 else 0
        self.streams = tuple(Stream(self, layer, single) for layer in section.layers)
        """Lowest first."""
        self._wire = wire
        self._own_ssrc = own_ssrc
        self._wanted: set[Stream] = set()

    @property
    def bytes(self) -> int:
        """All that arrived."""
        return sum(stream.bytes for stream in self.streams)

    @property
    def used(self) -> bool:
        """Somebody takes it."""
        return self.tap.sink is not None or any(
            stream.outputs or stream.waiting for stream in self.streams
        )

    def flowing(self, now: int) -> list[Stream]:
        """Its layers that come now, lowest first."""
        return [stream for stream in self.streams if stream.flows(now)]

    def unplug(self) -> None:
        """Nothing goes anywhere from here."""
        for stream in self.streams:
            stream.outputs = stream.waiting = ()

    def hear(self, packet: RtpPacket) -> None:
        """Take note of how loud a packet of sound is."""
        element = packet.elements.get(self.section.level_id) if self.section.level_id else None
        if element:
            self.level.add(element)

    def request_keyframe(self, stream: Stream, now: int) -> None:
        """Ask for a keyframe of one layer, until one comes; the track is asked at most every
        500 ms. (A browser answers with one on every layer.)"""
        if self.codec != "vp8" or not stream.ssrc or stream.has_keyframe:
            return
        self._wanted.add(stream)
        if self.keyframes.want(now):
            self._send_keyframe_request()

    def keyframe_arrived(self, stream: Stream) -> None:
        """A keyframe of this layer came."""
        self._wanted.discard(stream)
        if not self._wanted:
            self.keyframes.arrived()

    def repair(self, now: int) -> None:
        """Ask again for what is lost, and for a keyframe where that is hopeless."""
        for stream in self.streams:
            self._repair(stream, now)
        if self._wanted and len(self.streams) > 1:
            for stream in [item for item in self._wanted if not item.flows(now)]:
                self.keyframe_arrived(stream)  # switched off: it will not answer
        if self.open and self.keyframes.due(now):
            self._send_keyframe_request()

    def _repair(self, stream: Stream, now: int) -> None:
        taken = bool(stream.outputs or stream.waiting or stream is self.tap.stream)
        lost = stream.reception.wanted(now)
        if lost and self.open and (taken or len(self.streams) == 1):
            self._wire.send_rtcp(rtcp.nack(self._own_ssrc, stream.ssrc, lost))
        if stream.reception.gave_up:
            stream.reception.gave_up = False
            if self.open and taken:
                self.request_keyframe(stream, now)

    def repair_at_once(self, stream: Stream, now: int) -> None:
        """A loss was just seen."""
        self._repair(stream, now)

    def _send_keyframe_request(self) -> None:
        wanted = sorted(stream.ssrc for stream in self._wanted)
        if wanted:
            self._wire.send_rtcp(
                b"".join(rtcp.keyframe_request(self._own_ssrc, ssrc) for ssrc in wanted)
            )
