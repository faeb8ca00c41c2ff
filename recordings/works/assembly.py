"""Puts a work together: pictures of all chunks, mixed sound, credentials, encryption.

Runs in a process of its own. Plaintext stands in a private folder (in memory where there is room)
only while a file is put together, because MP4 with its index in front cannot be streamed out.
"""

import contextlib
import hashlib
import io
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av

from recordings import envelope
from recordings.works import credentials, sound
from recordings.works.credentials import Credentials
from recordings.works.program import FPS, RATE, Chunk, Scene
from recordings.works.reading import TrackJob

PIECE = 1 << 20
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108
CHUNK_PURPOSE, WORK_PURPOSE = "film chunk", "work"
SOUND_RATE = 96_000


@dataclass(frozen=True, slots=True)
class SoundTrack:
    """One sound of a film: the floor (no language), or a channel above it."""

    language: str
    tracks: tuple[TrackJob, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Everything that the process needs."""

    work: str
    sitting: str
    key: bytes = field(repr=False)
    folder: Path
    """Of this work: sealed chunks, and the finished file."""
    scenes: tuple[Scene, ...]
    chunks: tuple[Chunk, ...]
    sounds: tuple[SoundTrack, ...]
    voices: tuple[tuple[str, TrackJob], ...] = ()
    """Name of the file and track: a file for each voice instead of a film."""
    title: str
    inputs: Mapping[str, Any]
    credentials: Credentials


@dataclass(frozen=True, slots=True)
class Made:
    """A finished work."""

    sha256: str
    """Of the file as a person gets it."""
    size: int


def chunk_path(folder: Path, number: int) -> Path:
    """Where a chunk stands until the film is whole."""
    return folder / f"{number:05d}.chunk"


def work_path(folder: Path) -> Path:
    """The finished file, encrypted."""
    return folder / "work.sealed"


def keep_chunk(folder: Path, work: str, number: int, key: bytes, data: bytes) -> None:
    """Write a chunk, sealed; whole or not at all."""
    path = chunk_path(folder, number)
    part = path.with_suffix(".part")
    part.write_bytes(envelope.seal(key, CHUNK_PURPOSE, f"{work}|{number}", data))
    part.rename(path)


def _chunk(folder: Path, work: str, number: int, key: bytes) -> bytes:
    sealed = chunk_path(folder, number).read_bytes()
    return envelope.unseal(key, CHUNK_PURPOSE, f"{work}|{number}", sealed)


def assemble(job: Assembly) -> Made:
    """Make the file and seal it. Raises OSError, FFmpegError, SegmentRefused, NotSealed."""
    with scratch(job.folder, _needed(job)) as folder:
        plain, done = folder / "plain", folder / "done"
        if job.voices:
            _voices(job, folder, done)
        else:
            _film(job, plain)
            credentials.seal(job.credentials, plain, done, job.title, job.inputs)
            plain.unlink()
        made = keep(done, job.folder, job.key, job.work)
    for number in range(len(job.chunks)):
        chunk_path(job.folder, number).unlink(missing_ok=True)
    return made


def keep(done: Path, folder: Path, key: bytes, work: str) -> Made:
    """Hash a finished file and put it away encrypted. Blocks. Raises OSError."""
    with done.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    encrypt(done, work_path(folder), key, work)
    return Made(digest, done.stat().st_size)


def _needed(job: Assembly) -> int:
    """About how large the work will be."""
    pictures = sum(
        path.stat().st_size
        for number in range(len(job.chunks))
        if (path := chunk_path(job.folder, number)).exists()
    )
    seconds = sum(scene.frames for scene in job.scenes) // FPS
    return pictures + seconds * SOUND_RATE // 8 * max(1, len(job.sounds) + len(job.voices))


@contextlib.contextmanager
def scratch(folder: Path, needed: int) -> Iterator[Path]:
    """A private folder for plaintext: in memory if three times the work fits in half of it, else
    beside the work. Its name says whose it is, so that `sweep` finds what a crash left."""
    root = folder
    with contextlib.suppress(OSError):
        if shutil.disk_usage(SHARED_MEMORY).free // 2 > 3 * needed:
            root = SHARED_MEMORY
    with TemporaryDirectory(prefix=_prefix(folder.parent), dir=root) as name:
        yield Path(name)


def sweep(works: Path) -> int:
    """Remove the plaintext of works that a killed process left; how many folders. Blocks."""
    found = [*works.glob(f"*/{_prefix(works)}*"), *SHARED_MEMORY.glob(f"{_prefix(works)}*")]
    for folder in found:
        shutil.rmtree(folder, ignore_errors=True)
    for part in works.glob("*/*.part"):
        part.unlink(missing_ok=True)
    return len(found)


def _prefix(works: Path) -> str:
    """Another house on this machine has another folder of works, and other names."""
    return f"mahdar-work-{hashlib.sha256(bytes(works.resolve())).hexdigest()[:12]}-"


# --- a film --------------------------------------------------------------------------------------


def _film(job: Assembly, path: Path) -> None:
    options = {"movflags": "faststart"}
    with av.open(str(path), "w", format="mp4", options=options) as out:
        out.metadata["title"] = job.title
        video = out.add_stream_from_template(_first(job))
        mixers = [sound.Mixer(one.weights) for one in job.sounds]
        streams = [_audio(out, one.language) for one in job.sounds]
        sources = [sound.blocks(job.sitting, job.key, one.tracks, job.scenes) for one in job.sounds]
        pictures = _pictures(job)
        done, written = 0, 0
        for container, stream in pictures:
            offset = done
            for packet in container.demux(stream):
                if packet.pts is None or packet.time_base is None:
                    continue
                at = offset + round(packet.pts * packet.time_base * FPS)
                moved: Any = av.Packet(bytes(packet))
                moved.pts = moved.dts = at
                moved.duration, moved.time_base = 1, Fraction(1, FPS)
                moved.is_keyframe, moved.stream = packet.is_keyframe, video
                out.mux(moved)
                done = at + 1
                while written * FPS < done:  # sound goes along, a second at a time
                    written += 1
                    for mixer, source, audio in zip(mixers, sources, streams, strict=True):
                        _mix(out, mixer, next(source, None), audio)
        for mixer, source, audio in zip(mixers, sources, streams, strict=True):
            for block in source:
                _mix(out, mixer, block, audio)
            _finish(out, mixer, audio)


def _first(job: Assembly) -> Any:
    """The stream of the first chunk: all others were encoded alike."""
    data = _chunk(job.folder, job.work, 0, job.key)
    return av.open(io.BytesIO(data), "r", format="mp4").streams.video[0]


def _pictures(job: Assembly) -> Iterator[tuple[Any, Any]]:
    for number in range(len(job.chunks)):
        data = _chunk(job.folder, job.work, number, job.key)
        with av.open(io.BytesIO(data), "r", format="mp4") as container:
            yield container, container.streams.video[0]


def _audio(out: Any, language: str) -> Any:
    stream = out.add_stream("aac", rate=RATE, layout="mono", options={"b": str(SOUND_RATE)})
    if language:
        stream.metadata["language"] = language
    return stream


def _mix(out: Any, mixer: sound.Mixer, block: Any, stream: Any) -> None:
    if block is None:
        return
    for frame in mixer.mix(block):
        out.mux(stream.encode(frame))


def _finish(out: Any, mixer: sound.Mixer, stream: Any) -> None:
    for frame in mixer.finish():
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


# --- a file for each voice -----------------------------------------------------------------------


def _voices(job: Assembly, folder: Path, done: Path) -> None:
    """A ZIP with an M4A for each voice, each with credentials of its own, all equally long."""
    with zipfile.ZipFile(done, "w", zipfile.ZIP_STORED) as bundle:
        for name, track in job.voices:
            plain, sealed = folder / "voice", folder / "sealed"
            _voice(job, track, plain)
            title = f"{job.title}, {name}"
            credentials.seal(job.credentials, plain, sealed, title, job.inputs, format="audio/mp4")
            bundle.write(sealed, name)
            plain.unlink()
            sealed.unlink()


def _voice(job: Assembly, track: TrackJob, path: Path) -> None:
    options = {"movflags": "faststart"}
    with av.open(str(path), "w", format="ipod", options=options) as out:
        stream, mixer = _audio(out, ""), sound.Mixer((1.0,))
        for block in sound.blocks(job.sitting, job.key, (track,), job.scenes):
            _mix(out, mixer, block, stream)
        _finish(out, mixer, stream)


# --- at rest -------------------------------------------------------------------------------------


def encrypt(source: Path, out: Path, key: bytes, work: str) -> None:
    """Pieces of 1 MiB: length, then `envelope` bound to the work, the piece's number and whether
    it is the last, so that nothing can be cut off, moved or left out."""
    part = out.with_suffix(".part")
    left = source.stat().st_size
    with source.open("rb") as read, part.open("wb") as write:
        number = 0
        while True:
            data = read.read(PIECE)
            left -= len(data)
            sealed = envelope.seal(key, WORK_PURPOSE, _binding(work, number, left <= 0), data)
            write.write(len(sealed).to_bytes(4, "big") + sealed)
            number += 1
            if left <= 0:
                break
        write.flush()
        os.fsync(write.fileno())
    part.rename(out)


def decrypt(path: Path, key: bytes, work: str) -> Iterator[bytes]:
    """The file in pieces. Raises KeyRefused (altered, cut, another key), OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        number, last = 0, False
        while not last:
            length = int.from_bytes(file.read(4), "big")
            sealed = file.read(length)
            last = file.tell() >= size
            yield envelope.unseal(key, WORK_PURPOSE, _binding(work, number, last), sealed)
            number += 1


def _binding(work: str, number: int, last: bool) -> str:
    return f"{work}|{number}|{'last' if last else 'more'}"
