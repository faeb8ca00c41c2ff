"""Paying, a notary's slot, and the queue of 'next available' with an honest waiting time."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON
from auth import policy
from auth import store as accounts
from auth.person import Person, Role
from errors import N_, NotFound, Refusal
from notary.deeds import store
from notary.deeds.auditing import seat_role
from notary.deeds.core import Core, context
from notary.deeds.fee import Charge, Payments
from notary.deeds.request import Request
from notary.deeds.roll import Roll, may
from notary.deeds.state import IN_SESSION, State, Step
from sessions import store as booked
from sessions.booking import Draft, Hold, SeatDraft
from sessions.seat import SeatRole
from sessions.service import Sittings
from sessions.sitting import Sitting

SLOTS_SHOWN = 24
LASTED_LEAST, LASTED_MOST = timedelta(minutes=3), timedelta(hours=3)
NOW = timedelta(minutes=1)
"""A queue's session begins at once; a moment is left for the pages to come in."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A time at which a notary is free."""

    notary: Person
    starts_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is said to somebody in the queue. `minutes` None: no notary is at work."""

    ahead: int
    minutes: int | None
    from_experience: bool
    """False: there are too few sessions to reckon from, and the act's own length was used."""


class Scheduling:
    """One per process."""

    def __init__(
        self, core: Core, sittings: Sittings, payments: Payments | None, roll: Roll
    ) -> None:
        self._core = core
        self._sittings = sittings
        self._payments = payments
        self._roll = roll

    # --- the fee ---------------------------------------------------------------------------------

    async def charge(self, actor: Person, id: str, back: str) -> Charge:
        """Open the payment of the fee; the page at which the person pays."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.pay")
        self._check_due(one)
        if self._payments is None:
            raise Refusal(
                "payment.unavailable",
                N_("Paying is not possible here at present. Ask the office."),
                status=503,
            )
        return await self._payments.ask(f"{one.id}-{one.fee_fils}", one.fee_fils, back)

    async def payer(self, actor: Person, id: str) -> Request:
        """The request, for whoever pays its fee. Raises NotFound, Forbidden."""
        async with self._core.database.unit(write=False) as session:
            return await self._core.load(session, actor, id, "deed.pay")

    def _check_due(self, one: Request) -> None:
        if one.paid or one.waived or one.state not in (State.FEE_DUE, State.REGISTERED):
            raise Refusal("payment.nothing_due", N_("Nothing is due for this request now."))

    async def settle(self, actor: Person, id: str) -> Request:
        """Ask the provider whether the fee was paid, and go on. Raises Refusal
        `payment.not_yet`, `payment.amount`. Asked twice, it pays once."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.pay")
        if one.paid:
            return one
        self._check_due(one)
        if self._payments is None:
            raise Refusal("payment.unavailable", N_("Paying is not possible here at present."))
        reference = f"{one.id}-{one.fee_fils}"
        fils = await self._payments.settled(reference)
        if fils is None:
            raise Refusal("payment.not_yet", N_("The payment has not arrived yet. Try again."))
        if fils != one.fee_fils:
            raise Refusal(
                "payment.amount", N_("Another amount was paid. The office will call you.")
            )
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.pay")
            if one.paid:
                return one
            codes: dict[str, JSON] = {"fils": fils, "reference": reference}
            return await self._core.move(session, one, Step.PAY, actor.id, codes=codes, paid=True)

    # --- slots -----------------------------------------------------------------------------------

    async def notaries(self, session: AsyncSession) -> list[Person]:
        """Every notary with an account that is open."""
        everybody = await accounts.accounts(session)
        return [one for one in everybody if one.active and one.role is Role.NOTARY]

    async def slots(self, actor: Person, id: str) -> list[Slot]:
        """The next free times of all notaries, as R-NT-05 offers them."""
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.book")
            act = self._core.act(one)
            notaries = [
                notary
                for notary in await self.notaries(session)
                if one.party_of(notary.id) is None
                and may(act, (await self._roll.of(session, notary.id)).kind)
            ]
            length = timedelta(minutes=act.minutes)
            times = self._times(length)
            people = [each.person for each in one.content.parties if each.person]
            wanted = [f"person:{id}" for id in [*people, *(notary.id for notary in notaries)]]
            taken = await booked.held(session, wanted, self._core.clock(), but=one.sitting)
        busy: dict[str, list[Hold]] = {}
        for hold in taken:
            busy.setdefault(hold.subject, []).append(hold)

        def free(person: str, start: datetime) -> bool:
            held = busy.get(f"person:{person}", ())
            return not any(hold.start < start + length and start < hold.end for hold in held)

        found = []
        for start in times:
            if not all(free(person, start) for person in people):
                continue
            found += [Slot(notary, start) for notary in notaries if free(notary.id, start)][:1]
            if len(found) == SLOTS_SHOWN:
                break
        return found

    def _times(self, length: timedelta) -> list[datetime]:
        rule = self._core.rule("R-NT-05")
        zone = ZoneInfo(self._core.zone)
        grid = timedelta(minutes=rule["grid_minutes"])
        now = self._core.clock().astimezone(zone)
        found = []
        for ahead in range(rule["days_ahead"]):
            day = (now + timedelta(days=ahead)).date()
            if day.weekday() not in rule["days"]:
                continue
            start = datetime.combine(day, time.fromisoformat(rule["from"]), zone)
            end = datetime.combine(day, time.fromisoformat(rule["to"]), zone)
            while start + length <= end:
                if start > now:
                    found.append(start)
                start += grid
        return found

    async def book(self, actor: Person, id: str, notary: str, starts_at: datetime) -> Request:
        """Take a slot. Raises SlotTaken (with the next free time), Refusal `deed.no_slot`."""
        offered = await self.slots(actor, id)
        slot = next(
            (one for one in offered if one.notary.id == notary and one.starts_at == starts_at), None
        )
        if slot is None:
            raise Refusal("deed.no_slot", N_("This time is no longer free. Choose another one."))
        async with self._core.database.unit(write=False) as session:
            one = await self._core.load(session, actor, id, "deed.book")
        return await self._book(one, slot.notary, slot.starts_at, actor.id)

    async def _book(self, one: Request, notary: Person, starts_at: datetime, by: str) -> Request:
        """The sitting and the step of the request are one unit of work."""
        moved: list[Request] = []

        async def along(session: AsyncSession, sitting: Sitting) -> None:
            found = await store.get(session, self._core.secret, one.id)
            if found is None or found.version != one.version:
                raise store.stale()
            codes = {"sitting": sitting.id, "notary": notary.id}
            moved.append(
                await self._core.move(
                    session,
                    found,
                    Step.BOOK,
                    by,
                    codes=codes,
                    sitting=sitting.id,
                    notary=notary.id,
                )
            )

        await self._sittings.book(notary, self._draft(one, notary, starts_at), along=along)
        return moved[0]

    def _draft(self, one: Request, notary: Person, starts_at: datetime) -> Draft:
        act = self._core.act(one)
        seats = [SeatDraft("notary", SeatRole.NOTARY, notary.id)]
        languages = ["ar"]
        for each in one.appearing(act):
            role = seat_role(each.role)
            helped = frozenset({each.helps}) if role is SeatRole.INTERPRETER else frozenset()
            spoken = next((p.language for p in one.content.parties if p.key == each.helps), "")
            between = ("ar", spoken) if role is SeatRole.INTERPRETER and spoken != "ar" else ()
            languages += [spoken] if between and spoken not in languages else []
            seats.append(
                SeatDraft(
                    each.key,
                    role,
                    each.person,
                    interpreter_for=helped if between else frozenset(),
                    languages=between,
                )
            )
        return Draft(
            kind="notarial_act",
            case_number=one.reference,
            case_title=act.title_ar,
            languages=tuple(languages),
            starts_at=starts_at,
            duration=timedelta(minutes=act.minutes),
            seats=tuple(seats),
        )

    async def release(self, one: Request, notary: Person, why: str) -> None:
        """Cancel the booked sitting of a request, if it has not begun."""
        if not one.sitting:
            return
        try:
            await self._sittings.cancel(notary, one.sitting, why)
        except (Refusal, NotFound):
            return  # it has begun, or is over: its own record says so

    async def notary_of(self, one: Request) -> Person | None:
        """The account of the notary who has it."""
        async with self._core.database.unit(write=False) as session:
            return await accounts.get_account(session, one.notary) if one.notary else None

    # --- the queue -------------------------------------------------------------------------------

    async def join(self, actor: Person, id: str) -> Request:
        """Wait for the next notary who is free. A booked slot is given up for it."""
        async with self._core.database.unit(write=False) as session:
            before = await self._core.load(session, actor, id, "deed.book")
        async with self._core.database.unit() as session:
            one = await self._core.load(session, actor, id, "deed.book")
            moved = await self._core.move(session, one, Step.QUEUE, actor.id, sitting="", notary="")
        notary = await self.notary_of(before)
        if notary is not None:
            await self.release(before, notary, N_("The applicant waits for the next notary."))
        return moved

    async def waiting(self, one: Request) -> Waiting:
        """How many are ahead and how long that takes, by the newest sessions of this house."""
        async with self._core.database.unit(write=False) as session:
            queue = await store.in_states(session, self._core.secret, (State.QUEUED,))
            lasted = await store.lasted(session)
            running = await store.in_states(session, self._core.secret, IN_SESSION)
            at_work = len(await self._at_work(session, running))
        ahead = next((place for place, each in enumerate(queue) if each.id == one.id), len(queue))
        lengths = [
            last - first for first, last in lasted if LASTED_LEAST <= last - first <= LASTED_MOST
        ]
        own = timedelta(minutes=self._core.act(one).minutes)
        seconds = [one.total_seconds() for one in lengths]
        length = timedelta(seconds=median(seconds)) if len(lengths) >= 5 else own
        if not at_work:
            return Waiting(ahead, None, len(lengths) >= 5)
        busy = min(len(running), at_work)
        rounds = (ahead + busy) / at_work
        minutes = int(-(-(length * rounds) // timedelta(minutes=1)))
        return Waiting(ahead, minutes, len(lengths) >= 5)

    async def _at_work(self, session: AsyncSession, running: list[Request]) -> set[str]:
        """Notaries who took or conducted something in the last hour, or conduct something now."""
        since = self._core.clock() - timedelta(hours=1)
        recent = await store.in_states(
            session, self._core.secret, (*IN_SESSION, State.BOOKED, State.REGISTERED,
            State.DELIVERED, State.SUSPENDED), most=500, newest_first=True,
        )  # fmt: skip
        found = {one.notary for one in running if one.notary}
        return found | {one.notary for one in recent if one.notary and one.changed_at >= since}

    async def desk(self, actor: Person) -> tuple[list[Request], list[Request]]:
        """For a notary: the queue, and what is not over, one's own and of whom one substitutes."""
        policy.require(actor, "deed.desk")
        own_states = (*IN_SESSION, State.BOOKED, State.SUSPENDED, State.SEALED)
        async with self._core.database.unit(write=False) as session:
            queue = await store.in_states(session, self._core.secret, (State.QUEUED,))
            own = []
            for notary in (actor.id, *sorted({each.delegator for each in actor.deputy_for})):
                found = await store.in_states(session, self._core.secret, own_states, notary=notary)
                own += [each for each in found if context(actor, each).is_its_notary]
        return queue, own

    async def take_next(self, actor: Person, id: str = "") -> Request:
        """The longest waiting request whose people are free now (or the one named), as a session
        that begins at once. Raises Refusal `deed.queue_empty`."""
        policy.require(actor, "deed.desk")
        async with self._core.database.unit(write=False) as session:
            queue = await store.in_states(session, self._core.secret, (State.QUEUED,))
            kind = (await self._roll.of(session, actor.id)).kind
        wanted = [
            one
            for one in queue
            if id in ("", one.id)
            and one.party_of(actor.id) is None
            and may(self._core.act(one), kind)
        ]
        error: Refusal | None = None
        for one in wanted:
            try:
                return await self._book(one, actor, self._core.clock() + NOW, actor.id)
            except Refusal as refusal:
                if refusal.code not in ("booking.slot_taken", "deed.changed"):
                    raise
                error = refusal
        raise error or Refusal("deed.queue_empty", N_("Nobody is waiting now."))
