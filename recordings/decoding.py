"""Decodes what is on disk. Runs in the verifier's process; keeps its place in every track.

Nothing is shared with the writer but the files: the ciphertext is read back, decrypted, taken
apart and decoded. Each frame is decoded once, with a decoder that lives as long as its segment.
On a machine that is too busy for that, of the pictures only keyframes are decoded (each segment
begins with one); the others are still decrypted and taken apart.
"""

import io
import math
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import parent_process
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.codeccontext import AudioCodecContext
from av.video.codeccontext import VideoCodecContext

from recordings import cipher

QUIET_DB = -60.0
"""Sound below this is silence: a quiet office is near -50."""
BLACK_LUMA, BLACK_CONTRAST = 30.0, 10.0
"""A picture is black when its mean and its standard deviation are both less (luma 16 is black,
BT.601)."""
HURRY_S = 0.6
"""A look that takes longer is too slow for one a second: the next ones skip pictures."""
SILENCE_DB = -127.0
"""RFC 6464 has the same floor."""


@dataclass(frozen=True, slots=True)
class Job:
    """Look at the newest segment of a track."""

    id: str
    """Names the opened track over its life; a new opening has a new one."""
    path: Path
    sitting: str
    track: str
    seq: int
    key: bytes = field(repr=False)
    """The track's key."""
    epoch: float = 0.0
    """UNIX time of recording time 0; 0: do not compare with the wall clock."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is known of a track after a look."""

    id: str
    first_ms: int = 0
    """Start of what was decoded, on the recording's clock."""
    decoded_ms: int = 0
    """End of what was decoded; 0 when there is nothing yet."""
    frames: int = 0
    """Decoded since the track was opened."""
    level_db: float | None = None
    """The loudest of the newest sound, dBFS."""
    loud_ms: int = 0
    """End of the newest sound above QUIET_DB; 0 when there was none."""
    luma: int | None = None
    """Mean luminance of the newest picture, 0..255."""
    black_ms: int = 0
    """For so long every picture was black."""
    age_ms: int | None = None
    """How old the newest media was, by the wall clock, when it was written. About 0..1500; far
    from that the track's clock has left the wall clock. None: nothing new, or not asked."""
    error: str = ""
    """Why it cannot be decoded; for the log, not for people."""


Seen = tuple["av.AudioFrame | av.VideoFrame | None", int]
"""A frame and its end on the recording's clock; None: taken apart, not decoded."""


class _Track:
    """The verifier's place in one track."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.segment: _Segment | None = None
        self.frames = 0
        self.first_ms: int | None = None
        self.decoded_ms = 0
        self.level_db: float | None = None
        self.loud_ms = 0
        self.luma: int | None = None
        self.seen_ms: int | None = None
        """When a picture that was not black was last seen, or the first picture came."""
        self.black_ms = 0
        self.age_ms: int | None = None

    def look(self, job: Job, hurry: bool) -> Finding:
        self.age_ms = None
        if self.segment and (self.segment.seq, self.segment.path) != (job.seq, job.path):
            if self.segment.seq + 1 == job.seq:
                self._read(hurry, job.epoch)  # what was written to the old one since
            self.segment.close()
            self.segment = None
        if self.segment is None:
            self.segment = _Segment(job)
        self._read(hurry, job.epoch)
        return Finding(
            self.id,
            self.first_ms or 0,
            self.decoded_ms,
            self.frames,
            self.level_db,
            self.loud_ms,
            self.luma,
            self.black_ms,
            self.age_ms,
        )

    def _read(self, hurry: bool, epoch: float) -> None:
        segment = self.segment
        if segment is None:
            return
        picture, levels, before = None, [], self.decoded_ms
        for frame, end_ms in segment.frames(hurry):
            if self.first_ms is None:
                self.first_ms = segment.start_ms
            self.decoded_ms = end_ms
            if frame is None:
                continue
            self.frames += 1
            if isinstance(frame, av.AudioFrame):
                levels.append(level(frame))
                if levels[-1] > QUIET_DB:
                    self.loud_ms = end_ms
            else:
                picture = frame
        if levels:
            self.level_db = max(levels)
        if picture:
            self._see(picture)
        if epoch and self.decoded_ms > before:
            self.age_ms = round((segment.written_at() - epoch) * 1000) - self.decoded_ms

    def _see(self, picture: "av.VideoFrame") -> None:
        mean, contrast = luminance(picture)
        self.luma = round(mean)
        black = mean < BLACK_LUMA and contrast < BLACK_CONTRAST
        if not black or self.seen_ms is None:
            self.seen_ms = self.decoded_ms
        self.black_ms = self.decoded_ms - self.seen_ms if black else 0


class _Segment:
    """An open file, read to its last whole record so far."""

    def __init__(self, job: Job) -> None:
        self.seq, self.path = job.seq, job.path
        self._file: BinaryIO = job.path.open("rb")
        self._header = cipher.read_header(self._file)
        cipher.check_same(self._header, sitting=job.sitting, track=job.track, seq=job.seq)
        self._key = cipher.derive(job.key, cipher.salt_of(self._header))
        self.start_ms = self._header.start_ms
        self._records = 0
        self._place = self._file.tell()
        self._head = b""
        self._decoder: AudioCodecContext | VideoCodecContext | None = None
        self._thin = False

    def frames(self, hurry: bool) -> Iterator[Seen]:
        """New frames, each with its end on the recording's clock."""
        if hurry and self._header.codec == "vp8":
            self._thin = True  # to its end: the pictures between would be missing
        pieces = []
        self._file.seek(self._place)
        for record in cipher.read_records(
            self._file, self._header, self._key, number=self._records
        ):
            self._records += 1
            self._place = record.end
            if self._head:
                pieces.append(record.plain)
            else:
                self._head = record.plain
        if pieces:
            yield from self._decode(self._head + b"".join(pieces))

    def _decode(self, webm: bytes) -> Iterator[Seen]:
        with av.open(io.BytesIO(webm), "r", format="webm") as container:
            stream = container.streams[0]
            if self._decoder is None:
                self._decoder = _decoder(stream.codec_context.name)
            for packet in container.demux(stream):
                if packet.pts is None or packet.time_base is None:
                    continue
                length = packet.duration or 0
                end = self.start_ms + round((packet.pts + length) * packet.time_base * 1000)
                if self._thin and not packet.is_keyframe:
                    yield None, end
                    continue
                for frame in self._decoder.decode(packet):
                    yield frame, end

    def written_at(self) -> float:
        """UNIX time of the newest write."""
        return os.fstat(self._file.fileno()).st_mtime

    def close(self) -> None:
        self._file.close()


