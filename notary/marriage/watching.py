"""From what the live room shows to the events of the majlis: who came, dropped, cannot hear.

The room's own record of what it told before is the majlis itself: each look is compared with it,
so that a look that was missed (a restart) is made good by the next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import structlog

from notary.marriage.application import Part
from notary.marriage.file import File
from notary.marriage.majlis import Act, Event
from sessions.sitting import Sitting
from signaling.sight import Sight

_logger = structlog.get_logger(__name__)
KIND = "marriage_contract"
TRIES = 3


def seats_of(one: File, sitting: Sitting) -> dict[Part, str]:
    """The seat of each part that has one in this sitting."""
    found = {part: sitting.seat_of(account) for part, account in one.seats.items()}
    return {part: seat.id for part, seat in found.items() if seat is not None}


def events(one: File, sitting: Sitting, sight: Sight) -> Iterator[Event]:
    """What changed since the majlis was told last: losses first, then what is there again."""
    majlis = one.majlis
    if majlis is None:
        return
    seats = seats_of(one, sitting)
    gone: list[Part] = []
    back: list[Part] = []
    deaf: list[Part] = []
    hears: list[Part] = []
    for part in majlis.required:
        seat = seats.get(part, "")
        here = seat in sight.hearing
        if here != (part in majlis.present):
            (back if here else gone).append(part)
        poor = here and seat in sight.deaf
        if here and poor != (part in majlis.poor):
            (deaf if poor else hears).append(part)
    yield from _replaced(one, seats, sight)
    for part in gone:
        yield Event(Act.DROPPED, part, early=_early(one, sight.gone, seats.get(part, "")))
    yield from (Event(Act.JOINED, part) for part in back)
    for part in deaf:
        yield Event(Act.LINE_POOR, part, early=_early(one, sight.deaf, seats[part]))
    yield from (Event(Act.LINE_GOOD, part) for part in hears)
    if sight.on_record != majlis.on_record:
        yield Event(Act.ON_RECORD if sight.on_record else Act.OFF_RECORD)
    for part in dict.fromkeys(majlis.helped.values()):
        if seats.get(part, "") in sight.sworn and part not in majlis.sworn:
            yield Event(Act.SWORN, part)


def _replaced(one: File, seats: Mapping[Part, str], sight: Sight) -> Iterator[Event]:
    """Somebody sits on another page than the one on which the identity was verified."""
    for part, page in one.devices.items():
        now = sight.pages.get(seats.get(part, ""), page)
        if now != page and one.majlis is not None and part in one.majlis.verified:
            yield Event(Act.REPLACED, part)


def _early(one: File, since: Mapping[str, datetime | None], seat: str) -> bool:
    """Whether it began before the acceptance."""
    began = since.get(seat)
    return began is not None and one.contracted_at is not None and began < one.contracted_at


class Watching:
    """Takes what the live rooms show, in order, one after the other. One per process."""

    def __init__(self, seen: Callable[[Sight], Awaitable[Any]]) -> None:
        self._seen = seen
        self._queue: asyncio.Queue[Sight] = asyncio.Queue()

    def saw(self, sight: Sight) -> None:
        """A live room changed. Never waits."""
        if sight.kind == KIND:
            self._queue.put_nowait(sight)

    async def settled(self) -> None:
        """Returns when all that was shown before is in the majlis."""
        await self._queue.join()

    async def run(self) -> None:
        """Ends when cancelled."""
        while True:
            sight = await self._queue.get()
            try:
                await self._take(sight)
            finally:
                self._queue.task_done()

    async def _take(self, sight: Sight) -> None:
        for left in reversed(range(TRIES)):
            try:
                await self._seen(sight)
                return
            except Exception:  # another unit was faster, or a bad moment of the database
                if not left:
                    _logger.exception("marriage.look_lost", sitting=sight.sitting)
