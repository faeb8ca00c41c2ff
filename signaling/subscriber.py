"""One subscribe connection: fixed slots, each a stream of its own numbering.

The browser negotiates once. Whoever is heard and seen through a slot changes here, by
continuing the slot's sequence numbers, timestamps and VP8 picture numbers with the new source
(RFC 7741 section 4.2), starting at a keyframe.
"""

import secrets
from dataclasses import dataclass

from signaling import rtcp, rtp, vp8
from signaling.engine import Codec, Source, TrackId
from signaling.feedback import SECOND, RepairBudget, ns_to_ntp
from signaling.packet_cache import Incoming
from signaling.rtcp import KeyframeRequest, Nack, ReceiverReport, Remb
from signaling.rtp import ahead16
from signaling.upstream import CLOCK_RATES, Upstream, Wire

CNAME = "mahdar"
SHORTEST_STEP: dict[Codec, int] = {"opus": 960, "vp8": 1500}
"""Least advance of the timestamp at a change of source: one packet, one frame of 60 Hz."""


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """One section of a subscribe connection, as offered."""

    mid: str
    source: Source
    place: int
    """A microphone slot and a camera slot of the same place carry the same seat and share a
    stream id, so that the browser keeps them in sync."""
    payload_type: int
    rtx_payload_type: int | None
    ssrc: int
    rtx_ssrc: int

    @property
    def codec(self) -> Codec:
        """Codec of what flows through the slot."""
        return "opus" if self.source == "microphone" else "vp8"


