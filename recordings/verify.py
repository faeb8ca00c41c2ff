#!/usr/bin/env python3
"""Check an evidence bundle of a sitting, offline: python3 verify.py FILE.zip [--key VKEY] [--json]

Needs Python 3.10 or newer and the `cryptography` package, and nothing else: a copy lies in every
bundle. What a bundle is, and what each step means, is in docs/evidence.md and in the bundle's
README.txt. Exit status: 0 valid, 1 not valid, 2 the input is unusable.

Nothing is unpacked. Memory does not grow with the media; limits below bound the rest.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import re
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

T = TypeVar("T")

VALID, NOT_VALID, UNUSABLE = 0, 1, 2

CHUNK = 1 << 20
MAX_DIRECTORY = 64 << 20
"""Bytes of the ZIP's directory."""
MAX_FILES = 250_000
"""Files of the ZIP: a week of twenty seats has fewer."""
MAX_JSON = 128 << 20
"""Bytes of one JSON file: more than the manifest of MAX_FILES segments."""
MAX_LEAVES = 512 << 20
"""Bytes of the sitting's leaves: more than 800,000."""
MAX_LINE = 64 << 10
"""Bytes of a line: a leaf has at most 32 KiB, a proof of a tree of 2**63 leaves 4 KiB."""
MAX_DEPTH = 16
MAX_INT = 2**53 - 1

TOLERANCE_MS = 500
"""Media clocks of senders and ours differ by less; a longer hole must be declared."""
SWITCH_MS = 1000
"""A private consultation is logged before the media is switched: within this."""

SEAL = ("bundle.json", "log/leaves.jsonl", "log/proofs.jsonl", "checkpoint.txt")
"""The files that bundle.json does not list, in their order at the end of the ZIP."""
LISTED = ("README.txt", "chapters.json", "log/vkey.txt", "log/witnesses.txt", "verify.py")
"""The files that every bundle lists."""
STAMP = ("about.json", "checkpoint.txt", "roots.pem", "token.tst")
STAMPS = "log/timestamp/"
"""Folder of the time-stamp's files, all of STAMP or none."""
FOLDERS = ("documents/", "media/", "minutes/", "tracks/")
EXHIBITS = "documents/exhibits.json"
EXHIBIT_FILES = "documents/exhibits/"
TAKEN_BACK = "taken_back"
"""Why a file is withheld of which the log says that it was taken back before it was shown."""
NO_LINK = "0" * 64

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*")
_HEX = re.compile(r"[0-9a-f]{64}")
_TRACK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REASON = re.compile(r"[a-z][a-z_]{0,31}")
_EXHIBIT = re.compile(r"[0-9a-z]{1,64}")
_MARK = re.compile(r"[A-Z]-[1-9][0-9]{0,5}")
_FILE_TYPE = re.compile(r"[a-z0-9]{1,8}")
_LEAF_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_LEAF_TEXT = re.compile(r"[!-~]*")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


class Failed(Exception):
    """A step failed; the text says what and where."""


class Missing(Exception):
    """What a step reads could not be read by an earlier one."""


class Unusable(Exception):
    """There is nothing that could be checked."""


# --- the one way to write a ZIP ------------------------------------------------------------------

_COMMON = struct.Struct("<5H3I2H")  # what the header before a file and the directory share
_LOCAL_SIZE = 4 + _COMMON.size
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_STAMP = (0, 0x21)  # time and date: 1980-01-01 00:00, the format's zero
_MODE = 0o100644 << 16
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
MAX_ENTRY = _FULL32 - 1


@dataclass(frozen=True)
class Entry:
    """One file of the ZIP. `offset` is where its local header starts.

    Files below tracks/ may be larger than 4 GiB, which is not known when their header is written:
    their sizes always stand in ZIP64 fields.
    """

    name: str
    size: int
    crc: int
    offset: int

    @property
    def large(self) -> bool:
        """Whether the sizes stand in ZIP64 fields."""
        return self.name.startswith("tracks/")

    def local(self) -> bytes:
        """The bytes before the content."""
        extra = struct.pack("<2H2Q", 1, 16, self.size, self.size) if self.large else b""
        common = self._common(45 if self.large else 20, len(extra))
        return b"PK\x03\x04" + common + self.name.encode() + extra

    def central(self) -> bytes:
        """The entry's record in the directory."""
        far = self.offset >= _FULL32
        numbers = [self.size] * 2 * self.large + [self.offset] * far
        extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers)
        if not numbers:
            extra = b""
        common = self._common(45 if numbers else 20, len(extra))
        rest = struct.pack("<3H2I", 0, 0, 0, _MODE, min(self.offset, _FULL32))
        made_by = struct.pack("<H", 0x0314)
        return b"PK\x01\x02" + made_by + common + rest + self.name.encode() + extra

    def _common(self, version: int, extra_size: int) -> bytes:
        size = _FULL32 if self.large else self.size
        return _COMMON.pack(
            version, 0, 0, *_STAMP, self.crc, size, size, len(self.name), extra_size
        )


def ending(count: int, size: int, offset: int) -> bytes:
    """The bytes after a directory of `count` entries and `size` bytes at `offset`."""
    end64 = b""
    if count >= _FULL16 or size >= _FULL32 or offset >= _FULL32:
        numbers = (count, count, size, offset)
        end64 = _END64.pack(b"PK\x06\x06", 44, 0x0314, 45, 0, 0, *numbers)
        end64 += _LOCATOR.pack(b"PK\x06\x07", 0, offset + size, 1)
    counts = (0, 0, min(count, _FULL16), min(count, _FULL16))
    return end64 + _END.pack(b"PK\x05\x06", *counts, min(size, _FULL32), min(offset, _FULL32), 0)


