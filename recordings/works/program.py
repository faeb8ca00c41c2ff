"""What a work shows in which order: scenes of the record, and plates over what is not shown. Pure.

A film has the record's stretches one after the other; what lies between, and what the order does
not open, is a plate of PLATE_MS that says so. So the film's time is shorter than the record's
clock, which is burnt into every picture.
"""

import hashlib
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import rfc8785

from recordings.access.scope import OUTSIDE_ORDER, SEALED, Scope
from recordings.manifest import Span, Timeline, shown_pages

FPS = 12
PLATE_MS = 3000
CHUNK_FRAMES = 30 * FPS
"""Half a minute: what one process makes at a time, and what a restart does not make again."""
RATE = 48_000
SAMPLES = RATE // FPS
"""Of sound, for one picture."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A run of the film. With a `reason` it is a plate that stands for [start_ms, end_ms)."""

    start_ms: int
    end_ms: int
    reason: str = ""

    @property
    def frames(self) -> int:
        """How many pictures it has."""
        length = PLATE_MS if self.reason else self.end_ms - self.start_ms
        return max(1, -(-length * FPS // 1000))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some pictures of one scene."""

    scene: Scene
    first: int
    frames: int

    def ms(self, frame: int) -> int:
        """The record's clock at one of its pictures."""
        return self.scene.start_ms + (self.first + frame) * 1000 // FPS

    @property
    def span(self) -> Span:
        """The record's time that it shows."""
        return Span(self.ms(0), self.ms(self.frames))


def scenes(line: Timeline, scope: Scope, start_ms: int, end_ms: int) -> list[Scene]:
    """The scenes of [start_ms, end_ms). Empty when nothing of it is open."""
    found: list[Scene] = []
    before: Span | None = None
    for stretch in line.stretches:
        shown = Span(max(stretch.start_ms, start_ms), min(stretch.end_ms, end_ms))
        if shown.start_ms >= shown.end_ms:
            continue
        if before and found:
            reason = next(
                (item.reason for item in line.pauses() if item.start_ms == before.end_ms), ""
            )
            found.append(Scene(before.end_ms, stretch.start_ms, reason or "off_record"))
        found += _opened(shown, scope)
        before = stretch
    return found if any(not scene.reason for scene in found) else []


def _opened(shown: Span, scope: Scope) -> list[Scene]:
    """A stretch, with plates over what the scope does not open."""
    edges = {shown.start_ms, shown.end_ms}
    for span in (*scope.spans(), *scope.sealed):
        end = shown.end_ms if span.end_ms == -1 else span.end_ms
        edges |= {at for at in (span.start_ms, end) if shown.start_ms < at < shown.end_ms}
    points = sorted(edges)
    found: list[Scene] = []
    for start, end in itertools.pairwise(points):
        sealed = scope.is_sealed(start, end)
        reason = SEALED if sealed else "" if _has_time(scope, start, end) else OUTSIDE_ORDER
        last = found[-1] if found else None
        if last and last.reason == reason:
            found[-1] = Scene(last.start_ms, end, reason)
        else:
            found.append(Scene(start, end, reason))
    return found


def _has_time(scope: Scope, start_ms: int, end_ms: int) -> bool:
    return any(part.has_time(start_ms, end_ms) for part in scope.parts)


def open_spans(scope: Scope, track: str, scenes: Iterable[Scene]) -> tuple[Span, ...]:
    """When a track may be seen or heard inside the scenes, in order and apart."""
    found: list[Span] = []
    for scene in scenes:
        if scene.reason:
            continue
        edges = {scene.start_ms, scene.end_ms}
        for part in scope.parts:
            ends = (part.start_ms, scene.end_ms if part.end_ms is None else part.end_ms)
            edges |= {at for at in ends if scene.start_ms < at < scene.end_ms}
        points = sorted(edges)
        for start, end in itertools.pairwise(points):
            if not scope.covers(track, start, end):
                continue
            if found and found[-1].end_ms == start:
                found[-1] = Span(found[-1].start_ms, end)
            else:
                found.append(Span(start, end))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of an exhibit, and when everybody in the hearing had it before them."""

    span: Span
    exhibit: str
    page: int
    text: str
    """As it was called then: `P-1 Contract`."""


def sheets(line: Timeline, scope: Scope) -> tuple[Sheet, ...]:
    """The pages that were shown at a moment that the scope opens. `line` is the whole record's."""
    return tuple(
        Sheet(Span(one["clock_ms"], end), one["exhibit"], one["page"], one.get("text", ""))
        for one, end in shown_pages(line)
        if one["exhibit"] not in scope.exhibits
        and scope.has_moment(one["clock_ms"])
        and one["clock_ms"] < end
    )


def chunks(scenes: Iterable[Scene]) -> list[Chunk]:
    """The film in pieces that are made apart."""
    return [
        Chunk(scene, first, min(CHUNK_FRAMES, scene.frames - first))
        for scene in scenes
        for first in range(0, scene.frames, CHUNK_FRAMES)
    ]


def inside(spans: Sequence[Span], ms: int) -> bool:
    """Whether a moment lies in one of the spans."""
    return any(span.start_ms <= ms < span.end_ms for span in spans)


def inputs_hash(inputs: Iterable[tuple[str, int, str]]) -> str:
    """SHA-256, in hex, of what a work was made of: RFC 8785 of [[track, seq, sha256], ...] in the
    order of track and seq, `sha256` being that of the leaf `rec.segment`."""
    listed = [[track, seq, sha256] for track, seq, sha256 in sorted(inputs)]
    return hashlib.sha256(rfc8785.dumps(listed)).hexdigest()  # type: ignore[arg-type]


def pages_hash(pages: Iterable[tuple[str, int]]) -> str:
    """SHA-256, in hex, of the pages of exhibits that a film shows: RFC 8785 of
    [[exhibit, page], ...] in order, `exhibit` being that of the leaf `exhibit.filed`."""
    listed = [[exhibit, page] for exhibit, page in sorted(pages)]
    return hashlib.sha256(rfc8785.dumps(listed)).hexdigest()  # type: ignore[arg-type]
