"""Good, poor or bad: the quality of a seat's line, steady enough to be shown.

Takes the server's measurement and the page's. Getting worse shows after two bad seconds, getting
better after six good ones, so that the sign does not flicker.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from signaling.engine import LineReport

Grade = Literal["good", "poor", "bad"]

_ORDER: tuple[Grade, ...] = ("good", "poor", "bad")
WORSE_AFTER = timedelta(seconds=2)
BETTER_AFTER = timedelta(seconds=6)
PAGE_COUNTS = timedelta(seconds=6)
"""How long a page's own measurement is believed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Losses are shares 0..1, times are milliseconds."""

    loss_up: float = 0.0
    loss_down: float = 0.0
    round_trip_ms: float | None = None
    freezes: int = 0
    """Frozen pictures since the page's last measurement."""


def grade(sample: Sample) -> Grade:
    """One measurement. Speech suffers from 3 % of loss, pictures stall from 10 %."""
    loss = max(sample.loss_up, sample.loss_down)
    round_trip = sample.round_trip_ms or 0.0
    if loss >= 0.10 or round_trip >= 800:
        return "bad"
    if loss >= 0.03 or round_trip >= 350 or sample.freezes > 0:
        return "poor"
    return "good"


def of_report(report: LineReport) -> Sample:
    """The server's measurement."""
    round_trip = None if report.round_trip is None else report.round_trip * 1000
    return Sample(report.loss_up, report.loss_down, round_trip)


class LineMeter:
    """The grade of one seat over time. Empty until something was measured."""

    def __init__(self) -> None:
        self.grade: Grade | Literal[""] = ""
        self._page: tuple[Sample, datetime] | None = None
        self._freezes = 0
        self._other: tuple[Grade, datetime] | None = None

    def page(self, sample: Sample, now: datetime) -> None:
        """The page's measurement; its `freezes` counts from the page's start."""
        new = max(0, sample.freezes - self._freezes)
        self._freezes = sample.freezes
        self._page = (Sample(sample.loss_up, sample.loss_down, sample.round_trip_ms, new), now)

    def update(self, report: LineReport | None, now: datetime) -> bool:
        """Look at the newest measurements; True when the grade changed."""
        grades = []
        if report is not None and report.connected:
            grades.append(grade(of_report(report)))
        if self._page is not None and now - self._page[1] <= PAGE_COUNTS:
            grades.append(grade(self._page[0]))
        if not grades:
            self._other = None
            changed, self.grade = self.grade != "", ""
            return changed
        return self._settle(max(grades, key=_ORDER.index), now)

    def _settle(self, found: Grade, now: datetime) -> bool:
        if self.grade == "":
            self.grade = found
            return True
        if found == self.grade:
            self._other = None
            return False
        if self._other is None or self._other[0] != found:
            self._other = (found, now)
        worse = _ORDER.index(found) > _ORDER.index(self.grade)
        if now - self._other[1] < (WORSE_AFTER if worse else BETTER_AFTER):
            return False
        self.grade, self._other = found, None
        return True