class Archive:
    """The ZIP's directory, and the SHA-256 of each file once `scan` has read it."""

    def __init__(self, file: BinaryIO, entries: list[Entry], directory: bytes, tail: bytes) -> None:
        self.file = file
        self.entries = {entry.name: entry for entry in entries}
        self.order = [entry.name for entry in entries]
        self.sha256: dict[str, str] = {}
        self._directory = directory
        self._tail = tail

    @classmethod
    def open(cls, file: BinaryIO) -> Archive:
        """Read the directory. Failed: none is at the end of the file, or it is out of bounds."""
        length = file.seek(0, 2)
        count, size, offset, tail = _read_end(file, length)
        if size > MAX_DIRECTORY or offset + size + len(tail) != length:
            raise Failed("the directory of the ZIP is not at its end: bytes were added or cut off")
        file.seek(offset)
        directory = file.read(size)
        entries = list(islice(_read_entries(directory, offset), MAX_FILES + 1))
        if len(entries) > MAX_FILES:
            raise Failed(f"the ZIP has more than {MAX_FILES} files")
        if len(entries) != count:
            raise Failed(f"the ZIP has {len(entries)} files and says {count}")
        if len({entry.name for entry in entries}) != count:
            raise Failed("a name stands twice in the ZIP")
        return cls(file, entries, directory, tail)

    def scan(self) -> None:
        """Read every byte; hash every file. Failed: one is not where it has to be."""
        problem = ""
        position = 0
        entries = list(self.entries.values())
        for entry in entries:
            self.file.seek(position)
            header = entry.local()
            if entry.offset != position or self.file.read(len(header)) != header:
                problem = problem or f"the header of {entry.name} is changed"
            if self._hash(entry) != entry.crc:
                problem = problem or f"{entry.name} does not have the CRC-32 of its header"
            position += len(header) + entry.size
        directory = b"".join(entry.central() for entry in entries)
        if directory != self._directory:
            problem = problem or "the directory of the ZIP is changed"
        if ending(len(entries), len(directory), position) != self._tail:
            problem = problem or "the end of the ZIP is changed"
        if problem:
            raise Failed(problem)

    def _hash(self, entry: Entry) -> int:
        digest, crc, left = hashlib.sha256(), 0, entry.size
        self._seek(entry)
        while left:
            data = self.file.read(min(left, CHUNK))
            if not data:
                break  # a header that leads past the end; the CRC-32 will not be right
            digest.update(data)
            crc = zlib.crc32(data, crc)
            left -= len(data)
        self.sha256[entry.name] = digest.hexdigest()
        return crc

    def read(self, name: str) -> bytes:
        """A small file whole."""
        entry = self._find(name)
        if entry.size > MAX_JSON:
            raise Failed(f"{name} is larger than {MAX_JSON >> 20} MiB")
        self._seek(entry)
        return self.file.read(entry.size)

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self._find(name).size

    def lines(self, name: str) -> Iterator[bytes]:
        """The lines of a file, without their newlines."""
        entry = self._find(name)
        position, left = self._seek(entry), entry.size
        while left:
            self.file.seek(position)
            line = self.file.readline(min(left, MAX_LINE))
            if not line.endswith(b"\n"):
                raise Failed(f"{name} has a line that is too long or does not end")
            position, left = position + len(line), left - len(line)
            yield line[:-1]

    def _find(self, name: str) -> Entry:
        if name not in self.entries:
            raise Failed(f"{name} is missing")
        return self.entries[name]

    def _seek(self, entry: Entry) -> int:
        """Go to the content. Where another program packed the ZIP anew that is elsewhere, and it
        is found, so that later steps name what else is wrong."""
        self.file.seek(entry.offset)
        header = self.file.read(_LOCAL_SIZE)
        start = entry.offset + len(entry.local())
        if len(header) == _LOCAL_SIZE and header[:4] == b"PK\x03\x04":
            start = entry.offset + _LOCAL_SIZE + sum(struct.unpack("<2H", header[-4:]))
        return self.file.seek(start)


def _read_end(file: BinaryIO, length: int) -> tuple[int, int, int, bytes]:
    """Count, size and offset of the directory, and the bytes that follow it."""
    file.seek(max(0, length - _END.size))
    tail = file.read()
    if len(tail) < _END.size or tail[:4] != b"PK\x05\x06":
        raise Failed("the file does not end as a bundle does: bytes were added or cut off")
    _, _, _, _, count, size, offset, _ = _END.unpack(tail)
    if count == _FULL16 or _FULL32 in (size, offset):
        file.seek(max(0, length - _END.size - _LOCATOR.size - _END64.size))
        tail = file.read()
        if tail[:4] != b"PK\x06\x06":
            raise Failed("the ZIP64 end of the file is missing")
        count, size, offset = _END64.unpack(tail[: _END64.size])[7:10]
    return count, size, offset, tail


def _read_entries(directory: bytes, end: int) -> Iterator[Entry]:
    position, total = 0, 0
    while position < len(directory):
        if len(directory) - position < _CENTRAL.size:
            raise Failed("the directory of the ZIP is cut off")
        fields = _CENTRAL.unpack_from(directory, position)
        crc, size, name_size, extra_size, offset = fields[7], fields[9], *fields[10:12], fields[16]
        position += _CENTRAL.size
        raw = directory[position : position + name_size]
        extra = directory[position + name_size : position + name_size + extra_size]
        position += name_size + extra_size + fields[12]
        if fields[3] or fields[4]:
            raise Failed("the ZIP is compressed or encrypted: it was packed by another program")
        numbers = list(struct.unpack(f"<{len(extra[4:]) // 8}Q", extra[4:][: len(extra[4:]) & ~7]))
        if size == _FULL32 and len(numbers) > 1:
            size = numbers.pop(0)
            numbers.pop(0)
        if offset == _FULL32 and numbers:
            offset = numbers.pop(0)
        name = raw.decode("latin-1")
        if len(name) > 200 or not _NAME.fullmatch(name):
            raise Failed(f"the ZIP has a file with a hostile name: {name[:60]!r}")
        total += _LOCAL_SIZE + len(raw) + size
        if total > end or offset + _LOCAL_SIZE + len(raw) + size > end:
            raise Failed(f"{name} does not fit into the file")
        yield Entry(name, size, crc, offset)


# --- canonical JSON ------------------------------------------------------------------------------


def canonical(value: Any) -> bytes:
    """RFC 8785 for what bundles use: texts, integers, booleans, lists, objects with ASCII keys."""
    _check_json(value, 0)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Failed("a text is not Unicode") from None


def parse(data: bytes, what: str) -> Any:
    """Parse JSON that must be canonical. Failed otherwise."""
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):
        raise Failed(f"{what} is not JSON") from None
    try:
        same = canonical(value) == data
    except Failed as error:
        raise Failed(f"{what}: {error}") from None
    if not same:
        raise Failed(f"{what} is not in canonical form")
    return value


