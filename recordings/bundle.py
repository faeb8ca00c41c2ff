"""Writes the evidence bundle of a sitting (docs/evidence.md); `verify` checks it.

    await export(contents, out, database=..., log=..., anchors=..., by=person)

The files come first, then the leaf `evidence.exported` that binds them, then the seal: the
sitting's leaves, their proofs and the checkpoint. Blocking work runs in threads. Nothing appears
under the name asked for until the bundle is whole and has been verified.
"""

import asyncio
import hashlib
import os
import secrets
import zlib
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol, TypeAlias

import rfc8785

from audit.checkpoint import Checkpoint
from audit.leaf import JSON, format_time
from audit.service import AuditLog
from audit.store import StoredLeaf
from audit.timestamping import Token
from database import Database
from recordings import verify as verifier
from recordings.verify import CHUNK, MAX_ENTRY, SEAL, Entry, Report, ending

Content: TypeAlias = Path | bytes | Callable[[], Iterable[bytes]]
"""A file of its own, bytes, or a function that gives the bytes in pieces (decrypting them)."""

EXTRA = ("documents/", "minutes/", "tracks/")

_README = Path(__file__).with_name("bundle_readme.txt")
_VERIFIER = Path(verifier.__file__)


class BundleError(Exception):
    """The bundle cannot be written, or what was written does not verify."""


@dataclass(frozen=True, slots=True)
class Track:
    """One source of one seat. `facts` (texts, integers) go into the manifest as they are."""

    id: str
    seat: str
    source: str
    codec: str
    facts: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Segment:
    """One recorded segment in plaintext (WebM), with the 32 bytes of salt of its commitment.

    Neither of a record whose key was destroyed: `salt` is None, and `content` is not read."""

    track: str
    seq: int
    start_ms: int
    end_ms: int
    salt: bytes | None
    content: Content
    withheld: str = ""
    """Why this copy does not hold it, a code; then `content` is not read and `salt` not given."""

    @property
    def path(self) -> str:
        """Its place in the bundle."""
        return f"media/{self.track}/{self.seq:05d}.webm"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of a track without media, as its leaf `rec.gap` says."""

    track: str
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """All that goes into a bundle but the log's leaves. The order of lists does not matter,
    except that gaps stand in the order of the log."""

    sitting: str
    """Its id, the subject of its leaves."""
    facts: Mapping[str, JSON]
    """More of the sitting for people: kind, case, title in both languages, times, seats."""
    epoch: datetime | None
    """Recording time 0; None when nothing was ever recorded."""
    tracks: Sequence[Track] = ()
    segments: Sequence[Segment] = ()
    gaps: Sequence[Gap] = ()
    chapters: Sequence[Mapping[str, JSON]] = ()
    """Each with at least `clock_ms` and `type`."""
    files: Mapping[str, Content] = field(default_factory=dict)
    """More files by name below documents/, minutes/ or tracks/ (derived, continuous tracks)."""
    copy: Mapping[str, JSON] | None = None
    """For whom this copy is: `mark`, a line with name and time, and whatever else it has."""

    @property
    def withheld(self) -> int:
        """How many segments were recorded and are not in this copy."""
        return sum(bool(item.withheld) for item in self.segments)


class Apart(Protocol):
    """Runs a function in a process of its own."""

    def __call__(self, work: Callable[..., Any], /, *given: Any) -> Awaitable[Any]: ...


class Anchors(Protocol):
    """What others say of the log: witnesses, and an authority's time."""

    def witnesses(self) -> Sequence[str]:
        """Verifier keys of the witnesses."""

    async def token(self, size: int) -> Token | None:
        """A time-stamp over a checkpoint of at least `size` leaves; None when there is none."""

    def roots(self) -> bytes:
        """PEM of what the token's certificates end in."""

    async def cosigned(self, size: int) -> Checkpoint:
        """A checkpoint of at least `size` leaves, with the lines of witnesses that signed it."""


