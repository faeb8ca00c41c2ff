"""Against forged requests (OWASP: signed double submit, plus the Origin header).

The token is an HMAC over the browser's own secret cookie: the session's, or before sign-in a
visitor's. A foreign page can neither read nor make it, and a token of one session does not fit
another.
"""

import hmac
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from auth.secret import Secret
from errors import N_, Refusal

COOKIE = "mahdar_visitor"
"""A random value that a browser gets with its first form."""
FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""RFC 9110 section 9.2.1."""


def token(secret: Secret, cookie: str) -> str:
    """The token for pages of the browser that holds `cookie`."""
    return secret.tag("csrf", cookie)


def check(
    secrets: Iterable[Secret], cookie: str, given: str, *, origin: str, ours: Collection[str]
) -> None:
    """Raise Refusal `csrf.*` unless the request comes from a page of ours in this browser.

    `origin` is the Origin header, empty when the browser sent none; `ours` the hosts (with port) by
    which we are reached; `secrets` those that are accepted (`auth.keyring`).
    """
    if origin and urlsplit(origin).netloc not in ours:
        raise Refusal(
            "csrf.other_origin",
            N_("This request came from another site. Open the page here and try again."),
            status=403,
        )
    expected = [token(secret, cookie) for secret in secrets] if cookie else []
    if not any(hmac.compare_digest(one.encode(), given.encode()) for one in expected):
        raise Refusal(
            "csrf.token",
            N_("This page is too old. Reload it and try again; nothing was changed."),
            status=403,
        )
