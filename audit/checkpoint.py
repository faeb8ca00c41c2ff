"""Checkpoints (C2SP tlog-checkpoint): the signed size and root of the log."""

import base64
import binascii
import re
from dataclasses import dataclass

from audit import note as notes
from audit.errors import NoteError
from audit.tree import HASH_BYTES


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` had exactly `size` leaves under `root`. `note` is the signed text."""

    origin: str
    size: int
    root: bytes
    note: str


def body(origin: str, size: int, root: bytes) -> str:
    """The text that is signed: origin, size, root, one a line."""
    return f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n"


def parse(data: str | bytes) -> Checkpoint:
    """Read a checkpoint without trusting it; extension lines are refused.

    The caller checks signatures with `Verifier.check(note.parse(...))`, or uses `verified`.
    """
    note = notes.parse(data)
    lines = note.text[:-1].split("\n")
    if len(lines) != 3 or not lines[0]:
        raise NoteError("a checkpoint has three lines: origin, size, root")
    origin, size, root = lines
    if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size):
        raise NoteError("the size of the checkpoint is not a number")
    try:
        digest = base64.b64decode(root, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("the root of the checkpoint is not base64") from None
    if len(digest) != HASH_BYTES or body(origin, int(size), digest) != note.text:
        raise NoteError("the root of the checkpoint is not one SHA-256 hash")
    return Checkpoint(origin, int(size), digest, note.encode())


def verified(data: str | bytes, verifier: notes.Verifier, origin: str) -> Checkpoint:
    """Read a checkpoint of log `origin` signed by `verifier`. Raises NoteError otherwise."""
    found = parse(data)
    if found.origin != origin:
        raise NoteError("the checkpoint is of another log")
    notes.open_note(data, [verifier])
    return found
