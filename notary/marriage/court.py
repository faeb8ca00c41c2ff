"""The court of marriages: this room's use cases, wired with each other and their neighbours."""

import asyncio
from dataclasses import dataclass

import structlog

from audit.service import AuditLog
from auth.secret import Secret
from auth.stepup import StepUp
from clock import Clock
from database import Database
from notary.marriage.core import Core
from notary.marriage.filing import Filing
from notary.marriage.officiating import Officiating
from notary.marriage.reviewing import Reviewing
from sessions import rules

_logger = structlog.get_logger(__name__)
LAPSE_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Court:
    """Everything that pages and commands ask."""

    core: Core
    filing: Filing
    reviewing: Reviewing
    officiating: Officiating

    async def run(self) -> None:
        """What goes on by itself: files lapse (R-MR-16). Ends when cancelled."""
        while True:
            try:
                await self.filing.sweep()
            except Exception:  # a bad minute of the database must not end this for ever
                _logger.exception("marriage.sweep_failed")
            await asyncio.sleep(LAPSE_EVERY_S)


def build(
    *,
    database: Database,
    log: AuditLog,
    secret: Secret,
    clock: Clock,
    zone: str,
    step_up: StepUp,
) -> Court:
    """Wire the court."""
    core = Core(database, log, secret, clock, rules.load(), zone, step_up)
    return Court(core, Filing(core), Reviewing(core), Officiating(core))
