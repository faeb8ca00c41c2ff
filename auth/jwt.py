"""JSON Web Tokens, strictly: the only module that imports python-jose.

python-jose 3.5 lets pass what we must not (measured): a token without `aud` although one is
demanded, one without `exp`, an unknown `crit`; and a DER key without a list of algorithms makes a
public key an HMAC secret. So here the header has exactly `alg` ES256 and our own `typ`, the key is
PEM that we made and never bytes of others, every claim is demanded and checked by us against a
passed-in time.

`Issuer` makes and checks our own tokens. `foreign_key_id` and `foreign_claims` are the two steps
for a token of an identity provider; what its claims must say is in `auth/identity/token.py`.
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
from jose.backends import ECKey, RSAKey
from jose.exceptions import JOSEError

ALGORITHM = "ES256"
LONGEST = 4096
"""Characters of a token; ours have about 500."""
LEEWAY = timedelta(seconds=5)
"""For clocks of several nodes."""
REGISTERED = frozenset({"iss", "aud", "sub", "jti", "iat", "exp"})

FOREIGN_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "ES256", "ES384", "ES512"})
"""What a provider may sign with; each provider has exactly one of them. Never an HMAC."""
FOREIGN_LONGEST = 16_384
"""Characters of a provider's token; UAE Pass and its like have about 1500."""
_FOREIGN_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})
"""All else is refused: crit, jku, jwk, x5u, x5c, zip, cty, enc. The thumbprints are not used."""

for _backend in (ECKey, RSAKey):  # the fallback has CVE-2024-23342 (timing)
    if "cryptography" not in _backend.__module__:
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
    kid: str = ""
    """Stands in the header; empty: none does."""

    @classmethod
    def of(
        cls,
        key: ec.EllipticCurvePrivateKey,
        *,
        name: str,
        audience: str,
        type: str,
        lifetime: timedelta,
        kid: str = "",
    ) -> "Issuer":
        """An issuer with a P-256 key."""
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(name, audience, type, lifetime, private.decode(), public.decode(), kid)

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
        headers = {"typ": self.type, **({"kid": self.kid} if self.kid else {})}
        return jwt.encode({**claims, **registered}, self._private, ALGORITHM, headers=headers)

    def check(self, token: str, now: datetime, *, claims: frozenset[str]) -> dict[str, str]:
        """The claims named in `claims`, with `sub` and `jti`. Raises TokenRefused.

        Checks in order: size, header, signature, exact set of claims and their types, issuer,
        audience, times. The caller checks that `jti` was not used before.
        """
        if not isinstance(token, str) or len(token) > LONGEST:
            raise TokenRefused("too long")
        self._check_header(token)
        found = _signed_claims(token, self._public, ALGORITHM)
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
        expected = {"alg": ALGORITHM, "typ": self.type, **({"kid": self.kid} if self.kid else {})}
        if _header(token) != expected:  # so no crit, jku, jwk, x5u, and no other key's id
            raise TokenRefused("header is not ours")

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


def key_id(token: str) -> str:
    """The `kid` of what may be a token of ours, to choose its Issuer by; empty when it has none.

    Nothing is checked but the size: `Issuer.check` does. Raises TokenRefused.
    """
    if not isinstance(token, str) or len(token) > LONGEST:
        raise TokenRefused("too long")
    header = _header(token)
    kid = header.get("kid", "") if isinstance(header, dict) else ""
    return kid if isinstance(kid, str) else ""


def _header(token: str) -> Any:
    try:
        return jwt.get_unverified_header(token)
    except (JOSEError, ValueError, TypeError, AttributeError):
        raise TokenRefused("no header") from None


def foreign_key_id(token: str, *, algorithm: str, types: frozenset[str]) -> str:
    """The `kid` of a provider's token, after checking its form and its header. Raises TokenRefused.

    `algorithm` is the issuer's only one; `types` the accepted `typ` in small letters, "" standing
    for none. A JWE has five parts and is refused by its form.
    """
    if not isinstance(token, str) or len(token) > FOREIGN_LONGEST:
        raise TokenRefused("too long")
    if token.count(".") != 2 or not token.isascii():
        raise TokenRefused("not three parts")
    header = _header(token)
    if not isinstance(header, dict) or not header.keys() <= _FOREIGN_HEADER:
        raise TokenRefused("header has a parameter that is refused")
    if header.get("alg") != algorithm or algorithm not in FOREIGN_ALGORITHMS:
        raise TokenRefused("another algorithm")
    kind = header.get("typ", "")
    if not isinstance(kind, str) or kind.lower() not in types:
        raise TokenRefused("another type")
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= 255:
        raise TokenRefused("no key id")
    return kid


def foreign_claims(token: str, *, algorithm: str, public_pem: str) -> dict[str, Any]:
    """The claims of a provider's token whose signature is right. Raises TokenRefused.

    Call `foreign_key_id` first. `public_pem` is written by us from a checked key
    (`auth/identity/jwks.py`): never DER, a certificate or a JWK. No claim is checked here.
    """
    if algorithm not in FOREIGN_ALGORITHMS or not public_pem.startswith("-----BEGIN PUBLIC KEY"):
        raise TokenRefused("not a public key of ours")
    return _signed_claims(token, public_pem, algorithm)


def _signed_claims(token: str, public_pem: str, algorithm: str) -> dict[str, Any]:
    unchecked = ("aud", "iat", "exp", "nbf", "iss", "sub", "jti", "at_hash")
    options = {f"verify_{name}": False for name in unchecked}  # the callers do, with their `now`
    try:
        found = jwt.decode(token, public_pem, algorithms=[algorithm], options=options)
    except (JOSEError, ValueError, TypeError, AttributeError):
        raise TokenRefused("signature") from None
    return dict(found)
