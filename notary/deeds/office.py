"""The notary's office: this room's use cases, wired with each other and with their neighbours."""

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from audit.service import AuditLog
from auth.person import Person
from auth.secret import Secret
from auth.session import Login
from auth.stepup import StepUp
from clock import Clock
from database import Database
from errors import NotFound
from notary.deeds import store
from notary.deeds.able import Able
from notary.deeds.applying import Applying
from notary.deeds.auditing import Auditing, Fees
from notary.deeds.closing import Closing
from notary.deeds.conduct import Conduct
from notary.deeds.core import Core
from notary.deeds.deciding import Deciding
from notary.deeds.fee import Payments
from notary.deeds.issuing import Issuing
from notary.deeds.ports import Ceremonies, Presence, Signing
from notary.deeds.request import Request
from notary.deeds.roll import Roll
from notary.deeds.scheduling import Scheduling
from notary.deeds.state import State
from notary.deeds.telling import Telling
from notary.mail.service import Outbox
from notary.register.service import Register
from recordings.keys import KeyStore
from recordings.papers.files import Papers
from recordings.papers.scanning import Scanner
from sessions import rules
from sessions import store as booked
from sessions.service import Sittings
from sessions.sitting import Sitting

_logger = structlog.get_logger(__name__)
LAPSE_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Office:
    """Everything that pages and commands ask."""

    core: Core
    applying: Applying
    auditing: Auditing
    scheduling: Scheduling
    conduct: Conduct
    closing: Closing
    deciding: Deciding
    register: Register
    outbox: Outbox
    telling: Telling
    payments: Payments | None
    roll: Roll
    issuing: Issuing
    able: Able

    async def run(self) -> None:
        """What goes on by itself: what a dead process left, what lapses. Ends when cancelled."""
        await self.closing.recover()
        while True:
            try:
                await self.applying.lapse()
            except Exception:  # a bad minute of the database must not end this for ever
                _logger.exception("deeds.lapse_failed")
            await asyncio.sleep(LAPSE_EVERY_S)

    # --- use cases that touch two of them --------------------------------------------------------

    async def give_back(self, actor: Person, id: str, marks: dict[str, str], words: str) -> Request:
        """Return a request for completion, and say so."""
        one = await self.auditing.give_back(actor, id, marks, words)
        await self.telling.tell(one, "returned")
        return one

    async def approve(self, actor: Person, id: str, *, waive: bool) -> Request:
        """Approve a request, and say what comes next."""
        one = await self.auditing.approve(actor, id, waive=waive)
        if one.state is State.FEE_DUE:
            await self.telling.tell(one, "fee_due")
        return one

    async def settle(self, actor: Person, id: str) -> Request:
        """The fee was paid; a deed that waited for it is delivered."""
        one = await self.scheduling.settle(actor, id)
        if one.state is State.REGISTERED:
            return await self.closing.deliver(one.id, actor.id)
        return one

    async def book(self, actor: Person, id: str, notary: str, starts_at: Any) -> Request:
        """Book a slot, and remind everybody."""
        one = await self.scheduling.book(actor, id, notary, starts_at)
        await self.telling.tell(one, "booked")
        return one

    async def wait_for_next(self, actor: Person, id: str) -> Request:
        """Into the queue; that a booked time was given up for it is said to everybody."""
        before = (await self.applying.see(actor, id)).request
        one = await self.scheduling.join(actor, id)
        if before.sitting:
            await self.telling.tell(replace(one, sitting=before.sitting), "queued")
        return one

    async def suspend(self, actor: Person, id: str, words: str) -> Request:
        """Suspend the session, and say so to whoever has left it."""
        one = await self.conduct.suspend(actor, id, words)
        await self.telling.tell(one, "suspended")
        return one

    async def take_next(self, actor: Person, id: str = "") -> Request:
        """The next of the queue, as a session that begins now."""
        one = await self.scheduling.take_next(actor, id)
        await self.telling.tell(one, "booked")
        return one

    async def convert(self, actor: Person, id: str, words: str) -> Request:
        """Convert to in-person, and say so."""
        one = await self.conduct.convert(actor, id, words)
        await self.conduct.give_up(actor, one.ceremony, "in_person")
        await self.telling.tell(one, "in_person")
        return one

    async def sitting_of(self, one: Request) -> Sitting | None:
        """The session that is booked for a request, or was."""
        if not one.sitting:
            return None
        async with self.core.database.unit(write=False) as session:
            return await booked.get_sitting(session, one.sitting)

    async def of_sitting(self, actor: Person, sitting: str) -> Request:
        """The request of a session, for whoever may see it. Raises NotFound."""
        async with self.core.database.unit(write=False) as session:
            found = await store.by_sitting(session, self.core.secret, sitting[:32])
            if found is None:
                raise NotFound("deed.unknown")
            return await self.core.load(session, actor, found.id)

    async def cancel(self, actor: Person, id: str, words: str) -> Request:
        """Cancel a request with the session that was booked for it."""
        before = (await self.applying.see(actor, id)).request
        one = await self.applying.cancel(actor, id, words)
        notary = await self.scheduling.notary_of(before)
        if notary is not None:
            await self.telling.tell(one, "cancelled")
            await self.scheduling.release(before, notary, words or "-")
        return one

    async def refuse(
        self, login: Login, id: str, reasons: list[str], words: str, token: str
    ) -> Request:
        """Refuse with reasons, and say so."""
        one = await self.deciding.refuse(login, id, reasons, words, token)
        await self.telling.tell(one, "refused")
        return one

    async def decide(
        self, login: Login, id: str, overturn: bool, words: str, token: str
    ) -> Request:
        """Decide a grievance, and say so."""
        one = await self.deciding.decide(login, id, overturn, words, token)
        await self.telling.tell(one, "decided")
        return one


def build(
    *,
    database: Database,
    log: AuditLog,
    secret: Secret,
    clock: Clock,
    sittings: Sittings,
    step_up: StepUp,
    ceremonies: Ceremonies,
    live: Presence,
    keys: KeyStore,
    vault: Path,
    outbox: Outbox,
    address: str,
    zone: str,
    office: str = "NOT",
    fee_before_session: bool = True,
    payments: Payments | None = None,
    scanner: Scanner | None = None,
    signing: Signing | None = None,
) -> Office:
    """Wire the office."""
    core = Core(database, log, secret, clock, rules.load(), zone)
    papers = Papers(vault / "deeds", keys)
    register = Register(database, log, secret, clock, office=office, zone=zone)
    telling = Telling(core, outbox, address)
    roll = Roll(core)
    conduct = Conduct(core, live, roll)
    auditing = Auditing(core, Fees(fee_before_session), register)
    closing = Closing(core, conduct, register, ceremonies, papers, telling.tell, address, auditing)
    return Office(
        core,
        Applying(core, papers, scanner),
        auditing,
        Scheduling(core, sittings, payments, roll),
        conduct,
        closing,
        Deciding(core, conduct, step_up),
        register,
        outbox,
        telling,
        payments,
        roll,
        Issuing(core, closing, register, roll, ceremonies, address),
        Able(core, step_up, signing),
    )
