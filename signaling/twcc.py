"""Transport-wide congestion control feedback: which packets of a connection arrived, and when.

draft-holmer-rmcat-transport-wide-cc-extensions-01. Every packet of a connection carries one more
number, counted over all its streams; the receiver says of each number when it arrived. Pure bytes
and bookkeeping: the conclusions are drawn in `line_estimate`, or by the browser that sends.
"""

import struct
from array import array
from collections.abc import Sequence
from itertools import accumulate
from operator import sub
from typing import Final, NamedTuple, cast

from signaling.rtp import MalformedPacket, ahead16

TICK: Final = 250_000
"""Nanoseconds of one unit of an arrival delta."""
REFERENCE: Final = 64_000_000
"""Nanoseconds of one unit of the reference time."""
MAX_COUNT: Final = 4096
"""Packets that one feedback may speak of; Chromium's speak of some hundred."""
FORM: Final = 15
HISTORY: Final = 8192
"""Packets that are remembered, about 6 s of 12 pictures; a power of two."""
_HEAD: Final = struct.Struct("!LLHHL")
_RTPFB: Final = 205


class Feedback(NamedTuple):
    """One feedback packet. `arrivals`: for the numbers from `base` on, nanoseconds of the
    receiver's clock, or None for a packet that has not arrived."""

    base: int
    arrivals: tuple[int | None, ...]


def read(body: bytes) -> Feedback:
    """Read what follows the RTCP header. Raises MalformedPacket."""
    if len(body) < _HEAD.size:
        raise MalformedPacket("cut in a transport feedback")
    _, _, base, count, reference = _HEAD.unpack_from(body)
    if not 0 < count <= MAX_COUNT:
        raise MalformedPacket("a transport feedback of too many packets")
    symbols, at = _read_symbols(body, count)
    now = (reference >> 8) * REFERENCE
    end = len(body)
    if symbols.count(1) == count:  # everything arrived, one soon after the other: as a rule
        if at + count > end:
            raise MalformedPacket("cut in the deltas of a transport feedback")
        steps = accumulate(body[at : at + count])
        return Feedback(base, tuple([now + step * TICK for step in steps]))
    arrivals: list[int | None] = []
    for symbol in symbols:
        if symbol == 0:
            arrivals.append(None)
            continue
        if at + symbol > end:
            raise MalformedPacket("cut in the deltas of a transport feedback")
        if symbol == 1:
            now += body[at] * TICK
        elif symbol == 2:
            now += int.from_bytes(body[at : at + 2], signed=True) * TICK
        else:
            raise MalformedPacket("a reserved symbol in a transport feedback")
        at += symbol
        arrivals.append(now)
    return Feedback(base, tuple(arrivals))


def _read_symbols(body: bytes, count: int) -> tuple[list[int], int]:
    """The status of each packet, and where the deltas begin."""
    symbols: list[int] = []
    at = _HEAD.size
    while len(symbols) < count:
        if at + 2 > len(body):
            raise MalformedPacket("cut in the chunks of a transport feedback")
        chunk = body[at] << 8 | body[at + 1]
        at += 2
        if not chunk & 0x8000:
            run = min(chunk & 0x1FFF, count - len(symbols))
            if not run:
                raise MalformedPacket("an empty run in a transport feedback")
            symbols += [chunk >> 13 & 3] * run
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    del symbols[count:]
    return symbols, at


