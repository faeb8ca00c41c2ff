"""The yearly renewal of archived documents: one more archive time-stamp, before the last one's
certificate or algorithm grows weak (esign.md B5.6).

A document is due a year after its newest time-stamp. The server renews by itself, a few at a time
and one after another so that nobody who signs waits; the director sees it and may ask for it at
once, and `./mahdar renew` does it from the command line. A document that cannot be renewed stays as
it is, is named in the log, and is tried again at the next run.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from auth import policy
from auth.person import OPERATOR, Person
from errors import N_, Refusal
from notary.signing.service import Ceremonies

EVERY_S = 24 * 3600.0

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """A run, or where the newest one ended."""

    started_at: datetime
    due: int
    done: int = 0
    failed: int = 0
    ended_at: datetime | None = None

    @property
    def running(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


class Renewal:
    """One per process."""

    def __init__(self, ceremonies: Ceremonies) -> None:
        self._ceremonies = ceremonies
        self._busy = asyncio.Lock()
        self._task: asyncio.Task[Progress] | None = None
        self.newest: Progress | None = None

    async def see(self, actor: Person) -> int:
        """How many documents are due now."""
        policy.require(actor, "notary.renew")
        return len(await self._ceremonies.due())

    async def start(self, actor: Person) -> None:
        """Begin a run. Raises Refusal `renewal.running`."""
        policy.require(actor, "notary.renew")
        if self._busy.locked():
            raise Refusal("renewal.running", N_("A renewal is running. Wait until it is done."))
        self._task = asyncio.create_task(self.once(actor.id), name="notary.renewal.now")

    async def once(
        self, by: str = OPERATOR.id, tell: Callable[[int, int], None] = lambda _done, _of: None
    ) -> Progress:
        """Renew everything that is due. `tell` gets done and all."""
        async with self._busy:
            clock = self._ceremonies.clock
            ids = await self._ceremonies.due()
            at = self.newest = Progress(clock(), len(ids))
            for id in ids:
                try:
                    await self._ceremonies.renew(id, by)
                    at = replace(at, done=at.done + 1)
                except Exception as error:  # whatever is wrong with one, the others go on
                    _logger.error("signing.not_renewed", ceremony=id, reason=type(error).__name__)
                    at = replace(at, failed=at.failed + 1)
                self.newest = at
                tell(at.done + at.failed, at.due)
            self.newest = replace(at, ended_at=clock())
            return self.newest

    async def run(self) -> None:
        """In a running server. Ends when cancelled."""
        while True:
            try:
                if await self._ceremonies.due():
                    await self.once()
            except Exception:  # a bad minute of the database must not end this for ever
                _logger.exception("signing.renewal_failed")
            await asyncio.sleep(EVERY_S)
