"""What is said back about a stream: reports, NACKs, keyframe requests, bandwidth. Pure.

All times are nanoseconds of one monotonic clock, passed in.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from signaling.rtcp import ReportBlock
from signaling.rtp import ahead16

MS: Final = 1_000_000
SECOND: Final = 1_000_000_000
NTP_EPOCH_S: Final = 2_208_988_800
"""Seconds from 1900 (NTP) to 1970 (Unix)."""

MAX_DROPOUT: Final = 3000
"""A larger jump of the sequence number is a new numbering (RFC 3550 appendix A.1)."""
WINDOW: Final = 1024
"""Packets for which duplicates are recognised; older ones are dropped."""
_SEEN: Final = (1 << WINDOW) - 1
NACK_LIFETIME: Final = 1 * SECOND
NACK_RETRY: Final = 80 * MS
NACK_LIMIT: Final = 250
"""More losses than this at once are an outage: a keyframe costs less than a repair."""
KEYFRAME_INTERVAL: Final = 500 * MS
CAP_FLOOR: Final = 100_000
"""No publisher is told to send less, bits per second."""
REPAIR_SHARE: Final = 0.25
"""Of what was sent, what repairs may cost..."""
REPAIR_BURST: Final = 100_000
"""...and the bytes that may be saved up for them."""


class Reception:
    """Reception of one SSRC: duplicates, loss, jitter (RFC 3550 appendix A) and what to NACK."""

    def __init__(self, clock_rate: int, repair: bool) -> None:
        """`repair`: lost packets are collected for NACKs."""
        self._rate = clock_rate
        self._repair = repair
        self.highest = -1
        """Highest extended sequence number, -1 before the first packet."""
        self.received = 0
        """Packets that came as media, duplicates and repaired ones excluded."""
        self.repaired = 0
        self.duplicates = 0
        self.jitter = 0.0
        """In clock units."""
        self.restarts = 0
        """How often the sender began another numbering."""
        self._base = 0
        self._seen = 0
        self._strays = 0
        self._transit: int | None = None
        self._missing: dict[int, list[int]] = {}
        self._reported = (0, 0)
        self.gave_up = False
        """A loss will not be repaired; the reader clears it after asking for a keyframe."""

    def add(self, sequence: int, timestamp: int, now: int, *, repair: bool = False) -> bool:
        """Take note of a packet; False for a duplicate or one that is too old to use."""
        if self.highest < 0:
            if repair:
                return False
            self._restart(sequence)
        ahead = ahead16(sequence, self.highest & 0xFFFF)
        if ahead > MAX_DROPOUT or ahead <= -WINDOW:
            self._strays += 1
            if repair or self._strays < 3:
                return False
            self._restart(sequence)
            self.restarts += 1
            ahead = 1
        if ahead > 0:
            self._advance(ahead, now)
        else:
            bit = 1 << -ahead
            if self._seen & bit:
                self.duplicates += 1
                return False
            self._seen |= bit
            self._missing.pop(self.highest + ahead, None)
        self._strays = 0
        if repair:
            self.repaired += 1
        else:
            self.received += 1
            self._measure(timestamp, now)
        return True

    def _restart(self, sequence: int) -> None:
        # One cycle of head room keeps the extended numbers of reordered packets positive.
        self.highest = 0x10000 + sequence - 1
        self._base = self.highest + 1
        self._seen = 0
        self._missing.clear()
        self.received = self.repaired = 0
        self._reported = (self._base, 0)
        self._transit = None

    def _advance(self, ahead: int, now: int) -> None:
        if self._repair and ahead > 1:
            if ahead + len(self._missing) > NACK_LIMIT:
                self._missing.clear()
                self.gave_up = True
            else:
                for lost in range(self.highest + 1, self.highest + ahead):
                    self._missing[lost] = [now, 0]
        self.highest += ahead
        self._seen = (self._seen << ahead | 1) & _SEEN

    def _measure(self, timestamp: int, now: int) -> None:
        transit = now * self._rate // SECOND - timestamp
        if self._transit is not None:
            change = ((transit - self._transit + 0x80000000) & 0xFFFFFFFF) - 0x80000000
            self.jitter += (abs(change) - self.jitter) / 16
        self._transit = transit

    def wanted(self, now: int, retry: int = NACK_RETRY) -> list[int]:
        """16 bit numbers to ask for now, each again after `retry` until it is too late."""
        due = []
        for lost, times in list(self._missing.items()):
            first, asked = times
            if now - first > NACK_LIFETIME:
                del self._missing[lost]
                self.gave_up = True
            elif not asked or now - asked >= retry:
                times[1] = now
                due.append(lost & 0xFFFF)
        return due

    @property
    def has_new_loss(self) -> bool:
        """Whether a lost packet has never been asked for."""
        return bool(self._missing) and next(reversed(self._missing.values()))[1] == 0

    @property
    def expected(self) -> int:
        """Packets sent, as the numbers tell."""
        return 0 if self.highest < 0 else self.highest - self._base + 1

    def block(self, ssrc: int, last_sr: int, delay: int) -> ReportBlock:
        """The report block of the time since the last call."""
        base, received = self._reported
        expected = self.highest + 1 - base
        lost = expected - (self.received - received)
        self._reported = (self.highest + 1, self.received)
        fraction = min(255, (lost << 8) // expected) if expected > 0 and lost > 0 else 0
        total = max(-0x800000, min(0x7FFFFF, self.expected - self.received))
        return ReportBlock(
            ssrc, fraction, total, self.highest & 0xFFFFFFFF, int(self.jitter), last_sr, delay
        )


class KeyframeRequests:
    """Coalesces the wishes of all subscribers and sinks into at most one PLI per 500 ms, and
    repeats it until a keyframe comes."""

    def __init__(self) -> None:
        self._pending = False
        self._sent: int | None = None

    def want(self, now: int) -> bool:
        """Somebody needs a keyframe. True: send a PLI now."""
        self._pending = True
        return self.due(now)

    def due(self, now: int) -> bool:
        """Whether a PLI is to be sent now; counts as sent."""
        if not self._pending or (self._sent is not None and now - self._sent < KEYFRAME_INTERVAL):
            return False
        self._sent = now
        return True

    def arrived(self) -> None:
        """A keyframe came."""
        self._pending = False


class SenderClock:
    """Moves a publisher's NTP time to our monotonic clock: one offset for all its tracks.

    The report that travelled fastest among the last ones is the nearest to the truth; a sliding
    window, not the minimum of all time, because the two clocks drift apart over a hearing.
    """

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=60)

    def add(self, ntp: int, now: int) -> None:
        """A sender report with 32.32 `ntp` arrived."""
        self._offsets.append(now - ntp_to_ns(ntp))

    def to_local(self, ntp: int) -> int:
        """Monotonic nanoseconds of a publisher's 32.32 NTP time. Needs one `add` before."""
        return ntp_to_ns(ntp) + min(self._offsets)


