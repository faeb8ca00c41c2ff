"""The one way in which a live room changes.

`Changes.commit` takes facts that were decided and makes them true everywhere, in the order that
keeps every promise: stop what must stop, store, apply, start what may start, tell.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import structlog

from audit.service import AuditLog
from clock import Clock
from errors import Refusal
from sessions.phase import FINAL
from signaling import effects
from signaling import facts as f
from signaling.apply import apply_all
from signaling.engine import MediaEngine, MediaRoom
from signaling.ports import RecordingDesk
from signaling.sight import Watch
from signaling.state import Room
from signaling.writing import Also, Writer

_logger = structlog.get_logger(__name__)
T = TypeVar("T")

DRAIN_WITHIN = 5.0
"""Seconds that the end of the process waits for what was begun."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What every live room of the process shares."""

    writer: Writer
    log: AuditLog
    engine: MediaEngine
    desk: RecordingDesk
    clock: Clock
    watches: list[Watch] = field(default_factory=list)
    """Rooms on the right that want to know who is there."""


class Changes:
    """State, media and lock of one live room. Belongs to one event loop.

    `tell` is called after each change, under the lock. `store_failed` is called when the record
    was stopped for a change that could then not be stored.
    """

    def __init__(self, tools: Tools, room: Room) -> None:
        self.tools = tools
        self.room = room
        self.lock = asyncio.Lock()
        self.over = False
        self.tell: Callable[[list[f.Fact]], None] = lambda _facts: None
        self.store_failed: Callable[[], None] = lambda: None
        self._media: MediaRoom | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def id(self) -> str:
        """The sitting's id."""
        return self.room.sitting.id

    @property
    def media(self) -> MediaRoom:
        """The media room, once opened."""
        if self._media is None:
            raise RuntimeError("the media room is not open")
        return self._media

    @media.setter
    def media(self, media: MediaRoom) -> None:
        self._media = media

    async def commit(
        self,
        facts: list[f.Fact],
        actor: dict[str, str] | None = None,
        *,
        also: Also | None = None,
    ) -> int | None:
        """Make facts true; returns the index of the last audit leaf. The caller holds the lock.
        `also` is done in the same unit of work, first.

        Where storing fails, everything is as before and the error goes on.
        """
        if not facts:
            return None
        before, now = self.room, self.tools.clock()
        after = apply_all(before, facts, now)
        stopped = next((fact for fact in facts if isinstance(fact, f.RecordStopped)), None)
        if stopped is not None:
            await self._stop_record(stopped)
        effects.restrict(self.media, before, after)
        try:
            index = await self.tools.writer.write(before, after, facts, now, actor, also=also)
        except BaseException:
            effects.take_back(self.media, before)
            if stopped is not None and before.live.record == "recording":
                self.store_failed()
            raise
        self.room = after
        effects.release(self.media, before, after)
        await self._after(facts)
        self.tell(facts)
        return index

    async def _stop_record(self, fact: f.RecordStopped) -> None:
        reason = {"off_record": "off_record", "recess": "recess"}.get(fact.code, "closed")
        if fact.how != "off":
            reason = "suspended"
        try:
            await self.tools.desk.stop(self.id, reason, fact.by)
        except Exception:  # the desk has let go of the media first, whatever failed later
            _logger.exception("live.desk_stop_failed", sitting=self.id)

    async def _after(self, facts: list[f.Fact]) -> None:
        """What follows from facts that are stored: the end of media and of the record."""
        for fact in facts:
            if isinstance(fact, f.Removed):
                await self.let_go(fact.seat)
        if self.room.live.phase in FINAL:
            by = next((fact.by for fact in facts if isinstance(fact, f.PhaseChanged)), "")
            await self._seal(by)

    async def let_go(self, seat: str) -> None:
        """End a seat's connections. The caller holds the lock.

        The media room forgets the seat with them, also whom it may never get: that is told again
        at once, because what comes later tells only what changes.
        """
        try:
            await self.media.leave(seat)
        finally:
            effects.again(self.media, self.room, seat)

    async def _seal(self, by: str) -> None:
        self.over = True
        await self.media.close()
        try:
            if self.room.live.record != "forbidden":
                await self.tools.desk.close(self.id, by)
            await self.tools.writer.seal(self.id)
        except Exception:  # the row stays unsealed: the next start of the server tries again
            _logger.exception("live.seal_failed", sitting=self.id)

    # --- tasks -----------------------------------------------------------------------------------

    async def finish(self, work: Coroutine[Any, Any, T]) -> T:
        """Run to the end even when who asked has gone: a change is never half made."""
        return await asyncio.shield(self.spawn(work))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run beside the caller; errors are logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, Refusal):
            _logger.error("live.failed", sitting=self.id, exc_info=error)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def close(self) -> None:
        """The process ends: what was begun is finished, or cancelled where it takes too long."""
        if self._tasks:
            _, late = await asyncio.wait(set(self._tasks), timeout=DRAIN_WITHIN)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        async with self.lock:
            if self._media is not None:
                await self._media.close()
