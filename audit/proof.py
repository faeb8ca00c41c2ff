"""Proofs in one file (C2SP tlog-proof): that an entry is in a log, checked without the log.

The entry itself travels in the line `extra`, so that one file is enough. That line is not
authenticated by its place: it counts only because its hash leads to the signed root.
"""

import re
from dataclasses import dataclass

from audit import checkpoint as checkpoints
from audit import tree
from audit.checkpoint import Checkpoint
from audit.encoding import from_base64, to_base64
from audit.errors import NoteError

HEAD = "c2sp.org/tlog-proof@v1"
SUFFIX = ".tlog-proof"
MAX_BYTES = 256 * 1024
"""An entry has at most 64 KiB (tlog-tiles), a checkpoint's signatures and the path the rest."""
MAX_PATH = 63
"""Hashes of an inclusion proof: a tree has at most 2**63 leaves."""

_INDEX = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Proof:
    """Leaf `index` with the bytes `entry` is under `checkpoint`, by way of `path`."""

    index: int
    entry: bytes
    path: tuple[bytes, ...]
    checkpoint: str
    """The signed note, with the lines of witnesses."""

    def encode(self) -> str:
        """The file."""
        lines = [HEAD, f"extra {to_base64(self.entry)}", f"index {self.index}"]
        lines += [to_base64(value) for value in self.path]
        return "\n".join(lines) + f"\n\n{self.checkpoint}"

    def check(self) -> Checkpoint:
        """Raise ProofError unless the path leads from the entry to the checkpoint's root.

        Returns the checkpoint, whose signatures the caller must check.
        """
        found = checkpoints.parse(self.checkpoint)
        leaf = tree.leaf_hash(self.entry)
        tree.verify_inclusion(leaf, self.index, found.size, self.path, found.root)
        return found


def parse(data: bytes) -> Proof:
    """Read a proof without trusting it. Raises NoteError for anything malformed.

    A proof without `extra` has an empty entry: what it proves must be known from elsewhere.
    """
    if len(data) > MAX_BYTES:
        raise NoteError("the proof is too long")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise NoteError("the proof is not text") from None
    head, separator, checkpoint = text.partition("\n\n")
    lines = head.split("\n")
    if lines[0] != HEAD or not separator:
        raise NoteError(f"a proof begins with {HEAD}")
    entry, rest = b"", lines[1:]
    if rest and rest[0].startswith("extra "):
        entry, rest = from_base64(rest[0][6:]), rest[1:]
    word, _, index = rest[0].partition(" ") if rest else ("", "", "")
    if word != "index" or not _INDEX.fullmatch(index):
        raise NoteError("the proof does not say the index")
    path = tuple(from_base64(line) for line in rest[1:])
    if len(path) > MAX_PATH or any(len(value) != tree.HASH_BYTES for value in path):
        raise NoteError("the hashes of the proof are not SHA-256")
    return Proof(int(index), entry, path, checkpoint)