async def export(
    contents: Contents,
    out: Path,
    *,
    database: Database,
    log: AuditLog,
    anchors: Anchors,
    by: str,
    apart: Apart | None = None,
) -> Report:
    """Write the bundle to `out` (replacing it), log the export, and return its verification.

    The caller has checked that `by` (an opaque id) may do this, and that the record is closed.
    With `apart` the long work (decrypting, joining, hashing) is done there: then all contents must
    be such as can be pickled.
    Raises BundleError, OSError, or what a content raises; then `out` is untouched, though the
    leaf of the attempt may stay. Cancelled, it leaves nothing behind.
    """
    draft = await asyncio.to_thread(Draft, out)
    try:
        stamp = await _stamp(await log.leaves(contents.sitting), log, anchors)
        files = _files(contents, log.vkey, anchors.witnesses(), stamp)
        if apart is None:
            digest = await asyncio.to_thread(draft.write, contents, files, log.origin)
        else:
            written = await apart(write_apart, draft.path, contents, files, log.origin)
            digest = draft.adopt(written)
        async with database.unit() as session:
            data: dict[str, JSON] = {"bundle": digest, "by": by}
            if contents.withheld:
                data["withheld"] = contents.withheld
            last = await log.append(session, "evidence.exported", data, subject=contents.sitting)
        await log.wait_covered(last)
        checkpoint = await anchors.cosigned(last + 1)
        leaves = [leaf for leaf in await log.leaves(contents.sitting) if leaf.index <= last]
        indexes = [leaf.index for leaf in leaves]
        proofs = await log.inclusions(indexes, checkpoint.size)
        entries = [leaf.entry for leaf in leaves]
        await asyncio.to_thread(
            draft.seal, entries, list(zip(indexes, proofs, strict=True)), checkpoint.note
        )
        report: Report = await (apart or asyncio.to_thread)(verifier.verify, draft.path, log.vkey)
        _check(report)
        await asyncio.to_thread(draft.publish)
        return report
    finally:
        draft.discard()


async def _stamp(
    leaves: Sequence[StoredLeaf], log: AuditLog, anchors: Anchors
) -> dict[str, Content]:
    """The time-stamp's files: a token over a checkpoint with the sitting's last leaf in it."""
    if not leaves:
        return {}
    last = leaves[-1].index
    await log.wait_covered(last)
    token = await anchors.token(last + 1)
    if token is None:
        return {}
    path = await log.inclusion(last, token.checkpoint.size)
    about: dict[str, JSON] = {
        "v": 1,
        "authority": token.authority,
        "at": format_time(token.at),
        "index": last,
        "n": len(leaves) - 1,
        "path": [value.hex() for value in path],
    }
    own = {
        "about.json": rfc8785.dumps(about),
        "checkpoint.txt": token.checkpoint.note.encode(),
        "roots.pem": anchors.roots(),
        "token.tst": token.der,
    }
    return {verifier.STAMPS + name: data for name, data in own.items()}


def _check(report: Report) -> None:
    failed = [verifier.line(step) for step in report.steps if not step.ok]
    if not report.valid:
        raise BundleError("; ".join(failed) or report.error)


