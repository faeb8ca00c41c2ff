"""A signed-in browser: rows at the server, an opaque random token in a cookie.

Only a hash of the token is stored, so a copy of the database signs nobody in. A session ends when
it was idle for `IDLE`, when it is `ABSOLUTE` old, at sign-out, and when the account is deactivated
or its password changes. While a page of it is in a sitting no time-out ends it: a hearing that goes
on into the night loses nobody.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from auth.assurance import Level, Method
from auth.person import Person

COOKIE = "mahdar_session"


def cookie_name(name: str, *, secure: bool) -> str:
    """Under https no other host and no plain page can set our cookies (RFC 6265bis, 4.1.3.2)."""
    return f"__Host-{name}" if secure else name


IDLE = timedelta(hours=2)
"""Longer than a sitting's recess; a page in a sitting keeps the session alive."""
ABSOLUTE = timedelta(hours=12)
KEPT = timedelta(minutes=10)
"""How long a session outlives its time-outs after its page was last seen in a sitting: enough to
come back after a drop-out."""
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
    kept_at: datetime | None = None
    """When a page of it was last seen in a sitting."""

    def alive(self, now: datetime) -> bool:
        """Whether it still signs anybody in."""
        if not self.person.active:
            return False
        if self.kept_at is not None and now - self.kept_at < KEPT:
            return True
        if self.until is not None:
            return now < self.until
        return now - self.seen_at < IDLE and now - self.created_at < ABSOLUTE


@dataclass(frozen=True, slots=True)
class Browser:
    """What is known of the browser that signs in."""

    address: str = ""
    """The client's; it is used as an HMAC only."""
    agent: str = ""
    """Its User-Agent header; only `device` of it is kept."""
    known: str = ""
    """The cookie of `auth.known_browser`."""
    token: str = ""
    """The cookie of the session before, which ends."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A session as its person's list shows it."""

    id: str
    created_at: datetime
    seen_at: datetime
    method: Method
    device: str
    network: str
    in_sitting: bool


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
"""Part of a User-Agent and the name of it, first fit first."""


def device(agent: str) -> str:
    """Browser and system in two names; nothing that tells one person's machine from another."""
    names = [
        next((name for part, name in known if part in agent), "") for known in (BROWSERS, SYSTEMS)
    ]
    return ", ".join(filter(None, names))


def new_token() -> str:
    """A cookie's token: 256 random bits."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """What is stored of a token. It has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def touch_due(seen_at: datetime, now: datetime) -> bool:
    """Whether it is time to write down that the session was used."""
    return now - seen_at >= TOUCH_EVERY
