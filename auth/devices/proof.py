"""What a device signs, and the check of it: ECDSA on P-256 with SHA-256 (WebCrypto, FIPS 186-5).

A signature is for one purpose, one of our addresses, one device, one sitting and one challenge.
The challenge is used once: an enrolment code, a question at sign-in, or a join ticket.
"""

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from auth.devices.device import unproved

ENROL, SIGN_IN, JOIN = "enrol", "sign-in", "join"
_HALF = 32
"""Bytes of each of the two numbers that WebCrypto writes one after the other (IEEE P1363)."""


def message(purpose: str, origin: str, device: str, sitting: str, challenge: str) -> bytes:
    """The signed text; none of its lines can hold a line break. `static/js/room_device.js` twin."""
    lines = ("mahdar-room-device/v1", purpose, origin, device, sitting, challenge)
    return "\n".join(lines).encode()


def public_key(data: bytes) -> ec.EllipticCurvePublicKey:
    """A P-256 key in SubjectPublicKeyInfo. Raises Refusal `device.proof`."""
    try:
        key = load_der_public_key(data)
    except (ValueError, UnsupportedAlgorithm):
        raise unproved() from None
    if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        raise unproved()
    return key


def check(key: bytes, signature: bytes, signed: bytes) -> None:
    """Raise Refusal `device.proof` unless the device of `key` signed exactly this."""
    if len(signature) != 2 * _HALF:
        raise unproved()
    halves = (int.from_bytes(part) for part in (signature[:_HALF], signature[_HALF:]))
    try:
        der = encode_dss_signature(*halves)
        public_key(key).verify(der, signed, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        raise unproved() from None
