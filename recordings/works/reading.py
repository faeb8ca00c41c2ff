"""Reads a record's tracks in order for a work: the picture at a moment, the sound of a stretch.

Runs in a work's process. What is on disk must be what is in the log, else `SegmentRefused`: a work
is made of the record or not at all.
"""

import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import av

from recordings.manifest import Span
from recordings.reading import Part, whole
from recordings.works.program import RATE, inside


@dataclass(frozen=True, slots=True)
class TrackJob:
    """One track of a work: its sealed parts, and when it may be seen or heard."""

    id: str
    parts: tuple[Part, ...]
    open: tuple[Span, ...]

    def within(self, span: Span) -> "TrackJob":
        """The same with no more parts than a stretch of time needs."""
        parts = tuple(
            part
            for part in self.parts
            if part.start_ms < span.end_ms and span.start_ms < part.end_ms
        )
        return TrackJob(self.id, parts, self.open)


class Pictures:
    """A video track, asked for moments that never go back."""

    def __init__(self, sitting: str, key: bytes, job: TrackJob) -> None:
        self._sitting, self._key, self._job = sitting, key, job
        self._part: Part | None = None
        self._frames: Iterator[av.VideoFrame] = iter(())
        self._last: av.VideoFrame | None = None
        self._next: av.VideoFrame | None = None

    def at(self, ms: int) -> "av.VideoFrame | None":
        """The picture that stood at a moment, or None where there is none or it is not open."""
        if not inside(self._job.open, ms):
            return None
        part = next((one for one in self._job.parts if one.start_ms <= ms < one.end_ms), None)
        if part is None:
            return None
        if part is not self._part:
            self._open(part)
        while self._next is not None and part.start_ms + _ms(self._next) <= ms:
            self._last, self._next = self._next, next(self._frames, None)
        return self._last

    def _open(self, part: Part) -> None:
        webm = whole(part, self._key, self._sitting, self._job.id)
        self._part, self._frames = part, _decoded(webm)
        self._last, self._next = None, next(self._frames, None)


def _ms(frame: "av.VideoFrame | av.AudioFrame") -> int:
    return round((frame.time or 0.0) * 1000)


def _decoded(webm: bytes) -> "Iterator[av.VideoFrame]":
    with av.open(io.BytesIO(webm), "r", format="webm") as container:
        container.streams.video[0].codec_context.thread_count = 1
        yield from container.decode(video=0)


class Sound:
    """An audio track, asked for blocks of samples that never go back."""

    def __init__(self, sitting: str, key: bytes, job: TrackJob) -> None:
        self._sitting, self._key, self._job = sitting, key, job
        self._parts = iter(job.parts)
        self._have: list[tuple[int, array[float]]] = []
        """Decoded runs: where they begin (samples of the record's clock) and what they hold."""
        self._ahead = -1
        """How far parts were decoded, in samples."""

    def block(self, start_ms: int, count: int) -> "array[float]":
        """`count` samples, mono at RATE, from a moment on; silence where nothing is or is open."""
        start = start_ms * RATE // 1000
        end = start + count
        while self._ahead < end and (part := next(self._parts, None)):
            self._ahead = part.end_ms * RATE // 1000
            if self._ahead > start:
                self._decode(part)
        found = array("f", bytes(4 * count))
        for at, samples in self._have:
            low, high = max(at, start), min(at + len(samples), end)
            if low < high:
                found[low - start : high - start] = samples[low - at : high - at]
        self._have = [(at, samples) for at, samples in self._have if at + len(samples) > end]
        return found

    def _decode(self, part: Part) -> None:
        webm = whole(part, self._key, self._sitting, self._job.id)
        resampler = av.AudioResampler("flt", "mono", RATE)
        with av.open(io.BytesIO(webm), "r", format="webm") as container:
            for frame in container.decode(audio=0):
                ms = part.start_ms + _ms(frame)
                if not inside(self._job.open, ms):
                    continue
                at = ms * RATE // 1000
                for even in resampler.resample(frame):
                    data = array("f", bytes(even.planes[0])[: 4 * even.samples])
                    self._add(at, data)
                    at += len(data)

    def _add(self, at: int, data: "array[float]") -> None:
        """Join what follows at once (within 2 ms: times are rounded to milliseconds)."""
        if self._have:
            begun, samples = self._have[-1]
            if abs(begun + len(samples) - at) <= RATE // 500:
                samples.extend(data)
                return
        self._have.append((at, data))


def readers(sitting: str, key: bytes, jobs: Sequence[TrackJob], span: Span) -> dict[str, Pictures]:
    """Readers of video tracks for one stretch of time, by track."""
    return {job.id: Pictures(sitting, key, job.within(span)) for job in jobs}
