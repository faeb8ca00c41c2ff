"""One RTP stream of a published track: the whole of it, or one simulcast layer of a camera."""

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from signaling import vp8
from signaling.engine import Layer, TrackId
from signaling.feedback import MS, SECOND, Reception
from signaling.packet_cache import OVERHEAD, Incoming, PacketCache, Run
from signaling.rtcp import ReportBlock, SenderReport
from signaling.rtp import RtpPacket

if TYPE_CHECKING:
    from signaling.upstream import Upstream

USUAL: Final[dict[Layer, int]] = {"l": 150_000, "m": 450_000, "h": 1_200_000}
"""What a layer needs before anybody has measured it, bits per second (docs/media.md)."""
STALLED: Final = 600 * MS
"""A layer from which nothing came for so long, while another one flows, was switched off: the
browser does not say so."""
REBASED: Final = 10
"""Seconds by which timestamps and arrivals may differ before the sender must have taken another
time line (a replaced device, a hostile one)."""
SAMPLES: Final = 6
"""Rate samples that are kept; one is taken every 200 ms."""


class Output(Protocol):
    """Somewhere that a stream goes to: one slot of one subscriber."""

    def begin(self, stream: "Stream", packet: Incoming) -> None:
        """Go on with this stream, from this packet."""

    def forward(self, run: Run) -> None:
        """Send packets on that came together."""

    def forward_one(self, packet: Incoming) -> None:
        """Send a packet on that came alone."""

    def renumber(self, stream: "Stream") -> None:
        """The sender numbers this stream anew: `begin` follows, as for another stream."""


class Stream:
    """State of one SSRC, from its first packet to the end of its connection."""

    def __init__(self, upstream: "Upstream", layer: Layer, ssrc: int) -> None:
        self.upstream = upstream
        self.layer: Layer = layer
        self.ssrc = ssrc
        """0 until it is known."""
        self.rtx_ssrc = 0
        self.reception = Reception(upstream.clock_rate, repair=upstream.codec == "vp8")
        self.cache = PacketCache()
        self.report: SenderReport | None = None
        self.report_at = 0
        """Arrival of `report`, monotonic nanoseconds."""
        self.last_packet: int | None = None
        """Arrival of the newest media packet, monotonic nanoseconds."""
        self.began = 0
        """First packet after a stall."""
        self.bytes = 0
        self.width = self.height = 0
        """Of the newest keyframe; 0 before it."""
        self.outputs: tuple[Output, ...] = ()
        self.waiting: tuple[Output, ...] = ()
        """Those who go on with this stream at its next keyframe (sound: at any packet)."""
        self.has_keyframe = False
        """The packet being forwarded right now begins a keyframe: nobody needs to ask."""
        self._video = upstream.codec == "vp8"
        self._restarts = 0
        self._timestamp = 0
        self._samples: deque[tuple[int, int]] = deque(maxlen=SAMPLES)

    @property
    def track(self) -> TrackId:
        """The track that it is a stream of."""
        return self.upstream.track

    def accept(self, packet: RtpPacket, now: int, *, repair: bool) -> Incoming | None:
        """Count a packet; None for a duplicate or one that is too old."""
        if not self.reception.add(packet.sequence, packet.timestamp, now, repair=repair):
            return None
        if self.last_packet is not None and (
            self.reception.restarts != self._restarts or self._rebased(packet.timestamp, now)
        ):
            self._restart()
        self._timestamp = packet.timestamp
        payload = packet.payload
        self.bytes += len(payload) + OVERHEAD
        if self.last_packet is None or now - self.last_packet > STALLED:
            self.began = now
        self.last_packet = self.upstream.last_packet = now
        descriptor = None
        if self._video:
            descriptor = vp8.parse(payload)
            if descriptor is not None and descriptor.keyframe:
                self.width, self.height = vp8.picture_size(payload) or (self.width, self.height)
        else:
            self.upstream.hear(packet)
        return Incoming(packet.sequence, packet.timestamp, packet.marker, payload, descriptor, now)

    def _rebased(self, timestamp: int, now: int) -> bool:
        rate = self.upstream.clock_rate
        elapsed = (now - (self.last_packet or now)) * rate // SECOND
        apart = (timestamp - self._timestamp - elapsed + 0x80000000) & 0xFFFFFFFF
        return not -REBASED * rate < apart - 0x80000000 < REBASED * rate

    def _restart(self) -> None:
        """Whoever takes this stream continues its own numbers over the break."""
        self._restarts = self.reception.restarts
        for output in self.outputs:
            output.renumber(self)
        self.waiting, self.outputs = (*self.waiting, *self.outputs), ()
        tap = self.upstream.tap
        if tap.numbering is not None and tap.stream is self:
            tap.stream, tap.next = None, self

    def flows(self, now: int) -> bool:
        """Packets come; or none of the track do, so that nothing can be told of this one."""
        newest, track = self.last_packet, self.upstream.last_packet
        if newest is None or track is None:
            return False
        return now - newest < STALLED or track - newest < STALLED

    def sample(self, now: int) -> None:
        """Take note of the bytes so far, for `bitrate`. Call every 200 ms."""
        self._samples.append((now, self.bytes))

    def bitrate(self, now: int) -> int:
        """Bits per second over the last second; what is usual while nothing was measured."""
        usual = USUAL[self.layer] if self._video else 40_000
        if len(self._samples) < 2 or now - self.began < SECOND:
            return usual
        (since, before), (until, after) = self._samples[0], self._samples[-1]
        measured = (after - before) * 8 * SECOND // max(1, until - since)
        # A still picture costs little, until something moves.
        return max(measured, usual // 4)

    def timestamp_at(self, now: int) -> int | None:
        """RTP timestamp sampled at a monotonic time; None before the first sender report."""
        if self.report is None:
            return None
        elapsed = now - self.upstream.clock.to_local(self.report.ntp)
        return self.report.timestamp + elapsed * self.upstream.clock_rate // SECOND

    def sampled_at(self, timestamp: int) -> int | None:
        """Monotonic time at which an RTP timestamp was sampled; the inverse of `timestamp_at`."""
        if self.report is None:
            return None
        ahead = ((timestamp - self.report.timestamp + 0x80000000) & 0xFFFFFFFF) - 0x80000000
        local = self.upstream.clock.to_local(self.report.ntp)
        return local + ahead * SECOND // self.upstream.clock_rate

    def block(self, now: int) -> ReportBlock:
        """Report block for the publisher (RFC 3550 section 6.4.1)."""
        last_sr = delay = 0
        if self.report is not None:
            last_sr = self.report.ntp >> 16 & 0xFFFFFFFF
            delay = min(((now - self.report_at) << 16) // SECOND, 0xFFFFFFFF)  # 18 h
        return self.reception.block(self.ssrc, last_sr, delay)


def sampled_apart(old: Stream | None, last: int, new: Stream, packet: Incoming) -> int | None:
    """Nanoseconds from timestamp `last` of one layer to the first packet of another of the same
    track, by the sender's clock; None where it has not been told."""
    if old is None or old.upstream is not new.upstream:
        return None
    before, after = old.sampled_at(last & 0xFFFFFFFF), new.sampled_at(packet.timestamp)
    return after - before if before is not None and after is not None else None
