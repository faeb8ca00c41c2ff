"""What the pages of records show: whose custody, which state, who was let in and what was seen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from auth import policy
from auth import store as accounts
from auth.person import Person
from clock import Clock
from database import Database
from errors import N_, NotFound
from recordings import store as records
from recordings.access import store
from recordings.access.order import Destruction, Grant, Hold, Order, Seal
from recordings.access.retention import Kept, KeptUntil, kept, no_duty
from recordings.access.store import Session
from recordings.store import RecordingRow
from sessions import store as sessions
from sessions.service import Sittings
from sessions.sitting import Sitting
from sessions.standing import context

STATES = {
    "open": N_("Not closed yet"),
    "available": N_("Available"),
    "destroyed": N_("Destroyed"),
}


@dataclass(frozen=True, slots=True)
class Held:
    """One record in the person's custody."""

    sitting: Sitting
    state: str
    """Key of STATES."""
    on_hold: bool
    orders: int
    """In force."""
    kept: Kept | None
    """None while the record is open."""
    is_due: bool
    waits: bool
    """Something waits for a second person."""


@dataclass(frozen=True, slots=True)
class Open:
    """A record that somebody was given leave to see."""

    sitting: Sitting
    order: Order
    grant: Grant
    in_force: bool


@dataclass(frozen=True, slots=True)
class Viewed:
    """One viewing: who, when, and how much media was sent."""

    person: str
    at: datetime
    order: str
    minutes: float


@dataclass(frozen=True, slots=True)
class Custodial:
    """One record with everything that governs it."""

    held: Held
    row: RecordingRow
    orders: list[Order]
    grants: Mapping[str, list[Grant]]
    """By order."""
    seals: list[Seal]
    holds: list[Hold]
    destructions: list[Destruction]
    viewed: list[Viewed]
    people: Mapping[str, Person]
    """Everybody named above, by account."""
    choices: list[Person]
    """Accounts with a seat, to whom leave is likely to be given."""
    tracks: list[str]
    may: frozenset[str]
    """Actions of the policy that are possible here: at once, after a step-up, or with an order."""
    destroyed_at: datetime | None
    now: datetime


ACTIONS = (
    "recording.view",
    "recording.export",
    "recording.order",
    "recording.seal",
    "recording.hold",
    "recording.lift_hold",
    "recording.destroy",
)


class Overview:
    """Reading use cases. One per process."""

    def __init__(self, database: Database, sittings: Sittings, clock: Clock) -> None:
        self._database = database
        self._sittings = sittings
        self._clock = clock
        self.kept_until: KeptUntil = no_duty

    async def held(self, person: Person) -> list[Held]:
        """Records of sittings that the person may keep: on the bench, or as who booked them."""
        if not policy.decide(person, "custody.list"):
            return []
        found = []
        async with self._database.unit(write=False) as session:
            for row in await records.all_records(session):
                sitting = await sessions.get_sitting(session, row.sitting)
                if sitting is None:
                    continue
                if policy.decide(person, "recording.order", context(person, sitting)).possible:
                    found.append(await self._held(session, sitting, row))
        return found

    async def opened(self, person: Person) -> list[Open]:
        """Records that the person was given leave to see or copy."""
        policy.require(person, "sitting.list")
        now, found = self._clock(), []
        async with self._database.unit(write=False) as session:
            for grant, order in await store.granted_to(session, person.id):
                sitting = await sessions.get_sitting(session, grant.sitting)
                if sitting is not None:
                    good = grant.in_force(now) and order.in_force(now)
                    found.append(Open(sitting, order, grant, good))
        return found

    async def record(self, person: Person, sitting_id: str) -> Custodial:
        """One record for whoever keeps it. Raises NotFound, Forbidden."""
        async with self._database.unit(write=False) as session:
            sitting = await self._sittings.load(session, person, sitting_id)
            at = context(person, sitting, await sessions.operated_rooms(session, person.id))
            if not policy.decide(person, "recording.order", at).possible:
                policy.require(person, "recording.order", at)
            row = await records.get(session, sitting_id)
            if row is None:
                raise NotFound("recording.none", N_("Nothing was recorded in this sitting."))
            at_best = replace(at, has_order=True)  # its reference is asked for there
            may = {one for one in ACTIONS if policy.decide(person, one, at_best).possible}
            return await self._record(session, sitting, row, frozenset(may))

    async def _record(
        self, session: Session, sitting: Sitting, row: RecordingRow, may: frozenset[str]
    ) -> Custodial:
        orders = await store.orders(session, sitting.id)
        grants = await store.grants(session, sitting.id)
        seals = await store.seals(session, sitting.id)
        holds = await store.holds(session, sitting.id)
        destructions = await store.destructions(session, sitting.id)
        viewed = [
            Viewed(one.person, one.at, one.order_reference, ms / 60_000)
            for one, ms in await store.viewings(session, sitting.id)
        ]
        named = {one.person for one in grants} | {one.person for one in viewed}
        named |= {one.by for one in orders} | {one.by for one in seals}
        named |= {one.by for one in holds} | {one.by for one in destructions}
        named |= {one.lift_by for one in holds} | {one.lifted_by for one in holds}
        named |= {one.decided_by for one in destructions}
        seated = {seat.person for seat in sitting.seats if seat.person}
        people = await _people(session, named | seated)
        done = [one.decided_at for one in destructions if one.done]
        return Custodial(
            held=await self._held(session, sitting, row),
            row=row,
            orders=orders,
            grants={one.id: [item for item in grants if item.order == one.id] for one in orders},
            seals=seals,
            holds=holds,
            destructions=destructions,
            viewed=viewed,
            people=people,
            choices=[people[one] for one in sorted(seated) if one in people],
            tracks=[item.id for item in await records.tracks(session, sitting.id)],
            may=may,
            destroyed_at=done[0] if done else None,
            now=self._clock(),
        )

    async def _held(self, session: Session, sitting: Sitting, row: RecordingRow) -> Held:
        now = self._clock()
        orders = await store.orders(session, sitting.id)
        holds = [one for one in await store.holds(session, sitting.id) if one.stands]
        waiting = any(one.open for one in await store.destructions(session, sitting.id))
        how_long = None
        if row.sealed_at is not None:
            pack, outcome = self._sittings.pack, sitting.phase.value
            until = await self.kept_until(sitting.id)
            how_long = kept(pack, sitting.kind, outcome, row.sealed_at, now, until)
        state = "open" if row.sealed_at is None else "available"
        return Held(
            sitting,
            "destroyed" if row.wrapped_key is None else state,
            bool(holds),
            sum(one.in_force(now) for one in orders),
            how_long,
            how_long is not None and row.wrapped_key is not None and how_long.is_due(now),
            waiting or any(one.lift_by for one in holds),
        )


async def _people(session: Session, ids: Iterable[str]) -> dict[str, Person]:
    found = {id: await accounts.get_account(session, id) for id in ids if id}
    return {id: person for id, person in found.items() if person is not None}