class Arrivals:
    """What arrived from one sender since the last feedback, and the feedback about it."""

    def __init__(self) -> None:
        self._pending: dict[int, int] = {}
        self._highest: int | None = None
        self._reported = 0
        """The next extended number that no feedback has spoken of."""
        self._count = 0

    def add(self, number: int, now: int) -> None:
        """A packet with this 16 bit number arrived at monotonic nanoseconds `now`."""
        highest = self._highest
        if highest is None:
            self._highest = extended = 0x10000 + number
            self._reported = extended
        else:
            extended = highest + ahead16(number, highest & 0xFFFF)
            if extended > highest:
                self._highest = extended
        self._pending.setdefault(extended, now)

    def feedback(self, sender: int, media: int) -> bytes:
        """The RTCP packet about what is new; empty when nothing is."""
        pending, self._pending = self._pending, {}
        if not pending or self._highest is None:
            return b""
        first, last = min(pending), max(pending)
        # What is missing before the first new packet is spoken of once, as lost.
        first = max(min(self._reported, first), last - MAX_COUNT + 1)
        self._reported = max(self._reported, last + 1)
        reference = pending[min(number for number in pending if number >= first)] // REFERENCE
        before = reference * REFERENCE
        symbols, deltas = bytearray(), bytearray()
        for number in range(first, last + 1):
            arrival = pending.get(number)
            if arrival is None:
                symbols.append(0)
                continue
            steps = (arrival - before) // TICK
            if not -0x8000 <= steps < 0x8000:
                symbols.append(0)  # more than 8 s apart: not worth a second packet
                continue
            before += steps * TICK
            if 0 <= steps < 256:
                symbols.append(1)
                deltas.append(steps)
            else:
                symbols.append(2)
                deltas += steps.to_bytes(2, signed=True)
        self._count = (self._count + 1) & 0xFF
        head = _HEAD.pack(
            sender,
            media,
            first & 0xFFFF,
            len(symbols),
            (reference & 0xFFFFFF) << 8 | self._count,
        )
        body = head + _write_symbols(bytes(symbols)) + deltas
        body += bytes(-len(body) % 4)
        return struct.pack("!BBH", 0x80 | FORM, _RTPFB, len(body) // 4) + body


def _write_symbols(symbols: bytes) -> bytes:
    """Runs of seven and more as run lengths, the rest as vectors of two bit symbols."""
    out = bytearray()
    at, end = 0, len(symbols)
    while at < end:
        symbol = symbols[at]
        stop = at + 1
        while stop < end and symbols[stop] == symbol and stop - at < 0x1FFF:
            stop += 1
        if stop - at >= 7 or stop == end:
            out += (symbol << 13 | (stop - at)).to_bytes(2)
            at = stop
            continue
        chunk = 0xC000
        for place, value in enumerate(symbols[at : at + 7]):
            chunk |= value << (12 - 2 * place)
        out += chunk.to_bytes(2)
        at += 7
    return bytes(out)


class Sent(NamedTuple):
    """What a feedback says of packets that were sent. Times are nanoseconds."""

    arrived: int = 0
    octets: int = 0
    """Of those that arrived."""
    newest: int = 0
    """The last arrival, by the receiver's clock."""
    way: int = 0
    """The least difference of an arrival and the moment of sending; of two clocks."""
    missing: int = 0
    """Packets that have not arrived."""


class SendHistory:
    """Numbers the packets of one connection and remembers them until feedback comes."""

    def __init__(self) -> None:
        self.number = 0
        # Flat memory that is walked through, not thousands of objects: this is the hot path.
        self._times = array("q", [0]) * HISTORY
        self._sizes = array("H", [0]) * HISTORY
        """0: not sent, or told of already."""

    def one(self, size: int, now: int) -> int:
        """A packet of this size in bytes is sent now; its number."""
        number = self.number = (self.number + 1) & 0xFFFF
        at = number & HISTORY - 1
        self._times[at], self._sizes[at] = now, size
        return number

    def take(self, sizes: Sequence[int], now: int) -> Sequence[int]:
        """Packets of these sizes in bytes are sent now; their numbers."""
        count, first = len(sizes), self.number + 1
        at = first & HISTORY - 1
        if first + count <= 0x10000 and at + count <= HISTORY:  # as a rule
            self._times[at : at + count] = array("q", (now,)) * count
            self._sizes[at : at + count] = array("H", sizes)
            self.number += count
            return range(first, first + count)
        mask, number, numbers = HISTORY - 1, self.number, []
        all_times, all_sizes = self._times, self._sizes
        for size in sizes:
            number = (number + 1) & 0xFFFF
            at = number & mask
            all_times[at], all_sizes[at] = now, size
            numbers.append(number)
        self.number = number
        return numbers

    def match(self, feedback: Feedback) -> Sent:
        """Which of our packets it speaks of. Numbers that we did not use, or that are a circle
        of the history old, are passed over."""
        arrivals, count = feedback.arrivals, len(feedback.arrivals)
        first = feedback.base & (HISTORY - 1)
        end = first + count
        told = count <= self._age(feedback.base) + 1 <= HISTORY and None not in arrivals
        if told and end <= HISTORY:
            sizes = self._sizes[first:end]
            if 0 not in sizes:  # as a rule
                self._sizes[first:end] = array("H", [0]) * count
                known = cast(tuple[int, ...], arrivals)
                way = min(map(sub, known, self._times[first:end]))
                return Sent(count, sum(sizes), max(known), way)
        return self._match_each(feedback)

    def _age(self, number: int) -> int:
        return (self.number - number) & 0xFFFF

    def _match_each(self, feedback: Feedback) -> Sent:
        sizes, times, mask, number = self._sizes, self._times, HISTORY - 1, feedback.base
        arrived: list[tuple[int, int, int]] = []
        missing = 0
        for arrival in feedback.arrivals:
            at = number & mask
            if sizes[at] and self._age(number) < HISTORY:
                if arrival is None:
                    missing += 1
                else:
                    arrived.append((sizes[at], arrival, arrival - times[at]))
                    sizes[at] = 0
            number = (number + 1) & 0xFFFF
        if not arrived:
            return Sent(missing=missing)
        return Sent(
            len(arrived),
            sum(size for size, _, _ in arrived),
            max(arrival for _, arrival, _ in arrived),
            min(way for _, _, way in arrived),
            missing,
        )
