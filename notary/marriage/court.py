"""The court of marriages: this room's use cases, wired with each other and their neighbours."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import structlog

from audit.service import AuditLog
from auth.secret import Secret
from auth.stepup import StepUp
from clock import Clock
from database import Database
from notary.deeds.fee import Payments
from notary.mail.service import Outbox
from notary.marriage.attaching import Attaching
from notary.marriage.booking import Booking, SittingBook
from notary.marriage.conducting import Conducting
from notary.marriage.contracting import Contracting
from notary.marriage.core import Core
from notary.marriage.correcting import Correcting
from notary.marriage.desk import Desk
from notary.marriage.filing import Filing
from notary.marriage.interpreting import Interpreting
from notary.marriage.officiating import Officiating
from notary.marriage.ports import Live
from notary.marriage.ratifying import Ratifying
from notary.marriage.reviewing import Reviewing
from notary.marriage.telling import Telling
from notary.marriage.watching import Watching
from notary.marriage.writing import Writing
from recordings.keys import KeyStore
from recordings.papers.files import Papers
from recordings.papers.scanning import Scanner
from sessions import rules

_logger = structlog.get_logger(__name__)
LAPSE_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Court:
    """Everything that pages and commands ask."""

    core: Core
    filing: Filing
    attaching: Attaching
    reviewing: Reviewing
    booking: Booking
    interpreting: Interpreting
    officiating: Officiating
    watching: Watching
    writing: Writing
    conducting: Conducting
    contracting: Contracting
    ratifying: Ratifying
    correcting: Correcting
    address: str
    """Of this house, for links."""

    async def run(self) -> None:
        """What goes on by itself: what the live rooms show is taken, files lapse (R-MR-16). Ends
        when cancelled."""
        await asyncio.gather(self.watching.run(), self._sweep())

    async def _sweep(self) -> None:
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
    sittings: SittingBook,
    keys: KeyStore,
    vault: Path,
    live: Live,
    desk: Desk,
    address: str,
    outbox: Outbox | None = None,
    payments: Payments | None = None,
    scanner: Scanner | None = None,
) -> Court:
    """Wire the court."""
    pack = rules.load()
    minutes = pack.rule("R-MR-18", clock().date()).value["minutes"]
    telling = Telling(outbox, address, minutes) if outbox is not None else None
    core = Core(database, log, secret, clock, pack, zone, step_up, telling)
    filing, officiating = Filing(core), Officiating(core)
    watching = Watching(officiating.seen)
    writing = Writing(core, live)
    conducting = Conducting(core, officiating, live, watching, writing)
    booking = Booking(core, filing, sittings, payments)
    return Court(
        core,
        filing,
        Attaching(core, Papers(vault / "marriages", keys), scanner),
        Reviewing(core),
        booking,
        Interpreting(core, booking),
        officiating,
        watching,
        writing,
        conducting,
        Contracting(core, officiating, conducting, desk, live, address),
        Ratifying(core, desk, address),
        Correcting(core, desk, address),
        address,
    )
