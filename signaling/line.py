"""Line quality of one seat, from counters sampled every second. Pure."""

from collections import deque
from typing import NamedTuple

from signaling.engine import LineReport
from signaling.feedback import SECOND

SAMPLES = 6
"""One sample a second, so that the report covers the last 5 s."""


class LineSample(NamedTuple):
    """Totals of a seat at one moment. A new connection starts its totals again."""

    at: int
    """Monotonic nanoseconds."""
    bytes_up: int = 0
    expected_up: int = 0
    received_up: int = 0
    bytes_down: int = 0
    lost_down: int = 0
    expected_down: int = 0


class LineMeter:
    """The last few samples of one seat."""

    def __init__(self) -> None:
        self._samples: deque[LineSample] = deque(maxlen=SAMPLES)

    def add(self, sample: LineSample) -> None:
        """Take the totals of this second; totals that fell begin a new history."""
        if self._samples and any(
            now < before for now, before in zip(sample, self._samples[-1], strict=True)
        ):
            self._samples.clear()
        self._samples.append(sample)

    def report(
        self,
        *,
        connected: bool,
        round_trip: int | None,
        jitter: float | None,
        silent_for: float | None,
    ) -> LineReport:
        """Rates over the samples held; `round_trip` in nanoseconds, the others in seconds."""
        first, last = (
            (self._samples[0], self._samples[-1])
            if self._samples
            else (LineSample(0), LineSample(0))
        )
        seconds = (last.at - first.at) / SECOND
        expected = last.expected_up - first.expected_up
        received = last.received_up - first.received_up
        sent = last.expected_down - first.expected_down
        return LineReport(
            connected=connected,
            round_trip=None if round_trip is None else round_trip / SECOND,
            loss_up=_share(expected - received, expected),
            loss_down=_share(last.lost_down - first.lost_down, sent),
            jitter=jitter,
            bitrate_up=_rate(last.bytes_up - first.bytes_up, seconds),
            bitrate_down=_rate(last.bytes_down - first.bytes_down, seconds),
            silent_for=silent_for,
        )


def _share(part: int, whole: int) -> float:
    return min(1.0, max(0.0, part / whole)) if whole > 0 else 0.0


def _rate(octets: int, seconds: float) -> int:
    return int(octets * 8 / seconds) if seconds > 0 else 0
