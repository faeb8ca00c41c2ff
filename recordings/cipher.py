"""The file of one encrypted segment.

    "MAHDARS1" | header length (4, big endian) | header (JSON) | record | record | ...
    record = length (4, big endian) | AES-256-GCM ciphertext with its tag

The first record holds the WebM header, each later one whole clusters. The nonce is the record's
number (96 bits), under a key that HKDF (RFC 5869) derives from the track's key and the header's
random salt: a number never meets the same key twice, whatever a crash leaves behind. Each record
is bound (AAD) to sitting, track, segment, its own number and the hash of the segment before, so a
record or a file that is moved, swapped or altered does not decrypt. A file that is cut is readable
to its last whole record; that it was cut, its hash in the log tells.
"""

import hashlib
import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recordings import keys

MAGIC = b"MAHDARS1"
MAX_HEADER = 4096
MAX_RECORD = 64 * 1024 * 1024
NO_PREVIOUS = "0" * 64
"""`previous` of a track's first segment."""


class SegmentRefused(Exception):
    """The file is not the segment that it should be, or was altered. Says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a segment's file says of itself, so that a crash loses no meaning. No secrets."""

    sitting: str
    track: str
    seat: str
    source: str
    codec: str
    stretch: str
    """Id of the interval on record that it belongs to."""
    seq: int
    start_ms: int
    """Its start on the recording's clock."""
    previous: str
    """SHA-256 (hex) of the file of the segment before it in its track."""
    key: str
    """The track's key, wrapped by the sitting's key, base64."""
    salt: str
    """16 random bytes, base64."""

    def segment_key(self, sitting_key: bytes) -> bytes:
        """The key of this segment's records. Raises KeyRefused."""
        return derive(keys.unwrap(b64decode(self.key), sitting_key), salt_of(self))

    def binding(self, record: int) -> bytes:
        """The additional authenticated data of a record."""
        parts = [self.sitting, self.track, self.seq, record, self.previous]
        return "|".join(map(str, parts)).encode()


def new_salt() -> str:
    """A fresh `Header.salt`."""
    return b64encode(secrets.token_bytes(16)).decode()


def salt_of(header: Header) -> bytes:
    """The salt of a header. Raises SegmentRefused."""
    try:
        return b64decode(header.salt, validate=True)
    except ValueError:
        raise SegmentRefused("the header is damaged") from None


def derive(track_key: bytes, salt: bytes) -> bytes:
    """The key of one segment."""
    return HKDF(SHA256(), 32, salt, b"mahdar segment v1").derive(track_key)


class Sealer:
    """Makes the bytes of a segment's file, and hashes them on the way."""

    def __init__(self, header: Header, key: bytes) -> None:
        self._header = header
        self._cipher = AESGCM(key)
        self._hash = hashlib.sha256()
        self._plain = hashlib.sha256()
        self.records = 0
        self.size = 0

    def begin(self) -> bytes:
        """The head of the file."""
        text = json.dumps(asdict(self._header), separators=(",", ":"), sort_keys=True).encode()
        return MAGIC + len(text).to_bytes(4, "big") + text

    def seal(self, plain: bytes) -> bytes:
        """The next record."""
        nonce = self.records.to_bytes(12, "big")
        sealed = self._cipher.encrypt(nonce, plain, self._header.binding(self.records))
        self.records += 1
        return len(sealed).to_bytes(4, "big") + sealed

    def count(self, plain: bytes) -> None:
        """The record that holds `plain` is in the file."""
        self._plain.update(plain)

    def written(self, data: bytes) -> None:
        """`data` is in the file, whole."""
        self._hash.update(data)
        self.size += len(data)

    @property
    def sha256(self) -> str:
        """Of the file, hex."""
        return self._hash.hexdigest()

    @property
    def plain_sha256(self) -> bytes:
        """Of the WebM inside."""
        return self._plain.digest()


def read_header(file: BinaryIO) -> Header:
    """Read the head of a segment's file. Raises SegmentRefused."""
    start = file.read(len(MAGIC) + 4)
    size = int.from_bytes(start[len(MAGIC) :], "big")
    if len(start) < len(MAGIC) + 4 or not start.startswith(MAGIC) or size > MAX_HEADER:
        raise SegmentRefused("not a segment file")
    text = file.read(size)
    try:
        if len(text) < size:
            raise ValueError
        header = Header(**json.loads(text))
        if type(header.seq) is not int or type(header.start_ms) is not int:
            raise ValueError
    except (ValueError, TypeError):
        raise SegmentRefused("the header is damaged") from None
    return header


@dataclass(frozen=True, slots=True)
class Record:
    """A decrypted record and where the next one begins in the file."""

    plain: bytes
    end: int


def read_records(
    file: BinaryIO, header: Header, key: bytes, *, number: int = 0
) -> Iterator[Record]:
    """Decrypt the whole records from the file's position on; `number` is that of the first.

    A last record that is not all there ends the iteration: the writer may be at it, or was
    killed. Raises SegmentRefused for one that was altered or belongs elsewhere.
    """
    cipher = AESGCM(key)
    end = file.tell()
    while True:
        start = file.read(4)
        size = int.from_bytes(start, "big")
        if len(start) < 4:
            return
        if size > MAX_RECORD:
            raise SegmentRefused(f"record {number} has an impossible length")
        sealed = file.read(size)
        if len(sealed) < size:
            return
        end += 4 + size
        try:
            plain = cipher.decrypt(number.to_bytes(12, "big"), sealed, header.binding(number))
        except InvalidTag:
            raise SegmentRefused(f"record {number} was altered or belongs elsewhere") from None
        yield Record(plain, end)
        number += 1


def check_same(header: Header, **expected: str | int) -> None:
    """Raise SegmentRefused unless the header says what the database says."""
    for name, value in expected.items():
        if getattr(header, name) != value:
            raise SegmentRefused(f"the header has another {name}")
