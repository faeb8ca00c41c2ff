"""How loud a track was, and when its person spoke. Pure but for `measure`, which decodes.

One byte for each STEP_MS of the record's clock: 0 where nothing is kept, else 1 to 255 for -127 to
0 dBFS in half decibels (the loudest 20 ms of the step).
"""

import io
from collections.abc import Iterable, Sequence

import av

from recordings import reading
from recordings.access.scope import Scope
from recordings.cipher import SegmentRefused
from recordings.decoding import SILENCE_DB, level
from recordings.keys import KeyRefused
from recordings.manifest import Span
from recordings.reading import Part

STEP_MS = 200
FLOOR_DB = -50.0
"""Nothing quieter is speech."""
ABOVE_NOISE_DB = 12.0
"""Speech is so much louder than the quiet quarter of the same track."""
BRIDGED_STEPS = 4
"""A pause of up to 0.8 s is a breath."""
SHORTEST_STEPS = 2
MOST_POINTS = 4000
"""So many levels of a track are enough for any screen."""


def measure(sitting: str, track: str, parts: Sequence[Part], key: bytes) -> bytes:
    """The levels of one sound track. Blocks for about 20 s per hour; for a process of its own.

    A part that cannot be read or decoded counts as nothing kept: the player refuses it too.
    """
    end_ms = max((part.end_ms for part in parts), default=0)
    found = bytearray(end_ms // STEP_MS + 1)
    for part in parts:
        try:
            add(found, reading.whole(part, key, sitting, track), part.start_ms)
        except (av.error.FFmpegError, SegmentRefused, KeyRefused, OSError):
            continue
    return bytes(found)


def add(levels: bytearray, webm: bytes, start_ms: int) -> None:
    """Put the levels of one WebM into their place. Raises FFmpegError."""
    with av.open(io.BytesIO(webm), "r", format="webm") as container:
        for frame in container.decode(audio=0):
            at = (start_ms + round((frame.time or 0.0) * 1000)) // STEP_MS
            if 0 <= at < len(levels):
                levels[at] = max(levels[at], coded(level(frame)))


def coded(db: float) -> int:
    """The byte of a level in dBFS."""
    return 1 + round((max(SILENCE_DB, min(0.0, db)) - SILENCE_DB) * 2)


def decibels(code: int) -> float:
    """The level of a byte that is not 0."""
    return SILENCE_DB + (code - 1) / 2


def speech(levels: bytes, step_ms: int = STEP_MS) -> list[Span]:
    """When somebody spoke into a track: louder than its own quiet, breaths bridged."""
    heard = sorted(code for code in levels if code)
    if not heard:
        return []
    # The quiet quarter is noise only where there is quiet: who speaks all the time has none.
    noise = decibels(heard[len(heard) // 4])
    line = max(FLOOR_DB, noise + ABOVE_NOISE_DB) if noise < FLOOR_DB else FLOOR_DB
    return [
        Span(start * step_ms, end * step_ms)
        for start, end in _runs([bool(code) and decibels(code) > line for code in levels])
        if end - start >= SHORTEST_STEPS
    ]


def _runs(loud: Iterable[bool]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index, is_loud in enumerate(loud):
        if not is_loud:
            continue
        if runs and index - runs[-1][1] <= BRIDGED_STEPS:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def within(levels: bytes, step_ms: int, track: str, scope: Scope) -> bytes:
    """The levels without what is outside the scope."""
    if scope.whole:
        return levels
    return bytes(
        code if code and scope.covers(track, at * step_ms, (at + 1) * step_ms) else 0
        for at, code in enumerate(levels)
    )


def thinned(levels: bytes, step_ms: int = STEP_MS) -> tuple[bytes, int]:
    """At most MOST_POINTS levels, each the loudest of its stretch of time, and their step."""
    by = -(-len(levels) // MOST_POINTS) or 1
    if by == 1:
        return levels, step_ms
    found = bytes(max(levels[at : at + by]) for at in range(0, len(levels), by))
    return found, step_ms * by
