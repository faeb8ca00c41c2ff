"""Reading a segment's file back. Blocking calls: use a thread or another process."""

from collections.abc import Iterator
from pathlib import Path

from recordings import cipher
from recordings.cipher import SegmentRefused


def plain(path: Path, sitting_key: bytes, **expected: str | int) -> Iterator[bytes]:
    """The WebM of a segment in pieces, decrypted as it is read; nothing of it touches the disk.

    `expected` are header fields that the database knows. Raises SegmentRefused (altered, moved,
    another segment), KeyRefused (another key), OSError (no such file).
    """
    with path.open("rb") as file:
        header = cipher.read_header(file)
        cipher.check_same(header, **expected)
        key = header.segment_key(sitting_key)
        for record in cipher.read_records(file, header, key):
            yield record.plain
        if file.read(1):
            raise SegmentRefused("the file goes on after its last whole record")
