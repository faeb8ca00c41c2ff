"""What a player is given: one time line of tracks, gaps, stretches and chapters. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from signaling.engine import CHANNEL

TEXTS = ("text", "reason")
"""Words of the journal that are shown: a log note's, and the reason of a decision."""


NOTES = ("missed.noted", "recording.noted")
"""A host (`by`) took note of something."""
ALARMS = ("recording.alarm", "recording.warning")


@dataclass(frozen=True, slots=True)
class Span:
    """An interval on the record's clock."""

    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Stretch(Span):
    """On record; `reason` is why it ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Hole(Span):
    """Nothing of a track is kept here, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Piece(Span):
    """A segment."""

    seq: int


@dataclass(frozen=True, slots=True)
class TrackLine:
    """One track."""

    id: str
    seat: str
    source: str
    codec: str
    segments: list[Piece] = field(default_factory=list)
    gaps: list[Hole] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Happening:
    """An entry of the sitting's journal."""

    at: datetime
    type: str
    seat: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Timeline:
    """A sealed record. `epoch` is recording time 0."""

    epoch: datetime
    stretches: Sequence[Stretch]
    tracks: Sequence[TrackLine]
    chapters: Sequence[dict[str, Any]]

    @property
    def duration_ms(self) -> int:
        """End of the last stretch."""
        return max((item.end_ms for item in self.stretches), default=0)

    def pauses(self) -> list[Hole]:
        """What lies between the stretches, with the reason why the one before ended."""
        pairs = zip(self.stretches, self.stretches[1:], strict=False)
        return [Hole(one.end_ms, two.start_ms, one.reason) for one, two in pairs]

    def recorded_ms(self) -> int:
        """Time on record."""
        return sum(item.end_ms - item.start_ms for item in self.stretches)


def channel_of(source: str) -> str:
    """The language of an interpreter's channel; empty for a track of the floor or a picture."""
    return source.removeprefix(CHANNEL) if source.startswith(CHANNEL) else ""


def chapters(
    journal: Iterable[Happening],
    epoch: datetime,
    last_ms: int,
    step_titles: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The journal from recording time 0 on, on the record's clock.

    `step_titles` has the message id of each agenda step. What came before the record began, or a
    day after it ended, is no chapter of it.
    """
    found = []
    for item in journal:
        ms = (item.at - epoch) // timedelta(milliseconds=1)
        if not 0 <= ms <= last_ms + 86_400_000:
            continue
        chapter: dict[str, Any] = {"clock_ms": ms, "type": item.type}
        if item.seat:
            chapter["seat"] = item.seat
        title = step_titles.get(str(item.data.get("step", "")))
        if title:
            chapter["title"] = title
        words = [str(item.data[name]) for name in TEXTS if item.data.get(name)]
        if words:
            chapter["text"] = words[0]
        if item.data.get("channel"):
            chapter["channel"] = str(item.data["channel"])
        if item.data.get("state") and item.type == "agenda":
            chapter["state"] = str(item.data["state"])
        if item.type == "missed" and isinstance(missed := item.data.get("ms"), int):
            chapter["seconds"] = max(1, round(missed / 1000))
            for key, name in (("from_ms", "from"), ("to_ms", "until")):
                moment = datetime.fromisoformat(str(item.data[name]))
                chapter[key] = max(0, (moment - epoch) // timedelta(milliseconds=1))
        if item.type.startswith("exhibit.") and item.data.get("exhibit"):
            chapter["exhibit"] = str(item.data["exhibit"])
            if isinstance(page := item.data.get("page"), int):
                chapter["page"] = page
        if item.type == "act.question":
            chapter["code"] = str(item.data.get("question", ""))
        if item.type in NOTES:
            chapter["by"] = str(item.data.get("by", ""))
        if item.type in ALARMS:
            chapter["code"] = str(item.data.get("code", ""))
        found.append(chapter)
    return sorted(found, key=lambda chapter: chapter["clock_ms"])


_SHOWS = ("exhibit.shown", "exhibit.page", "exhibit.withdrawn")


def shown_pages(line: Timeline) -> list[tuple[dict[str, Any], int]]:
    """The chapters with which pages of exhibits came before everybody, each with the moment at
    which another one, or none, was shown. `line` is the whole record's: what is not open to
    somebody still ends what was shown before it."""
    told = [one for one in line.chapters if one["type"] in _SHOWS]
    ends = [one["clock_ms"] for one in told[1:]] + [line.duration_ms]
    pairs = zip(told, ends, strict=False)  # nothing was shown: an end alone
    return [(one, end) for one, end in pairs if one["type"] != "exhibit.withdrawn"]
