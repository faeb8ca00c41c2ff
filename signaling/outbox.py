"""Messages on their way to one page: a bounded queue, so that a slow page harms only itself.

A newer `state` (or `record`, `speaking`) replaces the older one that still waits. A page for which
`LIMIT` messages wait, or that takes none for `SEND_WITHIN` seconds, is dropped with code 4411; it
comes back by itself and gets the whole state.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from signaling.page import TOO_SLOW

LIMIT = 200
SEND_WITHIN = 10.0
_NEWEST_ONLY = frozenset({"state", "record", "speaking"})


class Outbox:
    """Implements `page.Socket`. `pump` runs in the socket's task."""

    def __init__(self) -> None:
        self._waiting: list[dict[str, Any]] = []
        self._changed = asyncio.Event()
        self._code: int | None = None

    @property
    def closing(self) -> bool:
        """Whether nothing more will be accepted."""
        return self._code is not None

    def send(self, message: dict[str, Any]) -> None:
        """Queue a message; after `close` it goes nowhere."""
        if self._code is not None:
            return
        kind = message["type"]
        if kind in _NEWEST_ONLY:
            self._waiting = [other for other in self._waiting if other["type"] != kind]
        if len(self._waiting) >= LIMIT:
            self._waiting = []
            self.close(TOO_SLOW)
            return
        self._waiting.append(message)
        self._changed.set()

    def close(self, code: int) -> None:
        """Close after what waits. The first code counts."""
        if self._code is None:
            self._code = code
        self._changed.set()

    async def pump(self, write: Callable[[str], Awaitable[None]]) -> int:
        """Write until closed; returns the close code."""
        while True:
            while self._waiting:
                message = self._waiting.pop(0)
                text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
                try:
                    async with asyncio.timeout(SEND_WITHIN):
                        await write(text)
                except TimeoutError:
                    return TOO_SLOW
            if self._code is not None:
                return self._code
            self._changed.clear()
            await self._changed.wait()
