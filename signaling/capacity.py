"""How much media this server can carry, and whether one more person fits. Pure.

The unit is the forwarded packet per second, because that is what costs: an encrypted send for each
listener (17-25 us each where `benchmarks.forwarding` was run). What a hearing will need is
reckoned from its people, not from what flows at the moment: who is in may turn a camera on at any
time, and is never refused.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from errors import N_, Refusal

PACKETS = 200
"""Packets per second of one person's camera at 1.2 Mb/s and microphone (measured, 720p30)."""
SEEN, HEARD = 12, 24
"""People whom one listener sees, and hears, at most."""
SOUND = 50
"""Packets per second of one person who is only heard."""
SHARE = 0.7
"""Of a core, for forwarding: the rest is for bursts, joins and reports, so that the 99th
percentile of the delay stays under 20 ms."""
RESERVE = 0.1
"""Of the capacity, kept for those without whom people who are in would wait in vain."""
BUSY_CPU = 0.9
BUSY_LAG = 0.05
"""Seconds; a loop later than that (99th percentile) delays everybody."""


@dataclass(frozen=True, slots=True)
class Hearing:
    """One live sitting: how many are in (also those who are away for a moment), and where."""

    sitting: str
    people: int
    worker: str


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What counts of a worker when one more wants to come in."""

    name: str
    up: bool
    cpu: float
    lag: float

    @property
    def busy(self) -> bool:
        """It carries as much as it can, whatever the reckoning says. Late alone says that the
        machine does something else, and a moment's work fills a core alone."""
        return self.cpu > BUSY_CPU and self.lag > BUSY_LAG


@dataclass(frozen=True, slots=True)
class Usage:
    """Reckoned need and capacity of one worker, packets per second."""

    worker: str
    need: int
    capacity: int
    busy: bool

    @property
    def share(self) -> float:
        """Need by capacity."""
        return self.need / self.capacity if self.capacity else 1.0


def need(people: int) -> int:
    """Packets per second of a hearing in which everybody sends and gets everybody else."""
    others = max(people - 1, 0)
    heard = min(others, HEARD) - min(others, SEEN)
    return people * (PACKETS + min(others, SEEN) * PACKETS + heard * SOUND)


def of_cost(microseconds: float) -> int:
    """Capacity of one worker whose core spends so much on a forwarded packet."""
    return int(SHARE * 1_000_000 / microseconds)


def usage(
    capacity: int, workers: Iterable[WorkerState], hearings: Iterable[Hearing]
) -> list[Usage]:
    """Every worker that is up."""
    hearings = list(hearings)
    return [
        Usage(
            worker.name,
            sum(need(item.people) for item in hearings if item.worker == worker.name),
            capacity,
            worker.busy,
        )
        for worker in workers
        if worker.up
    ]


def check(
    capacity: int,
    workers: Iterable[WorkerState],
    hearings: Iterable[Hearing],
    sitting: str,
    *,
    host: bool,
) -> None:
    """One more person wants to come into `sitting`. Raises Refusal `capacity.full`.

    A sitting that nobody carries yet goes to the worker that has most room. Not to be asked for
    somebody who is in already.
    """
    hearings = list(hearings)
    found = usage(capacity, workers, hearings)
    mine = next((item for item in hearings if item.sitting == sitting), Hearing(sitting, 0, ""))
    homes = [item for item in found if mine.worker in ("", item.worker)]
    limit = capacity if host else capacity * (1 - RESERVE)
    more = need(mine.people + 1) - (need(mine.people) if mine.worker else 0)
    if not any(item.need + more <= limit and (host or not item.busy) for item in homes):
        raise full()


def full() -> Refusal:
    """What a person is told whom the server cannot carry."""
    return Refusal(
        "capacity.full",
        N_(
            "The server carries as many people as it can without disturbing the hearings that are "
            "under way, so you are not let in yet. Wait a few minutes and press 'Come back in'. If "
            "your sitting begins now, telephone the clerk: the administrator can make room."
        ),
        status=503,
    )
