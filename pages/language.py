"""The language of a request, and addresses that keep it.

Language is the first part of a page's address (`/ar/sittings`). It is taken off before routing
and becomes the request's root path (ASGI `root_path`), so that blueprints know nothing of it and
`url_for` keeps it. A page asked for without it redirects to the reader's language; API and
WebSocket addresses have none.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote

from quart import current_app, has_websocket_context, request, websocket

import i18n

COOKIE: Final = "language"

Asgi = Callable[[Any, Any, Any], Awaitable[None]]


class LanguagePrefix:
    """ASGI middleware: takes `/ar` or `/en` off the path and hands it on as `root_path`."""

    def __init__(self, inner: Asgi) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            first = scope["path"].split("/", 2)[1:2]
            if first and first[0] in i18n.LANGUAGES:
                prefix = f"/{first[0]}"
                path = scope["path"] if scope["path"] != prefix else f"{prefix}/"
                scope = {**scope, "path": path, "root_path": prefix}
        await self.inner(scope, receive, send)


def prefix() -> str:
    """The language in this request's address, or an empty string."""
    current = websocket if has_websocket_context() else request
    name = current.root_path.strip("/")
    return name if name in i18n.LANGUAGES else ""


def language() -> str:
    """The language of this request or WebSocket: of its address, cookie or `Accept-Language`."""
    current = websocket if has_websocket_context() else request
    return prefix() or i18n.negotiate(
        current.headers.get("Accept-Language", ""), current.cookies.get(COOKIE, "")
    )


def formatter() -> i18n.Formatter:
    """Dates and times in the language of this request and the zone of the sittings."""
    return i18n.Formatter(language(), current_app.config["MAHDAR_ZONE"])


def here(wanted: str | None = None) -> str:
    """The address of this page with its query, in `wanted` language or its own."""
    query = request.query_string.decode("latin-1")
    return f"/{wanted or language()}{quote(request.path)}" + (f"?{query}" if query else "")


def local_path(target: str, default: str) -> str:
    """`target` if it is a path on this site (for `?next=`), else `default`."""
    plain = target.startswith("/") and not target.startswith("//")
    return target if plain and not set(target) & set("\\\r\n\t") else default


def wants_json() -> bool:
    """Whether a program asked: an API address, or an Accept that prefers JSON."""
    best = request.accept_mimetypes.best_match(("text/html", "application/json"))
    return request.path.startswith("/api/") or best == "application/json"
