"""Documents at rest: AES-256-GCM under a key of the ceremony, wrapped by the key store's.

The additional data says which revision of which ceremony it is, so that a row moved to another
place does not open.
"""

import secrets
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from notary.signing.errors import SigningFailed

NONCE: Final = 12


def seal(content: bytes, key: bytes, ceremony: str, revision: int) -> bytes:
    """Nonce and ciphertext."""
    nonce = secrets.token_bytes(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, _place(ceremony, revision))


def unseal(sealed: bytes, key: bytes, ceremony: str, revision: int) -> bytes:
    """The reverse. Raises SigningFailed `document` when it was changed or moved."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], _place(ceremony, revision))
    except InvalidTag:
        raise SigningFailed("document", f"{ceremony} revision {revision} is damaged") from None


def _place(ceremony: str, revision: int) -> bytes:
    return f"mahdar-document/v1\n{ceremony}\n{revision}".encode()
