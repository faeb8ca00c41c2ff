"""One way to the provider and back: what we remember of it, and the address people are sent to.

The browser carries only `state`. Target, nonce and PKCE verifier stay at the server, and the flow
can be used once, by the browser that began it (RFC 9700 sections 2.1 and 4.7).
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlencode, urlsplit

from auth.assurance import Level
from auth.identity.provider import Provider

LIFETIME = timedelta(minutes=10)
"""For a person who first has to find the phone."""
LONGEST_SESSION = 12 * 3600
"""Seconds. Asked for as `max_age` at sign-in, so that the token must carry `auth_time`."""


class Purpose(StrEnum):
    """Why somebody was sent to the provider."""

    SIGN_IN = "sign_in"
    STEP_UP = "step_up"


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow that has begun. `browser` is the hash of a cookie's value."""

    provider: str
    purpose: Purpose
    browser: str
    nonce: str
    verifier: str
    target: str
    """A path of ours to go to afterwards; empty for the start page."""
    login: str
    """For a step-up: the session that it is for."""
    level: Level
    started_at: datetime

    def alive(self, now: datetime) -> bool:
        """Whether the answer may still come."""
        return now - self.started_at < LIFETIME


def random() -> str:
    """256 random bits, for state, nonce, verifier and the browser's cookie."""
    return secrets.token_urlsafe(32)


def digest(value: str) -> str:
    """What is stored of a state or cookie; they have 256 random bits."""
    return hashlib.sha256(value.encode()).hexdigest()


def challenge(verifier: str) -> str:
    """PKCE S256 (RFC 7636 section 4.2)."""
    return (
        base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    )


def address(
    flow: Flow,
    provider: Provider,
    endpoint: str,
    *,
    state: str,
    redirect_uri: str,
    language: str,
    anew: bool = False,
) -> str:
    """Where the browser goes. A step-up demands a fresh sign-in at the level that is needed.

    `anew`: the provider asks again who it is, instead of answering from its session.

    Nothing in this address is trusted afterwards: the person can edit it, so `acr` and
    `auth_time` are checked in the token.
    """
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.profile.scopes),
        "state": state,
        "nonce": flow.nonce,
        "code_challenge": challenge(flow.verifier),
        "code_challenge_method": "S256",
        "acr_values": provider.profile.request[flow.level],
        "ui_locales": language,
        "max_age": str(LONGEST_SESSION),
    }
    if flow.purpose is Purpose.STEP_UP:
        query |= {"max_age": "0", "prompt": "login"}
    elif anew:
        query["prompt"] = "login"
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(query)}"
