"""From RTP packets of one track to whole encoded frames, in order. Pure: no clock, no I/O.

Packets wait in a reorder buffer for those that are late (as many as Galene's diskwriter waits
for: 32 of audio, 256 of video, and never longer than a time limit). Opus packets are frames (RFC
7587); VP8 frames are put together from payload descriptors (RFC 7741). A VP8 frame with a hole is
dropped, and so is everything after it until the next keyframe, because it would be garbled.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

from signaling.engine import Codec, MediaPacket

MS = 1_000_000
"""Nanoseconds in a millisecond."""
JUMP = 3000
"""A step of the sequence number that no loss explains: the sender began anew."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One encoded frame. `timestamp` is unwrapped and in units of the codec's clock."""

    timestamp: int
    arrival_ns: int
    """When its last packet arrived (monotonic)."""
    data: bytes
    keyframe: bool = True
    width: int = 0
    height: int = 0
    duration: int = 0
    """In units of the codec's clock; 0 where only the next frame tells (video)."""
    lost: int = 0
    """Packets that were lost, or whole frames dropped, directly before this frame."""
    restarted: bool = False
    """The sender's numbering began anew: its timestamps have no relation to those before."""


class Unwrapper:
    """Extends a counter that wraps (RFC 3550 appendix A.1) to one that does not."""

    def __init__(self, bits: int) -> None:
        self._size = 1 << bits
        self._last: int | None = None

    def __call__(self, value: int) -> int:
        """The extended value that is nearest to the largest one so far."""
        found = self.peek(value)
        self._last = found if self._last is None else max(self._last, found)
        return found

    def peek(self, value: int) -> int:
        """As a call, without remembering."""
        if self._last is None:
            return value
        half = self._size >> 1
        return self._last + (value - self._last + half) % self._size - half


@dataclass(frozen=True, slots=True)
class Ordered:
    """A packet in its place. `lost` packets before it will not come any more."""

    packet: MediaPacket
    lost: int = 0
    restarted: bool = False


class ReorderBuffer:
    """Gives packets out in order; waits for a missing one while the limits allow."""

    def __init__(self, packets: int, wait_ns: int) -> None:
        self._limit = packets
        self._wait_ns = wait_ns
        self._unwrap = Unwrapper(16)
        self._waiting: dict[int, MediaPacket] = {}
        self._next = 0
        self._started = False
        self._restarted = False
        self.late = 0
        """Packets that came twice, or after they were given up."""

    def push(self, packet: MediaPacket) -> list[Ordered]:
        """Take one packet and return those whose turn has come."""
        out: list[Ordered] = []
        number = self._unwrap.peek(packet.sequence)
        if self._started and not -JUMP < number - self._next < JUMP:
            out = self.flush()
            self._unwrap = Unwrapper(16)
            self._started = False
            self._restarted = True
        number = self._unwrap(packet.sequence)
        if not self._started:
            self._next, self._started = number, True
        if number < self._next or number in self._waiting:
            self.late += 1
            return out
        self._waiting[number] = packet
        return out + self._ready(packet.arrival_ns)

    def expire(self, now_ns: int) -> list[Ordered]:
        """Give up on packets that were waited for too long."""
        return self._ready(now_ns)

    def flush(self) -> list[Ordered]:
        """Everything that is there, in order."""
        out: list[Ordered] = []
        while self._waiting:
            self._take(out)
        return out

    def _ready(self, now_ns: int) -> list[Ordered]:
        out: list[Ordered] = []
        while self._waiting:
            if self._next not in self._waiting and not self._overdue(now_ns):
                break
            self._take(out)
        return out

    def _overdue(self, now_ns: int) -> bool:
        if len(self._waiting) >= self._limit:
            return True
        oldest = min(packet.arrival_ns for packet in self._waiting.values())
        return now_ns - oldest >= self._wait_ns

    def _take(self, out: list[Ordered]) -> None:
        number = self._next if self._next in self._waiting else min(self._waiting)
        lost = number - self._next
        out.append(Ordered(self._waiting.pop(number), lost, self._restarted))
        self._restarted = False
        self._next = number + 1


class Depacketizer(Protocol):
    """Packets in, whole frames out."""

    wants_keyframe: bool
    """Nothing can be kept until the sender makes a keyframe."""

    def push(self, packet: MediaPacket) -> list[Frame]:
        """Take one packet; duplicates and any order are fine."""

    def expire(self, now_ns: int) -> list[Frame]:
        """Frames that are ready because waiting for others has ended."""

    def flush(self) -> list[Frame]:
        """Frames that are whole although packets before them are missing. Nothing follows."""

    def timestamp(self, wrapped: int) -> int:
        """Extend the timestamp of a sender report."""


def depacketizer(codec: Codec) -> Depacketizer:
    """The depacketizer of a codec."""
    return OpusDepacketizer() if codec == "opus" else Vp8Depacketizer()


class _Ordering(ABC):
    """Puts packets in order before `_frames` makes frames of them."""

    def __init__(self, packets: int, wait_ns: int) -> None:
        self._order = ReorderBuffer(packets, wait_ns)
        self._unwrap = Unwrapper(32)
        self._lost = 0
        self._restarted = False

    def push(self, packet: MediaPacket) -> list[Frame]:
        return self._frames(self._order.push(packet))

    def expire(self, now_ns: int) -> list[Frame]:
        return self._frames(self._order.expire(now_ns))

    def flush(self) -> list[Frame]:
        return self._frames(self._order.flush())

    def timestamp(self, wrapped: int) -> int:
        return self._unwrap.peek(wrapped)

    @abstractmethod
    def _frames(self, ordered: list[Ordered]) -> list[Frame]: ...


