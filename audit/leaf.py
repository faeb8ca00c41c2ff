"""A leaf: one fact of the log, as canonical JSON (RFC 8785).

    {"v":1,"t":"rec.segment","at":"2026-11-21T09:30:00.000Z","s":"<subject>","n":7,"d":{...}}

`s` and `n` come together: `n` counts the leaves of subject `s` from 0 without gaps, so that
somebody who holds 0..k knows that none was left out. Leaves are public and can never be erased.
So they hold codes, opaque ids, numbers and hashes only: text is printable ASCII without spaces,
which keeps names and sentences out. What must be provable but not public goes in as `commit`.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import rfc8785

from audit.errors import LeafError

JSON: TypeAlias = "str | int | bool | Sequence[JSON] | Mapping[str, JSON]"
"""What a leaf may hold. No float (no canonical meaning for people) and no null (leave it out)."""

MAX_BYTES = 32 * 1024
MAX_DEPTH = 8
MAX_INT = 2**53 - 1  # RFC 8785 section 3.2.2.3: numbers are IEEE 754 doubles

_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_SUBJECT = re.compile(r"[A-Za-z0-9_:-]{1,64}")
_TEXT = re.compile(r"[!-~]*")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@dataclass(frozen=True, slots=True)
class Leaf:
    """One fact. `n` is None exactly when `subject` is empty. `at` has milliseconds."""

    type: str
    at: datetime
    data: Mapping[str, JSON]
    subject: str = ""
    n: int | None = None


def encode(leaf: Leaf) -> bytes:
    """Return the leaf's canonical bytes. Raises LeafError, naming the place that is wrong."""
    _check_head(leaf)
    entry: dict[str, JSON] = {"v": 1, "t": leaf.type, "at": format_time(leaf.at)}
    if leaf.n is not None:
        entry |= {"s": leaf.subject, "n": leaf.n}
    entry["d"] = _checked(leaf.data, "d", 1)
    encoded = rfc8785.dumps(entry)
    if len(encoded) > MAX_BYTES:
        raise LeafError(f"leaf {leaf.type} has {len(encoded)} bytes, more than {MAX_BYTES}")
    return encoded


def decode(entry: bytes) -> Leaf:
    """Parse canonical bytes. Raises LeafError for anything that `encode` would not write."""
    if len(entry) > MAX_BYTES:
        raise LeafError("leaf is too long")
    try:
        found = json.loads(entry)
    except (ValueError, RecursionError):
        raise LeafError("leaf is not JSON") from None
    if not isinstance(found, dict) or found.get("v") != 1:
        raise LeafError("leaf is not of version 1")
    at, data = found.get("at"), found.get("d")
    if not isinstance(at, str) or not isinstance(data, dict):
        raise LeafError("leaf lacks at or d")
    try:
        leaf = Leaf(found["t"], parse_time(at), data, found.get("s", ""), found.get("n"))
        canonical = encode(leaf)
    except (KeyError, TypeError):
        raise LeafError("leaf has members of the wrong form") from None
    if canonical != entry:
        raise LeafError("leaf is not in canonical form")
    return leaf


def commit(value: bytes, salt: bytes) -> str:
    """Return SHA256(salt || value) in hex: provable with the salt, erased with the salt.

    The salt is 16 random bytes or more, one for each value; it comes first and has a fixed length,
    so that no two pairs give the same input.
    """
    if len(salt) < 16:
        raise ValueError("a salt has 16 bytes or more")
    return hashlib.sha256(salt + value).hexdigest()


def format_time(at: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and Z."""
    if at.tzinfo is None:
        raise LeafError("the time of a leaf is naive")
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_time(text: str) -> datetime:
    """The reverse of `format_time`. Raises LeafError."""
    if not _AT.fullmatch(text):
        raise LeafError(f"{text!r} is not a time of the form 2026-01-31T09:30:00.000Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise LeafError(f"{text!r} is not a time") from None


def _check_head(leaf: Leaf) -> None:
    if not isinstance(leaf.type, str) or not _TYPE.fullmatch(leaf.type) or len(leaf.type) > 64:
        raise LeafError(f"{leaf.type!r} is not a dotted type such as rec.segment")
    if (leaf.n is None) != (leaf.subject == ""):
        raise LeafError("subject and n come together")
    if leaf.subject and not _SUBJECT.fullmatch(leaf.subject):
        raise LeafError("the subject is not an opaque id of 1 to 64 characters A-Za-z0-9_:-")
    if leaf.n is not None and (type(leaf.n) is not int or not 0 <= leaf.n <= MAX_INT):
        raise LeafError("n is not a counter")


def _checked(value: object, place: str, depth: int) -> JSON:
    """Return `value` as plain dicts and lists, or raise LeafError naming `place`."""
    if depth > MAX_DEPTH:
        raise LeafError(f"{place}: nested deeper than {MAX_DEPTH}")
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        if abs(value) > MAX_INT:
            raise LeafError(f"{place}: {value} does not fit in 53 bits; write it as text")
        return int(value)
    if isinstance(value, str):
        return _checked_text(value, place)
    if isinstance(value, Mapping):
        return {
            _checked_text(key, place): _checked(item, f"{place}.{key}", depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_checked(item, f"{place}[{i}]", depth + 1) for i, item in enumerate(value)]
    raise LeafError(f"{place}: {_advice(value)}")


def _checked_text(value: object, place: str) -> str:
    if not isinstance(value, str):
        raise LeafError(f"{place}: a key is text")
    if not _TEXT.fullmatch(value):
        raise LeafError(
            f"{place}: only codes, ids and hashes belong into a leaf (ASCII, no spaces); "
            "commit to free text with leaf.commit"
        )
    return str(value)


def _advice(value: object) -> str:
    if value is None:
        return "null is not allowed; leave the member out"
    if isinstance(value, float):
        return "a float is not allowed; use an integer of a smaller unit"
    if isinstance(value, (bytes, bytearray)):
        return "bytes are not allowed; write hex"
    return f"{type(value).__name__} is not allowed"
