"""The one secret of this room, and the keys derived from it.

The file `auth.key` holds 32 random bytes in the same protected form as the log's key. Every use
has its own key by HKDF (RFC 5869), so that one use never helps to break another.
"""

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from audit import key as key_file

FILE = "auth.key"
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True, slots=True)
class Secret:
    """Root of the keys. Nothing of it is ever stored elsewhere or logged."""

    root: bytes = field(repr=False)

    def _derive(self, purpose: str, length: int) -> bytes:
        info = f"mahdar/auth/v1/{purpose}".encode()
        return HKDF(SHA256(), length, salt=None, info=info).derive(self.root)

    def tag(self, purpose: str, value: str) -> str:
        """HMAC-SHA256 of `value` under the key of `purpose`, in hex.

        For tokens that we check ourselves and for look-ups of values that must not be stored
        (an address, an identity number, which is too short to be safe under a plain hash).
        """
        return hmac.new(self._derive(purpose, 32), value.encode(), hashlib.sha256).hexdigest()

    def seal(self, purpose: str, owner: str, value: str) -> str:
        """Encrypt what we must be able to read again (AES-256-GCM), bound to its owner."""
        nonce = os.urandom(12)
        key = AESGCM(self._derive(f"seal/{purpose}", 32))
        return (nonce + key.encrypt(nonce, value.encode(), owner.encode())).hex()

    def open(self, purpose: str, owner: str, sealed: str) -> str:
        """Read what `seal` wrote. Raises cryptography's InvalidTag for anything else."""
        data = bytes.fromhex(sealed)
        key = AESGCM(self._derive(f"seal/{purpose}", 32))
        return key.decrypt(data[:12], data[12:], owner.encode()).decode()

    def ticket_key(self) -> ec.EllipticCurvePrivateKey:
        """The P-256 key of join tickets (FIPS 186-5 A.2.1: extra random bits)."""
        wide = int.from_bytes(self._derive("ticket", 48), "big")
        return ec.derive_private_key(wide % (_P256_ORDER - 1) + 1, ec.SECP256R1())


def load_or_create(folder: Path, passphrase: str = "") -> Secret:
    """Read the secret, or make one. Blocks. Raises audit.errors.KeyFileError."""
    found = key_file.load_or_create(folder / FILE, "mahdar-auth", passphrase)
    return Secret(found.private.private_bytes_raw())
