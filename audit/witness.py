"""A witness (C2SP tlog-witness): cosigns a checkpoint only if it extends the last one it saw.

It has a key and a state of its own, and should live on another machine under other people: then
nobody who holds the log's key can show two histories, or take one back, unseen. The state is on
disk before an answer leaves, so a killed witness never forgets what it cosigned.
"""

import base64
import binascii
import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import checkpoint as checkpoints
from audit import note as notes
from audit import tree
from audit.checkpoint import Checkpoint
from audit.errors import AuditError, NoteError, ProofError
from audit.key import sync_folder
from audit.note import COSIGNATURE_ED25519, Verifier

MAX_PROOF = 63
"""Hashes of a consistency proof (tlog-witness)."""
SIZE_TYPE = "text/x.tlog.size"


class StateDamaged(AuditError):
    """The witness's state cannot be read. It must not sign: a person must look."""


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status and body. 200 holds signature lines, 409 the size that the witness knows."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Request:
    """The body of add-checkpoint: the size known, the proof from it, the checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    checkpoint: str


def parse_request(body: bytes) -> Request:
    """Raises NoteError for anything malformed."""
    try:
        head, separator, checkpoint = body.decode().partition("\n\n")
    except UnicodeDecodeError:
        raise NoteError("the request is not UTF-8") from None
    first, *hashes = head.split("\n")
    word, _, size = first.partition(" ")
    if not separator or word != "old" or not (size.isascii() and size.isdecimal()):
        raise NoteError("the request begins with the old size")
    if len(size) > 19 or (size != "0" and size.startswith("0")) or len(hashes) > MAX_PROOF:
        raise NoteError("the old size or the proof is too long")
    return Request(int(size), tuple(map(_hash, hashes)), checkpoint)


def format_request(old: int, proof: list[bytes], checkpoint: str) -> bytes:
    """The reverse of `parse_request`."""
    lines = "".join(base64.b64encode(item).decode() + "\n" for item in proof)
    return f"old {old}\n{lines}\n{checkpoint}".encode()


def _hash(text: str) -> bytes:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("a hash of the proof is not base64") from None
    if len(value) != 32:
        raise NoteError("a hash of the proof is not SHA-256")
    return value


class State:
    """What was cosigned last, per log. Blocking; one process at a time."""

    def __init__(self, path: Path) -> None:
        """Raises StateDamaged for a file that cannot be read."""
        self._path = path
        self._seen: dict[str, tuple[int, str]] = {}
        if path.exists():
            try:
                found = json.loads(path.read_bytes())
                self._seen = {str(k): (int(v["size"]), str(v["root"])) for k, v in found.items()}
            except (ValueError, KeyError, TypeError, AttributeError):
                raise StateDamaged(f"{path.name} is damaged; restore it from a copy") from None

    def get(self, origin: str) -> tuple[int, bytes]:
        """Size and root that were cosigned last; (0, the empty root) for a log not seen yet."""
        size, root = self._seen.get(origin, (0, tree.EMPTY_ROOT.hex()))
        return size, bytes.fromhex(root)

    def put(self, found: Checkpoint) -> None:
        """Durable when this returns."""
        seen = {**self._seen, found.origin: (found.size, found.root.hex())}
        text = json.dumps({k: {"size": v[0], "root": v[1]} for k, v in seen.items()})
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_name(f".{self._path.name}.new")
        with temporary.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        sync_folder(self._path.parent)
        self._seen = seen


class Witness:
    """Cosigns the logs that it was told of. Thread-safe; blocks while it writes its state."""

    def __init__(
        self, name: str, key: Ed25519PrivateKey, logs: Mapping[str, Verifier], state: State
    ) -> None:
        """`logs`: verifier of each log by its origin."""
        self._name, self._key, self._logs, self._state = name, key, logs, state
        self._turn = threading.Lock()

    @property
    def verifier(self) -> Verifier:
        """The key that others configure."""
        public = self._key.public_key().public_bytes_raw()
        return Verifier(self._name, public, COSIGNATURE_ED25519)

    def add_checkpoint(self, body: bytes, now: datetime) -> Answer:
        """Judge one request (tlog-witness, section add-checkpoint). Never raises for bad input."""
        try:
            request = parse_request(body)
            found = checkpoints.parse(request.checkpoint)
        except NoteError as error:
            return Answer(400, f"{error}\n")
        verifier = self._logs.get(found.origin)
        if verifier is None:
            return Answer(404, "this witness does not know the log\n")
        try:
            verifier.check(notes.parse(request.checkpoint))
        except NoteError:
            return Answer(403, "the checkpoint is not signed by the log's key\n")
        if request.old > found.size:
            return Answer(400, "the old size is larger than the checkpoint\n")
        with self._turn:
            return self._judge(request, found, now)

    def _judge(self, request: Request, found: Checkpoint, now: datetime) -> Answer:
        size, root = self._state.get(found.origin)
        if request.old != size or (found.size == size and found.root != root):
            return Answer(409, f"{size}\n", SIZE_TYPE)
        try:
            tree.verify_consistency(size, found.size, root, found.root, request.proof)
        except ProofError:
            return Answer(422, "the proof does not show that the log was only extended\n")
        self._state.put(found)
        text = notes.parse(found.note).text
        line = notes.cosign(text, self._name, self._key, int(now.timestamp()))
        return Answer(200, line.line())
