"""ICE servers for browsers: the configured coturn with short-lived credentials, or nothing.

Credentials follow coturn's `use-auth-secret` (draft-uberti-behave-turn-rest-00): the user name is
the Unix time of expiry and an opaque id, the password base64(HMAC-SHA1(secret, user name)).
"""

import base64
import hmac
from datetime import datetime, timedelta
from typing import Any

LIFETIME = timedelta(hours=12)
"""Longer than a sitting: a refresh with expired credentials would cut the line."""


def servers(urls: tuple[str, ...], secret: str, user: str, now: datetime) -> list[dict[str, Any]]:
    """RTCIceServer values for one seat; empty where no TURN server is configured."""
    if not urls:
        return []
    username = f"{int((now + LIFETIME).timestamp())}:{user}"
    digest = hmac.digest(secret.encode(), username.encode(), "sha1")
    credential = base64.b64encode(digest).decode()
    return [{"urls": list(urls), "username": username, "credential": credential}]
