"""Reading a segment's file back. Blocking calls: use a thread or another process."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recordings import cipher
from recordings.cipher import SegmentRefused


@dataclass(frozen=True, slots=True)
class Part:
    """One sealed segment of a track: where it is and what must be in it."""

    path: Path
    sha256: str
    seq: int
    stretch: str
    start_ms: int
    end_ms: int


def plain(path: Path, sitting_key: bytes, sha256: str, **expected: str | int) -> Iterator[bytes]:
    """The WebM of a segment in pieces, decrypted as it is read; nothing of it touches the disk.

    `sha256` (hex) is the hash of the file that is in the log, `expected` are header fields that
    the database knows; both are checked before the first piece. Raises SegmentRefused (altered,
    moved, another segment), KeyRefused (another key), OSError (no such file).
    """
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
            raise SegmentRefused("the file is not the one in the log")
        file.seek(0)
        header = cipher.read_header(file)
        cipher.check_same(header, **expected)
        key = header.segment_key(sitting_key)
        for record in cipher.read_records(file, header, key):
            yield record.plain


def whole(part: Part, sitting_key: bytes, sitting: str, track: str) -> bytes:
    """The WebM of a part, checked to be that part of that track. Raises as `plain`."""
    pieces = plain(
        part.path,
        sitting_key,
        part.sha256,
        sitting=sitting,
        track=track,
        seq=part.seq,
        stretch=part.stretch,
        start_ms=part.start_ms,
    )
    return b"".join(pieces)
