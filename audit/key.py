"""The log's Ed25519 key in a file: PKCS#8 PEM, mode 0600, encrypted when a passphrase is given."""

import asyncio
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from audit import note
from audit.errors import KeyFileError


@dataclass(frozen=True, slots=True)
class LogKey:
    """The signing key and its name, which is the log's origin."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @property
    def verifier(self) -> note.Verifier:
        """The public half."""
        return note.Verifier(self.name, self.private.public_key().public_bytes_raw())

    @property
    def vkey(self) -> str:
        """The verifier key that outsiders pin."""
        return self.verifier.vkey

    def sign(self, text: str) -> str:
        """Return the signed note over `text`."""
        return note.sign(text, self.name, self.private).encode()


def generate(name: str) -> LogKey:
    """A new key that is in no file."""
    return LogKey(name, Ed25519PrivateKey.generate())


async def open_key(path: Path, name: str, passphrase: str = "") -> LogKey:
    """`load_or_create` in a thread."""
    return await asyncio.to_thread(load_or_create, path, name, passphrase)


def load_or_create(path: Path, name: str, passphrase: str = "") -> LogKey:
    """Read the key, or make one when the file is missing. Blocks; raises KeyFileError.

    The file appears whole or not at all, and of two processes that make it at once both use the
    one that was first.
    """
    if not note.valid_name(name):
        raise KeyFileError("the log's origin has no spaces and no plus sign")
    if not path.exists():
        _create(path, passphrase)
    return LogKey(name, _load(path, passphrase))


def _load(path: Path, passphrase: str) -> Ed25519PrivateKey:
    if path.stat().st_mode & 0o077:
        raise KeyFileError(f"{path.name} can be read by others; chmod 600 it")
    password = passphrase.encode() or None
    try:
        key = load_pem_private_key(path.read_bytes(), password)
    except TypeError:  # how cryptography says: a password is missing, or is not needed
        raise KeyFileError(
            f"{path.name} is not encrypted; remove the passphrase or encrypt the key with openssl"
            if password
            else f"{path.name} is encrypted; set the passphrase"
        ) from None
    except ValueError:
        raise KeyFileError(f"{path.name} is not a key, or the passphrase is wrong") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path.name} is not an Ed25519 key")
    return key


def _create(path: Path, passphrase: str) -> None:
    protection: KeySerializationEncryption = NoEncryption()
    if passphrase:
        protection = BestAvailableEncryption(passphrase.encode())
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    create_private(path, pem)


def create_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner reads; one that is there already stays. Atomic."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(temporary, path)  # unlike rename, never replaces a key that is in use
        except FileExistsError:
            return
        sync_folder(path.parent)
    finally:
        temporary.unlink()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
