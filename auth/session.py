"""A signed-in browser: rows at the server, an opaque random token in a cookie.

Only a hash of the token is stored, so a copy of the database signs nobody in. A session ends when
it was idle for `IDLE`, when it is `ABSOLUTE` old, at sign-out, and when the account is deactivated
or its password changes.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.assurance import Level, Method
from auth.person import Person

COOKIE = "mahdar_session"
IDLE = timedelta(hours=2)
"""Longer than a sitting's recess; a page in a sitting keeps the session alive."""
ABSOLUTE = timedelta(hours=12)
TOUCH_EVERY = timedelta(minutes=1)
"""How exact the idle time is; a write on each request would be for nothing."""


@dataclass(frozen=True, slots=True)
class Login:
    """A live session. `id` is public (tickets carry it); it is not the cookie's token."""

    id: str
    person: Person
    created_at: datetime
    seen_at: datetime
    invitation: str | None = None
    """For a guest: the invitation that this browser opened."""
    until: datetime | None = None
    """For a guest: when the invitation expires."""
    method: Method = Method.PASSWORD
    """How the person was authenticated, last time."""
    proved: Level = Level.NONE
    """What that proved; what it is worth here is in `person.assurance`."""
    authenticated_at: datetime | None = None

    def alive(self, now: datetime) -> bool:
        """Whether it still signs anybody in."""
        if not self.person.active:
            return False
        if self.until is not None:
            return now < self.until
        return now - self.seen_at < IDLE and now - self.created_at < ABSOLUTE


def new_token() -> str:
    """A cookie's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def touch_due(seen_at: datetime, now: datetime) -> bool:
    """Whether it is time to write down that the session was used."""
    return now - seen_at >= TOUCH_EVERY
