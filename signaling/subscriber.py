"""One subscribe connection: fixed slots, each a stream of its own numbering.

The browser negotiates once. Whoever is heard and seen through a slot changes here, by
continuing the slot's sequence numbers, timestamps and VP8 picture numbers with the new source
(RFC 7741 section 4.2), starting at a keyframe.
"""

import secrets
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Final

from signaling import rtcp, rtp, twcc
from signaling.engine import Codec, Source, TrackId
from signaling.feedback import MS, SECOND, RepairBudget, ns_to_ntp
from signaling.line_estimate import LineEstimate
from signaling.numbering import Numbering
from signaling.packet_cache import OVERHEAD, Incoming, Run
from signaling.rtcp import KeyframeRequest, Nack, ReceiverReport, Remb, TransportFeedback
from signaling.stream import Stream, sampled_apart
from signaling.upstream import CLOCK_RATES, Upstream, Wire

CNAME: Final = "mahdar"
SEND_TIME_ID: Final = 3
TRANSPORT_ID: Final = 5
"""Local ids of abs-send-time and the transport-wide number in every subscribe offer."""
PADDING: Final = 255
"""Bytes of padding in one packet of a trial; more does not fit the length octet."""
_NOTHING: Final = bytes(PADDING - 1) + bytes([PADDING])
_HEAD: Final = struct.Struct("!HHL9sHB").pack
"""First 16 bits, sequence number, timestamp, `Slot.tag`, and the 24 bits of its element."""
_TAG: Final = struct.Struct("!LLB").pack
_EXTENDED: Final = 0x9000
_PADDED: Final = 0xB000
"""The first 16 bits of a packet with a header extension, and of one with padding too, but for
marker and payload type."""
_ELEMENTS: Final = 0xBEDE0001
_NUMBERED: Final = TRANSPORT_ID << 4 | 1
"""Head of the element with a transport-wide number: 16 bits, and 8 of padding."""
_TIMED: Final = SEND_TIME_ID << 4 | 2
"""Head of the element with abs-send-time: 24 bits."""


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
        """The track that it is for."""
        self.stream: Stream | None = None
        """What is sent of it now."""
        self.next: Stream | None = None
        """What is sent from its next keyframe on (sound: from the next packet)."""
        self.packets = 0
        self.octets = 0
        self._subscriber = subscriber
        self.tag, self._rtx_tag = b"", b""
        """What lies between timestamp and the element of the header extension: SSRC, the
        extension's head and the element's."""
        self.mark(_TIMED)
        self._plain = _EXTENDED | plan.payload_type
        self._last = self._plain | 0x80
        # RFC 3711 section 3.3.1: a start in the lower half cannot confuse the roll-over counter.
        self._numbers = Numbering(
            plan.codec, self.clock_rate, secrets.randbits(14), secrets.randbits(31)
        )

    def mark(self, element: int) -> None:
        """Head of the element that every packet carries from now on."""
        self.tag = _TAG(self.plan.ssrc, _ELEMENTS, element)
        self._rtx_tag = _TAG(self.plan.rtx_ssrc, _ELEMENTS, element)

    @property
    def flowing(self) -> Stream | None:
        """What is sent, or will be at the next keyframe."""
        return self.next or self.stream

    def switch(self, source: Upstream | None) -> None:
        """Be for another track, or none; `choose` says what of it is sent."""
        self.source = source
        self.stream = self.next = None

    def choose(self, wanted: Stream | None, now: int, *, cut: bool = False) -> bool:
        """Send this layer from its next keyframe on, and until then what was sent before; with
        `cut` nothing until then. None: nothing any more. True when something changed; who calls
        then connects the slots anew."""
        if wanted is None:
            changed = self.flowing is not None
            self.stream = self.next = None
            return changed
        if wanted is self.flowing:
            return False
        self.next = None if wanted is self.stream else wanted
        if cut and self.next is not None:
            self.stream = None
        if self.next is not None:
            self.next.upstream.request_keyframe(self.next, now)
        return True

    def begin(self, stream: Stream, packet: Incoming) -> None:
        """See `Output`."""
        old, self.stream, self.next = self.stream, stream, None
        if old is not None:
            old.outputs = tuple(item for item in old.outputs if item is not self)
        last = self._numbers.last_timestamp - self._numbers.timestamp
        self._numbers.begin(packet, sampled_apart(old, last, stream, packet))
        stream.outputs = (*stream.outputs, self)
        report = self.report(packet.arrival_ns)
        if report:
            self._subscriber.wire.send_rtcp(report + rtcp.source_description(self.plan.ssrc, CNAME))

    def renumber(self, stream: Stream) -> None:
        """See `Output`."""
        self.stream, self.next = None, stream

    def forward(self, run: Run) -> None:
        """See `Output`. The hot path: no call that can be spared."""
        numbers, subscriber, tag = self._numbers, self._subscriber, self.tag
        packets = numbers.move_run(run)
        if packets is not run.packets:
            if not packets:
                return
            run = Run(packets)
        subscriber.sent_octets += run.octets
        elements = subscriber.elements(run.sizes, packets[-1].arrival_ns)
        ahead, later = numbers.sequence, numbers.timestamp
        same, plain, last = not (numbers.picture or numbers.tl0), self._plain, self._last
        out = [
            _HEAD(
                last if marker else plain,
                (sequence + ahead) & 0xFFFF,
                (timestamp + later) & 0xFFFFFFFF,
                tag,
                *element,
            )
            + (payload if same else numbers.payload(payload, picture))
            for (sequence, timestamp, marker, payload, picture, _), element in zip(
                packets, elements, strict=True
            )
        ]
        self.packets += len(out)
        self.octets += run.octets
        subscriber.wire.send_rtp(out)

    def forward_one(self, packet: Incoming) -> None:
        """See `Output`. Sound, as a rule; as hot."""
        numbers, subscriber = self._numbers, self._subscriber
        moved = numbers.move(packet)
        if moved is None:
            return
        payload = packet.payload
        size = len(payload)
        head = _HEAD(
            self._last if packet.marker else self._plain,
            *moved,
            self.tag,
            *subscriber.element(size + OVERHEAD, packet.arrival_ns),
        )
        subscriber.sent_octets += size
        self.packets += 1
        self.octets += size
        if numbers.picture or numbers.tl0:
            payload = numbers.payload(payload, packet.vp8)
        subscriber.wire.send_one(head + payload)

    def repeat(self, sequence: int, now: int) -> None:
        """Answer a NACK from the publisher's cache, within the budget."""
        stream, numbers, plan = self.stream, self._numbers, self.plan
        if stream is None or plan.rtx_payload_type is None:
            return
        original = (sequence - numbers.sequence) & 0xFFFF
        packet = stream.cache.get(original)
        if packet is None or not numbers.covers(original):
            return
        subscriber = self._subscriber
        payload = rtp.wrap_rtx(sequence, numbers.payload(packet.payload, packet.vp8))
        if not subscriber.may_repeat(plan.ssrc, sequence, len(payload), now):
            return
        subscriber.repeated += 1
        second = plan.rtx_payload_type | 0x80 if packet.marker else plan.rtx_payload_type
        timestamp = (packet.timestamp + numbers.timestamp) & 0xFFFFFFFF
        number = subscriber.rtx_number(plan.rtx_ssrc)
        subscriber.sent_octets += len(payload)
        element = subscriber.element(len(payload) + OVERHEAD, now)
        head = _HEAD(_EXTENDED | second, number, timestamp, self._rtx_tag, *element)
        subscriber.wire.send_one(head + payload)

    def pad(self, size: int, now: int) -> int:
        """Send padding and nothing else, on the SSRC of the repeats, so that the media's numbers
        stay whole (as WebRTC probes). Returns the bytes that it took."""
        plan, subscriber = self.plan, self._subscriber
        if plan.rtx_payload_type is None:
            return 0
        first, timestamp = _PADDED | plan.rtx_payload_type, self._numbers.last_timestamp
        sizes = [PADDING + OVERHEAD] * -(-size // (PADDING + OVERHEAD))
        subscriber.wire.send_rtp(
            _HEAD(first, subscriber.rtx_number(plan.rtx_ssrc), timestamp, self._rtx_tag, *element)
            + _NOTHING
            for element in subscriber.elements(sizes, now)
        )
        return sum(sizes)

    def report(self, now: int) -> bytes:
        """A sender report that keeps the publisher's relation of sound and picture; empty until
        it is known."""
        timestamp = self.stream.timestamp_at(now) if self.stream else None
        if timestamp is None:
            return b""
        return rtcp.sender_report(
            self.plan.ssrc,
            ns_to_ntp(now + self._subscriber.ntp_offset),
            (timestamp + self._numbers.timestamp) & 0xFFFFFFFF,
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
        self.history: twcc.SendHistory | None = None
        """Numbers of all packets, where the browser answers them with their arrivals."""
        self.line: LineEstimate | None = None
        """What its line carries; None where the browser does not tell."""
        self.sent_octets = 0
        """Bytes of all packets but padding."""
        self.round_trip: int | None = None
        self.remb: int | None = None
        """What the browser last said it can take, bits per second."""
        self.repeated = 0
        self._rtx_numbers: dict[int, int] = {}
        self._sending: tuple[int, int, int] = (0, 0, 0)
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

    def measure(self, now: int) -> None:
        """The browser says when packets arrive: number them, and estimate its line."""
        self.history = twcc.SendHistory()
        self.line = LineEstimate(now)
        for slot in self.slots:
            slot.mark(_NUMBERED)

    def element(self, size: int, now: int) -> tuple[int, int]:
        """What a packet of this size, which is sent now, carries in its header extension: the
        first 16 bits and the last 8."""
        if self.history is None:
            return divmod((now << 18) // SECOND & 0xFFFFFF, 256)
        return self.history.one(size, now), 0

    def elements(self, sizes: Sequence[int], now: int) -> Iterable[tuple[int, int]]:
        """The same of packets of these sizes, which are sent now."""
        if self.history is None:
            return [self.element(0, now)] * len(sizes)
        return zip(self.history.take(sizes, now), repeat(0))

    def rtx_number(self, ssrc: int) -> int:
        """The next sequence number of a stream of repeats."""
        if ssrc not in self._rtx_numbers:
            self._rtx_numbers[ssrc] = secrets.randbits(14)
        number = self._rtx_numbers[ssrc] = (self._rtx_numbers[ssrc] + 1) & 0xFFFF
        return number

    def may_repeat(self, ssrc: int, sequence: int, size: int, now: int) -> bool:
        """Whether a packet may be sent again: never into a line that is full already."""
        if self.line is not None and self.line.full:
            return False
        return self.budget.take(ssrc, sequence, size, self.round_trip or 0, now)

    def sending(self, now: int) -> int:
        """Bits per second that go out, padding left out; call every 200 ms or so."""
        at, before, rate = self._sending
        if now - at >= 150 * MS:
            rate = (self.sent_octets - before) * 8 * SECOND // max(1, now - at) if at else 0
            self._sending = now, self.sent_octets, rate
        return rate

    def carried(self) -> dict[str, TrackId]:
        """Track of each slot in use, by mid."""
        return {slot.plan.mid: slot.source.track for slot in self.slots if slot.source is not None}

    def assign(self, wanted: list[Upstream], weights: dict[str, int]) -> bool:
        """Carry these tracks: a seat keeps its place while it has any, newcomers take the lowest
        free one. Sound has more places than pictures: with more seats than pictures fit, the
        weightier ones are seen, among equals those that were, and the others are heard. True when
        `carried` changed."""
        before = self.carried()
        by_key: dict[tuple[Source, int], Upstream] = {}
        persons = [item for item in wanted if item.track.source != "screen"]
        self._places = self._share_places(persons, weights)
        for item in persons:
            place = self._places.get(item.track.seat)
            if place is not None:
                by_key[item.track.source, place] = item
        by_key |= self._screens([item for item in wanted if item.track.source == "screen"])
        for slot in self.slots:
            source = by_key.get((slot.plan.source, slot.plan.place))
            if slot.source is not source:
                slot.switch(source)
        return self.carried() != before

    def _share_places(self, wanted: list[Upstream], weights: dict[str, int]) -> dict[str, int]:
        """The place of each seat. The first places have a picture too, the rest sound alone."""
        seats = list(dict.fromkeys(item.track.seat for item in wanted))
        places = {slot.plan.place for slot in self.slots if slot.plan.source == "microphone"}
        seen_at = {slot.plan.place for slot in self.slots if slot.plan.source == "camera"}
        rest_at, before = places - seen_at, self._places
        filmed = {item.track.seat for item in wanted if item.codec == "vp8"}
        voiced = {item.track.seat for item in wanted if item.codec == "opus"}
        seen = _first(
            len(seen_at),
            seats,
            lambda seat: (
                seat not in filmed,
                -weights.get(seat, 0),
                before.get(seat) not in seen_at,
            ),
        )
        heard = _first(
            len(rest_at),
            [seat for seat in seats if seat in voiced and seat not in seen],
            lambda seat: (-weights.get(seat, 0), before.get(seat) not in rest_at),
        )
        return _keep_places(seen, seen_at, before) | _keep_places(heard, rest_at, before)

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

    def read_rtcp(self, data: bytes, now: int) -> bool:
        """Act on the browser's reports and wishes; True when its line carries less than before.
        Raises MalformedPacket."""
        fell = False
        for message in rtcp.parse(data):
            if isinstance(message, TransportFeedback):
                fell |= self._told(message, now)
            elif isinstance(message, Nack):
                slot = self._by_ssrc.get(message.ssrc)
                if slot is not None:
                    self.budget.credit(self.octets)
                    for sequence in message.sequences:
                        slot.repeat(sequence, now)
            elif isinstance(message, KeyframeRequest):
                slot = self._by_ssrc.get(message.ssrc)
                stream = slot.flowing if slot is not None else None
                if stream is not None:
                    stream.upstream.request_keyframe(stream, now)
            elif isinstance(message, Remb):
                self.remb = message.bitrate
            elif isinstance(message, ReceiverReport):
                self._reported(message, now)
        return fell

    def _told(self, message: TransportFeedback, now: int) -> bool:
        if self.history is None or self.line is None:
            return False
        sent = self.history.match(message.feedback)
        if self.round_trip is not None:
            self.line.round_trip = self.round_trip
        return self.line.feedback(sent, now)

    def budget_now(self) -> int | None:
        """Bits per second for everything; None where nothing is known of the line."""
        if self.line is not None:
            return self.line.target
        return self.remb

    def pad(self, demand: int, now: int) -> None:
        """Try whether the line carries what the page would like, with padding. Call every 50 ms."""
        if self.line is None:
            return
        sending = self.sending(now)
        self.line.silence(now, sending=sending > 0)
        size = self.line.padding(demand, sending, now)
        if size:
            next(slot for slot in self.slots if slot.plan.rtx_payload_type).pad(size, now)

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
        """Sender reports of all slots in use, in one compound. Call every second: with nothing
        to report it is the sign of life without which a page takes its line for cut."""
        own = self.slots[0].plan.ssrc
        reports = b"".join(slot.report(now) for slot in self.slots)
        reports = reports or rtcp.receiver_report(own, [])
        self.wire.send_rtcp(reports + rtcp.source_description(own, CNAME))


def _first(count: int, seats: list[str], order: Callable[[str], tuple[int, ...]]) -> list[str]:
    """So many of these seats, in their own order; those that `order` puts first."""
    if len(seats) <= count:
        return seats
    chosen = sorted(seats, key=order)[:count]
    return [seat for seat in seats if seat in chosen]


def _keep_places(seats: list[str], places: set[int], before: dict[str, int]) -> dict[str, int]:
    """Every seat keeps its place; those that have none of these take the lowest free ones."""
    found = {seat: before[seat] for seat in seats if before.get(seat) in places}
    free = iter(sorted(places - set(found.values())))
    return found | {seat: next(free) for seat in seats if seat not in found}
