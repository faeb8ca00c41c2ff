"""Signed notes (C2SP signed-note): text, then one line for each key that signed it.

Parsing is strict: there is one way to write each note, so a change of any bit of a note with one
signature is refused. Lines of unknown keys (a witness, a later algorithm) are kept, not trusted.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit.encoding import from_base64, to_base64
from audit.errors import NoteError

ED25519 = 0x01
COSIGNATURE_ED25519 = 0x04  # a witness's line (C2SP tlog-cosignature): timestamp, then signature
MAX_BYTES = 1_000_000  # the limits of Go's sumdb/note, the most used reader
MAX_SIGNATURES = 100


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: who says so, and the bytes after the key id."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """The line as it stands in the note."""
        return f"— {self.name} {to_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Trust `text` only after `Verifier.check`."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        """The note as it is published."""
        return self.text + "\n" + "".join(item.line() for item in self.signatures)


@dataclass(frozen=True, slots=True)
class Verifier:
    """A public key and its name. `algorithm` is ED25519 or COSIGNATURE_ED25519."""

    name: str
    public_key: bytes
    algorithm: int = ED25519

    @property
    def key_id(self) -> bytes:
        """Four bytes that, with the name, say which key signed."""
        return key_id(self.name, self.algorithm, self.public_key)

    @property
    def vkey(self) -> str:
        """The text by which people configure this key: name+id+key."""
        key = bytes([self.algorithm]) + self.public_key
        return f"{self.name}+{self.key_id.hex()}+{to_base64(key)}"

    def check(self, note: Note) -> None:
        """Raise NoteError unless this key signed the note's text."""
        for item in note.signatures:
            if (item.name, item.key_id) == (self.name, self.key_id):
                self._check(note.text, item.signature)
                return
        raise NoteError(f"the note is not signed by {self.name}")

    def _check(self, text: str, signature: bytes) -> None:
        message = text.encode()
        if self.algorithm == COSIGNATURE_ED25519:
            seconds = int.from_bytes(signature[:8], "big")
            message = f"cosignature/v1\ntime {seconds}\n".encode() + message
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, message)
        except InvalidSignature:
            raise NoteError(f"the signature of {self.name} is wrong") from None


def key_id(name: str, algorithm: int, public_key: bytes) -> bytes:
    """SHA-256(name || newline || algorithm || key), the first four bytes."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public_key).digest()[:4]


def parse_vkey(vkey: str) -> Verifier:
    """Read a verifier key. Raises NoteError when it is malformed or its id is not its key's."""
    parts = vkey.split("+", 2)
    if len(parts) != 3 or not valid_name(parts[0]):
        raise NoteError("a verifier key has the form name+id+key")
    key = from_base64(parts[2])
    if len(key) != 33 or key[0] not in (ED25519, COSIGNATURE_ED25519):
        raise NoteError("the verifier key is not an Ed25519 key")
    verifier = Verifier(parts[0], key[1:], key[0])
    if verifier.vkey != vkey:
        raise NoteError("the id of the verifier key is not that of its key")
    return verifier


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Note:
    """Sign `text` (which ends in a newline) with one key."""
    _check_text(text)
    if not valid_name(name):
        raise NoteError("a key name has no spaces and no plus sign")
    public = key.public_key().public_bytes_raw()
    signature = Signature(name, key_id(name, ED25519, public), key.sign(text.encode()))
    return Note(text, (signature,))


def cosign(text: str, name: str, key: Ed25519PrivateKey, seconds: int) -> Signature:
    """A witness's line over a checkpoint's text (C2SP tlog-cosignature): it has seen this log at
    `seconds` of POSIX time, and it extends what it saw before."""
    public = key.public_key().public_bytes_raw()
    signed = key.sign(f"cosignature/v1\ntime {seconds}\n".encode() + text.encode())
    id = key_id(name, COSIGNATURE_ED25519, public)
    return Signature(name, id, seconds.to_bytes(8, "big") + signed)


def with_lines(note: Note, lines: Iterable[Signature]) -> Note:
    """The note with more signature lines; one of a key that signed it already is left out."""
    known = {(item.name, item.key_id): item for item in note.signatures}
    for item in lines:
        known.setdefault((item.name, item.key_id), item)
    return Note(note.text, tuple(known.values()))


def parse_lines(text: str) -> tuple[Signature, ...]:
    """Signature lines that came without their note. Raises NoteError."""
    if not text.endswith("\n") or len(text) > MAX_BYTES:
        raise NoteError("signature lines end in a newline")
    return tuple(_parse_line(line) for line in text[:-1].split("\n"))


def parse(data: str | bytes) -> Note:
    """Parse a note. Raises NoteError for anything but the one way to write it."""
    encoded = data.encode() if isinstance(data, str) else data
    if len(encoded) > MAX_BYTES:
        raise NoteError("the note is too long")
    try:
        note = encoded.decode()
    except UnicodeDecodeError:
        raise NoteError("the note is not UTF-8") from None
    head, separator, tail = note.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise NoteError("the note has no signature block")
    _check_text(head + "\n")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteError("the note has too many signatures")
    signatures = tuple(_parse_line(line) for line in lines)
    if len({(item.name, item.key_id) for item in signatures}) < len(signatures):
        raise NoteError("a key signed the note twice")
    return Note(head + "\n", signatures)


def open_note(data: str | bytes, verifiers: Iterable[Verifier]) -> Note:
    """Parse a note and check it with every key given. Raises NoteError."""
    note = parse(data)
    for verifier in verifiers:
        verifier.check(note)
    return note


def valid_name(name: str) -> bool:
    """Whether `name` can name a key: not empty, no space, plus sign or control character."""
    return bool(name) and not any(c.isspace() or c == "+" or c < " " for c in name)


def _check_text(text: str) -> None:
    if not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise NoteError("the text does not end in a newline or has control characters")


def _parse_line(line: str) -> Signature:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or not valid_name(name):
        raise NoteError("a signature line is malformed")
    data = from_base64(encoded)
    if len(data) < 5:
        raise NoteError("a signature is too short")
    return Signature(name, data[:4], data[4:])