class OpusDepacketizer(_Ordering):
    """RFC 7587: one packet is one frame, 48,000 units a second whatever the sender's rate."""

    wants_keyframe = False

    def __init__(self) -> None:
        super().__init__(32, 400 * MS)

    def _frames(self, ordered: list[Ordered]) -> list[Frame]:
        out = []
        for item in ordered:
            self._lost += item.lost
            if item.restarted:
                self._unwrap = Unwrapper(32)
                self._restarted = True
            packet = item.packet
            duration = opus_duration(packet.payload)
            timestamp = self._unwrap(packet.timestamp)
            if not duration:  # padding only, or not opus: nothing to keep
                continue
            out.append(
                Frame(
                    timestamp,
                    packet.arrival_ns,
                    packet.payload,
                    duration=duration,
                    lost=self._lost,
                    restarted=self._restarted,
                )
            )
            self._lost, self._restarted = 0, False
        return out


_OPUS_FRAME = (
    *(480, 960, 1920, 2880) * 3,  # SILK
    *(480, 960) * 2,  # hybrid
    *(120, 240, 480, 960) * 4,  # CELT
)


def opus_duration(payload: bytes) -> int:
    """Length of an opus packet at 48 kHz (RFC 6716 section 3.1); 0 if it is not one.

    Longer than 120 ms is not allowed (section 3.4, R5).
    """
    if not payload:
        return 0
    code = payload[0] & 3
    if code == 3:
        count = payload[1] & 0x3F if len(payload) > 1 else 0
    else:
        count = 1 if code == 0 else 2
    total = _OPUS_FRAME[payload[0] >> 3] * count
    return total if total <= 5760 else 0


@dataclass(frozen=True, slots=True)
class _Part:
    """A VP8 payload without its descriptor."""

    data: bytes
    begins: bool
    """Start of partition 0, so of a frame (RFC 7741 section 4.2: S and PID)."""


class Vp8Depacketizer(_Ordering):
    """RFC 7741. Starts at a keyframe, and again at one after every loss."""

    def __init__(self) -> None:
        super().__init__(256, 600 * MS)
        self._parts: list[bytes] = []
        self._timestamp = 0
        self._arrival_ns = 0
        self.wants_keyframe = True

    def _frames(self, ordered: list[Ordered]) -> list[Frame]:
        out: list[Frame] = []
        for item in ordered:
            self._take(item, out)
        return out

    def _take(self, item: Ordered, out: list[Frame]) -> None:
        if item.restarted:
            self._unwrap = Unwrapper(32)
            self._restarted = True
        if item.lost or item.restarted:
            self._give_up(item.lost)
        packet = item.packet
        if not packet.payload:  # padding only: it has a number and no media
            return
        part = _vp8_part(packet.payload)
        if part is None:
            self._give_up(1)
            return
        timestamp = self._unwrap(packet.timestamp)
        if self._parts and timestamp != self._timestamp:
            # The last packet of the frame came without a marker: whole, if nothing is missing.
            self._finish(out)
        if part.begins and not self._parts:
            self._parts, self._timestamp = [part.data], timestamp
        elif self._parts:
            self._parts.append(part.data)
        else:
            self._give_up(0)
            return
        self._arrival_ns = packet.arrival_ns
        if packet.marker:
            self._finish(out)

    def _give_up(self, lost: int) -> None:
        self._parts = []
        self._lost += lost
        self.wants_keyframe = True

    def _finish(self, out: list[Frame]) -> None:
        data = b"".join(self._parts)
        self._parts = []
        size = vp8_keyframe(data)
        if size is None and self.wants_keyframe:
            self._lost += 1
            return
        self.wants_keyframe = False
        width, height = size or (0, 0)
        out.append(
            Frame(
                self._timestamp,
                self._arrival_ns,
                data,
                keyframe=size is not None,
                width=width,
                height=height,
                lost=self._lost,
                restarted=self._restarted,
            )
        )
        self._lost, self._restarted = 0, False


def _vp8_part(payload: bytes) -> _Part | None:
    """Strip the payload descriptor (RFC 7741 section 4.2); None if there is nothing behind it."""
    first = payload[0]
    at = 1
    if first & 0x80:  # X
        if len(payload) < 2:
            return None
        extension = payload[1]
        at = 2
        if extension & 0x80:  # I: 7 or 15 bits of picture id
            at += 2 if len(payload) > 2 and payload[2] & 0x80 else 1
        if extension & 0x40:  # L
            at += 1
        if extension & 0x30:  # T or K share an octet
            at += 1
    if at >= len(payload):
        return None
    return _Part(payload[at:], bool(first & 0x10) and not first & 0x07)


def vp8_keyframe(frame: bytes) -> tuple[int, int] | None:
    """Width and height of a keyframe (RFC 6386 section 9.1), None for any other frame."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    width = int.from_bytes(frame[6:8], "little") & 0x3FFF
    height = int.from_bytes(frame[8:10], "little") & 0x3FFF
    return (width, height) if width and height else None
