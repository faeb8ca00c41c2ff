"""What one listener's line carries, concluded from transport-wide feedback. Pure.

Down at once: when packets queue (their way takes longer than it needs) or get lost in numbers, the
line carries what was delivered, less a tenth for the queue to drain. Up only after a trial: padding
is sent for half a second until the line carries as much as the next layer needs, or shows that it
does not. Loss that comes without a queue and stays small is the line's own (radio) and no reason.

Times are nanoseconds of our monotonic clock, but for arrivals, which are of the receiver's; rates
are bits per second, of RTP packets as they are protected.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from signaling.feedback import MS, SECOND
from signaling.twcc import Sent

START: Final = 6_000_000
"""Believed of a line that nobody has measured: four cameras at once may begin."""
FLOOR: Final = 40_000
CEILING: Final = 50_000_000
WINDOW: Final = 500 * MS
"""Over which deliveries and losses are counted."""
BASE_WINDOW: Final = 10 * SECOND
"""The shortest way of this time (and of the one before) is the way without a queue."""
QUEUE_LIMIT: Final = 70 * MS
QUEUE_DEEP: Final = 200 * MS
LOSS_LIMIT: Final = 0.10
SHARE: Final = 0.9
HOLD: Final = 400 * MS
"""Between two steps down: until then feedback speaks of packets from before the first."""
STANDING: Final = 2 * SECOND
"""A queue that stays although we send less than is delivered is not ours: the way is longer."""
SILENT: Final = 1200 * MS
"""Without feedback for so long, although packets go out: the line is cut."""
TRIAL: Final = 500 * MS
TRIAL_STEP: Final = 1.6
TRIAL_MOST: Final = 1_500_000
"""A trial goes no further above what is known."""
TRIAL_QUEUE: Final = 40 * MS
RETRY: Final = (2 * SECOND, 3 * SECOND, 4 * SECOND)
"""After so many failed trials in a row, the next one follows so much later."""


@dataclass(slots=True)
class Trial:
    """A burst of padding that shows whether the line carries `goal`."""

    goal: int
    began: int
    ends: int
    spent: int
    """Up to when padding was given out."""
    best: int = 0
    """The highest delivery rate that was seen meanwhile."""


class LineEstimate:
    """Estimate of one subscribe connection's line, from the server to the browser."""

    def __init__(self, now: int) -> None:
        self.target = START
        """What may be sent altogether."""
        self.delivered = 0
        """What arrived over the last half second."""
        self.queue = 0
        """How much longer than needed the last packets took."""
        self.loss = 0.0
        self.round_trip = 100 * MS
        self._window: deque[tuple[int, int, int, int]] = deque()
        """Per feedback: when it came, bytes, packets arrived, packets missing."""
        self._last_arrival: int | None = None
        self._spans: deque[tuple[int, int]] = deque()
        """Per feedback: when it came, nanoseconds between its arrivals and those before."""
        self._base: int | None = None
        self._base_next: int | None = None
        self._base_due = now + BASE_WINDOW
        self._high = 0
        """Feedbacks in a row that showed a queue."""
        self._stands: tuple[int, int] | None = None
        """Since when there is a queue of this length, and no shorter one."""
        self._fell = now - SECOND
        self._heard: int | None = None
        self._retry_at = now
        self._failures = 0
        self._trial: Trial | None = None
        self._known = 0
        """What the line carried before it was cut."""

    @property
    def full(self) -> bool:
        """Packets queue: nothing should be added that can be left out."""
        return self.queue > QUEUE_LIMIT or self.loss > LOSS_LIMIT

    # --- what comes back --------------------------------------------------------------------

    def feedback(self, sent: Sent, now: int) -> bool:
        """Take a feedback; True when the target fell."""
        if not sent.arrived and not sent.missing:
            return False
        if self._heard is not None and now - self._heard > SILENT:
            self._window.clear()  # what was lost meanwhile was lost by a cut, not by a queue
            sent = sent._replace(missing=0)
        self._heard = now
        self._count(sent, now)
        self._measure_queue(sent, now)
        before = self.target
        if self._congested(now):
            self._fall(now)
        elif self.loss < 0.02 and self.delivered > self.target:
            self.target = min(CEILING, self.delivered)
        self._judge(now)
        return self.target < before

    def _count(self, sent: Sent, now: int) -> None:
        self._window.append((now, sent.octets, sent.arrived, sent.missing))
        if sent.arrived:
            last = sent.newest
            if self._last_arrival is not None and last > self._last_arrival:
                self._spans.append((now, last - self._last_arrival))
            elif self._last_arrival is None:
                self._spans.append((now, WINDOW // 5))
            self._last_arrival = (
                last if self._last_arrival is None else max(last, self._last_arrival)
            )
        while self._window and now - self._window[0][0] > WINDOW:
            self._window.popleft()
        while self._spans and now - self._spans[0][0] > WINDOW:
            self._spans.popleft()
        _, octets, arrived, missing = map(sum, zip(*self._window, strict=True))
        span = max(sum([item[1] for item in self._spans]), WINDOW // 5)
        self.delivered = octets * 8 * SECOND // span
        total = arrived + missing
        self.loss = missing / total if total >= 10 else 0.0

    def _measure_queue(self, sent: Sent, now: int) -> None:
        if not sent.arrived:
            return
        shortest = sent.way
        if now >= self._base_due:
            self._base, self._base_next = self._base_next, None
            self._base_due = now + BASE_WINDOW
        self._base_next = shortest if self._base_next is None else min(self._base_next, shortest)
        if self._base is None:
            self._base = self._base_next
        self._base = min(self._base, shortest)
        self.queue = shortest - self._base
        self._high = self._high + 1 if self.queue > QUEUE_LIMIT else 0

    def _congested(self, now: int) -> bool:
        queued = self._high >= 2 or self.queue > QUEUE_DEEP
        return queued or self.loss > LOSS_LIMIT

    def _fall(self, now: int) -> None:
        if self._stands_still(now) or now - self._fell < HOLD:
            return
        carries = int(min(self.delivered, self._newest_rate()) * SHARE)
        if self.loss > LOSS_LIMIT and self.queue < QUEUE_LIMIT and self.loss < 0.3:
            # Lost without a queue: the line's own fault, up to a point (as in WebRTC's GCC).
            carries = int(self.target * (1 - self.loss / 2))
        self.target = max(FLOOR, min(self.target, carries))
        self._fell = now
        self._trial = None
        self._known = 0
        self._retry_at = max(self._retry_at, now + RETRY[0])

    def _newest_rate(self) -> int:
        """What the last two feedbacks say was delivered: the half second before is still full of
        the time before the line got worse. Believed whole where the signs are strong."""
        octets = sum(item[1] for item in list(self._window)[-2:])
        span = sum(item[1] for item in list(self._spans)[-2:])
        newest = octets * 8 * SECOND // max(span, 40 * MS)
        strong = self.queue > QUEUE_DEEP or self.loss > 0.3
        return newest if strong else max(newest, self.delivered // 2)

    def _stands_still(self, now: int) -> bool:
        """A queue that does not shrink after the target fell, with nothing lost, is the way."""
        if self.loss > 0.02 or self.queue < QUEUE_LIMIT:
            self._stands = None
            return False
        if self._stands is None or self.queue < 0.8 * self._stands[1]:
            self._stands = now, self.queue
        if now - self._stands[0] < STANDING:
            return False
        self._base = self._base_next = None
        self._stands, self._high = None, 0
        return True

    def silence(self, now: int, *, sending: bool) -> bool:
        """Without any feedback a line is cut: send less and less into it. True when the target
        fell. Call it every so often."""
        if self._heard is None or not sending:
            return False
        if now - max(self._heard, self._fell) < SILENT or self.target <= 2 * FLOOR:
            return False
        self._fell, self._trial = now, None
        self._known = max(self._known, self.target)
        self.target = max(2 * FLOOR, self.target // 2)
        self._retry_at = now
        return True

    # --- trials -----------------------------------------------------------------------------

    def padding(self, demand: int, sending: int, now: int) -> int:
        """Bytes of padding to send now. `demand`: what would be sent on a perfect line;
        `sending`: what is sent without padding."""
        if self._trial is None:
            if not self._may_try(demand, now):
                return 0
            step = max(int(self.target * TRIAL_STEP), self._known)
            goal = min(demand, step, self.target + TRIAL_MOST)
            goal = min(CEILING, max(goal, 150_000))
            self._trial = Trial(goal, now, now + TRIAL, now)
        trial = self._trial
        if now > trial.ends:
            return 0
        elapsed, trial.spent = min(now - trial.spent, 100 * MS), now
        return max(0, trial.goal - sending) * elapsed // (8 * SECOND)

    def _may_try(self, demand: int, now: int) -> bool:
        heard = self._heard is not None and now - self._heard < SECOND
        calm = self.queue < TRIAL_QUEUE and self.loss < 0.05
        return heard and calm and demand > self.target and now >= self._retry_at

    def _judge(self, now: int) -> None:
        """What a trial has shown so far."""
        trial = self._trial
        if trial is None or now < trial.began + self.round_trip:
            return
        trial.best = max(trial.best, self.delivered)
        if self.queue > TRIAL_QUEUE or self.loss > 0.08:
            self._end_trial(now, passed=False)
        elif trial.best >= 0.9 * trial.goal and now > trial.began + TRIAL // 2:
            self.target = max(self.target, trial.goal)
            self._end_trial(now, passed=True)
        elif now > trial.ends + self.round_trip + 200 * MS:
            self.target = max(self.target, trial.best)
            self._end_trial(now, passed=trial.best >= 0.7 * trial.goal)

    def _end_trial(self, now: int, *, passed: bool) -> None:
        self._trial = None
        if passed:
            self._failures = 0
            self._retry_at = now + 100 * MS
        else:
            self._retry_at = now + RETRY[min(self._failures, len(RETRY) - 1)]
            self._failures += 1
