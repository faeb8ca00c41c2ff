"""The gate of this server: watches what carries media, and refuses whom it cannot carry."""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from errors import Refusal
from signaling import capacity
from signaling.capacity import Hearing, Usage, WorkerState
from signaling.engine import LineReport
from signaling.load import LoopWatch, ProcessorShare, Rate, RoomLoad, WorkerLoad

MAIN = "main"


class LocalRoom(Protocol):
    """So much of a room in this process is measured."""

    sitting: str

    def counters(self) -> dict[str, int]: ...
    def report(self) -> dict[str, LineReport]: ...


class MainLoad:
    """This process: its loop, its processor time, and the rooms that it carries itself."""

    def __init__(self, rooms: Callable[[], Iterable[LocalRoom]] = lambda: ()) -> None:
        self._rooms = rooms
        self._watch = LoopWatch()
        self._share, self._forwarded = ProcessorShare(), Rate()
        self._cpu = 0.0

    def start(self) -> None:
        """Begin to watch the running loop."""
        self._watch.start()

    def stop(self) -> None:
        """End. Idempotent."""
        self._watch.stop()

    def load(self) -> WorkerLoad:
        """The figures now."""
        rooms = tuple(
            RoomLoad(room.sitting, len(room.report()), room.counters()) for room in self._rooms()
        )
        total = sum(room.counters.get("forwarded", 0) for room in rooms)
        return WorkerLoad(
            name=MAIN,
            pid=os.getpid(),
            up=True,
            cpu=self._share.look(),
            lag_p99=self._watch.lag.p99,
            lag_max=self._watch.lag.max,
            forwarded=self._forwarded.update(total, time.monotonic()),
            restarts=0,
            rooms=rooms,
        )


class Gate:
    """`workers` None: this process carries the media itself. `per_worker`: see `capacity`."""

    def __init__(
        self,
        per_worker: int,
        main: MainLoad,
        workers: Callable[[], Sequence[WorkerLoad]] | None = None,
    ) -> None:
        self.per_worker = per_worker
        self.main = main
        self._workers = workers
        self.people: Callable[[], Mapping[str, int]] = dict
        """How many are in each live sitting. `LiveRooms` sets it."""
        self.refusals: Counter[tuple[str, str]] = Counter()
        """How often somebody was not let in, by sitting and reason: `full`, `busy` or `down`."""

    def workers(self) -> tuple[WorkerLoad, ...]:
        """What carries media."""
        return tuple(self._workers()) if self._workers else (self.main.load(),)

    def usage(self) -> list[Usage]:
        """Reckoned need of each worker that is up."""
        loads = self.workers()
        return capacity.usage(self.per_worker, map(_state, loads), self._hearings(loads))

    def check(self, sitting: str, *, host: bool) -> None:
        """One more wants to come in. Raises Refusal `capacity.full`."""
        loads = self.workers()
        try:
            capacity.check(
                self.per_worker, map(_state, loads), self._hearings(loads), sitting, host=host
            )
        except Refusal:
            up = [_state(load) for load in loads if load.up]
            reason = "busy" if any(item.busy for item in up) else "full"
            self.refusals[sitting, reason if up else "down"] += 1
            raise

    @property
    def refused(self) -> int:
        """How often somebody was not let in for want of room."""
        return self.refusals.total()

    def alarms(self) -> list[tuple[str, str]]:
        """Code and worker of everything that an operator should look at now."""
        loads = self.workers()
        found = [("worker_down", load.name) for load in loads if not load.up]
        found += [("worker_busy", load.name) for load in loads if load.up and _state(load).busy]
        main = self.main.load()
        if self._workers and main.lag_p99 > capacity.BUSY_LAG:
            found.append(("main_late", MAIN))
        found += [
            ("full", item.worker)
            for item in self.usage()
            if item.need > item.capacity * (1 - capacity.RESERVE)
        ]
        return found

    def _hearings(self, loads: Iterable[WorkerLoad]) -> list[Hearing]:
        home = {room.sitting: load.name for load in loads for room in load.rooms}
        return [
            Hearing(sitting, count, home.get(sitting, ""))
            for sitting, count in self.people().items()
        ]


def _state(load: WorkerLoad) -> WorkerState:
    return WorkerState(load.name, load.up, load.cpu, load.lag_p99)
