"""A cookie by which we know a browser in which somebody signed in before.

A court's people share one address, and so does whoever guesses a judge's password inside it. A
browser that the judge has used has a count of failures of its own, so that the guessing does not
make the judge wait. The cookie signs nobody in, and names nobody: it holds a random part and an
HMAC for each account that signed in here.
"""

import hmac
import secrets

from auth.secret import Secret

COOKIE = "mahdar_browser"
DAYS = 180 * 24 * 3600
MOST = 6
"""Accounts that one browser remembers; the oldest goes."""
_LENGTH = 400


def knows(secret: Secret, cookie: str, account: str) -> bool:
    """Whether this account signed in with this browser before."""
    random, tags = _parts(cookie)
    mine = _tag(secret, random, account)
    return bool(random) and any(hmac.compare_digest(mine, tag) for tag in tags)


def seed(cookie: str) -> str:
    """The random part, to which every HMAC is bound."""
    return _parts(cookie)[0]


def with_account(secret: Secret, cookie: str, account: str) -> str:
    """The cookie after this account signed in."""
    random, tags = _parts(cookie)
    random = random or secrets.token_urlsafe(12)
    mine = _tag(secret, random, account)
    return ".".join([random, *[tag for tag in tags if tag != mine][-(MOST - 1) :], mine])


def _parts(cookie: str) -> tuple[str, list[str]]:
    if not cookie or len(cookie) > _LENGTH or not cookie.isascii():
        return "", []
    random, *tags = cookie.split(".")
    return random, tags[-MOST:]


def _tag(secret: Secret, random: str, account: str) -> str:
    return secret.tag("browser", f"{random}\n{account}")[:32]