class Slot:
    """Rewrites one stream after another into one that never breaks."""

    def __init__(self, plan: SlotPlan, subscriber: "Subscriber") -> None:
        self.plan = plan
        self.clock_rate = CLOCK_RATES[plan.codec]
        self.source: Upstream | None = None
        self.paused = False
        """Keeps its source and sends nothing."""
        self.packets = 0
        self.octets = 0
        self._subscriber = subscriber
        self._wire = subscriber.wire
        self._video = plan.codec == "vp8"
        self._started = False
        self._first = 0
        self._sequence_shift = self._timestamp_shift = self._picture_shift = self._tl0_shift = 0
        self._last_sequence = secrets.randbits(14)
        # RFC 3711 section 3.3.1: a start in the lower half cannot confuse the roll-over counter.
        self._last_timestamp = secrets.randbits(31)
        self._last_picture = self._last_tl0 = 0
        self._last_at: int | None = None

    def switch(self, source: Upstream | None, now: int) -> None:
        """Carry another source, or none. Video begins at its next keyframe."""
        self.source = source
        self._started = False
        if source is not None and self._video:
            source.request_keyframe(now)

    def pause(self, paused: bool, now: int) -> None:
        """Stop or go on; video goes on at the next keyframe."""
        if self.paused and not paused:
            self.switch(self.source, now)
        self.paused = paused

    def forward(self, packet: Incoming, extension: bytes) -> None:
        """Send one packet of the source on."""
        at = packet.vp8
        if not self._started:
            if self._video and (at is None or not at.keyframe):
                if self.source is not None:
                    self.source.request_keyframe(packet.arrival_ns)
                return
            self._start(packet)
        age = ahead16(packet.sequence, self._first)
        if age < 0:
            return
        if age > 8192:
            self._first = (self._first + 4096) & 0xFFFF
        sequence = (packet.sequence + self._sequence_shift) & 0xFFFF
        timestamp = (packet.timestamp + self._timestamp_shift) & 0xFFFFFFFF
        payload = self._payload(packet)
        self._wire.send_rtp(
            rtp.header(self.plan.payload_type, packet.marker, sequence, timestamp, self.plan.ssrc)
            + extension
            + payload
        )
        self.packets += 1
        self.octets += len(payload)
        if ahead16(sequence, self._last_sequence) > 0:
            self._last_sequence = sequence
            self._last_timestamp = timestamp
            self._last_at = packet.arrival_ns
            if at is not None:
                self._last_picture = at.picture_id + self._picture_shift
                self._last_tl0 = at.tl0 + self._tl0_shift

    def _start(self, packet: Incoming) -> None:
        step = SHORTEST_STEP[self.plan.codec]
        if self._last_at is not None:
            elapsed = (packet.arrival_ns - self._last_at) * self.clock_rate // SECOND
            step = max(step, elapsed)
        self._first = packet.sequence
        self._sequence_shift = self._last_sequence + 1 - packet.sequence
        self._timestamp_shift = self._last_timestamp + step - packet.timestamp
        if packet.vp8 is not None and self._last_at is not None:
            self._picture_shift = self._last_picture + 1 - packet.vp8.picture_id
            self._tl0_shift = self._last_tl0 + 1 - packet.vp8.tl0
        self._started = True
        report = self.report(packet.arrival_ns)
        if report:
            self._wire.send_rtcp(report + rtcp.source_description(self.plan.ssrc, CNAME))

    def _payload(self, packet: Incoming) -> bytes:
        if packet.vp8 is None or not (self._picture_shift or self._tl0_shift):
            return packet.payload
        return vp8.rewrite(packet.payload, packet.vp8, self._picture_shift, self._tl0_shift)

    def repeat(self, sequence: int, extension: bytes, now: int) -> None:
        """Answer a NACK from the publisher's cache, within the budget."""
        if (
            self.source is None
            or self.paused
            or not self._started
            or self.plan.rtx_payload_type is None
        ):
            return
        original = (sequence - self._sequence_shift) & 0xFFFF
        packet = self.source.cache.get(original)
        if packet is None or ahead16(original, self._first) < 0:
            return
        subscriber = self._subscriber
        payload = rtp.wrap_rtx(sequence, self._payload(packet))
        if not subscriber.budget.take(
            self.plan.ssrc, sequence, len(payload), subscriber.round_trip or 0, now
        ):
            return
        subscriber.repeated += 1
        subscriber.rtx_sequence[self.plan.rtx_ssrc] = number = (
            subscriber.rtx_sequence.get(self.plan.rtx_ssrc, secrets.randbits(14)) + 1
        ) & 0xFFFF
        timestamp = (packet.timestamp + self._timestamp_shift) & 0xFFFFFFFF
        self._wire.send_rtp(
            rtp.header(
                self.plan.rtx_payload_type, packet.marker, number, timestamp, self.plan.rtx_ssrc
            )
            + extension
            + payload
        )

    def report(self, now: int) -> bytes:
        """A sender report that keeps the publisher's relation of sound and picture; empty until
        it is known."""
        timestamp = self.source.timestamp_at(now) if self.source and self._started else None
        if timestamp is None:
            return b""
        return rtcp.sender_report(
            self.plan.ssrc,
            ns_to_ntp(now + self._subscriber.ntp_offset),
            (timestamp + self._timestamp_shift) & 0xFFFFFFFF,
            self.packets,
            self.octets,
        )


