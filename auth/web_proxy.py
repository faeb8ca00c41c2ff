"""Whose address a request comes from, where reverse proxies of ours stand before us.

X-Forwarded-For can be written by anybody. It is believed only from a peer in the settings'
networks, and from its right end: the first address that is none of our proxies is the client's.
"""

from collections.abc import Iterable, MutableMapping
from typing import Any

from auth.devices.network import allows


def behind(proxies: tuple[str, ...], app: Any) -> Any:
    """`app` with the client's own address in its scopes."""
    if not proxies:
        return app

    async def proxied(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] in ("http", "websocket"):
            scope = with_client(scope, proxies)
        await app(scope, receive, send)

    return proxied


def with_client(scope: MutableMapping[str, Any], proxies: tuple[str, ...]) -> dict[str, Any]:
    """A scope whose client is the one before our proxies."""
    peer = (scope.get("client") or ("", 0))[0]
    if not allows(proxies, peer):
        return dict(scope)
    return {**scope, "client": (client(proxies, peer, _forwarded(scope["headers"])), 0)}


def client(proxies: tuple[str, ...], peer: str, forwarded: Iterable[str]) -> str:
    """The nearest address that is not one of our proxies; the peer's where none is named."""
    for address in reversed(list(forwarded)):
        peer = address
        if not allows(proxies, address):
            break
    return peer


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Addresses of all X-Forwarded-For headers, in order, without ports."""
    values = [value for name, value in headers if name.lower() == b"x-forwarded-for"]
    parts = ",".join(value.decode("latin-1") for value in values).split(",")
    return [_without_port(part.strip()) for part in parts if part.strip()]


def _without_port(part: str) -> str:
    if part.startswith("["):
        return part[1:].partition("]")[0]
    return part.partition(":")[0] if part.count(":") == 1 else part
