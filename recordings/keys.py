"""Keys of the vault: a data key per track, wrapped by the sitting's key, wrapped by the store's.

    key store's key --AES-KW--> sitting key --AES-KW--> track key --HKDF--> segment key

AES key wrap is RFC 3394. To destroy a sitting's wrapped key is to destroy its media; the log keeps
hashes of ciphertext, so it still verifies. The stores: a file with a passphrase (`keys_file`), a
PKCS#11 token (`keys_pkcs11`), a key management service (`keys_kms`); `keyring` puts them together.
"""

import secrets
from typing import Protocol

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

KEY_BYTES = 32
WRAPPED_BYTES = KEY_BYTES + 8


class KeyRefused(Exception):
    """A key cannot be had: wrong passphrase, wrong key, a damaged file, a token or service that
    does not answer. Says which. Nobody falls back to another store."""


class KeyStore(Protocol):
    """Wraps the keys of sittings. Both calls may block: use a thread."""

    def wrap(self, key: bytes) -> bytes:
        """Return `key` (32 bytes) so that only this store can read it. Raises KeyRefused."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """The reverse. Raises KeyRefused."""


class Backend(Protocol):
    """One place where keys of the house live, under names like `file:2`. All calls may block."""

    kind: str
    """The name's part before the colon."""

    def current(self) -> str:
        """The name of the key that wraps now. Raises KeyRefused."""

    def wrap(self, name: str, key: bytes) -> bytes:
        """`key` under the key of this name. Raises KeyRefused."""

    def unwrap(self, name: str, wrapped: bytes) -> bytes:
        """The reverse. Raises KeyRefused."""

    def rotate(self) -> str:
        """Make a new key, which wraps from now on; its name. The older ones stay readable."""

    def reload(self) -> None:
        """Learn of keys that another process made."""


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
