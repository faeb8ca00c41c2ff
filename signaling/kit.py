"""The kit check: a media room in which a page meets only itself, through our media server.

Nothing is kept. The space is one that no recorder can be attached to.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from errors import N_, Refusal
from signaling import messages as m
from signaling.audience import slots_message
from signaling.connection import Connection
from signaling.engine import (
    SOURCES,
    LineReport,
    MediaEngine,
    MediaEvent,
    MediaRefused,
    MediaRoom,
    PrivateSpace,
    SlotsChanged,
)
from signaling.page import NORMAL, TOO_MANY, refused
from signaling.service import media_refusal

AT_ONCE = 20
SECONDS = 120.0
MEASURE_EVERY = 1.0
OUT, BACK = "out", "back"
"""Two seats of one page: what one sends, the other gets."""


class KitChecks:
    """All kit checks of the process."""

    def __init__(self, engine: MediaEngine) -> None:
        self.engine = engine
        self.running = 0


class KitSocket(Connection):
    """One kit check."""

    def __init__(
        self,
        checks: KitChecks,
        ice: list[dict[str, Any]],
        read: Callable[[], Awaitable[str | bytes]],
        write: Callable[[str], Awaitable[None]],
    ) -> None:
        super().__init__(read, write)
        self._checks = checks
        self._ice = ice
        self._media: MediaRoom | None = None
        self._measuring: asyncio.Task[None] | None = None

    async def run(self) -> int:
        """Serve the check, and close its media whatever happens."""
        if self._checks.running >= AT_ONCE:
            self.bye("busy", TOO_MANY)
            return await self.outbox.pump(self._write)
        self._checks.running += 1
        try:
            return await super().run()
        finally:
            self._checks.running -= 1
            if self._media is not None:
                await self._media.close()

    async def begin(self) -> None:
        """Open the media room, with the way back in place."""
        sitting = f"kit:{secrets.token_hex(8)}"
        self._media = await self._checks.engine.open(sitting, self._on_media)
        space = PrivateSpace(sitting, "kit", frozenset({OUT, BACK}))
        self._media.permit(OUT, frozenset(SOURCES))
        for seat in (OUT, BACK):
            self._media.place(seat, space)
        self._measuring = asyncio.create_task(self._measure(self._media))
        self.outbox.send({"type": "kit_ready", "ice": self._ice, "seconds": int(SECONDS)})

    async def handle(self, message: m.Incoming) -> None:
        """Media and pings; nothing else belongs here."""
        try:
            answer = await self._answer(message)
        except MediaRefused as error:
            self.outbox.send(refused(message.id, media_refusal(error)))
        except Refusal as refusal:
            self.outbox.send(refused(message.id, refusal))
        else:
            if answer is not None:
                self.outbox.send({"type": "ok", "id": message.id, **answer})

    async def _answer(self, message: m.Incoming) -> dict[str, Any] | None:
        if self._media is None:
            return None
        match message:
            case m.Ping():
                self.outbox.send({"type": "pong", "t": message.t})
                return None
            case m.Pong() | m.Line():
                return None
            case m.Publish():
                return {"sdp": await self._media.publish(OUT, message.connection, message.sdp)}
            case m.Subscribe():
                return {"sdp": await self._media.subscribe(BACK, message.connection)}
            case m.Answer():
                await self._media.subscribed(BACK, message.connection, message.sdp)
                return {}
        raise Refusal("protocol.not_here", N_("This belongs to a sitting, not to the kit check."))

    def end(self) -> None:
        """Stop measuring."""
        if self._measuring is not None:
            self._measuring.cancel()

    def _on_media(self, event: MediaEvent) -> None:
        if isinstance(event, SlotsChanged):
            self.outbox.send(slots_message(event.connection, event.slots))

    async def _measure(self, media: MediaRoom) -> None:
        for _ in range(int(SECONDS / MEASURE_EVERY)):
            await asyncio.sleep(MEASURE_EVERY)
            self.outbox.send(kit_line(media.report()))
        self.bye("time_over", NORMAL)


def kit_line(report: dict[str, LineReport]) -> dict[str, Any]:
    """What the server measured of both ways."""
    up, down = report.get(OUT), report.get(BACK)
    trips = [
        line.round_trip for line in (down, up) if line is not None and line.round_trip is not None
    ]
    return {
        "type": "kit_line",
        "connected": bool(up and up.connected and down and down.connected),
        "round_trip_ms": round(trips[0] * 1000) if trips else None,
        "jitter_ms": round(up.jitter * 1000, 1) if up and up.jitter is not None else None,
        "loss_up": up.loss_up if up else 0.0,
        "loss_down": down.loss_down if down else 0.0,
        "bitrate_up": up.bitrate_up if up else 0,
        "bitrate_down": down.bitrate_down if down else 0,
    }
