"""The record's clock, and the ledger that leaves no hole unexplained. Pure.

Recording time 0 (the *epoch*) is the first moment on record. Each track has one ledger over the
whole record: what no segment covers is a gap with a reason, in stretches on record and between
them. So for every track and stretch: segments + gaps = time on record (but for EDGE_MS at its two
ends, which a packet's pace explains).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

EDGE_MS = 100
"""Shorter than this, nothing is missing at the ends of a stretch: the next packet was not due."""

ABSENT = "absent"
"""The track was not being sent: its seat had not come, or had switched it off before."""
NO_MEDIA = "no_media"
"""Wanted, but nothing came, or no picture that could be decoded yet."""
LOST = "lost"
INTERRUPTED = "interrupted"
OFF_RECORD = frozenset({"off_record", "recess", "suspended", "closed", INTERRUPTED})
"""Reasons why a stretch ends; a gap between two stretches has the reason of the first."""


@dataclass(frozen=True, slots=True)
class RecordClock:
    """UTC and the monotonic clock, anchored to the epoch once per process."""

    epoch: datetime
    epoch_ns: int

    @classmethod
    def anchored(cls, epoch: datetime, now: datetime, now_ns: int) -> "RecordClock":
        """`now` and `now_ns` are the same instant on both clocks."""
        return cls(epoch, now_ns - (now - epoch) // timedelta(microseconds=1) * 1000)

    def ms(self, at_ns: int) -> int:
        """Milliseconds since the epoch."""
        return (at_ns - self.epoch_ns) // 1_000_000

    def at(self, ms: int) -> datetime:
        """The time of a clock reading."""
        return self.epoch + timedelta(milliseconds=ms)


@dataclass(frozen=True, slots=True)
class Gap:
    """Nothing of the track is kept in this interval, for this reason."""

    track: str
    start_ms: int
    end_ms: int
    reason: str


class Ledger:
    """What one track's record covers. Every method returns the gaps that are now complete."""

    def __init__(self, track: str, covered_ms: int = 0, reason: str = ABSENT) -> None:
        self.track = track
        self.covered_ms = covered_ms
        """Everything before it is a segment or a written gap."""
        self.reason = reason
        """Why nothing covers what follows."""
        self._edge_ms = covered_ms
        self._inside = False

    def begin(self, at_ms: int) -> list[Gap]:
        """A stretch on record begins."""
        if self.reason == ABSENT:
            return []  # one gap from the start of the record to the first media
        gaps = self._gap(at_ms, self.reason)
        self.reason, self._edge_ms = ABSENT, at_ms
        return gaps

    def sink_opened(self, at_ms: int) -> None:
        """Media is wanted from here on."""
        if self.reason == ABSENT and at_ms - self.covered_ms <= EDGE_MS:
            self.reason = NO_MEDIA

    def segment_opened(self, start_ms: int, lost: bool) -> list[Gap]:
        """Media covers the time from here."""
        self._inside = True
        if start_ms - self.covered_ms <= EDGE_MS and self.covered_ms == self._edge_ms:
            self.covered_ms = max(start_ms, self.covered_ms)
            return []
        return self._gap(start_ms, LOST if lost and self.reason == NO_MEDIA else self.reason)

    def segment_closed(self, end_ms: int, reason: str) -> None:
        """Media covered the time until here. `reason` is empty where the next one goes on."""
        self.covered_ms = max(self.covered_ms, end_ms)
        self._inside = False
        self.reason = reason or NO_MEDIA

    def sink_closed(self, at_ms: int, reason: str) -> list[Gap]:
        """Nothing more is wanted, because of `reason`."""
        gaps: list[Gap] = []
        if self.reason not in (NO_MEDIA, reason):
            gaps = self._gap(at_ms, self.reason)  # one reason ended, another begins
        self.reason = reason
        return gaps

    def end(self, at_ms: int, reason: str, *, fault: str = "") -> list[Gap]:
        """The stretch ends for `reason`; `fault` explains missing media better, if given."""
        why = fault if fault and self.reason in (NO_MEDIA, LOST, reason) else self.reason
        gaps = [] if at_ms - self.covered_ms <= EDGE_MS else self._gap(at_ms, why)
        if self.reason != ABSENT or self.covered_ms:
            self.covered_ms = max(self.covered_ms, at_ms)
            self.reason = reason
        return gaps

    def _gap(self, end_ms: int, reason: str) -> list[Gap]:
        start, self.covered_ms = self.covered_ms, max(self.covered_ms, end_ms)
        return [Gap(self.track, start, end_ms, reason)] if end_ms > start else []
