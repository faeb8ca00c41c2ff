"""How busy a process that carries media is: its processor time, and how late its loop runs.

A loop that is late delays every packet behind it; it is the first sign of a process that carries
too much. Values and a meter; `LoopWatch` needs a running loop.
"""

import asyncio
import gc
import time
from collections import deque
from dataclasses import dataclass, field

LOOK_S = 0.05
"""Seconds between two looks at the loop."""
WINDOW = 200
"""Looks that a figure is made of: 10 s."""


def spare_collector() -> None:
    """Keep what was loaded until now out of the collector's way: it looks at every object that
    lives, which takes a tenth of a second, and no packet moves meanwhile. Call it once, when
    everything is loaded."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True, slots=True)
class RoomLoad:
    """One media room. `counters` are totals since it was opened."""

    sitting: str
    seats: int
    counters: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """A process that carries media, as last heard of."""

    name: str
    """`main` for this process, else the worker's number."""
    pid: int
    up: bool
    cpu: float
    """Share of one core over the last seconds."""
    lag_p99: float
    """Seconds by which its loop was late, 99th percentile of the last 10 s."""
    lag_max: float
    forwarded: float
    """Packets sent to subscribers per second."""
    restarts: int
    rooms: tuple[RoomLoad, ...] = ()


class LagMeter:
    """The lateness of the last `WINDOW` looks."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=WINDOW)

    def add(self, seconds: float) -> None:
        """One look was so late."""
        self._late.append(max(0.0, seconds))

    @property
    def p99(self) -> float:
        """99th percentile; 0 before the first look."""
        ordered = sorted(self._late)
        return ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] if ordered else 0.0

    @property
    def max(self) -> float:
        """The worst."""
        return max(self._late, default=0.0)


class Rate:
    """Growth per second of a total that is looked at now and then."""

    def __init__(self) -> None:
        self._at: float | None = None
        self._total = 0.0
        self.value = 0.0

    def update(self, total: float, now: float, *, least: float = 0.4) -> float:
        """Take the total at `now` (seconds); looks closer than `least` do not count. A total
        that fell begins anew."""
        if self._at is None or total < self._total:
            self._at, self._total = now, total
        elif now - self._at >= least:
            self.value = (total - self._total) / (now - self._at)
            self._at, self._total = now, total
        return self.value


class LoopWatch:
    """Measures the running loop from `start` to `stop`."""

    def __init__(self) -> None:
        self.lag = LagMeter()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(self) -> None:
        """Begin. Needs the running loop."""
        self._look(asyncio.get_running_loop())

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        if self._due:
            self.lag.add(now - self._due)
        self._due = now + LOOK_S
        self._timer = loop.call_later(LOOK_S, self._look, loop)

    def stop(self) -> None:
        """End. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()


class ProcessorShare:
    """Share of one core that this process used lately."""

    def __init__(self) -> None:
        self._rate = Rate()

    def look(self) -> float:
        """The share since the look before."""
        return self._rate.update(time.process_time(), time.monotonic())