class Subscriber:
    """The slots of one subscribe connection. Times are monotonic nanoseconds."""

    def __init__(
        self, seat: str, connection: str, plans: list[SlotPlan], wire: Wire, ntp_offset: int
    ) -> None:
        """`ntp_offset`: nanoseconds from the monotonic clock to NTP time."""
        self.seat = seat
        self.connection = connection
        self.wire = wire
        self.ntp_offset = ntp_offset
        self.budget = RepairBudget()
        self.round_trip: int | None = None
        self.remb: int | None = None
        """What the browser last said it can take, bits per second."""
        self.repeated = 0
        self.rtx_sequence: dict[int, int] = {}
        self.reception: dict[int, tuple[int, int]] = {}
        """Per slot's SSRC: packets lost and packets expected, as the browser counts."""
        self._first_reported: dict[int, int] = {}
        self.slots = [Slot(plan, self) for plan in plans]
        self._by_ssrc = {slot.plan.ssrc: slot for slot in self.slots}
        self._places: dict[str, int] = {}

    @property
    def octets(self) -> int:
        """Payload bytes sent so far."""
        return sum(slot.octets for slot in self.slots)

    def carried(self) -> dict[str, TrackId]:
        """Track of each slot in use, by mid."""
        return {slot.plan.mid: slot.source.track for slot in self.slots if slot.source is not None}

    def assign(self, wanted: list[Upstream], now: int) -> bool:
        """Carry these streams: a seat keeps its place while it has any, newcomers take the
        lowest free one, who finds none is not carried. True when `carried` changed."""
        before = self.carried()
        by_key: dict[tuple[Source, int], Upstream] = {}
        seats = dict.fromkeys(item.track.seat for item in wanted if item.track.source != "screen")
        self._places = {seat: at for seat, at in self._places.items() if seat in seats}
        count = sum(slot.plan.source == "camera" for slot in self.slots)
        free = [at for at in range(count) if at not in self._places.values()]
        for seat in seats:
            if seat not in self._places and free:
                self._places[seat] = free.pop(0)
        for item in wanted:
            place = self._places.get(item.track.seat)
            if item.track.source != "screen" and place is not None:
                by_key[item.track.source, place] = item
        by_key |= self._screens([item for item in wanted if item.track.source == "screen"])
        for slot in self.slots:
            source = by_key.get((slot.plan.source, slot.plan.place))
            if slot.source is not source:
                slot.switch(source, now)
        return self.carried() != before

    def _screens(self, wanted: list[Upstream]) -> dict[tuple[Source, int], Upstream]:
        slots = [slot for slot in self.slots if slot.plan.source == "screen"]
        kept: dict[tuple[Source, int], Upstream] = {}
        rest = list(wanted)
        for slot in slots:
            same = [item for item in rest if slot.source and item.track == slot.source.track]
            if same:
                kept["screen", slot.plan.place] = same[0]
                rest.remove(same[0])
        for slot in slots:
            if ("screen", slot.plan.place) not in kept and rest:
                kept["screen", slot.plan.place] = rest.pop(0)
        return kept

    def read_rtcp(self, data: bytes, extension: bytes, now: int) -> None:
        """Act on the browser's reports and wishes. Raises MalformedPacket."""
        for message in rtcp.parse(data):
            if isinstance(message, Nack):
                slot = self._by_ssrc.get(message.ssrc)
                if slot is not None:
                    self.budget.credit(self.octets)
                    for sequence in message.sequences:
                        slot.repeat(sequence, extension, now)
            elif isinstance(message, KeyframeRequest):
                slot = self._by_ssrc.get(message.ssrc)
                if slot is not None and slot.source is not None:
                    slot.source.request_keyframe(now)
            elif isinstance(message, Remb):
                self.remb = message.bitrate
            elif isinstance(message, ReceiverReport):
                self._reported(message, now)

    def _reported(self, message: ReceiverReport, now: int) -> None:
        for block in message.blocks:
            if block.ssrc not in self._by_ssrc:
                continue
            first = self._first_reported.setdefault(block.ssrc, block.highest)
            self.reception[block.ssrc] = block.lost, block.highest - first
            if block.last_sr:
                middle = ns_to_ntp(now + self.ntp_offset) >> 16
                trip = (middle - block.last_sr - block.delay) & 0xFFFFFFFF
                if trip < 10 << 16:
                    self.round_trip = (trip * SECOND) >> 16

    def send_reports(self, now: int) -> None:
        """Sender reports of all slots in use, in one compound. Call every second."""
        reports = b"".join(slot.report(now) for slot in self.slots)
        if reports:
            name = rtcp.source_description(self.slots[0].plan.ssrc, CNAME)
            self.wire.send_rtcp(reports + name)
