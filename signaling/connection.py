"""What every WebSocket of this room does: read with limits, ping, write from the outbox, close.

The handler of a socket gets parsed messages one by one; it never sees bytes.
"""

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from errors import N_, Refusal
from signaling import messages as m
from signaling.outbox import Outbox
from signaling.page import NORMAL, PROTOCOL, TOO_MANY, TOO_SLOW, refused
from signaling.rate import Bucket

_logger = structlog.get_logger(__name__)

PING_EVERY = 4.0
SILENT_AFTER = 20.0
"""Seconds without a message after which a socket is dead (docs/protocol.md). Longer than what a
busy computer makes of a page's four seconds."""
WRONG_IN_A_ROW = 3
FAILED = 1011
RATE, BURST = 30.0, 90.0
AT_ONCE = 8
"""Messages of one socket that may be worked on at the same time."""

_BESIDE = (m.OnRecord, m.Publish, m.Subscribe, m.Answer)
"""These take long; what comes after them does not wait."""


class Connection(ABC):
    """One socket. `run` returns the code to close it with."""

    def __init__(
        self,
        read: Callable[[], Awaitable[str | bytes]],
        write: Callable[[str], Awaitable[None]],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.outbox = Outbox()
        self._read_text = read
        self._write = write
        self._now = now
        self._wrong = 0
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    async def begin(self) -> None:
        """Let the page in. Closes the outbox to refuse it."""

    @abstractmethod
    async def handle(self, message: m.Incoming) -> None:
        """Do what a message asks, and answer. Does not raise."""

    @abstractmethod
    def end(self) -> None:
        """The socket is closed."""

    async def run(self) -> int:
        """Serve the socket until either side closes it."""
        pump = asyncio.create_task(self.outbox.pump(self._write))
        work = asyncio.create_task(self._work())
        ping = asyncio.create_task(self._ping())
        try:
            await asyncio.wait({pump, work}, return_when=asyncio.FIRST_COMPLETED)
            if work.done() and (error := work.exception()) is not None:
                _logger.error("live.socket_failed", exc_info=error)
                return FAILED
            self.outbox.close(NORMAL)
            return await pump
        finally:
            self.end()
            for task in (pump, work, ping):
                task.cancel()
            await asyncio.gather(pump, work, ping, return_exceptions=True)

    async def _work(self) -> None:
        await self.begin()
        bucket = Bucket(RATE, BURST, self._now())
        while not self.outbox.closing:
            try:
                text = await asyncio.wait_for(self._read_text(), SILENT_AFTER)
            except TimeoutError:
                self.bye("too_slow", TOO_SLOW)
                return
            if not bucket.take(self._now()):
                self.bye("too_many", TOO_MANY)
                return
            message = self.parse(text)
            if message is not None:
                await self._dispatch(message)

    async def _dispatch(self, message: m.Incoming) -> None:
        if not isinstance(message, _BESIDE):
            await self.handle(message)
            return
        if len(self._tasks) >= AT_ONCE:
            busy = Refusal("protocol.busy", N_("The page asks too much at once. Wait a moment."))
            self.outbox.send(refused(message.id, busy))
            return
        task = asyncio.create_task(self.handle(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def parse(self, text: str | bytes) -> m.Incoming | None:
        """The message, or None after refusing it; the third in a row closes the socket."""
        try:
            message = m.parse(text)
        except m.ProtocolError as error:
            self._wrong += 1
            self.outbox.send(refused(m.request_id(text), error))
            if self._wrong >= WRONG_IN_A_ROW:
                self.bye("protocol", PROTOCOL)
            return None
        self._wrong = 0
        return message

    def bye(self, reason: str, code: int, refusal: Refusal | None = None) -> None:
        """Say why, and close."""
        message: dict[str, Any] = {"type": "bye", "reason": reason}
        if refusal is not None:
            message |= {
                "code": refusal.code,
                "message": refusal.message,
                "params": refusal.params,
            }
        _logger.info("live.bye", reason=reason, code=refusal.code if refusal else "")
        self.outbox.send(message)
        self.outbox.close(code)

    async def read_within(self, seconds: float) -> str | bytes | None:
        """The next text, or None when none came in time."""
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(self._read_text(), seconds)
        return None

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_EVERY)
            self.outbox.send({"type": "ping", "t": round(self._now() * 1000)})