class Draft:
    """A bundle that is being written beside its final place. Blocking."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self.path = out.with_name(f".{out.name}.{secrets.token_hex(4)}.part")
        self._file = self.path.open("xb")
        self._zip = _Zip(self._file)

    def write(self, contents: Contents, files: Mapping[str, Content], origin: str) -> str:
        """Write all files and the manifest; return the SHA-256 of bundle.json, in hex."""
        return self._zip.fill(contents, files, origin)

    def adopt(self, written: "Written") -> str:
        """Go on after what `write_apart` wrote into this draft; the SHA-256 of bundle.json."""
        self._zip.entries = list(written.entries)
        self._file.seek(0, os.SEEK_END)
        return written.digest

    def seal(
        self,
        leaves: Sequence[bytes],
        proofs: Sequence[tuple[int, Sequence[bytes]]],
        checkpoint: str,
    ) -> None:
        """Write the sitting's leaves, a proof (index, path) for each, and the checkpoint."""
        lines = (
            rfc8785.dumps({"index": index, "path": [value.hex() for value in path]})
            for index, path in proofs
        )
        self._zip.add(SEAL[1], lambda: (entry + b"\n" for entry in leaves))
        self._zip.add(SEAL[2], lambda: (line + b"\n" for line in lines))
        self._zip.add(SEAL[3], checkpoint.encode())
        offset = self._file.tell()
        entries = self._zip.entries
        directory = b"".join(entry.central() for entry in entries)
        self._file.write(directory + ending(len(entries), len(directory), offset))
        self._file.flush()

    def publish(self) -> None:
        """Make the bundle durable and give it its name."""
        os.fsync(self._file.fileno())
        self._file.close()
        self.path.replace(self._out)
        folder = os.open(self._out.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Remove what was not published."""
        self._file.close()
        self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a draft by another process."""

    digest: str
    """SHA-256 of bundle.json."""
    entries: tuple[Entry, ...]


def write_apart(
    path: Path, contents: Contents, files: Mapping[str, Content], origin: str
) -> Written:
    """Fill the empty draft at `path`. Blocks; runs in a process of its own."""
    with path.open("r+b") as file:
        made = _Zip(file)
        digest = made.fill(contents, files, origin)
    return Written(digest, tuple(made.entries))


class _Zip:
    """Files that are appended to a ZIP. Blocking."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.entries: list[Entry] = []

    def fill(self, contents: Contents, files: Mapping[str, Content], origin: str) -> str:
        """Write all files and the manifest; return the SHA-256 of bundle.json, in hex."""
        listed: list[JSON] = []
        for name in sorted(files):
            size, digest = self.add(name, files[name])
            listed.append({"path": name, "size": size, "sha256": digest})
        manifest = rfc8785.dumps(_manifest(contents, origin, listed))
        return self.add(SEAL[0], manifest)[1]

    def add(self, name: str, content: Content) -> tuple[int, str]:
        """Append one file; return its size and SHA-256."""
        start = self._file.tell()
        self._file.write(Entry(name, 0, 0, start).local())
        digest, crc, size = hashlib.sha256(), 0, 0
        for piece in _pieces(content):
            digest.update(piece)
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            if size > MAX_ENTRY and not name.startswith("tracks/"):
                raise BundleError(f"{name} is larger than 4 GiB; leave it out")
            self._file.write(piece)
        end = self._file.tell()
        entry = Entry(name, size, crc, start)
        self._file.seek(start)
        self._file.write(entry.local())
        self._file.seek(end)
        self.entries.append(entry)
        return size, digest.hexdigest()


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
    elif isinstance(content, Path):
        with content.open("rb") as file:
            while piece := file.read(CHUNK):
                yield piece
    else:
        yield from content()


def _files(
    contents: Contents, vkey: str, witnesses: Sequence[str], stamp: Mapping[str, Content]
) -> dict[str, Content]:
    chapters: dict[str, JSON] = {"v": 1, "chapters": [dict(item) for item in contents.chapters]}
    files: dict[str, Content] = {
        "README.txt": _README,
        "verify.py": _VERIFIER,
        "log/vkey.txt": f"{vkey}\n".encode(),
        "log/witnesses.txt": "".join(f"{item}\n" for item in sorted(witnesses)).encode(),
        **stamp,
        "chapters.json": rfc8785.dumps(chapters),
    }
    for segment in contents.segments:
        if segment.salt is None or segment.withheld:
            continue
        if segment.path in files:
            raise BundleError(f"{segment.path} is given twice")
        files[segment.path] = segment.content
    for name, content in contents.files.items():
        if not name.startswith(EXTRA):
            raise BundleError(f"{name} has no place in a bundle")
        files[name] = content
    return files


def _manifest(contents: Contents, origin: str, listed: list[JSON]) -> dict[str, JSON]:
    segments = sorted(contents.segments, key=lambda item: (item.track, item.seq))
    copy: dict[str, JSON] = {} if contents.copy is None else {"copy": dict(contents.copy)}
    return {
        **copy,
        "v": 1,
        "type": "mahdar.evidence",
        "origin": origin,
        "epoch": format_time(contents.epoch) if contents.epoch else "",
        "sitting": {**contents.facts, "id": contents.sitting},
        "files": listed,
        "tracks": [_track(item) for item in sorted(contents.tracks, key=lambda item: item.id)],
        "segments": [_segment(item) for item in segments],
        "gaps": [_gap(item) for item in contents.gaps],
    }


def _track(track: Track) -> dict[str, JSON]:
    known = {"id": track.id, "seat": track.seat, "source": track.source, "codec": track.codec}
    return {**track.facts, **known}


def _segment(item: Segment) -> dict[str, JSON]:
    found: dict[str, JSON] = {
        "track": item.track,
        "seq": item.seq,
        "start_ms": item.start_ms,
        "end_ms": item.end_ms,
    }
    if item.withheld:
        return found | {"withheld": item.withheld}
    return found if item.salt is None else found | {"path": item.path, "salt": item.salt.hex()}


def _gap(gap: Gap) -> dict[str, JSON]:
    return {
        "track": gap.track,
        "start_ms": gap.start_ms,
        "end_ms": gap.end_ms,
        "reason": gap.reason,
    }
