"""One publish connection: which packet belongs to which stream, and the feedback to its browser."""

import secrets
from collections.abc import Callable
from typing import Protocol

from signaling import rtcp, rtp
from signaling.feedback import SECOND, BandwidthCap, SenderClock
from signaling.packet_cache import Incoming
from signaling.rtcp import SenderReport
from signaling.rtp import RtpPacket
from signaling.upstream import PublishedSection, Upstream, Wire

BANDWIDTH_CAP = 2_500_000
"""Bits per second one publisher may send; Chromium needs about 1.7 Mb/s for 1280x720."""


class Estimator(Protocol):
    """Delay-based estimate of a publisher's line from abs-send-time."""

    def add(self, arrival_ns: int, send_time: int, size: int, ssrc: int) -> tuple[int, bool] | None:
        """One packet; a new estimate in bits per second and whether the line is overused."""


class Publisher:
    """The streams of one publish connection. Times are monotonic nanoseconds."""

    def __init__(
        self,
        seat: str,
        connection: str,
        sections: list[PublishedSection],
        wire: Wire,
        estimator: Estimator,
        *,
        mid_id: int | None,
        send_time_id: int | None,
    ) -> None:
        self.seat = seat
        self.connection = connection
        self.clock = SenderClock()
        self.own_ssrc = secrets.randbits(32)
        self.upstreams = [Upstream(item, wire, self.clock, self.own_ssrc) for item in sections]
        self.superseded = False
        """A newer connection of the seat carries its media: nothing of this one is routed."""
        self.on_superseded: Callable[[], None] = lambda: None
        self.audio_from = 0
        """Audio is held back until then: switching at the very first packets of a new connection
        leaves a delay of 0.1-0.2 s in the listeners' buffers."""
        self.last_heard = 0
        self._wire = wire
        self._estimator = estimator
        self._mid_id = mid_id
        self._send_time_id = send_time_id
        self._cap = BandwidthCap(BANDWIDTH_CAP)
        self._reports_due = 0
        self._by_ssrc: dict[int, tuple[Upstream, bool]] = {}
        for upstream in self.upstreams:
            for index, ssrc in enumerate(upstream.section.ssrcs[:2]):
                self._by_ssrc[ssrc] = upstream, index == 1

    def read(self, data: bytes, now: int) -> tuple[Upstream, Incoming] | None:
        """Read a datagram. None: a probe, a duplicate, or of no stream that was negotiated.

        Raises MalformedPacket.
        """
        self.last_heard = now
        packet = rtp.parse(data)
        found = self._by_ssrc.get(packet.ssrc) or self._recognise(packet)
        if found is None:
            return None
        upstream, repair = found
        self._measure(packet, now)
        if repair:
            if len(packet.payload) < 2:
                return None
            sequence, payload = rtp.unwrap_rtx(packet.payload)
            packet = packet._replace(sequence=sequence, payload=payload)
        elif packet.payload_type != upstream.section.payload_type:
            return None
        incoming = upstream.accept(packet, now, repair=repair)
        if upstream.reception.has_new_loss:
            upstream.repair(now)
        return None if incoming is None else (upstream, incoming)

    def _measure(self, packet: RtpPacket, now: int) -> None:
        element = packet.elements.get(self._send_time_id) if self._send_time_id else None
        if element is not None and len(element) == 3:
            estimate = self._estimator.add(
                now, int.from_bytes(element), len(packet.payload), packet.ssrc
            )
            if estimate is not None:
                self._cap.estimate(*estimate)

    def _recognise(self, packet: RtpPacket) -> tuple[Upstream, bool] | None:
        """Bind an unannounced SSRC by its mid; audio, of which there is one, by payload type."""
        mid = packet.elements.get(self._mid_id) if self._mid_id else None
        for upstream in self.upstreams:
            section = upstream.section
            if mid is None and section.codec != "opus":
                continue
            if mid is not None and mid != section.mid.encode():
                continue
            if packet.payload_type == section.payload_type:
                upstream.ssrc = packet.ssrc
                self._by_ssrc[packet.ssrc] = upstream, False
                return upstream, False
            if packet.payload_type == section.rtx_payload_type:
                self._by_ssrc[packet.ssrc] = upstream, True
                return upstream, True
        return None

    def read_rtcp(self, data: bytes, now: int) -> list[Upstream]:
        """Take in a compound; the streams that a sender report spoke of. Raises MalformedPacket."""
        self.last_heard = now
        reported = []
        for message in rtcp.parse(data):
            if isinstance(message, SenderReport):
                upstream, repair = self._by_ssrc.get(message.ssrc, (None, True))
                if upstream is not None and not repair and message.ntp:
                    self.clock.add(message.ntp, now)
                    upstream.report = message
                    upstream.report_at = now
                    reported.append(upstream)
        return reported

    def feedback(self, now: int) -> None:
        """Send what is due: NACKs, PLIs, a bandwidth cap, receiver reports. Call every 50 ms."""
        if not self.last_heard:
            return
        heard = [item for item in self.upstreams if item.last_packet is not None]
        for upstream in heard:
            upstream.repair(now)
        if heard and self._cap.due(now):
            ssrcs = [item.ssrc for item in heard if item.codec == "vp8"] or [heard[0].ssrc]
            self._wire.send_rtcp(rtcp.remb(self.own_ssrc, self._cap.allowed, ssrcs))
        if heard and now >= self._reports_due:
            self._reports_due = now + SECOND
            blocks = [item.block(now) for item in heard]
            self._wire.send_rtcp(rtcp.receiver_report(self.own_ssrc, blocks))
