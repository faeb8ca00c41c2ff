"""Legal holds, and the destruction of a record's key. What cannot be undone takes two persons.

The media of a sitting is gone when its key is (NIST SP 800-88, cryptographic erase): the row's
wrapped key and the salts of its segments are erased in the transaction that writes `key.shredded`,
so there is no state between. The ciphertext is deleted after it; a crash leaves unreadable files,
which `sweep` deletes at the next start. The log keeps the hashes and still verifies.
"""

import asyncio
import secrets

import structlog

from audit.leaf import JSON, commit
from audit.service import AuditLog
from auth.person import Person
from auth.stepup import StepUp
from clock import Clock
from database import Database
from errors import N_, NotFound, Refusal
from recordings import store as records
from recordings.access import check, store
from recordings.access.acts import (
    AUTHORITY_MOST,
    REASON_MOST,
    Actor,
    Acts,
    Place,
    not_the_same,
    text,
)
from recordings.access.order import Destruction, Hold, Use
from recordings.access.retention import KeptUntil, no_duty
from recordings.access.store import Session
from recordings.vault import Vault
from sessions.service import Sittings

_logger = structlog.get_logger(__name__)


class Custody(Acts):
    """Use cases on holds and destruction."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        sittings: Sittings,
        stepup: StepUp,
        clock: Clock,
        vault: Vault,
    ) -> None:
        super().__init__(database, log, sittings, stepup, clock)
        self._vault = vault
        self.kept_until: KeptUntil = no_duty
        """Rooms to the right say until when a record must be kept, whatever an order allows."""

    # --- holds ------------------------------------------------------------------------------------

    async def hold(self, person: Person, sitting_id: str, reason: str, authority: str) -> Hold:
        """Forbid the destruction of a record. Open proposals to destroy it lapse."""
        reason = text(reason, "hold_reason", REASON_MOST, lines=True)
        authority = text(authority, "hold_authority", AUTHORITY_MOST)
        now = self.clock()
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.hold")
            await self.allow(session, Actor(person), place, "recording.hold")
            if place.row.wrapped_key is None:
                raise _destroyed()
            hold = Hold(
                id=secrets.token_hex(8),
                sitting=sitting_id,
                reason=reason,
                authority=authority,
                by=person.id,
                at=now,
            )
            salt = secrets.token_bytes(32)
            await store.add_hold(session, hold, salt)
            words = f"{authority}\n{reason}".encode()
            leaf: dict[str, JSON] = {"hold": hold.id, "text": commit(words, salt)}
            await self.tell(session, place, "hold.set", leaf)
            for waiting in await store.destructions(session, sitting_id):
                if waiting.open:
                    await self._turn_down(session, place, person, waiting)
        return hold

    async def propose_lift(self, actor: Actor, sitting_id: str, hold_id: str, reason: str) -> None:
        """Propose to lift a hold, with the reason."""
        reason, person = text(reason, "lift_reason", REASON_MOST, lines=True), actor.person
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.lift_hold")
            hold = await self._hold(session, sitting_id, hold_id)
            if hold.lift_by:
                raise Refusal(
                    "recording.waits", N_("This waits already for another person to agree.")
                )
            await self.allow(
                session, actor, place, "recording.lift_hold", hold=hold_id, step="propose"
            )
            await store.change_hold(
                session,
                hold_id,
                lift_by=person.id,
                lift_office=place.office,
                lift_at=self.clock(),
                lift_reason=reason,
            )
            salt = await store.hold_salt(session, hold_id)
            words = commit(f"lift\n{reason}".encode(), salt)
            await self.tell(session, place, "hold.lift_proposed", {"hold": hold_id, "text": words})

    async def decide_lift(
        self, actor: Actor, sitting_id: str, hold_id: str, *, agree: bool
    ) -> None:
        """Agree as the second person, and the hold is lifted; or turn the proposal down."""
        person = actor.person
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.lift_hold")
            hold = await self._hold(session, sitting_id, hold_id)
            if not hold.lift_by:
                raise Refusal(
                    "recording.not_proposed", N_("Nobody proposed this, or not any more.")
                )
            if agree:
                not_the_same(place, person, hold.lift_by, hold.lift_office)
            await self.allow(
                session,
                actor,
                place,
                "recording.lift_hold",
                hold=hold_id,
                step="agree" if agree else "turn_down",
            )
            leaf: dict[str, JSON] = {"hold": hold_id, "proposed_by": hold.lift_by}
            if agree:
                now = self.clock()
                await store.change_hold(session, hold_id, lifted_by=person.id, lifted_at=now)
                await self.tell(session, place, "hold.lifted", leaf)
            else:
                nobody = {"lift_by": "", "lift_office": "", "lift_at": None, "lift_reason": ""}
                await store.change_hold(session, hold_id, **nobody)
                await self.tell(session, place, "hold.kept", leaf)

    async def _hold(self, session: Session, sitting_id: str, hold_id: str) -> Hold:
        hold = await store.hold(session, hold_id)
        if hold is None or hold.sitting != sitting_id:
            raise NotFound("recording.no_hold", N_("There is no such hold."))
        if not hold.stands:
            raise Refusal("recording.lifted", N_("This hold is lifted already."))
        return hold

    # --- destruction ------------------------------------------------------------------------------

    async def propose_destruction(
        self, actor: Actor, sitting_id: str, order_id: str
    ) -> Destruction:
        """Propose to destroy a sealed record by an order that allows it (R-CR-10, R-CV-05)."""
        person, now = actor.person, self.clock()
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.destroy")
            await self._destructible(session, place, order_id)
            if any(one.open for one in await store.destructions(session, sitting_id)):
                raise Refusal(
                    "recording.waits", N_("This waits already for another person to agree.")
                )
            await self.allow(
                session, actor, place, "recording.destroy", order=order_id, step="propose"
            )
            one = Destruction(
                id=secrets.token_hex(8),
                sitting=sitting_id,
                order=order_id,
                by=person.id,
                office=place.office,
                at=now,
            )
            await store.add_destruction(session, one)
            leaf: dict[str, JSON] = {"destruction": one.id, "order": order_id}
            await self.tell(session, place, "destruction.proposed", leaf)
        return one

    async def decide_destruction(
        self, actor: Actor, sitting_id: str, destruction_id: str, *, agree: bool
    ) -> None:
        """Agree as the second person, and the key is destroyed, for ever; or turn it down."""
        person = actor.person
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.destroy")
            found = await store.destructions(session, sitting_id)
            one = next((item for item in found if item.id == destruction_id), None)
            if one is None:
                raise NotFound("recording.no_destruction", N_("There is no such proposal."))
            if not one.open:
                raise Refusal("recording.decided", N_("This was decided already."))
            step = "agree" if agree else "turn_down"
            if agree:
                await self._destructible(session, place, one.order)
                not_the_same(place, person, one.by, one.office)
            await self.allow(
                session, actor, place, "recording.destroy", destruction=one.id, step=step
            )
            if agree:
                await self._shred(session, place, person, one)
            else:
                await self._turn_down(session, place, person, one)
        if agree:
            await asyncio.to_thread(self._vault.erase, sitting_id)

    async def _destructible(self, session: Session, place: Place, order_id: str) -> None:
        order = await store.order(session, order_id)
        if order is None or order.sitting != place.sitting.id:
            raise NotFound("recording.no_order", N_("There is no such order."))
        if place.row.wrapped_key is None:
            raise _destroyed()
        if place.row.sealed_at is None:
            raise Refusal(
                "recording.not_sealed",
                N_("The record is not closed yet. It can be seen when the sitting is over."),
            )
        await self.no_hold(session, place.sitting.id)
        until = await self.kept_until(place.sitting.id)
        if until is not None and self.clock() < until:
            raise Refusal(
                "recording.kept_until",
                N_("A notarial act rests on this record: it is kept at least until %(day)s."),
                day=until.date().isoformat(),
            )
        if not order.in_force(self.clock()) or Use.DELETE not in order.uses:
            raise check.over()

    async def _shred(
        self, session: Session, place: Place, person: Person, one: Destruction
    ) -> None:
        now = self.clock()
        await store.decide_destruction(session, one.id, person.id, now, agreed=True)
        await records.erase_key(session, place.sitting.id)
        leaf: dict[str, JSON] = {
            "destruction": one.id,
            "order": one.order,
            "proposed_by": one.by,
        }
        await self.tell(session, place, "key.shredded", leaf)

    async def _turn_down(
        self, session: Session, place: Place, person: Person, one: Destruction
    ) -> None:
        await store.decide_destruction(session, one.id, person.id, self.clock(), agreed=False)
        leaf: dict[str, JSON] = {"destruction": one.id, "proposed_by": one.by}
        await self.tell(session, place, "destruction.turned_down", leaf)


async def sweep(database: Database, vault: Vault) -> int:
    """Delete what a crash left of destroyed records; how many folders there were."""
    async with database.unit(write=False) as session:
        gone = await records.destroyed(session)
    found = [one for one in gone if await asyncio.to_thread(vault.tracks, one)]
    for sitting in found:
        await asyncio.to_thread(vault.erase, sitting)
        _logger.info("vault.swept", sitting=sitting)
    return len(found)


def _destroyed() -> Refusal:
    return Refusal(
        "recording.erased", N_("This record was erased by order of the court."), status=410
    )
