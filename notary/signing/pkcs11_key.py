"""The issuing authority's key in a PKCS#11 token: it never leaves it; the token signs.

Tried against SoftHSM 2.6, which has no CKM_ECDSA_SHA256: the digest is made here and signed with
CKM_ECDSA (PKCS#11 2.40 section 2.3.6), whose r and s become a DER signature (RFC 3279 2.2.3).
"""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

import pkcs11
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import load_der_public_key
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.exceptions import PKCS11Error, UserAlreadyLoggedIn
from pkcs11.util.ec import encode_ec_public_key, encode_named_curve_parameters

from audit.errors import KeyFileError

LABEL: Final = "mahdar-issuing"


@dataclass(frozen=True)
class Pkcs11Holder:
    """A `notary.signing.authority.KeyHolder`. Goes to worker processes, so it holds no session."""

    module: str
    token: str
    pin: str = field(repr=False)
    label: str = LABEL

    def key(self) -> "TokenKey":
        """The token's P-256 key, made when it has none. Raises KeyFileError."""
        return TokenKey(self)


class TokenKey(ec.EllipticCurvePrivateKey):
    """As `cryptography` uses a private key: it asks for a signature and nothing else."""

    def __init__(self, holder: Pkcs11Holder) -> None:
        self._holder = holder
        self._busy = threading.Lock()
        with self._session() as session:
            if not self._found(session, ObjectClass.PRIVATE_KEY):
                _generate(session, holder.label)
            public = self._found(session, ObjectClass.PUBLIC_KEY)
            key = load_der_public_key(encode_ec_public_key(public[0])) if public else None
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise KeyFileError(f"the token's {holder.label} is no elliptic-curve key")
        self._public = key

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Open for a call and no longer: the token may be the key store's too, and a token that is
        logged in stays so for the whole process until its last session ends."""
        holder = self._holder
        with self._busy:
            try:
                token = pkcs11.lib(holder.module).get_token(token_label=holder.token)
                try:
                    session = token.open(rw=True, user_pin=holder.pin)
                except UserAlreadyLoggedIn:
                    session = token.open(rw=True)
                with session:
                    yield session
            except (PKCS11Error, RuntimeError) as error:
                reason = type(error).__name__
                raise KeyFileError(f"the token {holder.token}: {reason}") from None

    def _found(self, session: Any, kind: ObjectClass) -> list[Any]:
        wanted = {Attribute.LABEL: self._holder.label, Attribute.KEY_TYPE: KeyType.EC}
        found = list(session.get_objects({**wanted, Attribute.CLASS: kind}))
        if len(found) > 1:
            raise KeyFileError(f"the token has {len(found)} keys {self._holder.label}")
        return found

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """An ECDSA signature over SHA-256, DER. Raises KeyFileError."""
        if not isinstance(signature_algorithm.algorithm, hashes.SHA256):
            raise ValueError("only SHA-256")
        digest = hashlib.sha256(data).digest()
        with self._session() as session:
            found = self._found(session, ObjectClass.PRIVATE_KEY)
            if not found:
                raise KeyFileError(f"the token has no key {self._holder.label}")
            raw: bytes = found[0].sign(digest, mechanism=Mechanism.ECDSA)
        half = len(raw) // 2
        return utils.encode_dss_signature(
            int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big")
        )

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def exchange(self, algorithm: ec.ECDH, peer_public_key: ec.EllipticCurvePublicKey) -> NoReturn:
        raise _kept()

    def private_numbers(self) -> NoReturn:
        raise _kept()

    def private_bytes(self, encoding: Any, format: Any, encryption_algorithm: Any) -> NoReturn:
        raise _kept()

    def __copy__(self) -> "TokenKey":
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> "TokenKey":
        return self


def _generate(session: Any, label: str) -> None:
    parameters = session.create_domain_parameters(
        KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
    )
    hidden = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}
    parameters.generate_keypair(store=True, label=label, private_template=hidden)


def _kept() -> KeyFileError:
    return KeyFileError("the key does not leave its token")
