"""What an ID token and a logout token must say, claim by claim (pure).

OpenID Connect Core 1.0 section 3.1.3.7, Back-Channel Logout 1.0 section 2.6. python-jose lets
tokens without `aud` or `exp` pass and knows neither `nonce` nor `azp`, `acr` and `auth_time`, so
each is demanded here. The signature was checked before (`auth/jwt.py`).
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from auth.jwt import TokenExpired, TokenRefused

LEEWAY = timedelta(seconds=30)
"""For a provider's clock (esign.md F: at most 30 s)."""
OLDEST = timedelta(minutes=10)
"""An ID token comes straight from the token endpoint, so one issued longer ago is refused."""
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ID_TYPES = frozenset({"", "jwt"})
LOGOUT_TYPES = frozenset({"logout+jwt"})
"""Back-Channel Logout 1.0 section 2.4: told apart from an ID token by its type as well."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the flow that asked for the token knows of it."""

    issuer: str
    client_id: str
    nonce: str
    authenticated_after: datetime | None = None
    """For a step-up: the person must have signed in at the provider since then."""


@dataclass(frozen=True, slots=True)
class IdToken:
    """A checked ID token."""

    subject: str
    acr: str
    auth_time: datetime
    session: str
    """The provider's `sid`, or empty."""
    claims: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LogoutToken:
    """A checked logout token. One of `subject` and `session` may be empty."""

    id: str
    subject: str
    session: str


def check_id_token(
    claims: Mapping[str, Any], expected: Expected, now: datetime, *, access_token: str, hash: str
) -> IdToken:
    """The token of one flow. Raises TokenRefused.

    `hash` is the digest of the issuer's algorithm (`sha256`), for `at_hash`. The caller has
    checked the signature, and checks afterwards that `acr` is enough.
    """
    _check_common(claims, expected.issuer, expected.client_id, now)
    subject = _text(claims, "sub")
    nonce = _text(claims, "nonce")
    if not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise TokenRefused("another nonce")
    if "azp" in claims and claims["azp"] != expected.client_id:
        raise TokenRefused("issued to another party")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(access_token, hash):
        raise TokenRefused("another access token")
    auth_time = datetime.fromtimestamp(_seconds(claims, "auth_time"), now.tzinfo)
    if auth_time > now + LEEWAY:
        raise TokenRefused("signed in in the future")
    if expected.authenticated_after and auth_time < expected.authenticated_after - LEEWAY:
        raise TokenRefused("signed in too long ago")
    return IdToken(subject, _text(claims, "acr"), auth_time, _optional(claims, "sid"), claims)


def check_logout_token(
    claims: Mapping[str, Any], issuer: str, client_id: str, now: datetime
) -> LogoutToken:
    """A back-channel logout token. Raises TokenRefused. The caller checks that it is new."""
    _check_common(claims, issuer, client_id, now)
    if "nonce" in claims:  # section 2.4: prohibited, so that an ID token cannot be misused
        raise TokenRefused("a nonce")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
        raise TokenRefused("no logout event")
    found = LogoutToken(_text(claims, "jti"), _optional(claims, "sub"), _optional(claims, "sid"))
    if not (found.subject or found.session):
        raise TokenRefused("neither subject nor session")
    return found


def _check_common(claims: Mapping[str, Any], issuer: str, client_id: str, now: datetime) -> None:
    if _text(claims, "iss") != issuer:
        raise TokenRefused("another issuer")
    # We trust no further audience, so a list is either ours alone or refused (3.1.3.7 number 3).
    if claims.get("aud") not in (client_id, [client_id]):
        raise TokenRefused("another audience")
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    if issued > (now + LEEWAY).timestamp():
        raise TokenRefused("issued in the future")
    if issued < (now - OLDEST).timestamp():
        raise TokenExpired("issued too long ago")
    if expires <= issued:
        raise TokenRefused("never good")
    if expires <= (now - LEEWAY).timestamp():
        raise TokenExpired("expired")
    if "nbf" in claims and _seconds(claims, "nbf") > (now + LEEWAY).timestamp():
        raise TokenRefused("not good yet")


def _seconds(claims: Mapping[str, Any], name: str) -> int:
    found = claims.get(name)
    if type(found) is not int or not 0 < found < 2**33:  # bool is an int; 2**33 is the year 2242
        raise TokenRefused(f"{name} is missing or not a time")
    return found


def _text(claims: Mapping[str, Any], name: str) -> str:
    found = _optional(claims, name)
    if not found:
        raise TokenRefused(f"{name} is missing")
    return found


def _optional(claims: Mapping[str, Any], name: str) -> str:
    found = claims.get(name, "")
    if not isinstance(found, str) or len(found) > 255:  # Core section 2: at most 255 characters
        raise TokenRefused(f"{name} is not a short text")
    return found


def _half_hash(access_token: str, hash: str) -> str:
    """`at_hash`: the left half of the access token's digest (Core section 3.1.3.6)."""
    digest = hashlib.new(hash, access_token.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
