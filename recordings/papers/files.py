"""Uploaded papers and finished documents on disk: encrypted, made once, never changed.

    <root>/<owner>/<file>.sealed = nonce (12 bytes) | AES-256-GCM ciphertext with its tag

The owner is a request, a marriage file or a sitting. Each file has its own key, wrapped by the key
store's (as in `recordings.keys`); the ciphertext is bound to owner and file, so that a file that is
moved or swapped does not open. Blocking calls.
"""

import os
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from recordings.keys import KeyStore, new_key
from recordings.vault import sync_folder

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class FileDamaged(Exception):
    """The file is gone, was altered, or belongs elsewhere."""


@dataclass(frozen=True, slots=True)
class Papers:
    """The folder of all files of one room."""

    root: Path
    keys: KeyStore

    def path(self, owner: str, file: str) -> Path:
        """Where a file is. Raises ValueError for ids that are none of ours."""
        if not _ID.fullmatch(owner) or not _ID.fullmatch(file):
            raise ValueError("not an id of ours")
        return self.root / owner / f"{file}.sealed"

    def write(self, owner: str, file: str, data: bytes) -> bytes:
        """Keep a file; returns its wrapped key. It is on disk when this returns."""
        path, key, nonce = self.path(owner, file), new_key(), secrets.token_bytes(12)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        sealed = nonce + AESGCM(key).encrypt(nonce, data, _binding(owner, file))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(sealed)
            handle.flush()
            os.fsync(handle.fileno())
        sync_folder(path.parent)
        return self.keys.wrap(key)

    def read(self, owner: str, file: str, wrapped: bytes) -> bytes:
        """A file as it came. Raises FileDamaged, `recordings.keys.KeyRefused`."""
        return _opened(self.path(owner, file), self.keys.unwrap(wrapped), _binding(owner, file))

    def content(self, owner: str, file: str, wrapped: bytes) -> Callable[[], Iterable[bytes]]:
        """Gives a file as it came, when called; also in another process. Raises `KeyRefused`; what
        it gives raises FileDamaged."""
        key = self.keys.unwrap(wrapped)
        return partial(_pieces, self.path(owner, file), key, _binding(owner, file))

    def remove(self, owner: str, file: str) -> None:
        """Delete a file that no row names (its unit failed). One that is gone is fine."""
        self.path(owner, file).unlink(missing_ok=True)


def _opened(path: Path, key: bytes, binding: bytes) -> bytes:
    try:
        sealed = path.read_bytes()
        return AESGCM(key).decrypt(sealed[:12], sealed[12:], binding)
    except (OSError, InvalidTag, ValueError) as error:
        raise FileDamaged(f"{path.parent.name}/{path.stem}: {type(error).__name__}") from None


def _pieces(path: Path, key: bytes, binding: bytes) -> Iterable[bytes]:
    yield _opened(path, key, binding)


def _binding(owner: str, file: str) -> bytes:
    return f"mahdar deeds v1|{owner}|{file}".encode()
