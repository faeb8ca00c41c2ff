"""Tells a room's listener what happened, in order and later, so that it may call the room back."""

import asyncio
from collections import deque
from collections.abc import Callable

import structlog

from signaling.engine import MediaEvent

_logger = structlog.get_logger(__name__)


class Teller:
    """One per room. What a listener raises is logged and stops nothing."""

    def __init__(self, sitting: str, listener: Callable[[MediaEvent], None]) -> None:
        self._sitting, self._listener = sitting, listener
        self._loop = asyncio.get_running_loop()
        self._events: deque[MediaEvent] = deque()

    def emit(self, event: MediaEvent) -> None:
        """Tell this soon."""
        self._events.append(event)
        if len(self._events) == 1:
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        while self._events:
            event = self._events.popleft()
            try:
                self._listener(event)
            except Exception:
                _logger.exception("media.listener_failed", sitting=self._sitting)
