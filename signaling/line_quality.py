"""Good, poor or bad: the quality of a seat's line, steady enough to be shown.

Takes the server's measurement and the page's. Getting worse shows after two bad seconds, getting
better after six good ones, so that the sign does not flicker.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, cast

from signaling.engine import LineReport

Grade = Literal["good", "poor", "bad"]
Reason = Literal["loss_up", "loss_down", "delay", "jitter", "no_media", "weak_device", "freezes"]
"""Why a line is not good; `static/js/room/quality.js` says each in words."""
SILENT_S = 3.0

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
    jitter_ms: float | None = None
    silent: bool = False
    """A source that should send brings nothing."""
    weak_device: bool = False
    """The browser says that its processor is the limit."""


def findings(sample: Sample) -> dict[Reason, Grade]:
    """What is wrong in one measurement, and how bad. Speech suffers from 3 % of loss, pictures
    stall from 10 %; a receiver's buffer hides some 30 ms of jitter."""
    found: dict[Reason, Grade] = {}
    for reason, value, poor, bad in (
        ("loss_up", sample.loss_up, 0.03, 0.10),
        ("loss_down", sample.loss_down, 0.03, 0.10),
        ("delay", sample.round_trip_ms or 0.0, 350, 800),
        ("jitter", sample.jitter_ms or 0.0, 50, 150),
    ):
        if value >= poor:
            found[cast(Reason, reason)] = "bad" if value >= bad else "poor"
    if sample.silent:
        found["no_media"] = "bad"
    if sample.weak_device:
        found["weak_device"] = "poor"
    if sample.freezes > 0:
        found["freezes"] = "poor"
    return found


def grade(sample: Sample) -> Grade:
    """One measurement: as bad as the worst of it."""
    return max(findings(sample).values(), key=_ORDER.index, default="good")


def of_report(report: LineReport) -> Sample:
    """The server's measurement."""
    return Sample(
        report.loss_up,
        report.loss_down,
        None if report.round_trip is None else report.round_trip * 1000,
        jitter_ms=None if report.jitter is None else report.jitter * 1000,
        silent=report.silent_for is not None and report.silent_for >= SILENT_S,
    )


class LineMeter:
    """The grade of one seat over time. Empty until something was measured."""

    def __init__(self) -> None:
        self.grade: Grade | Literal[""] = ""
        self.reasons: tuple[Reason, ...] = ()
        """Worst first; of the newest measurements, empty while the grade is good."""
        self.freezes = 0
        """Frozen pictures, as the page counts."""
        self._page: tuple[Sample, datetime] | None = None
        self._freezes = 0
        self._other: tuple[Grade, datetime] | None = None

    def page(self, sample: Sample, now: datetime) -> None:
        """The page's measurement; its `freezes` counts from the page's start."""
        new = max(0, sample.freezes - self._freezes)
        self._freezes = sample.freezes
        self.freezes += new
        self._page = (replace(sample, freezes=new), now)

    def update(self, report: LineReport | None, now: datetime) -> bool:
        """Look at the newest measurements; True when the grade or its reasons changed."""
        samples = []
        if report is not None and report.connected:
            samples.append(of_report(report))
        if self._page is not None and now - self._page[1] <= PAGE_COUNTS:
            samples.append(self._page[0])
        if not samples:
            self._other = None
            changed, self.grade, self.reasons = self.grade != "", "", ()
            return changed
        changed = self._settle(max(map(grade, samples), key=_ORDER.index), now)
        return self._explain(samples) or changed

    def _explain(self, samples: list[Sample]) -> bool:
        """The last reasons stay while the grade does, so that the sign never stands alone."""
        found: dict[Reason, Grade] = {}
        for sample in samples:
            for reason, how in findings(sample).items():
                found[reason] = max(found.get(reason, "good"), how, key=_ORDER.index)
        before = self.reasons
        if self.grade == "good":
            self.reasons = ()
        elif found:
            self.reasons = tuple(sorted(found, key=lambda it: -_ORDER.index(found[it])))
        return self.reasons != before

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
