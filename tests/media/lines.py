"""A line that can be simulated: a bottleneck with a queue, a way, and losses of its own."""

import random
from collections import deque
from dataclasses import dataclass, field

from signaling.feedback import MS, SECOND
from signaling.line_estimate import LineEstimate
from signaling.twcc import Sent

STEP = 5 * MS


@dataclass
class Line:
    """Bits per second, bytes that may queue, nanoseconds one way."""

    rate: float = 1e9
    queue: int = 60_000
    way: int = 20 * MS
    loss: float = 0.0
    noise: random.Random = field(default_factory=lambda: random.Random(7))
    busy_until: int = 0
    waiting: int = 0

    def carry(self, size: int, now: int) -> int | None:
        """When a packet that is sent now arrives; None when it is lost."""
        backlog = max(0, self.busy_until - now) * self.rate / 8 / SECOND
        if backlog + size > self.queue or self.noise.random() < self.loss:
            return None
        self.busy_until = max(self.busy_until, now) + int(size * 8 * SECOND / self.rate)
        return self.busy_until + self.way


class Sender:
    """Sends sound and as much video as the estimate allows, up to a demand; padding as told.

    Feedback comes every 60 ms, as Chromium's, after the way back.
    """

    def __init__(self, line: Line, demand: int = 2_000_000, sound: int = 40_000) -> None:
        self.line, self.demand, self.sound = line, demand, sound
        self.now = 1000 * SECOND
        self.estimate = LineEstimate(self.now)
        self.estimate.round_trip = 40 * MS
        self.lost_sound = self.sent_sound = 0
        self.padding = 0
        self.skew = 123_456 * MS
        self._credit = {"sound": 0.0, "video": 0.0}
        self._flight: list[tuple[int, int, int | None]] = []
        self._due = self.now
        self._way_back: deque[tuple[int, Sent]] = deque()

    @property
    def video(self) -> int:
        """What the allocator would send."""
        return max(0, min(self.demand, int(self.estimate.target * 0.95)) - self.sound)

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + int(seconds * SECOND)
        while self.now < end:
            self.now += STEP
            self._send("sound", self.sound, 200)
            self._send("video", self.video, 1100)
            if self.now % (50 * MS) == 0:
                sending = self.sound + self.video
                size = self.estimate.padding(self.demand, sending, self.now)
                while size > 0:
                    self._put("padding", 290)
                    self.padding += 290
                    size -= 290
                self.estimate.silence(self.now, sending=True)
            self._answer()

    def _send(self, kind: str, rate: int, size: int) -> None:
        self._credit[kind] = min(self._credit[kind] + rate / 8 * STEP / SECOND, 20 * size)
        while self._credit[kind] >= size:
            self._credit[kind] -= size
            self._put(kind, size)

    def _put(self, kind: str, size: int) -> None:
        arrival = self.line.carry(size, self.now)
        if kind == "sound":
            self.sent_sound += 1
            self.lost_sound += arrival is None
        self._flight.append((self.now, size, arrival))

    def _answer(self) -> None:
        if self.now >= self._due:
            self._due = self.now + 60 * MS
            there = [item for item in self._flight if item[2] is not None and item[2] <= self.now]
            if there:
                newest = max(item[0] for item in there)
                gone = [item for item in self._flight if item[2] is None and item[0] <= newest]
                arrivals = [(at or 0) + self.skew for _, _, at in there]
                told = Sent(
                    len(there),
                    sum(size for _, size, _ in there),
                    max(arrivals),
                    min(at - sent for at, (sent, _, _) in zip(arrivals, there, strict=True)),
                    len(gone),
                )
                self._way_back.append((self.now + self.line.way, told))
                used = set(there) | set(gone)
                self._flight = [item for item in self._flight if item not in used]
        while self._way_back and self._way_back[0][0] <= self.now:
            self.estimate.feedback(self._way_back.popleft()[1], self.now)
