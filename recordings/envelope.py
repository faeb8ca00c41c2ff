"""Small things that belong to one record, encrypted under its sitting's key.

    sealed = seal(sitting_key, "annotation", "<sitting>|<owner>", b"...")
    plain = unseal(sitting_key, "annotation", "<sitting>|<owner>", sealed)

12 random bytes of nonce, then AES-256-GCM under a key of the purpose (HKDF). The binding is
authenticated: what is moved to another sitting or owner does not open. Who destroys the sitting's
key destroys these with the media.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from recordings.keys import KeyRefused

NONCE = 12


def seal(sitting_key: bytes, purpose: str, binding: str, plain: bytes) -> bytes:
    """Encrypt `plain` for one purpose and one binding (ids, no secrets)."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + _cipher(sitting_key, purpose).encrypt(nonce, plain, binding.encode())


def unseal(sitting_key: bytes, purpose: str, binding: str, sealed: bytes) -> bytes:
    """The reverse. Raises KeyRefused: another key, another binding, or altered."""
    nonce, rest = sealed[:NONCE], sealed[NONCE:]
    try:
        return _cipher(sitting_key, purpose).decrypt(nonce, rest, binding.encode())
    except (InvalidTag, ValueError):
        raise KeyRefused(f"the {purpose} was sealed with another key, or is damaged") from None


def _cipher(sitting_key: bytes, purpose: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, None, f"mahdar {purpose} v1".encode()).derive(sitting_key))
