"""One publish connection: which packet belongs to which stream, and the feedback to its browser."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol, cast

from signaling import rtcp, rtp
from signaling.engine import Layer
from signaling.feedback import MS, SECOND, BandwidthCap, SenderClock
from signaling.packet_cache import Incoming
from signaling.rtcp import SenderReport
from signaling.rtp import RtpPacket
from signaling.stream import Stream
from signaling.twcc import Arrivals
from signaling.upstream import PublishedSection, Upstream, Wire

BANDWIDTH_CAP: Final = 4_000_000
"""Bits per second that a publisher is told it may send, where we estimate its line: three layers
of a camera, and a screen."""
ARRIVALS_INTERVAL: Final = 100 * MS


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """Local ids of the header extensions that a publisher uses; None for one it does not."""

    mid: int | None = None
    send_time: int | None = None
    rid: int | None = None
    repaired_rid: int | None = None
    transport: int | None = None


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
        ids: ExtensionIds,
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
        self.arrived: Iterator[int] = iter(())
        """When each packet that is read next came to this machine, if that is known. The browser
        must not take a busy server for a line that fills up, so arrivals are told as of then."""
        self._wire = wire
        self._estimator = estimator
        self._ids = ids
        self._cap = BandwidthCap(BANDWIDTH_CAP)
        self._arrivals = Arrivals() if ids.transport else None
        """The browser estimates its own line from these; else we do, from abs-send-time."""
        self._arrivals_due = 0
        self._reports_due = 0
        self._by_ssrc: dict[int, tuple[Stream, bool]] = {}
        for upstream in self.upstreams:
            ssrcs = upstream.section.ssrcs if len(upstream.streams) == 1 else ()
            for index, ssrc in enumerate(ssrcs[:2]):
                self._bind(upstream.streams[0], ssrc, repair=index == 1)

    def read(self, data: bytes, now: int) -> tuple[Stream, Incoming] | None:
        """Read a datagram. None: a probe, a duplicate, or of no stream that was negotiated.

        Raises MalformedPacket.
        """
        self.last_heard = now
        arrival = next(self.arrived, now)
        packet = rtp.parse(data)
        if self._arrivals is not None:
            element = packet.elements.get(self._ids.transport or 0)
            if element is not None and len(element) == 2:
                self._arrivals.add(element[0] << 8 | element[1], arrival)
        found = self._by_ssrc.get(packet.ssrc) or self._recognise(packet)
        if found is None:
            return None
        stream, repair = found
        if self._arrivals is None:
            self._measure(packet, arrival)
        if repair:
            if len(packet.payload) < 2:
                return None
            sequence, payload = rtp.unwrap_rtx(packet.payload)
            packet = packet._replace(sequence=sequence, payload=payload)
        elif packet.payload_type != stream.upstream.section.payload_type:
            return None
        incoming = stream.accept(packet, now, repair=repair)
        if stream.reception.has_new_loss:
            stream.upstream.repair_at_once(stream, now)
        return None if incoming is None else (stream, incoming)

    def _measure(self, packet: RtpPacket, now: int) -> None:
        element = packet.elements.get(self._ids.send_time) if self._ids.send_time else None
        if element is not None and len(element) == 3:
            estimate = self._estimator.add(
                now, int.from_bytes(element), len(packet.payload), packet.ssrc
            )
            if estimate is not None:
                self._cap.estimate(*estimate)

    def _recognise(self, packet: RtpPacket) -> tuple[Stream, bool] | None:
        """Bind an unannounced SSRC by its mid, and its rid where there are layers; audio, of
        which there is one, by payload type. Nothing is guessed: what does not say is dropped."""
        elements = packet.elements
        mid = elements.get(self._ids.mid) if self._ids.mid else None
        for upstream in self.upstreams:
            section = upstream.section
            if mid is None and section.codec != "opus":
                continue
            if mid is not None and mid != section.mid.encode():
                continue
            if packet.payload_type == section.payload_type:
                repair, rid = False, self._rid(packet, self._ids.rid)
            elif packet.payload_type == section.rtx_payload_type:
                repair, rid = True, self._rid(packet, self._ids.repaired_rid)
            else:
                continue
            stream = _layer(upstream, rid)
            if stream is None:
                return None
            self._bind(stream, packet.ssrc, repair=repair)
            return stream, repair
        return None

    def _rid(self, packet: RtpPacket, identifier: int | None) -> bytes:
        return packet.elements.get(identifier, b"") if identifier else b""

    def _bind(self, stream: Stream, ssrc: int, *, repair: bool) -> None:
        """From now on this SSRC is the stream's; the one before it is not any more."""
        old = stream.rtx_ssrc if repair else stream.ssrc
        if old != ssrc:
            self._by_ssrc.pop(old, None)
        if repair:
            stream.rtx_ssrc = ssrc
        else:
            stream.ssrc = ssrc
        self._by_ssrc[ssrc] = stream, repair

    def read_rtcp(self, data: bytes, now: int) -> list[Stream]:
        """Take in a compound; the streams that a sender report spoke of. Raises MalformedPacket."""
        self.last_heard = now
        reported = []
        for message in rtcp.parse(data):
            if isinstance(message, SenderReport):
                stream, repair = self._by_ssrc.get(message.ssrc, (None, True))
                if stream is not None and not repair and message.ntp:
                    self.clock.add(message.ntp, now)
                    stream.report = message
                    stream.report_at = now
                    reported.append(stream)
        return reported

    def feedback(self, now: int) -> None:
        """Send what is due: arrivals or a bandwidth cap, NACKs, PLIs, receiver reports. Call
        every 50 ms."""
        heard = [stream for stream in self._streams() if stream.last_packet is not None]
        for upstream in self.upstreams:
            if upstream.last_packet is not None:
                upstream.repair(now)
        if heard and self._arrivals is not None:
            self._tell_arrivals(self._arrivals, heard[0].ssrc, now)
        elif heard and self._cap.due(now):
            ssrcs = [item.ssrc for item in heard if item.upstream.codec == "vp8"]
            ssrcs = ssrcs or [heard[0].ssrc]
            self._wire.send_rtcp(rtcp.remb(self.own_ssrc, self._cap.allowed, ssrcs))
        if now >= self._reports_due:  # of nothing too: a page takes a line without signs for cut
            self._reports_due = now + SECOND
            blocks = [item.block(now) for item in heard]
            self._wire.send_rtcp(rtcp.receiver_report(self.own_ssrc, blocks))

    def _tell_arrivals(self, arrivals: Arrivals, ssrc: int, now: int) -> None:
        if now < self._arrivals_due:
            return
        self._arrivals_due = now + ARRIVALS_INTERVAL
        feedback = arrivals.feedback(self.own_ssrc, ssrc)
        if feedback:
            self._wire.send_rtcp(feedback)

    def _streams(self) -> list[Stream]:
        return [stream for upstream in self.upstreams for stream in upstream.streams]


def _layer(upstream: Upstream, rid: bytes) -> Stream | None:
    """The layer of that name; a track with one stream needs no name."""
    if len(upstream.streams) == 1:
        return upstream.streams[0]
    name = cast(Layer, rid.decode("ascii", "replace"))
    return next((stream for stream in upstream.streams if stream.layer == name), None)
