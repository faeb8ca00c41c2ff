"""Which kinds of file the page 'Verify' checks, and by which function.

A room to the right adds its own: `app.py` gives `Checking` the kinds of all rooms. The function
runs in a process of its own (`recordings.checking.child`), where nothing of the house is: neither
database nor keys. It is named, not passed: `module:function`, called with the file and what the
house trusts, and returns a Finding.
"""

from collections.abc import Callable
from dataclasses import dataclass

from errors import N_

HEAD_BYTES = 512
TAIL_BYTES = 64


@dataclass(frozen=True, slots=True)
class Trust:
    """Public keys that the house vouches for."""

    vkey: str
    """Verifier key of the house's log."""
    witnesses: tuple[str, ...] = ()
    """Cosignature keys of its witnesses."""
    roots: str = ""
    """PEM of what tokens of its time-stamping authority end in."""
    signers: str = ""
    """PEM of what certificates in signed documents end in, time-stamps of documents too."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file. `suits` sees its first and last bytes; the first kind that suits is it."""

    code: str
    title: str
    suits: Callable[[bytes, bytes], bool]
    check: str
    wall_s: float | None = None
    """A file that the log does not name is stopped after so long; None: what the service gives."""
    cpu_s: int | None = None
    """And after so much processor time, by a limit of the process itself."""
    logged: bool = False
    """The log names every genuine file of this kind that this house made."""


BUNDLE = Kind(
    "bundle",
    N_("Evidence bundle of a sitting"),
    lambda head, tail: head.startswith(b"PK\x03\x04") or b"PK\x05\x06" in tail,
    "recordings.checking.bundle:check",
)
PROOF = Kind(
    "proof",
    N_("Proof of one entry of the log"),
    lambda head, _tail: head.startswith(b"c2sp.org/tlog-proof@"),
    "recordings.checking.log_files:check_proof",
)
EXTRACT = Kind(
    "extract",
    N_("Extract of the log"),
    lambda head, _tail: head.startswith(b'{"checkpoint":'),
    "recordings.checking.log_files:check_extract",
)
CHECKPOINT = Kind(
    "checkpoint",
    N_("Checkpoint of a log"),
    lambda head, _tail: "\n\n\u2014 ".encode() in head or "\n\u2014 ".encode() in head,
    "recordings.checking.log_files:check_checkpoint",
)
OTHER = Kind("file", N_("Another file"), lambda _head, _tail: True, "")
"""Only its hash is looked for in the log."""

KINDS = (BUNDLE, PROOF, EXTRACT, CHECKPOINT)


def of(kinds: tuple[Kind, ...], head: bytes, tail: bytes) -> Kind:
    """The kind of a file with these first and last bytes."""
    return next((kind for kind in kinds if kind.suits(head, tail)), OTHER)