def ntp_to_ns(ntp: int) -> int:
    """Nanoseconds of a 32.32 fixed point time."""
    return (ntp * SECOND) >> 32


def ns_to_ntp(value: int) -> int:
    """32.32 fixed point of nanoseconds."""
    return (value << 32) // SECOND


class BandwidthCap:
    """What to allow a publisher in REMBs: the cap, until its line shows that it cannot.

    Chromium lifts its estimate to a REMB at once only in its first 2 s, so the first eight go out
    every 200 ms. `estimate` is fed with a delay-based estimate that is only believed once the
    line was overused: before that it merely follows what the encoder happened to send.
    """

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.allowed = cap
        self._early = 8
        self._due = 0
        self._limited = False

    def estimate(self, bitrate: int, overused: bool) -> None:
        """Take a new estimate of the line, in bits per second."""
        self._limited = self._limited or overused
        if not self._limited:
            return
        allowed = max(CAP_FLOOR, min(self.cap, bitrate))
        if allowed < self.allowed * 0.97:
            self._due = 0
        self.allowed = allowed
        self._limited = allowed < self.cap

    def due(self, now: int) -> bool:
        """Whether a REMB is to be sent now; counts as sent."""
        if now < self._due:
            return False
        self._due = now + (200 * MS if self._early else SECOND)
        self._early = max(0, self._early - 1)
        return True


class RepairBudget:
    """Limits what answering one subscriber's NACKs may cost: a packet at most once per round
    trip, and all together at most a share of what was sent."""

    def __init__(self) -> None:
        self._bytes = float(REPAIR_BURST)
        self._credited = 0
        self._sent: dict[tuple[int, int], int] = {}

    def credit(self, octets: int) -> None:
        """`octets` of media were sent since the beginning."""
        earned = REPAIR_SHARE * (octets - self._credited)
        self._bytes = min(REPAIR_BURST, self._bytes + earned)
        self._credited = octets

    def take(self, ssrc: int, sequence: int, size: int, round_trip: int, now: int) -> bool:
        """Whether the packet may be sent again now; counts as sent."""
        key = (ssrc, sequence)
        last = self._sent.get(key)
        if size > self._bytes or (last is not None and now - last < max(round_trip, 20 * MS)):
            return False
        if len(self._sent) > 2000:
            self._sent = {k: at for k, at in self._sent.items() if now - at < SECOND}
        self._sent[key] = now
        self._bytes -= size
        return True


@dataclass(slots=True)
class VoiceLevel:
    """Loudness of one microphone from RFC 6464 levels (0 loudest, 127 silence; -dBov)."""

    power: float = 0.0
    count: int = 0

    def add(self, element: bytes) -> None:
        """One packet's level."""
        self.power += _POWER[element[0] & 0x7F]
        self.count += 1

    def take(self) -> float:
        """Level of the mean power since the last call; 127 without packets."""
        mean = self.power / self.count if self.count else 0.0
        self.power, self.count = 0.0, 0
        return -10 * math.log10(mean) if mean > _POWER[127] else 127.0


_POWER: Final = [10 ** (-level / 10) for level in range(128)]
SPEAKING_LEVEL: Final = 45
"""Level at which half a second counts as speech; a quiet office is near 60."""


def loudest(levels: Iterable[tuple[str, float]], limit: int = 4) -> tuple[str, ...]:
    """Seats that speak, loudest first."""
    speaking = sorted((level, seat) for seat, level in levels if level <= SPEAKING_LEVEL)
    return tuple(seat for _, seat in speaking[:limit])
