"""Media workers, one per core: implements `signaling.engine.MediaEngine`.

A sitting is pinned to one worker, the one that carries least. When a worker dies its rooms are
opened on another at once, or on its successor where there is no other; the rooms tell the rest
(`worker_room`). Recorded packets come here, because the recorder lives in this process.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import structlog

from signaling.engine import MediaEvent, MediaRefused
from signaling.load import Rate, WorkerLoad
from signaling.worker_line import WorkerLine, WorkerLost
from signaling.worker_room import HOME_WITHIN, WorkerRoom
from signaling.worker_wire import Kind, lift, packets, values

_logger = structlog.get_logger(__name__)

AGAIN_S = (0.0, 0.5, 1.0, 2.0, 5.0)
"""Waits before a worker is started again, when it dies within `STEADY_S` each time."""
STEADY_S = 30.0


class _Worker:
    """One place for a worker: the process in it now, and its figures. Implements `Listener`."""

    def __init__(self, pool: "WorkerPool", number: int) -> None:
        self.name = str(number)
        self.line: WorkerLine | None = None
        self.restarts = 0
        self.started_at = 0.0
        self.dropped = 0
        self.assigned = 0
        """Rooms that are on their way here, or here."""
        self._pool = pool
        self._cpu, self._forwarded = Rate(), Rate()
        self._lag = (0.0, 0.0)

    def heard(self, kind: int, body: bytes) -> None:
        """Pass a frame on to its room."""
        if kind == Kind.PACKETS:
            sinks = self._pool.sinks(self)
            for number, packet in packets(body):
                sink = sinks.get(number)
                if sink is not None:
                    sink.write(packet)
        elif kind == Kind.STATS:
            self._measured(*values(body))
        else:
            number = values(body)[0]
            room = self._pool.rooms.get(number)
            if room is not None and room.line is self.line:
                room.heard(kind, body)

    def _measured(
        self, cpu: float, p99: float, worst: float, dropped: int, rooms: dict[int, list[Any]]
    ) -> None:
        now = time.monotonic()
        self._lag = p99, worst
        self._cpu.update(cpu, now)
        self.dropped = dropped
        total = 0
        for number, (counters, report) in rooms.items():
            total += counters.get("forwarded", 0)
            room = self._pool.rooms.get(number)
            if room is not None and room.line is self.line:
                room.measured(counters, lift(report))
        self._forwarded.update(total, now)

    def lost(self, line: WorkerLine) -> None:
        """The process in this place is gone."""
        self._cpu, self._forwarded, self._lag = Rate(), Rate(), (0.0, 0.0)
        self._pool.worker_lost(self, line)

    @property
    def up(self) -> bool:
        """Takes rooms."""
        return self.line is not None and self.line.up

    @property
    def busy(self) -> tuple[float, int]:
        """Where a new room goes: the least of these."""
        return self._forwarded.value, self.assigned

    def load(self) -> WorkerLoad:
        """The figures."""
        rooms = [room for room in self._pool.rooms.values() if room.line is self.line]
        return WorkerLoad(
            name=self.name,
            pid=self.line.pid if self.line is not None and self.up else 0,
            up=self.up,
            cpu=self._cpu.value,
            lag_p99=self._lag[0],
            lag_max=self._lag[1],
            forwarded=self._forwarded.value,
            restarts=self.restarts,
            rooms=tuple(room.load for room in rooms) if self.up else (),
        )


class WorkerPool:
    """`open` before use. `options` are the arguments of `AiortcEngine` in each worker."""

    def __init__(self, count: int, options: dict[str, Any]) -> None:
        if count < 1:
            raise ValueError("a pool has at least one worker")
        self.rooms: dict[int, WorkerRoom] = {}
        self._options = options
        self._workers = [_Worker(self, number) for number in range(1, count + 1)]
        self._count = 0
        self._closed = False
        self._any_up = asyncio.Event()
        self._moving: set[WorkerRoom] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Start all workers. Raises OSError, WorkerLost."""
        await asyncio.gather(*(self._start(worker) for worker in self._workers))

    async def _start(self, worker: _Worker) -> None:
        line = WorkerLine(worker.name, worker)
        await line.start()
        worker.line, worker.started_at = line, time.monotonic()
        await line.request(0, "configure", self._options)
        self._any_up.set()

    async def close(self) -> None:
        """See `MediaEngine.close`."""
        if self._closed:
            return
        await asyncio.gather(*(room.close() for room in list(self.rooms.values())))
        self._closed = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers:
            if worker.line is not None:
                await worker.line.close()

    # --- rooms -----------------------------------------------------------------------------------

    async def open(self, sitting: str, on_event: Callable[[MediaEvent], None]) -> WorkerRoom:
        """See `MediaEngine.open`. Raises MediaRefused where no worker comes up in time."""
        self._count += 1
        room = WorkerRoom(self._count, sitting, on_event, self._room_closed)
        self.rooms[room.number] = room
        self._moving.add(room)
        try:
            async with asyncio.timeout(HOME_WITHIN):
                await self._move(room)
        except TimeoutError:
            room.closed = True
            self.rooms.pop(room.number, None)
            raise MediaRefused("media.no_worker") from None
        return room

    def _room_closed(self, room: WorkerRoom) -> None:
        self.rooms.pop(room.number, None)

    async def _move(self, room: WorkerRoom) -> None:
        """Open a room on the worker that carries least, until one keeps it."""
        try:
            while not room.closed and not self._closed:
                worker = min(
                    (item for item in self._workers if item.up),
                    key=lambda item: item.busy,
                    default=None,
                )
                if worker is None or worker.line is None:
                    self._any_up.clear()
                    await self._any_up.wait()
                    continue
                worker.assigned += 1
                try:
                    await room.move_in(worker.line)
                    return
                except WorkerLost:
                    continue
                finally:
                    worker.assigned = self._held(worker)
        finally:
            self._moving.discard(room)

    def _held(self, worker: _Worker) -> int:
        return sum(room.line is worker.line for room in self.rooms.values())

    def sinks(self, worker: _Worker) -> Any:
        """Sinks of a worker's rooms, by number."""
        found: dict[int, Any] = {}
        for room in self.rooms.values():
            if room.line is worker.line:
                found.update(room.sinks)
        return found

    # --- death -----------------------------------------------------------------------------------

    def worker_lost(self, worker: _Worker, line: WorkerLine) -> None:
        """Its rooms go to another one; its place gets a new process."""
        if self._closed:
            return
        _logger.error("media.worker_lost", worker=worker.name)
        worker.assigned = 0
        for room in list(self.rooms.values()):
            if room.line is line:
                room.lost()
                if room not in self._moving:
                    self._moving.add(room)
                    self._spawn(self._move(room))
        self._spawn(self._replace(worker, line))

    async def _replace(self, worker: _Worker, line: WorkerLine) -> None:
        await line.close()
        quick = time.monotonic() - worker.started_at < STEADY_S
        worker.restarts += 1
        attempt = worker.restarts - 1 if quick else 0
        while True:
            await asyncio.sleep(AGAIN_S[min(attempt, len(AGAIN_S) - 1)])
            try:
                await self._start(worker)
                return
            except WorkerLost:
                return  # `worker_lost` was told, and this is done again for the new process
            except OSError:  # no process, no descriptor, no memory just now
                _logger.exception("media.worker_does_not_start", worker=worker.name)
                attempt += 1

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- figures ---------------------------------------------------------------------------------

    def loads(self) -> tuple[WorkerLoad, ...]:
        """Every worker, as last heard of."""
        return tuple(worker.load() for worker in self._workers)
