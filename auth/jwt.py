"""JSON Web Tokens, strictly: the only module that imports python-jose.

python-jose 3.5 lets pass what we must not (measured): a token without `aud` although one is
demanded, one without `exp`, an unknown `crit`; and a DER key without a list of algorithms makes a
public key an HMAC secret. So here the header has exactly `alg` ES256 and our own `typ`, the key is
an object and never bytes, every claim is demanded and checked by us against a passed-in time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from jose import jwt
from jose.backends import ECKey
from jose.exceptions import JOSEError

ALGORITHM = "ES256"
LONGEST = 4096
"""Characters of a token; ours have about 500."""
LEEWAY = timedelta(seconds=5)
"""For clocks of several nodes."""
REGISTERED = frozenset({"iss", "aud", "sub", "jti", "iat", "exp"})

if "cryptography" not in ECKey.__module__:  # its fallback has CVE-2024-23342 (timing)
    raise ImportError("python-jose does not use the cryptography backend")


class TokenRefused(Exception):
    """Not a token of ours, or not any more. The text is for logs and tests: never the token."""


class TokenExpired(TokenRefused):
    """Ours, and too old."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Signs and checks the tokens of one purpose: one issuer, audience and type."""

    name: str
    audience: str
    type: str
    lifetime: timedelta
    _private: str
    _public: str

    @classmethod
    def of(
        cls,
        key: ec.EllipticCurvePrivateKey,
        *,
        name: str,
        audience: str,
        type: str,
        lifetime: timedelta,
    ) -> "Issuer":
        """An issuer with a P-256 key."""
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(name, audience, type, lifetime, private.decode(), public.decode())

    def __repr__(self) -> str:
        return f"Issuer({self.name!r}, {self.audience!r})"

    def sign(self, now: datetime, *, subject: str, id: str, claims: Mapping[str, str]) -> str:
        """A token about `subject` with our claims, good for `lifetime` from `now`."""
        if REGISTERED & claims.keys():
            raise ValueError("a claim of ours has a registered name")
        issued = int(now.timestamp())
        registered = {
            "iss": self.name,
            "aud": self.audience,
            "sub": subject,
            "jti": id,
            "iat": issued,
            "exp": issued + int(self.lifetime.total_seconds()),
        }
        return jwt.encode(
            {**claims, **registered}, self._private, ALGORITHM, headers={"typ": self.type}
        )

    def check(self, token: str, now: datetime, *, claims: frozenset[str]) -> dict[str, str]:
        """The claims named in `claims`, with `sub` and `jti`. Raises TokenRefused.

        Checks in order: size, header, signature, exact set of claims and their types, issuer,
        audience, times. The caller checks that `jti` was not used before.
        """
        if not isinstance(token, str) or len(token) > LONGEST:
            raise TokenRefused("too long")
        self._check_header(token)
        found = self._verified(token)
        if found.keys() != REGISTERED | claims:
            raise TokenRefused("claims missing or unknown")
        self._check_times(found, now)
        texts = {name: found[name] for name in (REGISTERED | claims) - {"iat", "exp"}}
        if not all(isinstance(text, str) and text for text in texts.values()):
            raise TokenRefused("a claim is not a text")
        if texts["iss"] != self.name or texts["aud"] != self.audience:
            raise TokenRefused("another issuer or audience")
        return {name: texts[name] for name in claims | {"sub", "jti"}}

    def _check_header(self, token: str) -> None:
        try:
            header = jwt.get_unverified_header(token)
        except (JOSEError, ValueError, TypeError, AttributeError):
            raise TokenRefused("no header") from None
        if header != {"alg": ALGORITHM, "typ": self.type}:  # so no crit, jku, jwk, x5u, kid
            raise TokenRefused("header is not ours")

    def _verified(self, token: str) -> dict[str, Any]:
        unchecked = ("aud", "iat", "exp", "nbf", "iss", "sub", "jti", "at_hash")
        options = {f"verify_{name}": False for name in unchecked}  # `check` does, with `now`
        try:
            return jwt.decode(token, self._public, algorithms=[ALGORITHM], options=options)
        except (JOSEError, ValueError, TypeError, AttributeError):
            raise TokenRefused("signature") from None

    def _check_times(self, found: Mapping[str, Any], now: datetime) -> None:
        issued, expires = found["iat"], found["exp"]
        if type(issued) is not int or type(expires) is not int:
            raise TokenRefused("a time is not a whole number")
        if not 0 < expires - issued <= self.lifetime.total_seconds():
            raise TokenRefused("lives longer than we issue")
        if issued > (now + LEEWAY).timestamp():
            raise TokenRefused("issued in the future")
        if expires <= now.timestamp():
            raise TokenExpired("expired")
