"""The book of orders over records: orders, grants by them, and sealed stretches."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from audit.leaf import JSON, commit, format_time
from auth import store as accounts
from auth.person import APART, Person
from errors import N_, BadInput, NotFound
from recordings import store as records
from recordings.access import check, store
from recordings.access.acts import (
    AUTHORITY_MOST,
    REASON_MOST,
    REFERENCE_MOST,
    Actor,
    Acts,
    Place,
    in_future,
    text,
)
from recordings.access.order import Grant, Order, Part, Seal, Use
from recordings.access.store import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDraft:
    """What the clerk copies from an order."""

    reference: str
    authority: str
    uses: frozenset[Use]
    part: Part = field(default=Part())
    ends: datetime | None = None


class OrderBook(Acts):
    """Use cases on orders, grants and seals."""

    async def epoch(self, person: Person, sitting_id: str, action: str) -> datetime:
        """Recording time 0, for somebody who may do `action`. Raises NotFound, Forbidden."""
        async with self.database.unit(write=False) as session:
            place = await self.place(session, person, sitting_id, action)
        if place.row.epoch is None:
            raise NotFound("recording.none", N_("Nothing was recorded in this sitting."))
        return place.row.epoch

    async def enter(self, person: Person, sitting_id: str, draft: OrderDraft) -> Order:
        """Write an order into the book. Raises NotFound, Forbidden, BadInput, Refusal."""
        now = self.clock()
        reference = text(draft.reference, "reference", REFERENCE_MOST)
        authority = text(draft.authority, "authority", AUTHORITY_MOST)
        if not draft.uses:
            raise BadInput("recording.no_use", N_("Choose what the order allows."), field="uses")
        in_future(draft.ends, now, "ends")
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.order")
            await self._check_part(session, place, draft)
            await self.allow(session, Actor(person), place, "recording.order")
            known = await store.orders(session, sitting_id)
            if any(one.reference == reference and one.in_force(now) for one in known):
                raise BadInput(
                    "recording.order_known",
                    N_("An order with this reference is in the book already."),
                    field="reference",
                )
            order = Order(
                id=secrets.token_hex(8),
                sitting=sitting_id,
                reference=reference,
                authority=authority,
                uses=draft.uses,
                part=draft.part,
                ends=draft.ends,
                by=person.id,
                at=now,
            )
            await check.enter(session, self.log, order)
        return order

    async def _check_part(self, session: Session, place: Place, draft: OrderDraft) -> None:
        part = draft.part
        if part.start_ms < 0 or (part.end_ms is not None and part.end_ms <= part.start_ms):
            raise BadInput(
                "recording.bad_times", N_("The end must come after the beginning."), field="until"
            )
        known = {row.id for row in await records.tracks(session, place.sitting.id)}
        seats = {seat.id for seat in place.sitting.seats}
        if not part.tracks <= known or not part.seats <= seats:
            raise BadInput(
                "recording.bad_tracks", N_("Choose tracks and persons of the list."), field="seats"
            )
        if Use.DELETE in draft.uses and not part.whole:
            raise BadInput(
                "recording.delete_whole",
                N_("A record can be destroyed as a whole only. Seal a stretch instead."),
                field="uses",
            )

    async def revoke(self, person: Person, sitting_id: str, order_id: str) -> None:
        """An order counts no more, nor does any grant by it. Again is fine."""
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.order")
            order = await self._order(session, sitting_id, order_id)
            await self.allow(session, Actor(person), place, "recording.order")
            if order.revoked_at is None:
                await store.revoke_order(session, order_id, person.id, self.clock())
                await self.tell(session, place, "order.revoked", {"order": order_id})

    async def give(
        self, person: Person, sitting_id: str, order_id: str, username: str, ends: datetime
    ) -> Grant:
        """Give one person, until `ends`, what an order allows. No later than the order itself."""
        now = self.clock()
        in_future(ends, now, "grant_ends")
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.order")
            order = await self._order(session, sitting_id, order_id)
            await self.allow(session, Actor(person), place, "recording.order")
            if not order.in_force(now):
                raise check.over()
            found = await accounts.credentials(session, username.strip())
            if found is None or not found.person.active:
                raise BadInput(
                    "recording.no_account",
                    N_("There is no open account with this user name."),
                    field="username",
                )
            if found.person.role in APART:
                raise BadInput(
                    "recording.apart",
                    N_("An auditor sees no record. Give leave to another account."),
                    field="username",
                )
            grant = Grant(
                id=secrets.token_hex(8),
                order=order_id,
                sitting=sitting_id,
                person=found.person.id,
                ends=min(ends, order.ends or ends),
                by=person.id,
                at=now,
            )
            await store.add_grant(session, grant)
            leaf: dict[str, JSON] = {
                "grant": grant.id,
                "order": order_id,
                "person": grant.person,
                "ends": format_time(grant.ends),
            }
            await self.tell(session, place, "grant.given", leaf)
        return grant

    async def take_back(self, person: Person, sitting_id: str, grant_id: str) -> None:
        """A grant counts no more; who is watching by it sees nothing more. Again is fine."""
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.order")
            grant = await store.grant(session, grant_id)
            if grant is None or grant.sitting != sitting_id:
                raise NotFound("recording.no_grant", N_("There is no such leave."))
            await self.allow(session, Actor(person), place, "recording.order")
            if grant.revoked_at is None:
                await store.revoke_grant(session, grant_id, person.id, self.clock())
                await self.tell(session, place, "grant.revoked", {"grant": grant_id})

    async def seal(
        self, person: Person, sitting_id: str, start_ms: int, end_ms: int, reason: str
    ) -> Seal:
        """Hide a stretch from everybody but the bench."""
        reason = text(reason, "reason", REASON_MOST, lines=True)
        if not 0 <= start_ms < end_ms:
            raise BadInput(
                "recording.bad_times", N_("The end must come after the beginning."), field="until"
            )
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.seal")
            await self.allow(session, Actor(person), place, "recording.seal")
            seal = Seal(
                id=secrets.token_hex(8),
                sitting=sitting_id,
                start_ms=start_ms,
                end_ms=end_ms,
                reason=reason,
                by=person.id,
                at=self.clock(),
            )
            salt = secrets.token_bytes(32)
            await store.add_seal(session, seal, salt)
            leaf: dict[str, JSON] = {
                "seal": seal.id,
                "start_ms": start_ms,
                "end_ms": end_ms,
                "reason": commit(reason.encode(), salt),
            }
            await self.tell(session, place, "seal.set", leaf)
        return seal

    async def unseal(self, person: Person, sitting_id: str, seal_id: str) -> None:
        """Open a sealed stretch again. Again is fine."""
        async with self.database.unit() as session:
            place = await self.place(session, person, sitting_id, "recording.seal")
            found = [one for one in await store.seals(session, sitting_id) if one.id == seal_id]
            if not found:
                raise NotFound("recording.no_seal", N_("There is no such seal."))
            await self.allow(session, Actor(person), place, "recording.seal")
            if found[0].lifted_at is None:
                await store.lift_seal(session, seal_id, person.id, self.clock())
                await self.tell(session, place, "seal.lifted", {"seal": seal_id})

    async def _order(self, session: Session, sitting_id: str, order_id: str) -> Order:
        order = await store.order(session, order_id)
        if order is None or order.sitting != sitting_id:
            raise NotFound("recording.no_order", N_("There is no such order."))
        return order
