"""One published stream: a microphone, camera or screen as it arrives over one connection."""

from dataclasses import dataclass
from typing import Protocol

from signaling import rtcp, vp8
from signaling.engine import Codec, TrackId, TrackSink
from signaling.feedback import SECOND, KeyframeRequests, Reception, SenderClock, VoiceLevel
from signaling.packet_cache import Incoming, PacketCache
from signaling.rtcp import ReportBlock, SenderReport
from signaling.rtp import RtpPacket

CLOCK_RATES: dict[Codec, int] = {"opus": 48_000, "vp8": 90_000}


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


class Wire(Protocol):
    """Where packets to one peer go. Neither method raises or waits; a closed wire drops."""

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send one RTP packet."""

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send one RTCP packet or compound."""


class Output(Protocol):
    """Somewhere that a stream goes to: one slot of one subscriber."""

    def forward(self, packet: Incoming, extension: bytes) -> None:
        """Send a packet on, with our header extension."""


@dataclass(slots=True)
class Tap:
    """The recorder's end of a stream."""

    sink: TrackSink | None = None
    asked: bool = False
    """The recorder was asked for a sink; it is asked again only after a close."""


class Upstream:
    """State of one stream, from its first packet to the end of its connection."""

    def __init__(
        self, section: PublishedSection, wire: Wire, clock: SenderClock, own_ssrc: int
    ) -> None:
        self.section = section
        self.track = section.track
        self.codec = section.codec
        self.clock_rate = CLOCK_RATES[section.codec]
        self.clock = clock
        """The publisher's clock, shared by its streams."""
        self.ssrc = section.ssrcs[0] if section.ssrcs else 0
        self.reception = Reception(self.clock_rate, repair=section.codec == "vp8")
        self.cache = PacketCache()
        self.keyframes = KeyframeRequests()
        self.level = VoiceLevel()
        self.report: SenderReport | None = None
        self.report_at = 0
        """Arrival of `report`, monotonic nanoseconds."""
        self.last_packet: int | None = None
        """Arrival of the newest media packet, monotonic nanoseconds."""
        self.live = False
        """Permitted, and sent a packet in the last 2 s."""
        self.permitted = False
        self.open = False
        """Placed and permitted: its packets may go out. Set by the forwarder, synchronously."""
        self.tap = Tap()
        self.outputs: tuple[Output, ...] = ()
        self.bytes = 0
        self.has_keyframe = False
        """The packet being forwarded right now begins a keyframe: nobody needs to ask."""
        self._wire = wire
        self._own_ssrc = own_ssrc

    def accept(self, packet: RtpPacket, now: int, *, repair: bool) -> Incoming | None:
        """Count a packet; None for a duplicate or one that is too old."""
        if not self.reception.add(packet.sequence, packet.timestamp, now, repair=repair):
            return None
        self.bytes += len(packet.payload)
        self.last_packet = now
        descriptor = None
        if self.codec == "vp8":
            descriptor = vp8.parse(packet.payload)
        elif self.section.level_id in packet.elements:
            self.level.add(packet.elements[self.section.level_id])
        return Incoming(
            packet.sequence, packet.timestamp, packet.marker, packet.payload, descriptor, now
        )

    def request_keyframe(self, now: int) -> None:
        """Ask the publisher for a keyframe, at most every 500 ms, until one comes."""
        if self.codec != "vp8" or not self.ssrc or self.has_keyframe:
            return
        if self.keyframes.want(now):
            self._send_keyframe_request()

    def repair(self, now: int) -> None:
        """Ask again for what is lost, and for a keyframe where that is hopeless."""
        lost = self.reception.wanted(now)
        if lost and self.open:
            self._wire.send_rtcp(rtcp.nack(self._own_ssrc, self.ssrc, lost))
        if self.reception.gave_up:
            self.reception.gave_up = False
            if self.open and (self.outputs or self.tap.sink):
                self.request_keyframe(now)
        if self.open and self.ssrc and self.keyframes.due(now):
            self._send_keyframe_request()

    def _send_keyframe_request(self) -> None:
        self._wire.send_rtcp(rtcp.keyframe_request(self._own_ssrc, self.ssrc))

    def timestamp_at(self, now: int) -> int | None:
        """RTP timestamp sampled at a monotonic time; None before the first sender report."""
        if self.report is None:
            return None
        elapsed = now - self.clock.to_local(self.report.ntp)
        return self.report.timestamp + elapsed * self.clock_rate // SECOND

    def block(self, now: int) -> ReportBlock:
        """Report block for the publisher (RFC 3550 section 6.4.1)."""
        last_sr = delay = 0
        if self.report is not None:
            last_sr = self.report.ntp >> 16 & 0xFFFFFFFF
            delay = ((now - self.report_at) << 16) // SECOND
        return self.reception.block(self.ssrc, last_sr, delay)
