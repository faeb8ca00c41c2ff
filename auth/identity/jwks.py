"""A provider's public keys: a JWK Set (RFC 7517), read strictly.

Every key becomes PEM that we write ourselves from checked numbers, since python-jose treats bytes
that it does not know as a secret (esign.md F). One bad thing in the set and the whole set is
refused: a provider does not publish private or doubled keys by accident.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

MOST_KEYS = 30
LEAST_RSA, MOST_RSA = 2048, 8192
"""Bits. NIST SP 800-131A asks for the least; beyond the most a check costs more than it gives."""
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_CURVES: dict[str, tuple[type[ec.EllipticCurve], int, str]] = {
    "P-256": (ec.SECP256R1, 32, "ES256"),
    "P-384": (ec.SECP384R1, 48, "ES384"),
    "P-521": (ec.SECP521R1, 66, "ES512"),
}


class KeySetRefused(Exception):
    """Not a usable set of public keys. The text is for logs: never content of the set."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key that may have signed a token."""

    kid: str
    pem: str


def parse(text: bytes, algorithm: str) -> dict[str, PublicKey]:
    """The keys of a set that can sign with `algorithm`, by `kid`. Raises KeySetRefused.

    Keys of other algorithms and uses are left out; a secret or private key, or one `kid` twice
    among those that could be used, refuses the set.
    """
    try:
        keys = json.loads(text)["keys"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeySetRefused("not a JWK Set") from None
    if not isinstance(keys, list) or len(keys) > MOST_KEYS:
        raise KeySetRefused("not a list of keys, or too many")
    found: dict[str, PublicKey] = {}
    for jwk in keys:
        if not isinstance(jwk, dict):
            raise KeySetRefused("not a key")
        if _PRIVATE & jwk.keys() or jwk.get("kty") == "oct":
            raise KeySetRefused("a secret key")
        kid = jwk.get("kid")
        if not isinstance(kid, str) or not 0 < len(kid) <= 255 or not _usable(jwk, algorithm):
            continue
        if kid in found:
            raise KeySetRefused("a key id twice")
        found[kid] = PublicKey(kid, _pem(jwk))
    return found


def _usable(jwk: Mapping[str, Any], algorithm: str) -> bool:
    if jwk.get("use", "sig") != "sig" or jwk.get("alg", algorithm) != algorithm:
        return False
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return False
    if algorithm.startswith("RS"):
        return jwk.get("kty") == "RSA"
    curve = jwk.get("crv")
    known = _CURVES.get(curve) if isinstance(curve, str) else None
    return jwk.get("kty") == "EC" and known is not None and known[2] == algorithm


def _pem(jwk: Mapping[str, Any]) -> str:
    try:
        key = _rsa(jwk) if jwk["kty"] == "RSA" else _elliptic(jwk)
    except (KeyError, TypeError, ValueError, binascii.Error):
        raise KeySetRefused("a key whose numbers are wrong") from None
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _rsa(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    modulus, exponent = _number(jwk["n"]), _number(jwk["e"])
    if not LEAST_RSA <= modulus.bit_length() <= MOST_RSA or not 3 <= exponent < 2**32:
        raise ValueError("size")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _elliptic(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    curve, length, _ = _CURVES[jwk["crv"]]
    x, y = _bytes(jwk["x"]), _bytes(jwk["y"])
    if len(x) != length or len(y) != length:  # RFC 7518 section 6.2.1.2
        raise ValueError("length")
    # public_key() refuses a point that is not on the curve
    numbers = ec.EllipticCurvePublicNumbers(
        int.from_bytes(x, "big"), int.from_bytes(y, "big"), curve()
    )
    return numbers.public_key()


def _number(text: str) -> int:
    return int.from_bytes(_bytes(text), "big")


def _bytes(text: str) -> bytes:
    """base64url without padding (RFC 7515 section 2), and nothing else."""
    if not isinstance(text, str) or len(text) > 2048:
        raise ValueError("text")
    padded = text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4)
    return base64.b64decode(padded, validate=True)
