"""A detention room's device without a browser: what static/js/room_device.js does."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from auth.devices import proof
from auth.devices.device import Device, normal_code
from auth.session import Login
from sessions.room_devices import RoomDevices

ADDRESS = "192.0.2.7"


def text(data: bytes) -> str:
    """base64url without padding, as the page writes it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class SoftDevice:
    """A browser's key pair, at one of our addresses, in a network."""

    def __init__(self, origin: str, address: str = ADDRESS) -> None:
        self.origin = origin
        self.address = address
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.id = ""

    @property
    def public(self) -> str:
        form = PublicFormat.SubjectPublicKeyInfo
        return text(self.private.public_key().public_bytes(Encoding.DER, form))

    def sign(self, purpose: str, sitting: str, challenge: str, *, device: str | None = None) -> str:
        """The signature of this device, or of one that claims to be `device`."""
        name = self.id if device is None else device
        signed = proof.message(purpose, self.origin, name, sitting, challenge)
        r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(hashes.SHA256())))
        return text(r.to_bytes(32) + s.to_bytes(32))

    async def enrol(self, devices: RoomDevices, code: str) -> Device:
        """With a code that was typed in."""
        signature = self.sign(proof.ENROL, "", normal_code(code), device="")
        found = await devices.enrol(code, self.public, signature, self.address)
        self.id = found.device.id
        return found.device

    async def sign_in(self, devices: RoomDevices, login: Login) -> Device:
        """Bind an officer's session."""
        id, challenge = await devices.question(login)
        signature = self.sign(proof.SIGN_IN, "", challenge)
        return await devices.answer(login, id, self.id, signature, self.address)