def _decoder(name: str) -> AudioCodecContext | VideoCodecContext:
    found = av.CodecContext.create(name, "r")
    if not isinstance(found, AudioCodecContext | VideoCodecContext):
        raise TypeError(name)
    found.options = {"err_detect": "explode"}
    found.thread_count = 1
    return found


def level(frame: "av.AudioFrame") -> float:
    """Root mean square of a frame in dBFS, from every 7th sample."""
    if frame.format.name not in ("flt", "fltp"):
        return SILENCE_DB
    samples = memoryview(bytes(frame.planes[0])).cast("f")[: frame.samples : 7]
    mean = sum(value * value for value in samples) / max(1, len(samples))
    return max(SILENCE_DB, 10 * math.log10(mean)) if mean > 0 else SILENCE_DB


def luminance(frame: "av.VideoFrame") -> tuple[float, float]:
    """Mean and standard deviation of a picture's luma, from about 24 rows of every 8th point."""
    luma = frame.planes[0]
    data = memoryview(luma)
    step = max(1, frame.height // 24)
    points = b"".join(
        bytes(data[row * luma.line_size : row * luma.line_size + frame.width : 8])
        for row in range(0, frame.height, step)
    )
    count = max(1, len(points))
    mean = sum(points) / count
    variance = sum(value * value for value in points) / count - mean * mean
    return mean, math.sqrt(max(0.0, variance))


_tracks: dict[str, _Track] = {}
_hurry = False


def start() -> None:
    """Set the process up. When its parent is killed it ends, instead of waiting for ever."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    parent = parent_process()

    def end_with_parent() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=end_with_parent, daemon=True).start()


def ready() -> int:
    """The process is up, with everything imported; its id."""
    return os.getpid()


def look(jobs: list[Job]) -> list[Finding]:
    """Look at these tracks and forget all others."""
    global _hurry
    began = time.monotonic()
    wanted = {job.id for job in jobs}
    for gone in _tracks.keys() - wanted:
        segment = _tracks.pop(gone).segment
        if segment:
            segment.close()
    findings = [_look(job) for job in jobs]
    _hurry = time.monotonic() - began > HURRY_S
    return findings


def _look(job: Job) -> Finding:
    track = _tracks.setdefault(job.id, _Track(job.id))
    try:
        return track.look(job, _hurry)
    except (av.error.FFmpegError, cipher.SegmentRefused, OSError, TypeError, ValueError) as error:
        return Finding(job.id, frames=track.frames, error=f"{type(error).__name__}: {error}")