def _check_json(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Failed("nested too deep")
    if isinstance(value, dict):
        for key, item in value.items():
            if not key.isascii():
                raise Failed("a key is not ASCII")
            _check_json(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_json(item, depth + 1)
    elif isinstance(value, int):
        if abs(value) > MAX_INT:
            raise Failed("a number is too large")
    elif not isinstance(value, str):
        raise Failed("a float or null is not allowed")


def _members(value: Any, what: str, **kinds: type | re.Pattern[str]) -> dict[str, Any]:
    """Check that `value` is an object with at least these members."""
    if not isinstance(value, dict):
        raise Failed(f"{what} is not an object")
    for name, kind in kinds.items():
        found = value.get(name)
        if isinstance(kind, re.Pattern):
            good = isinstance(found, str) and bool(kind.fullmatch(found))
        else:
            good = type(found) is kind  # bool is not int here
        if not good:
            raise Failed(f"{what}: {name} is missing or of the wrong form")
    return value


def parse_time(text: str) -> datetime:
    """A UTC time with milliseconds. Failed otherwise."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.fromisoformat(text[:-1] + "+00:00")
    except ValueError:
        raise Failed(f"{text[:40]!r} is not a time") from None


# --- the log -------------------------------------------------------------------------------------


def leaf_hash(entry: bytes) -> bytes:
    """RFC 6962 section 2.1: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def root_of(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes:
    """The root to which an inclusion proof leads (RFC 9162 section 2.1.3.2)."""
    position, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Failed("the proof is too long")
        if position & 1 or position == last:
            result = hashlib.sha256(b"\x01" + sibling + result).digest()
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = hashlib.sha256(b"\x01" + result + sibling).digest()
        position, last = position >> 1, last >> 1
    if last:
        raise Failed("the proof is too short")
    return result


def link(data: dict[str, Any]) -> str:
    """What the next `rec.segment` of the track has as `prev`: the hash of this one's `d`."""
    return hashlib.sha256(canonical(data)).hexdigest()


@dataclass(frozen=True)
class Checkpoint:
    """What the log's key signed, and the lines of others below it."""

    origin: str
    size: int
    root: bytes
    text: str
    others: tuple[tuple[str, bytes, bytes], ...]


def read_checkpoint(data: bytes, vkey: str) -> Checkpoint:
    """Read a signed note (C2SP signed-note, tlog-checkpoint). Failed unless `vkey` signed it."""
    name, key_id, key = _read_vkey(vkey, ED25519)
    try:
        head, separator, tail = data.decode().rpartition("\n\n")
    except UnicodeDecodeError:
        raise Failed("the checkpoint is not text") from None
    if not separator or not tail.endswith("\n"):
        raise Failed("the checkpoint has no signature")
    text = head + "\n"
    signatures = [_read_signature(line) for line in tail[:-1].split("\n")]
    mine = [found for found in signatures if found[:2] == (name, key_id)]
    if len(mine) != 1:
        raise Failed(f"the checkpoint is not signed by {name}, key {key_id.hex()}")
    if len({found[:2] for found in signatures}) < len(signatures):
        raise Failed("a key signed the checkpoint twice")
    _check_signature(key, mine[0][2], text.encode(), "the signature of the checkpoint")
    others = tuple(found for found in signatures if found is not mine[0])
    lines = head.split("\n")
    if len(lines) != 3 or not re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]):
        raise Failed("the checkpoint does not have origin, size and root")
    root = _unbase64(lines[2])
    if len(root) != 32:
        raise Failed("the root of the checkpoint is not a hash")
    return Checkpoint(lines[0], int(lines[1]), root, text, others)


def cosigned(found: Checkpoint, witnesses: list[str]) -> dict[str, datetime]:
    """When each witness (a verifier key) says that it saw the checkpoint (C2SP tlog-cosignature).

    Failed for a line of anybody else, or one that its key did not sign.
    """
    keys = {_read_vkey(vkey, COSIGNATURE)[:2]: vkey for vkey in witnesses}
    seen = {}
    for name, key_id, signature in found.others:
        vkey = keys.get((name, key_id))
        if vkey is None or len(signature) != 72:
            raise Failed(f"a line below the checkpoint is of no witness: {name}")
        seconds = int.from_bytes(signature[:8], "big")
        message = f"cosignature/v1\ntime {seconds}\n{found.text}".encode()
        key = _read_vkey(vkey, COSIGNATURE)[2]
        _check_signature(key, signature[8:], message, f"the line of the witness {name}")
        try:
            seen[vkey] = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            raise Failed(f"the witness {name} names no time") from None
    return seen


ED25519, COSIGNATURE = 1, 4


def _read_vkey(vkey: str, algorithm: int) -> tuple[str, bytes, bytes]:
    name, _, rest = vkey.partition("+")
    id_hex, _, encoded = rest.partition("+")
    key = _unbase64(encoded)
    if not name or len(key) != 33 or key[0] != algorithm:
        kind = "a witness" if algorithm == COSIGNATURE else "an Ed25519 key"
        raise Failed(f"the verifier key is not one of {kind}: name+id+key")
    key_id = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if id_hex != key_id.hex():
        raise Failed("the id of the verifier key is not that of its key")
    return name, key_id, key[1:]


def _read_signature(line: str) -> tuple[str, bytes, bytes]:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != "—" or not parts[1]:
        raise Failed("a signature line of the checkpoint is malformed")
    data = _unbase64(parts[2])
    return parts[1], data[:4], data[4:]


def _unbase64(text: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Failed("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise Failed("base64 in another form than the one it has")
    return data


def _check_signature(key: bytes, signature: bytes, message: bytes, what: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise Failed(f"{what} is wrong") from None


# --- the steps -----------------------------------------------------------------------------------


@dataclass(slots=True)
class Leaf:
    """What later steps need of a leaf. `data` is kept for the leaves that they read."""

    type: str
    at: datetime
    hash: bytes
    data: dict[str, Any] | None


@dataclass
class Step:
    """The outcome of one step. `ok` is None when it could not be checked."""

    number: int
    name: str
    ok: bool | None
    detail: str = ""


@dataclass
class Report:
    """All that was found. `status` is the exit status; `error` is set when it is 2."""

    file: str
    status: int = NOT_VALID
    error: str = ""
    sitting: str = ""
    vkey: str = ""
    pinned: bool = False
    origin: str = ""
    size: int = 0
    root: str = ""
    leaves: int = 0
    segments: int = 0
    witnesses: int = 0
    """Witnesses that cosigned the checkpoint."""
    stamped: str = ""
    """Time that the time-stamp asserts, and whose it is."""
    destroyed: str = ""
    """When, and by which order, sound and picture were destroyed; empty: they were not."""
    withheld: dict[str, int] = field(default_factory=dict)
    """Segments that were recorded and are not in this copy, by the reason."""
    withheld_tracks: list[str] = field(default_factory=list)
    """Tracks of which any are withheld."""
    exhibits: int = 0
    """Exhibits that were filed, as list and log say."""
    exhibits_withheld: dict[str, int] = field(default_factory=dict)
    """Of them those whose file is not in this copy, by the reason."""
    copy: str = ""
    """For whom this copy was made, and when, as it says itself."""
    steps: list[Step] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Whether every step was checked and passed."""
        return self.status == VALID

    @property
    def failed(self) -> list[str]:
        """Names of the steps that did not pass, those that could not be checked among them."""
        return [step.name for step in self.steps if not step.ok]

    def as_json(self) -> str:
        """The report for programs."""
        found = asdict(self) | {"valid": self.valid, "failed": self.failed}
        return json.dumps(found, indent=1)


class Verification:
    """The steps, in order. Each method is one step: it returns a remark, or raises Failed.

    One that needs what an earlier one could not read raises Missing and is not checked.
    """

    def __init__(
        self, file: BinaryIO, report: Report, vkey: str | None, witnesses: tuple[str, ...] = ()
    ) -> None:
        self._file = file
        self._report = report
        self._vkey = vkey
        self._pinned = witnesses
        self._archive: Archive | None = None
        self._manifest: dict[str, Any] | None = None
        self._found: list[tuple[Leaf, Any, Any]] | None = None
        self._leaves: list[Leaf] | None = None
        self._checkpoint: Checkpoint | None = None

    def archive(self) -> str:
        """Every byte of the ZIP is where the one way to write it puts it."""
        self._archive = Archive.open(self._file)
        self._archive.scan()
        return f"{len(self._archive.entries)} files"

    def canonical(self) -> str:
        """The manifest and the chapters are canonical JSON and have their members."""
        manifest = parse(self.zip.read("bundle.json"), "bundle.json")
        _check_manifest(manifest)
        self._manifest = manifest
        self._report.sitting = manifest["sitting"]["id"]
        self._report.segments = len(manifest["segments"])
        self._report.copy = manifest.get("copy", {}).get("mark", "")
        chapters = parse(self.zip.read("chapters.json"), "chapters.json")
        _members(chapters, "chapters.json", v=int, chapters=list)
        return ""

    def manifest(self) -> str:
        """The ZIP holds the listed files, with their sizes and hashes, and the seal."""
        listed = self.bundle["files"]
        names = [item["path"] for item in listed]
        present = [name for name in self.zip.order if name not in SEAL]
        for name in sorted(set(names) ^ set(present)):
            raise Failed(f"{name} is " + ("missing" if name in names else "not listed"))
        if names != sorted(names) or self.zip.order != [*names, *SEAL]:
            raise Failed("the files are not in their order")
        for name in set(LISTED).difference(names):
            raise Failed(f"{name} is missing")
        for item in listed:
            name = item["path"]
            stamp = name.startswith(STAMPS) and name[len(STAMPS) :] in STAMP
            if name not in LISTED and not stamp and not name.startswith(FOLDERS):
                raise Failed(f"{name} has no place in a bundle")
            if self.zip.entries[name].size != item["size"]:
                raise Failed(f"{name} has another size")
            if self.zip.sha256[name] != item["sha256"]:
                raise Failed(f"{name} has another SHA-256")
        return f"{len(listed)} files match"

    def leaf_format(self) -> str:
        """Every leaf is canonical and of version 1."""
        leaves = []
        if self.zip.size("log/leaves.jsonl") > MAX_LEAVES:
            raise Failed(f"log/leaves.jsonl is larger than {MAX_LEAVES >> 20} MiB")
        for number, line in enumerate(self.zip.lines("log/leaves.jsonl")):
            leaves.append(_read_leaf(line, f"leaf {number}"))
        self._found = leaves
        self._leaves = [leaf for leaf, _, _ in leaves]
        self._report.leaves = len(leaves)
        return ""

    def leaf_order(self) -> str:
        """The leaves are those of one sitting, numbered 0, 1, 2, ... to the export."""
        found = _need(self._found)
        for number, (_, subject, n) in enumerate(found):
            if subject != self.bundle["sitting"]["id"]:
                raise Failed(f"leaf {number} is of another sitting")
            if n != number:
                raise Failed(f"leaf {number} of the sitting is missing or moved: {n} is there")
        self._found = None  # a large log would stand in memory twice
        return f"{len(found)} leaves, none missing"

    def checkpoint(self) -> str:
        """The checkpoint is signed by the key and is of the bundle's log."""
        vkey = self._vkey or self.zip.read("log/vkey.txt").decode("latin-1").rstrip("\n")
        self._report.vkey, self._report.pinned = vkey, bool(self._vkey)
        found = read_checkpoint(self.zip.read("checkpoint.txt"), vkey)
        self._checkpoint = found
        report = self._report
        report.origin, report.size, report.root = found.origin, found.size, found.root.hex()
        if found.origin != self.bundle["origin"]:
            raise Failed("the checkpoint is of another log than the bundle")
        return f"{found.origin}, {found.size} leaves"

    def witnesses(self) -> str:
        """Every other line below the checkpoint is a listed witness's; those pinned are there."""
        signed = _need(self._checkpoint)
        listed = self.zip.read("log/witnesses.txt").decode("latin-1").split("\n")
        if listed.pop():
            raise Failed("log/witnesses.txt does not end in a newline")
        seen = cosigned(signed, [*listed, *(set(self._pinned) - set(listed))])
        for vkey in self._pinned:
            if vkey not in seen:
                raise Failed(f"the witness {vkey.partition('+')[0]} did not cosign the checkpoint")
        self._report.witnesses = len(seen)
        if not seen:
            return "none cosigned"
        newest = max(seen.values()).isoformat(timespec="seconds")
        return f"{len(seen)} of {max(len(listed), len(seen))} cosigned, the last at {newest}"

    def timestamp(self) -> str:
        """The token is over a checkpoint of this log that has the sitting's last leaf in it."""
        present = [name for name in self.zip.order if name.startswith(STAMPS)]
        if not present:
            return "none"
        leaves, _ = _need(self._leaves), _need(self._checkpoint)
        if present != [STAMPS + name for name in STAMP]:
            raise Failed("files of the time-stamp are missing")
        about = parse(self.zip.read(STAMPS + "about.json"), "about.json")
        kinds: dict[str, Any] = {"v": int, "authority": str, "at": _TIME, "path": list}
        _members(about, "about.json", **kinds, index=int, n=int)
        data = self.zip.read(STAMPS + "checkpoint.txt")
        vkey = self._report.vkey
        old = read_checkpoint(data, vkey)
        if old.others or old.origin != self.bundle["origin"]:
            raise Failed("the checkpoint that was time-stamped is not the log's own")
        if not 0 <= about["n"] < len(leaves):
            raise Failed("the time-stamp is of a leaf that is not there")
        path = [_unhex(item, "the time-stamp's proof") for item in about["path"]]
        leaf = leaves[about["n"]]
        if root_of(leaf.hash, about["index"], old.size, path) != old.root:
            raise Failed("the sitting's last leaf is not in the checkpoint that was time-stamped")
        imprint = b"\x04\x20" + hashlib.sha256(data).digest()
        if imprint not in self.zip.read(STAMPS + "token.tst"):
            raise Failed("the token is not over the checkpoint")
        owner = "independent" if about["authority"] == "external" else "the operator's own clock"
        self._report.stamped = f"{about['at']} ({owner})"
        return f"{self._report.stamped}; openssl checks the token itself, see README.txt"

    def inclusion(self) -> str:
        """Every leaf is in the signed tree, in this order."""
        leaves, signed = _need(self._leaves), _need(self._checkpoint)
        before, count = -1, 0
        for line in self.zip.lines("log/proofs.jsonl"):
            what = f"the proof of leaf {count}"
            if count == len(leaves):
                raise Failed("there are more proofs than leaves")
            proof = _members(parse(line, what), what, index=int, path=list)
            index, path = proof["index"], [_unhex(item, what) for item in proof["path"]]
            if len(proof) != 2 or not before < index < signed.size:
                raise Failed(f"{what} is of a leaf out of order or outside the checkpoint")
            try:
                root = root_of(leaves[count].hash, index, signed.size, path)
            except Failed as error:
                raise Failed(f"leaf {count}: {error}") from None
            if root != signed.root:
                raise Failed(f"leaf {count} is not in the signed log")
            before, count = index, count + 1
        if count < len(leaves):
            raise Failed(f"the proof of leaf {count} is missing")
        return f"{count} proofs lead to the signed root"

    def export_leaf(self) -> str:
        """The last leaf holds the hash of bundle.json, and so binds every file."""
        leaves = _need(self._leaves)
        if not leaves or leaves[-1].type != "evidence.exported":
            raise Failed("the last leaf is not evidence.exported")
        data = _members(leaves[-1].data, "evidence.exported", bundle=_HEX)
        if data["bundle"] != self.zip.sha256.get("bundle.json"):
            raise Failed("bundle.json is not the one whose export was logged")
        found = [item for item in self.bundle["segments"] if "withheld" in item]
        stated = data.get("withheld", 0)
        if type(stated) is not int or stated != len(found):
            raise Failed(f"{len(found)} segments are withheld, the log says {stated}")
        for item in found:
            reasons = self._report.withheld
            reasons[item["withheld"]] = reasons.get(item["withheld"], 0) + 1
        self._report.withheld_tracks = sorted({item["track"] for item in found})
        return f"{stated} segments withheld, as the log says" if found else ""

    def commitments(self) -> str:
        """Each segment's media, salt and times are what the log committed to."""
        logged = {(item["track"], item["seq"]): item for item in self._logged("rec.segment")}
        for item in self.bundle["segments"]:
            what = f"segment {item['track']}/{item['seq']}"
            leaf = logged.get((item["track"], item["seq"]))
            if leaf is None:
                raise Failed(f"{what} is not in the log")
            for name in ("start_ms", "end_ms"):
                if item[name] != leaf[name]:
                    raise Failed(f"{what}: {name} is not the one in the log")
            if "path" not in item:
                continue
            plain = self.zip.sha256.get(item["path"])
            if plain is None:
                raise Failed(f"{what}: {item['path']} is missing")
            content = bytes.fromhex(item["salt"]) + bytes.fromhex(plain)
            if hashlib.sha256(content).hexdigest() != leaf["commitment"]:
                raise Failed(f"{what}: the media or its salt is not what was recorded")
            if self.zip.entries[item["path"]].size != leaf["bytes"]:
                raise Failed(f"{what}: the media has another size")
        kept = sum("path" in item for item in self.bundle["segments"])
        held = sum("withheld" in item for item in self.bundle["segments"])
        self._check_destroyed(len(self.bundle["segments"]) - kept - held, kept)
        if self._report.destroyed:
            return f"media destroyed {self._report.destroyed}; its hashes are in the log"
        left = f"; {held} withheld" if held else ""
        return f"{kept} segments are the ones recorded{left}"

    def _check_destroyed(self, without: int, kept: int) -> None:
        """Segments come without media when the log says that the key was destroyed, all then."""
        shredded = [leaf for leaf in _need(self._leaves) if leaf.type == "key.shredded"]
        if shredded and shredded[0].data:
            order = _members(shredded[0].data, "key.shredded", order=str)["order"]
            self._report.destroyed = f"on {shredded[0].at:%Y-%m-%d %H:%M:%S} UTC by order {order}"
        if without and not shredded:
            raise Failed(f"{without} segments have no media, and the log knows of no destruction")
        if without and kept:
            raise Failed("some segments have media, though the key of all was destroyed")

    def chain(self) -> str:
        """The segments of each track are numbered, chained and in order of time."""
        heads: dict[str, tuple[int, str, int]] = {}
        for item in self._logged("rec.segment"):
            track, seq = item["track"], item["seq"]
            count, head, end = heads.get(track, (0, NO_LINK, -MAX_INT))
            what = f"segment {track}/{seq}"
            if seq != count:
                raise Failed(f"{what} stands where {track}/{count} has to")
            if item["prev"] != head:
                raise Failed(f"{what} is not chained to the one before")
            if item["start_ms"] < end - TOLERANCE_MS or item["end_ms"] < item["start_ms"]:
                raise Failed(f"{what} overlaps the one before")
            if track != f"{item['seat']}-{item['source']}":
                raise Failed(f"{what} is not of seat {item['seat']}")
            heads[track] = (count + 1, link(item), item["end_ms"])
        return f"{len(heads)} tracks"

    def completeness(self) -> str:
        """All segments, tracks and gaps that the closed record counts are here, and no other."""
        segments, gaps = self._logged("rec.segment"), self._logged("rec.gap")
        logged = {(item["track"], item["seq"]) for item in segments}
        given = [(item["track"], item["seq"]) for item in self.bundle["segments"]]
        for track, seq in sorted(logged.difference(given)):
            raise Failed(f"segment {track}/{seq} is missing")
        if given != sorted(logged):
            raise Failed("the segments are not in their order, or one is given twice")
        media = [name for name in self.zip.order if name.startswith("media/")]
        given_media = [item["path"] for item in self.bundle["segments"] if "path" in item]
        if sorted(media) != sorted(given_media):
            raise Failed("media/ holds other files than the segments")
        closed = self._logged("rec.closed")
        if not closed and not segments and not gaps and not self._logged("rec.started"):
            return "nothing was recorded in this sitting"
        if len(closed) != 1:
            raise Failed(f"the record was closed {len(closed)} times")
        _check_closed(closed[0], segments, len(gaps))
        if sorted(closed[0]["tracks"]) != [item["id"] for item in self.bundle["tracks"]]:
            raise Failed("the manifest has other tracks than the log")
        self._check_nothing_later()
        return f"{len(segments)} segments, {len(gaps)} gaps"

    def gaps(self) -> str:
        """Every hole in a track is declared, and the manifest declares the log's gaps."""
        logged = self._logged("rec.gap")
        names = ("track", "start_ms", "end_ms", "reason")
        if self.bundle["gaps"] != [{name: item[name] for name in names} for item in logged]:
            raise Failed("the gaps of the manifest are not those of the log")
        spans: dict[str, list[tuple[int, int]]] = {}
        for item in [*self._logged("rec.segment"), *logged]:
            spans.setdefault(item["track"], []).append((item["start_ms"], item["end_ms"]))
        for track, found in spans.items():
            covered = min(found)[0]
            for start, end in sorted(found):
                if start - covered > TOLERANCE_MS:
                    raise Failed(f"track {track} has an undeclared hole, {covered} to {start} ms")
                covered = max(covered, end)
        return f"{len(logged)} declared, no other hole"

    def off_record(self) -> str:
        """No media lies off the record or in a private consultation."""
        segments = self._logged("rec.segment")
        stretches = self._recorded()
        for item in segments:
            start, end = item["start_ms"] + TOLERANCE_MS, item["end_ms"] - TOLERANCE_MS
            if not any(first <= start and end <= last for first, last in stretches):
                raise Failed(f"segment {item['track']}/{item['seq']} lies off the record")
        private = self._private()
        for seat, first, last in private:
            for item in segments:
                if item["seat"] == seat and item["end_ms"] > first and item["start_ms"] < last:
                    what = f"segment {item['track']}/{item['seq']}"
                    raise Failed(f"{what} lies in a private consultation of seat {seat}")
        return f"{len(stretches)} stretches on record, {len(private)} private stays without media"

    def exhibits(self) -> str:
        """The list of exhibits is that of the log, and each file is the one that was filed."""
        filed = self._filed()
        present = {name for name in self.zip.order if name.startswith(EXHIBIT_FILES)}
        if EXHIBITS not in self.zip.entries:
            if filed or present:
                raise Failed(f"{EXHIBITS} is missing: {len(filed)} exhibits were filed")
            return "none was filed"
        listed = parse(self.zip.read(EXHIBITS), EXHIBITS)
        _members(listed, EXHIBITS, v=int, exhibits=list)
        gone = {item["exhibit"] for item in self._logged("exhibit.taken_back")}
        rulings = self._rulings()
        for item in listed["exhibits"]:
            _members(item, "an exhibit", exhibit=_EXHIBIT, mark=_MARK, ruling=str)
            _members(item, item["mark"], seat=str, sha256=_HEX)
            leaf = filed.pop(item["exhibit"], None)
            if leaf is None:
                raise Failed(f"{item['mark']} is listed twice, or the log knows of no such filing")
            for name in ("sha256", "seat"):
                if item[name] != leaf[name]:
                    raise Failed(f"{item['mark']}: its {name} is not the one that was filed")
            if item["ruling"] != rulings.get(item["exhibit"], "offered"):
                raise Failed(f"{item['mark']}: the court's ruling is not the one in the log")
            if (item["exhibit"] in gone) != (item.get("withheld") == TAKEN_BACK):
                raise Failed(f"{item['mark']}: the log says otherwise whether it was taken back")
            self._check_exhibit(item, present)
        if filed:
            raise Failed(f"{len(filed)} exhibits that were filed are not listed: {min(filed)}")
        if present:
            raise Failed(f"{min(present)} is no exhibit of the list")
        return self._exhibits_told(len(listed["exhibits"]))

    def _check_exhibit(self, item: dict[str, Any], present: set[str]) -> None:
        """The file of a listed exhibit, which leaves `present`; or why there is none."""
        mark, held = item["mark"], self._report.exhibits_withheld
        if "withheld" in item:
            _members(item, mark, withheld=_REASON)
            if "path" in item:
                raise Failed(f"{mark} is given and withheld")
            held[item["withheld"]] = held.get(item["withheld"], 0) + 1
            return
        _members(item, mark, path=_NAME, type=_FILE_TYPE, bytes=int)
        if item["path"] != f"{EXHIBIT_FILES}{mark}.{item['type']}":
            raise Failed(f"{mark} has another path")
        if item["path"] not in present:
            raise Failed(f"{mark}: {item['path']} is missing, and is not withheld by name")
        present.remove(item["path"])
        if self.zip.entries[item["path"]].size != item["bytes"]:
            raise Failed(f"{mark}: the file has another size")
        if self.zip.sha256.get(item["path"]) != item["sha256"]:
            raise Failed(f"{mark}: the file is not the one that was filed")

    def _exhibits_told(self, count: int) -> str:
        self._report.exhibits = count
        held = sum(self._report.exhibits_withheld.values())
        left = f"; the files of {held} withheld" if held else ""
        return f"{count} exhibits, as the log says{left}"

    def _filed(self) -> dict[str, dict[str, Any]]:
        """What the log says of each exhibit that was filed, by its id."""
        filed: dict[str, dict[str, Any]] = {}
        for item in self._logged("exhibit.filed"):
            if item["exhibit"] in filed:
                raise Failed("an exhibit was filed twice")
            filed[item["exhibit"]] = item
        return filed

    def _rulings(self) -> dict[str, str]:
        """What the court said last of each exhibit, by its id."""
        found = {}
        for leaf in _need(self._leaves):
            if leaf.type in _RULINGS:
                data = _members(leaf.data, leaf.type, exhibit=_EXHIBIT)
                found[data["exhibit"]] = leaf.type.removeprefix("live.exhibit.")
        return found

    # what the steps share

    @property
    def zip(self) -> Archive:
        """The archive, if its directory could be read."""
        return _need(self._archive)

    @property
    def bundle(self) -> dict[str, Any]:
        """The manifest, if it could be read."""
        return _need(self._manifest)

    def _logged(self, type: str) -> list[dict[str, Any]]:
        """The `d` of the leaves of one type, in order, checked for their members."""
        found = [leaf.data for leaf in _need(self._leaves) if leaf.type == type]
        return [_members(data, type, **_MEMBERS[type]) for data in found]

    def _check_nothing_later(self) -> None:
        types = [leaf.type for leaf in _need(self._leaves)]
        later = types[types.index("rec.closed") + 1 :]
        if any(type.startswith("rec.") for type in later):
            raise Failed("something was recorded after the record was closed")

    def _recorded(self) -> list[tuple[int, int]]:
        """The stretches on record, in ms."""
        stretches: list[tuple[int, int]] = []
        start: int | None = None
        for leaf in _need(self._leaves):
            if leaf.type == "rec.started":
                data = _members(leaf.data, leaf.type, **_MEMBERS[leaf.type])
                if start is not None:
                    raise Failed("the record was started twice without a stop")
                if data["epoch"] != self.bundle["epoch"]:
                    raise Failed("recording time 0 is not the one in the log")
                start = data["start_ms"]
            elif leaf.type == "rec.stopped":
                data = _members(leaf.data, leaf.type, **_MEMBERS[leaf.type])
                if start is None:
                    raise Failed("the record was stopped without a start")
                stretches.append((start, data["end_ms"]))
                start = None
        if start is not None:
            raise Failed("the record was started and never stopped")
        return stretches

    def _private(self) -> list[tuple[str, int, int]]:
        """Stays in private rooms: seat, first and last ms in which it may have no media."""
        if not self.bundle["epoch"]:
            return []
        epoch = parse_time(self.bundle["epoch"])
        inside: dict[tuple[str, str], int] = {}
        stays = []
        for leaf in _need(self._leaves):
            if not leaf.type.startswith("live.private."):
                continue
            ms = int((leaf.at - epoch).total_seconds() * 1000)
            data = leaf.data or {}
            room, seats = data.get("private"), data.get("seats")
            if leaf.type == "live.private.opened":
                if not isinstance(room, str) or not isinstance(seats, list):
                    raise Failed("a leaf live.private.opened does not name its seats")
                inside.update({(room, str(seat)): ms for seat in seats})
            elif leaf.type == "live.private.ended":
                gone = seats if isinstance(seats, list) else [s for r, s in inside if r == room]
                for seat in gone:
                    first = inside.pop((str(room), str(seat)), None)
                    if first is not None:
                        stays.append((str(seat), first + SWITCH_MS, ms - SWITCH_MS))
        stays += [(seat, first + SWITCH_MS, MAX_INT) for (_, seat), first in inside.items()]
        return [stay for stay in stays if stay[1] < stay[2]]


_SPAN: dict[str, type | re.Pattern[str]] = {"track": _TRACK, "start_ms": int, "end_ms": int}
_MEMBERS: dict[str, dict[str, type | re.Pattern[str]]] = {
    "rec.started": {"epoch": _TIME, "start_ms": int},
    "rec.stopped": {"end_ms": int},
    "rec.closed": {"tracks": dict, "gaps": int},
    "rec.gap": {**_SPAN, "reason": str},
    "rec.segment": {
        **_SPAN,
        "seat": str,
        "source": str,
        "seq": int,
        "bytes": int,
        "sha256": _HEX,
        "commitment": _HEX,
        "prev": _HEX,
    },
    "exhibit.filed": {"exhibit": _EXHIBIT, "seat": str, "sha256": _HEX},
    "exhibit.taken_back": {"exhibit": _EXHIBIT},
}


def _check_manifest(manifest: Any) -> None:
    what = "bundle.json"
    lists = dict.fromkeys(("files", "tracks", "segments", "gaps"), list)
    _members(manifest, what, v=int, type=str, origin=str, epoch=str, sitting=dict, **lists)
    members = len(manifest) - ("copy" in manifest)
    if (manifest["v"], manifest["type"]) != (1, "mahdar.evidence") or members != 9:
        raise Failed("bundle.json is not of version 1")
    if "copy" in manifest:
        _members(manifest["copy"], "the copy", mark=str)
    if manifest["epoch"]:
        parse_time(manifest["epoch"])
    _members(manifest["sitting"], "the sitting", id=str)
    for item in manifest["files"]:
        _members(item, "a file of bundle.json", path=_NAME, size=int, sha256=_HEX)
    for item in manifest["tracks"]:
        _members(item, "a track", id=_TRACK, seat=str, source=str, codec=str)
    for item in manifest["gaps"]:
        _members(item, "a gap", **_SPAN, reason=str)
    for item in manifest["segments"]:
        if "path" not in item and "salt" not in item:
            _members(item, "a segment", **_SPAN, seq=int)  # destroyed: see `commitments`
            if "withheld" in item:
                _members(item, "a segment", withheld=_REASON)
            continue
        if "withheld" in item:
            raise Failed(f"segment {item['track']}/{item['seq']} is given and withheld")
        _members(item, "a segment", **_SPAN, seq=int, path=str, salt=_HEX)
        if item["path"] != f"media/{item['track']}/{item['seq']:05d}.webm":
            raise Failed(f"segment {item['track']}/{item['seq']} has another path")


def _check_closed(closed: dict[str, Any], segments: list[dict[str, Any]], gaps: int) -> None:
    counts: dict[str, tuple[int, str]] = {}
    for item in segments:
        counts[item["track"]] = (counts.get(item["track"], (0, ""))[0] + 1, link(item))
    for track, stated in closed["tracks"].items():
        _members(stated, f"rec.closed: {track}", segments=int, head=_HEX)
        count, head = counts.pop(track, (0, NO_LINK))
        if count != stated["segments"]:
            raise Failed(f"track {track} has {count} segments, {stated['segments']} were recorded")
        if head != stated["head"]:
            raise Failed(f"track {track} does not end with the segment that was recorded last")
    if counts:
        raise Failed(f"track {min(counts)} is not among those of the closed record")
    if gaps != closed["gaps"]:
        raise Failed(f"there are {gaps} gaps, {closed['gaps']} were logged")


_REPEATED = frozenset({"codec", "reason", "seat", "source", "track"})
_RULINGS = ("live.exhibit.admitted", "live.exhibit.refused")
_KEPT = (
    "key.shredded", "rec.", "live.private.", "evidence.exported", "exhibit.", *_RULINGS
)  # fmt: skip


def _read_leaf(line: bytes, what: str) -> tuple[Leaf, Any, Any]:
    """The leaf, its subject and its number."""
    value = _members(parse(line, what), what, v=int, t=_LEAF_TYPE, at=_TIME, d=dict)
    if value["v"] != 1 or set(value) - {"v", "t", "at", "s", "n", "d"}:
        raise Failed(f"{what} is not of version 1")
    if len(line) > 32 * 1024 or not _LEAF_TEXT.fullmatch(line.decode()):
        raise Failed(f"{what} holds more than codes and ids")
    data: dict[str, Any] | None = None
    if value["t"].startswith(_KEPT):
        data = value["d"]
        for name in _REPEATED.intersection(value["d"]):
            if isinstance(value["d"][name], str):
                value["d"][name] = sys.intern(value["d"][name])  # the same in many thousand leaves
    leaf = Leaf(sys.intern(value["t"]), parse_time(value["at"]), leaf_hash(line), data)
    subject = value.get("s")
    return leaf, sys.intern(subject) if isinstance(subject, str) else subject, value.get("n")


def _need(value: T | None) -> T:
    if value is None:
        raise Missing
    return value


def _unhex(value: Any, what: str) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise Failed(f"{what} is not a list of hashes")
    return bytes.fromhex(value)


STEPS: tuple[tuple[str, Callable[[Verification], str]], ...] = (
    ("archive", Verification.archive),
    ("canonical", Verification.canonical),
    ("manifest", Verification.manifest),
    ("leaf_format", Verification.leaf_format),
    ("leaf_order", Verification.leaf_order),
    ("checkpoint", Verification.checkpoint),
    ("inclusion", Verification.inclusion),
    ("export_leaf", Verification.export_leaf),
    ("commitments", Verification.commitments),
    ("chain", Verification.chain),
    ("completeness", Verification.completeness),
    ("gaps", Verification.gaps),
    ("off_record", Verification.off_record),
    ("exhibits", Verification.exhibits),
    ("witnesses", Verification.witnesses),
    ("timestamp", Verification.timestamp),
)


def verify(
    path: Path,
    vkey: str | None = None,
    tell: Callable[[Step], None] | None = None,
    witnesses: tuple[str, ...] = (),
) -> Report:
    """Check the bundle at `path`, with the log's key pinned to `vkey` where one is given, and the
    cosignatures of `witnesses` (verifier keys) required.

    `tell` hears of each step as it ends. Blocks for as long as reading the file takes; raises
    nothing.
    """
    report = Report(str(path))
    try:
        with path.open("rb") as file:
            _check_usable(file, vkey, witnesses)
            _run(Verification(file, report, vkey, witnesses), report, tell)
    except Unusable as error:
        report.status, report.error = UNUSABLE, str(error)
    except (OSError, ValueError) as error:
        report.status, report.error = UNUSABLE, f"cannot read the file: {error}"
    return report


def _check_usable(file: BinaryIO, vkey: str | None, witnesses: tuple[str, ...]) -> None:
    length = file.seek(0, 2)
    file.seek(0)
    start = file.read(4)
    file.seek(max(0, length - _END.size))
    if start != b"PK\x03\x04" and file.read(4) != b"PK\x05\x06":
        raise Unusable("the file is empty" if not length else "the file is not a ZIP archive")
    given = [("--witness", item, COSIGNATURE) for item in witnesses]
    if vkey is not None:
        given.append(("--key", vkey, ED25519))
    for option, text, algorithm in given:
        try:
            _read_vkey(text, algorithm)
        except Failed as error:
            raise Unusable(f"{option}: {error}") from None
    try:
        import cryptography  # noqa: F401
    except ImportError:
        raise Unusable(
            "the Python package cryptography is needed: pip install cryptography"
        ) from None


def _run(verification: Verification, report: Report, tell: Callable[[Step], None] | None) -> None:
    for number, (name, check) in enumerate(STEPS, 1):
        step = Step(number, name, True)
        try:
            step.detail = check(verification)
        except Missing:
            step.ok, step.detail = None, "an earlier step could not read what this one checks"
        except Failed as error:
            step.ok, step.detail = False, str(error)
        except OSError:
            raise
        except Exception as error:  # whatever hostile input can cause, it is not valid
            step.ok, step.detail = False, f"cannot be read ({type(error).__name__})"
        report.steps.append(step)
        if tell:
            tell(step)
    report.status = VALID if all(step.ok for step in report.steps) else NOT_VALID


def line(step: Step) -> str:
    """One line for people."""
    if step.ok:
        text = f"{step.number:2} {step.name}: ok" + (f" ({step.detail})" if step.detail else "")
    elif step.ok is None:
        text = f"{step.number:2} {step.name}: not checked, {step.detail}"
    else:
        text = f"{step.number:2} FAILED: {step.name}: {step.detail}"
    return _plain(text)


def summary(report: Report) -> list[str]:
    """The last lines for people."""
    if report.status == UNUSABLE:
        return [_plain(f"UNUSABLE: {report.error}")]
    lines = [_plain(f"key: {report.vkey}")] if report.vkey else []
    if report.copy:
        lines.append(_plain(f"COPY: {report.copy}"))
    if report.withheld:
        counts = ", ".join(f"{count} {reason}" for reason, count in sorted(report.withheld.items()))
        lines += [
            _plain(f"WITHHELD: {counts} (segments of {', '.join(report.withheld_tracks)}).")[:400],
            "They were recorded, and their hashes are in the log; this copy does not hold them.",
        ]
    if report.exhibits_withheld:
        reasons = sorted(report.exhibits_withheld.items())
        counts = ", ".join(f"{count} {reason}" for reason, count in reasons)
        lines += [
            _plain(f"EXHIBITS WITHHELD: {counts}.")[:400],
            "They were filed, and the hashes of their files are in the log.",
        ]
    if not report.pinned:
        lines += [
            "NOT PINNED: the key comes from the bundle itself, so this shows that the bundle is",
            "whole, not whose it is. Take the key from the court and run again with --key.",
        ]
    if report.destroyed:
        lines += [
            _plain(f"DESTROYED: sound and picture were destroyed {report.destroyed}."),
            "What was recorded, when and by whom, is still proved by the hashes in the log.",
        ]
    return [*lines, f"NOT VALID: {', '.join(report.failed)}" if report.failed else "VALID"]


def _plain(text: str) -> str:
    """For any terminal: a hostile bundle must not move its cursor."""
    ascii_only = text.encode("ascii", "backslashreplace").decode()
    return "".join(c if c.isprintable() else "?" for c in ascii_only)


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit status."""
    parser = argparse.ArgumentParser(description="Check an evidence bundle of a sitting.")
    parser.add_argument("file", type=Path, help="the bundle, FILE.zip")
    parser.add_argument("--key", metavar="VKEY", help="the log's verifier key, name+id+key")
    parser.add_argument(
        "--witness",
        metavar="VKEY",
        action="append",
        default=[],
        help="a witness's verifier key: it must have cosigned (may be given again)",
    )
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    tell = None if options.json else lambda step: print(line(step), flush=True)
    report = verify(options.file, options.key, tell, tuple(options.witness))
    if options.json:
        print(report.as_json())
    else:
        print("\n".join(summary(report)))
    return report.status


if __name__ == "__main__":
    sys.exit(main())
