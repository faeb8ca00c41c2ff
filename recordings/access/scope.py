"""What one person may see, or copy, of one record, now. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from recordings.access.order import Part
from recordings.manifest import Hole, Piece, Span, Timeline, TrackLine

SEALED = "sealed"
"""Reason of a hole over what only the bench may see."""
OUTSIDE_ORDER = "outside_order"
"""Reason of a hole over what the person's orders do not cover."""
PROTECTED = "protected"
"""Reason of a hole over the picture of a protected person (R-ID-02)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The union of `parts`, without the stretches of `sealed`. No parts: nothing at all."""

    parts: tuple[Part, ...] = ()
    sealed: tuple[Span, ...] = ()
    """Empty for the bench."""
    ends: datetime | None = None
    """When the last of it ends; None: it does not end by itself."""
    orders: tuple[str, ...] = ()
    """Ids of the orders that it rests on."""
    hidden: frozenset[str] = frozenset()
    """Tracks of protected persons that are never shown; empty for the bench."""

    exhibits: frozenset[str] = frozenset()
    """Exhibits that are sealed to this person, or of a protected one; empty for the bench."""

    def __bool__(self) -> bool:
        return bool(self.parts)

    @property
    def whole(self) -> bool:
        """Everything of the record."""
        open_ended = not (self.sealed or self.hidden or self.exhibits)
        return open_ended and any(part.whole for part in self.parts)

    def covers(self, track: str, start_ms: int, end_ms: int) -> bool:
        """Whether an interval of a track is in it from end to end."""
        closed = track in self.hidden or self.is_sealed(start_ms, end_ms)
        return not closed and any(
            part.has_track(track) and part.has_time(start_ms, end_ms) for part in self.parts
        )

    def has_track(self, track: str) -> bool:
        """Whether anything of a track is in it."""
        return any(part.has_track(track) for part in self.parts)

    def has_moment(self, ms: int, seat: str = "") -> bool:
        """Whether something that happened at `ms` (to a seat) may be told."""
        return not self.is_sealed(ms, ms + 1) and any(
            part.has_time(ms, ms) and (not seat or part.has_seat(seat)) for part in self.parts
        )

    def is_sealed(self, start_ms: int, end_ms: int) -> bool:
        """Whether a sealed stretch touches the interval."""
        return any(item.start_ms < end_ms and start_ms < item.end_ms for item in self.sealed)

    def reason(self, track: str, start_ms: int, end_ms: int) -> str:
        """Why an interval of a track is not in it; empty when it is."""
        if track in self.hidden:
            return PROTECTED
        if self.is_sealed(start_ms, end_ms):
            return SEALED
        return "" if self.covers(track, start_ms, end_ms) else OUTSIDE_ORDER

    def opens(self, made: "Scope") -> bool:
        """Whether all that `made` opened is open here too: what was made by it may be given out."""
        return (
            bool(made)
            and set(made.parts) <= set(self.parts)
            and set(self.sealed) <= set(made.sealed)
            and self.hidden <= made.hidden
            and self.exhibits <= made.exhibits
        )

    def spans(self) -> list[Span]:
        """The times of which anything is in it, in order and apart; an open end is -1."""
        merged: list[Span] = []
        for part in sorted(self.parts, key=lambda item: item.start_ms):
            end = -1 if part.end_ms is None else part.end_ms
            last = merged[-1] if merged else None
            if last and (last.end_ms == -1 or part.start_ms <= last.end_ms):
                far = -1 if -1 in (end, last.end_ms) else max(end, last.end_ms)
                merged[-1] = Span(last.start_ms, far)
            else:
                merged.append(Span(part.start_ms, end))
        return merged


def narrowed(line: Timeline, scope: Scope) -> Timeline:
    """A time line with nothing that is outside the scope: media, chapters, names of tracks.

    What is withheld becomes a hole with the reason; the stretches stay, so that the clock does.
    """
    if scope.whole:
        return line
    tracks = [_track(item, scope) for item in line.tracks if scope.has_track(item.id)]
    chapters = [
        chapter
        for chapter in line.chapters
        if scope.has_moment(chapter["clock_ms"], str(chapter.get("seat") or ""))
        and chapter.get("exhibit") not in scope.exhibits
    ]
    return replace(line, tracks=tracks, chapters=chapters)


def _track(line: TrackLine, scope: Scope) -> TrackLine:
    seen: list[Piece] = []
    holes = list(line.gaps)
    for piece in line.segments:
        if reason := scope.reason(line.id, piece.start_ms, piece.end_ms):
            holes.append(Hole(piece.start_ms, piece.end_ms, reason))
        else:
            seen.append(piece)
    holes.sort(key=lambda hole: hole.start_ms)
    return replace(line, segments=seen, gaps=_joined(holes))


def _joined(holes: Iterable[Hole]) -> list[Hole]:
    """Neighbours of one reason become one hole."""
    found: list[Hole] = []
    for hole in holes:
        last = found[-1] if found else None
        if last and last.reason == hole.reason and hole.start_ms <= last.end_ms:
            found[-1] = Hole(last.start_ms, max(last.end_ms, hole.end_ms), hole.reason)
        else:
            found.append(hole)
    return found
