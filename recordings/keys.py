"""Keys of the vault: a data key per track, wrapped by the sitting's key, wrapped by the store's.

    key store's key --AES-KW--> sitting key --AES-KW--> track key --HKDF--> segment key

AES key wrap is RFC 3394. To destroy a sitting's wrapped key is to destroy its media; the log keeps
hashes of ciphertext, so it still verifies. A PKCS#11 or KMS store implements `KeyStore` too.
"""

import json
import secrets
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Protocol

from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from audit.key import create_private

KEY_BYTES = 32
WRAPPED_BYTES = KEY_BYTES + 8


class KeyRefused(Exception):
    """A key cannot be had: wrong passphrase, wrong key, or a damaged file. Says which."""


class KeyStore(Protocol):
    """Wraps the keys of sittings. Both calls may block: use a thread."""

    def wrap(self, key: bytes) -> bytes:
        """Return `key` (32 bytes) so that only this store can read it."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The reverse. Raises KeyRefused."""


def new_key() -> bytes:
    """32 random bytes."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(key: bytes, under: bytes) -> bytes:
    """AES key wrap (RFC 3394): 40 bytes."""
    return aes_key_wrap(under, key)


def unwrap(wrapped: bytes, under: bytes) -> bytes:
    """The reverse of `wrap`. Raises KeyRefused."""
    try:
        return aes_key_unwrap(under, wrapped)
    except (InvalidUnwrap, ValueError):
        raise KeyRefused("the key was wrapped by another one, or is damaged") from None


class MemoryKeyStore:
    """A store whose key lives in this process only."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def wrap(self, key: bytes) -> bytes:
        return wrap(key, self._key)

    def unwrap(self, wrapped: bytes) -> bytes:
        return unwrap(wrapped, self._key)


# RFC 9106 section 4, second recommended option: 64 MiB, 3 passes, 4 lanes.
_ARGON = {"time_cost": 3, "memory_cost": 65536, "parallelism": 4}


def open_key_store(path: Path, passphrase: str) -> MemoryKeyStore:
    """Read the vault's key from its file, or make one when the file is missing.

    The file holds a random key, wrapped under one that argon2id makes of `passphrase` (which may
    be empty in demo mode). Blocks for about 100 ms; raises KeyRefused.
    """
    if not path.exists():
        _create(path, passphrase)
    try:
        found = json.loads(path.read_bytes())
        salt, wrapped = b64decode(found["salt"]), b64decode(found["key"])
        costs = {name: int(found[name]) for name in _ARGON}
        if found["v"] != 1 or costs["memory_cost"] > 1 << 22 or costs["time_cost"] > 100:
            raise ValueError
        under = _derive(passphrase, salt, costs)
    except (ValueError, KeyError, TypeError):
        raise KeyRefused(f"{path.name} is not a key file of the vault") from None
    try:
        return MemoryKeyStore(unwrap(wrapped, under))
    except KeyRefused:
        raise KeyRefused(f"{path.name}: the passphrase is wrong") from None


def _derive(passphrase: str, salt: bytes, costs: dict[str, int]) -> bytes:
    return hash_secret_raw(
        passphrase.encode(), salt, hash_len=KEY_BYTES, type=Type.ID, version=19, **costs
    )


def _create(path: Path, passphrase: str) -> None:
    salt = secrets.token_bytes(16)
    wrapped = wrap(new_key(), _derive(passphrase, salt, _ARGON))
    text = json.dumps(
        {"v": 1, "salt": b64encode(salt).decode(), "key": b64encode(wrapped).decode(), **_ARGON}
    )
    create_private(path, text.encode())
