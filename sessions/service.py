"""Use cases: booking sittings, and who may see and enter them.

Each one is one unit of work: policy, domain, store, journal, audit leaf. Rooms to the right learn
of a change by `Sittings.listeners`, which run after the unit has ended.
"""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, commit, format_time
from audit.service import AuditLog
from auth import policy
from auth import store as accounts
from auth.invitation import GRACE, other_sitting
from auth.person import Person, Role
from auth.policy import Context
from auth.secret import Secret
from auth.service import clean_name, new_id
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound, Refusal
from i18n import Formatter
from sessions import booking, rules, store
from sessions.booking import Draft, Hold, Invalid, SeatDraft
from sessions.detention import DetentionRoom
from sessions.kinds import KINDS
from sessions.phase import FINAL, LIVE, Phase, Step, after
from sessions.rules import RulePack, Warning
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting
from sessions.standing import by, context, operated_seats, own_seat, visible_seats

BOOKING = "booking"
"""Name of the lock under which conflicts are looked for and holds are written."""
PAST = timedelta(days=180)
"""How far back 'my sittings' goes."""
REASON_MOST = 1000
Along = Callable[[AsyncSession, Sitting], Awaitable[None]]
"""What a room to the right does in the unit that books a sitting."""


class SlotTaken(Refusal):
    """Somebody or a room is held for this time. `free` is when all of them are free together."""

    def __init__(self, who: Sequence[str], free: datetime, language: str, zone: str) -> None:
        joined = ("، " if language == "ar" else ", ").join(who)
        super().__init__(
            "booking.slot_taken",
            N_("Taken at this time: %(who)s. All are free on %(free)s."),
            who=joined,
            free=Formatter(language, zone).datetime(free),
        )
        self.who = tuple(who)
        self.free = free


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking that was made, and what the clerk should know."""

    sitting: Sitting
    warnings: tuple[Warning, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of 'my sittings'. `seats` are those the person may enter."""

    sitting: Sitting
    seats: tuple[Seat, ...]
    context: Context


@dataclass(frozen=True, slots=True)
class MySittings:
    """By the day of the person's zone; what is live is today's. `past` is newest first."""

    today: tuple[Listed, ...]
    upcoming: tuple[Listed, ...]
    past: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """A sitting as one person may see it."""

    sitting: Sitting
    seats: tuple[Seat, ...]
    """Seats that the person may enter."""
    visible: tuple[Seat, ...]
    """Seats that the person may know of."""
    context: Context
    rooms: dict[str, DetentionRoom]
    """Detention rooms of its seats, by id."""
    booked_by: Person | None


class Sittings:
    """Booking and reading. One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        secret: Secret,
        clock: Clock,
        *,
        zone: str = "Asia/Dubai",
        pack: RulePack | None = None,
    ) -> None:
        self._database = database
        self._log = log
        self._secret = secret
        self._clock = clock
        self.zone = zone
        self.pack = pack or rules.load()
        self.listeners: list[Callable[[str], Awaitable[None]]] = []

    def now(self) -> datetime:
        """The time by this house's clock."""
        return self._clock()

    # --- booking -------------------------------------------------------------------------------

    async def book(
        self, actor: Person, draft: Draft, *, language: str = "", along: Along | None = None
    ) -> Booked:
        """Book a sitting. Raises Invalid with every wrong field, SlotTaken, or Forbidden.

        `along` belongs to the same unit of work: when it raises, nothing is booked.
        """
        draft = cleaned(draft)
        async with self._database.unit() as session:
            await lock(session, BOOKING)
            return await self._book(session, actor, draft, language, along)

    async def rebook(
        self,
        actor: Person,
        sitting_id: str,
        draft: Draft,
        reason: str,
        *,
        language: str = "",
        along: Along | None = None,
    ) -> Booked:
        """Book a sitting in the place of one that has not begun, which is cancelled: both or
        neither, in one unit. Raises what `cancel` and `book` raise; then nothing changed."""
        draft, reason = cleaned(draft), checked_reason(reason)
        async with self._database.unit() as session:
            await lock(session, BOOKING)
            await self._cancel(session, actor, sitting_id, reason)
            booked = await self._book(session, actor, draft, language, along)
        await self.changed(sitting_id)
        return booked

    async def _book(
        self,
        session: AsyncSession,
        actor: Person,
        draft: Draft,
        language: str,
        along: Along | None,
    ) -> Booked:
        """Under the lock BOOKING."""
        language, now = language or actor.language, self._clock()
        people, rooms = await self._check(session, actor, draft)
        sitting, held = self._sitting(draft, actor, people)
        await self.check_free(session, held, _names(sitting, held, rooms, language), language)
        await store.add_sitting(session, sitting, now)
        await store.add_holds(session, sitting.id, held)
        await store.add_event(session, sitting.id, now, "booked", None, {"by": actor.id})
        await self._log.append(session, "sitting.booked", _booked_leaf(sitting), subject=sitting.id)
        if along is not None:
            await along(session, sitting)
        return Booked(sitting, self.warnings(draft))

    async def check(self, actor: Person, draft: Draft) -> None:
        """Raise what `book` would raise of the draft itself, and book nothing."""
        async with self._database.unit(write=False) as session:
            await self._check(session, actor, cleaned(draft))

    async def _check(
        self, session: AsyncSession, actor: Person, draft: Draft
    ) -> tuple[dict[str, Person], dict[str, DetentionRoom]]:
        """The people and rooms that may be booked, once the draft is found right."""
        kind = KINDS.get(draft.kind)
        policy.require(actor, "sitting.book", Context(kind=draft.kind, is_booker=True))
        if kind is None:
            raise Invalid([BadInput("booking.kind", N_("Choose a kind of sitting."), field="kind")])
        people = {one.id: one for one in await accounts.accounts(session) if one.active}
        rooms = {room.id: room for room in await store.rooms(session) if room.active}
        roles = {id: one.role for id, one in people.items()}
        booking.check(draft, kind, self._clock(), roles, rooms.keys())
        if actor.role is Role.LAWYER:
            _check_own_consultation(actor, draft)
        return people, rooms

    def warnings(self, draft: Draft) -> tuple[Warning, ...]:
        """What the rules say of a booking that is allowed."""
        return rules.warnings(self.pack, draft, self._clock())

    def _sitting(
        self, draft: Draft, actor: Person, people: dict[str, Person]
    ) -> tuple[Sitting, list[tuple[str, Hold]]]:
        ids = {seat.key: new_id() for seat in draft.seats}
        seats = tuple(self.make_seat(seat, people, ids) for seat in draft.seats)
        held = [(ids[key], hold) for key, hold in booking.holds(draft, self._tag)]
        sitting = Sitting(
            new_id(),
            draft.kind,
            draft.case_number,
            draft.case_title,
            draft.languages,
            draft.starts_at,
            draft.duration,
            Phase.SCHEDULED,
            KINDS[draft.kind].public,
            seats,
            offence=draft.offence if KINDS[draft.kind].asks_offence else "",
            permit=draft.permit,
            booked_by=actor.id,
        )
        return sitting, held

    def make_seat(
        self, draft: SeatDraft, people: Mapping[str, Person], ids: Mapping[str, str] | None = None
    ) -> Seat:
        """The seat of a draft that was checked. `ids` are the seat ids of all keys."""
        account = people[draft.person] if draft.person else None

        def known(keys: frozenset[str]) -> frozenset[str]:
            return frozenset(ids[key] for key in keys if ids and key in ids)

        return Seat(
            (ids or {}).get(draft.key) or new_id(),
            draft.role,
            account.name_ar if account else draft.name_ar,
            account.name_en if account else draft.name_en,
            draft.person,
            known(draft.represents),
            draft.room,
            booking.normal_identity_number(draft.identity_number)[-4:],
            known(draft.guardian_of),
            known(draft.interpreter_for),
            known(draft.screened_from),
            draft.languages,
        )

    def subjects(self, draft: SeatDraft) -> list[str]:
        """What a seat holds."""
        return booking.subjects(draft, self._tag)

    def _tag(self, identity_number: str) -> str:
        return self._secret.tag("identity", identity_number)

    async def check_free(
        self,
        session: AsyncSession,
        wanted: Iterable[tuple[str, Hold]],
        names: dict[str, str],
        language: str,
        *,
        but: str = "",
    ) -> None:
        """Raise SlotTaken unless all is free. The unit holds the lock BOOKING."""
        holds = [hold for _, hold in wanted]
        if not holds:
            return
        start, duration = holds[0].start, holds[0].end - holds[0].start
        taken = await store.held(session, [hold.subject for hold in holds], start, but=but)
        met = booking.conflicts(holds, taken)
        if met:
            free = booking.next_free(taken, max(start, self._clock()), duration)
            who = list(dict.fromkeys(names[hold.subject] for hold in met))
            raise SlotTaken(who, free, language, self.zone)

    # --- changing ------------------------------------------------------------------------------

    async def reschedule(
        self,
        actor: Person,
        sitting_id: str,
        starts_at: datetime,
        duration: timedelta,
        reason: str = "",
        *,
        language: str = "",
    ) -> Sitting:
        """Move a sitting that has not begun; seats and links stay. Conflicts are checked again."""
        now = self._clock()
        language = language or actor.language
        reason = checked_reason(reason) if reason.strip() else ""
        async with self._database.unit() as session:
            await lock(session, BOOKING)
            sitting = await self._changeable(session, actor, "sitting.reschedule", sitting_id)
            moved = replace(sitting, starts_at=starts_at, duration=duration)
            errors = list(booking.check_time(starts_at, duration, now))
            if errors:
                raise Invalid(errors)
            rooms = {room.id: room for room in await store.rooms(session)}
            owners = await store.subject_seats(session, sitting_id)
            held = [
                (seat, Hold(subject, moved.starts_at, moved.ends_at))
                for subject, seat in owners.items()
            ]
            names = _names(sitting, held, rooms, language)
            await self.check_free(session, held, names, language, but=sitting_id)
            await store.set_time(session, sitting_id, starts_at, duration)
            await accounts.move_invitations(session, sitting_id, links_until(moved))
            salt = secrets.token_bytes(16)
            data = {**by(actor, sitting), "reason": reason, "salt": salt.hex()}
            await store.add_event(session, sitting_id, now, "rescheduled", None, data)
            leaf: dict[str, JSON] = {
                **by(actor, sitting),
                "from": format_time(sitting.starts_at),
                "to": format_time(starts_at),
                "minutes": _minutes(duration),
                "reason": commit(reason.encode(), salt),
            }
            await self._log.append(session, "sitting.rescheduled", leaf, subject=sitting_id)
        await self.changed(sitting_id)
        return moved

    async def cancel(self, actor: Person, sitting_id: str, reason: str) -> Sitting:
        """Cancel a sitting that has not begun; everything it held is free at once."""
        reason = checked_reason(reason)
        async with self._database.unit() as session:
            await lock(session, BOOKING)
            sitting = await self._cancel(session, actor, sitting_id, reason)
        await self.changed(sitting_id)
        return sitting

    async def _cancel(
        self, session: AsyncSession, actor: Person, sitting_id: str, reason: str
    ) -> Sitting:
        """Under the lock BOOKING; `reason` is checked."""
        sitting = await self._changeable(session, actor, "sitting.cancel", sitting_id)
        phase = after(sitting.phase, Step.CANCEL)
        await store.set_phase(session, sitting_id, phase, reason=reason, expected=sitting.phase)
        salt = secrets.token_bytes(16)
        data = {**by(actor, sitting), "reason": reason, "salt": salt.hex()}
        await store.add_event(session, sitting_id, self._clock(), "cancelled", None, data)
        leaf = {**by(actor, sitting), "reason": commit(reason.encode(), salt)}
        await self._log.append(session, "sitting.cancelled", leaf, subject=sitting_id)
        return replace(sitting, phase=phase, outcome_reason=reason)

    async def _changeable(
        self, session: AsyncSession, actor: Person, action: str, sitting_id: str
    ) -> Sitting:
        sitting = await self.load(session, actor, sitting_id)
        policy.require(actor, action, context(actor, sitting))
        return sitting

    async def changed(self, sitting_id: str) -> None:
        """Tell the rooms to the right that a booked sitting is not what it was."""
        for listener in self.listeners:
            await listener(sitting_id)

    # --- reading -------------------------------------------------------------------------------

    async def load(self, session: AsyncSession, person: Person, sitting_id: str) -> Sitting:
        """The sitting, if this person may see it. Raises NotFound for both other cases."""
        sitting = await store.get_sitting(session, sitting_id)
        rooms = await store.operated_rooms(session, person.id)
        if sitting is None or not policy.decide(
            person, "sitting.see", context(person, sitting, rooms)
        ):
            raise NotFound(
                "sitting.unknown",
                N_("There is no such sitting, or it is not yours. Look in your sittings."),
            )
        return sitting

    async def get(self, person: Person, sitting_id: str) -> Seen:
        """A sitting as this person may see it. Raises NotFound."""
        async with self._database.unit(write=False) as session:
            sitting = await self.load(session, person, sitting_id)
            operated = await store.operated_rooms(session, person.id)
            rooms = {room.id: room for room in await store.rooms(session)}
            booker = await accounts.get_account(session, sitting.booked_by)
        used = {seat.room for seat in sitting.seats}
        return Seen(
            sitting,
            enterable(person, sitting, operated),
            visible_seats(person, sitting, operated),
            context(person, sitting, operated),
            {id: room for id, room in rooms.items() if id in used},
            booker,
        )

    async def mine(self, person: Person) -> MySittings:
        """A person's sittings: today's, later ones, and those of the last half year."""
        policy.require(person, "sitting.list")
        now = self._clock()
        async with self._database.unit(write=False) as session:
            ids = {person.id, *(one.delegator for one in person.deputy_for)}
            found = await store.sittings_of(session, ids, since=now - PAST)
            operated = await store.operated_rooms(session, person.id)
        zone = ZoneInfo(self.zone)
        day = now.astimezone(zone).date()
        parts: tuple[list[Listed], list[Listed], list[Listed]] = ([], [], [])
        for sitting in found:
            if not policy.decide(person, "sitting.see", context(person, sitting, operated)):
                continue  # of a delegator's, but outside what was delegated
            starts = sitting.starts_at.astimezone(zone).date()
            over = sitting.phase in FINAL or sitting.ends_at < now - timedelta(hours=12)
            today = sitting.phase in LIVE or starts == day
            place = 0 if today else 2 if over or starts < day else 1
            seats = () if sitting.phase in FINAL else enterable(person, sitting, operated)
            parts[place].append(Listed(sitting, seats, context(person, sitting, operated)))
        return MySittings(tuple(parts[0]), tuple(parts[1]), tuple(reversed(parts[2])))

    async def seat_for(
        self, person: Person, sitting_id: str, seat_id: str | None = None
    ) -> tuple[Sitting, Seat]:
        """The seat on which this person enters: the own one, the guest's, or, for an officer, the
        one of a detention room that the officer operates (`seat_id` chooses among several).

        Raises NotFound, or Forbidden with the policy's reason.
        """
        async with self._database.unit(write=False) as session:
            sitting = await store.get_sitting(session, sitting_id)
            rooms = await store.operated_rooms(session, person.id)
        if person.guest and person.sitting != sitting_id:
            raise other_sitting()
        if sitting is None:
            raise NotFound("sitting.unknown", N_("There is no such sitting."))
        seat = sitting.seat(seat_id) if seat_id else _first(enterable(person, sitting, rooms))
        policy.require(person, "seat.enter", context(person, sitting, rooms, seat))
        if seat is None:
            raise NotFound("seat.unknown", N_("This sitting has no such seat. Reload the page."))
        return sitting, seat

    async def journal(self, person: Person, sitting_id: str) -> list[store.Event]:
        """The journal of a sitting that this person may see."""
        async with self._database.unit(write=False) as session:
            await self.load(session, person, sitting_id)
            return await store.events(session, sitting_id)


def enterable(person: Person, sitting: Sitting, rooms: frozenset[str]) -> tuple[Seat, ...]:
    """The seats on which a person may enter: the own one, else those of operated rooms."""
    own = own_seat(person, sitting)
    return (own,) if own else operated_seats(sitting, rooms)


def links_until(sitting: Sitting) -> datetime:
    """When invitations to a sitting expire."""
    return sitting.ends_at + GRACE


def _first(seats: Sequence[Seat]) -> Seat | None:
    return seats[0] if seats else None


def checked_reason(text: str) -> str:
    """A reason that a person typed. Raises BadInput."""
    text = text.strip()
    if not text:
        raise BadInput("reason.missing", N_("Write the reason."), field="reason")
    if len(text) > REASON_MOST:
        raise BadInput(
            "reason.long",
            N_("Write at most %(most)s characters."),
            field="reason",
            most=REASON_MOST,
        )
    return text


def cleaned(draft: Draft) -> Draft:
    """One-line texts without control characters, of lengths that fit."""
    return replace(
        draft,
        case_number=clean_name(draft.case_number)[:100],
        case_title=clean_name(draft.case_title),
        permit=clean_name(draft.permit)[:100],
        seats=tuple(clean_seat(seat) for seat in draft.seats),
    )


def clean_seat(seat: SeatDraft) -> SeatDraft:
    """The same for one seat."""
    return replace(seat, name_ar=clean_name(seat.name_ar), name_en=clean_name(seat.name_en))


def _check_own_consultation(actor: Person, draft: Draft) -> None:
    counsel = (seat.person for seat in draft.seats if seat.role is SeatRole.COUNSEL)
    if actor.id not in counsel:
        raise Invalid(
            [
                BadInput(
                    "booking.not_your_consultation",
                    N_("Book consultations in which you are the lawyer."),
                    field="role_counsel",
                )
            ]
        )


def _names(
    sitting: Sitting,
    held: Iterable[tuple[str, Hold]],
    rooms: dict[str, DetentionRoom],
    language: str,
) -> dict[str, str]:
    """How a person is told of each subject: a room's name, or the seat's."""
    names = {}
    for seat_id, hold in held:
        sort, _, id = hold.subject.partition(":")
        seat = sitting.seat(seat_id)
        if sort == "room" and id in rooms:
            names[hold.subject] = rooms[id].name(language)
        else:
            names[hold.subject] = seat.name(language) if seat else ""
    return names


def _booked_leaf(sitting: Sitting) -> dict[str, JSON]:
    return {
        "kind": sitting.kind,
        "at": format_time(sitting.starts_at),
        "minutes": _minutes(sitting.duration),
        "by": sitting.booked_by,
        "seats": [{"seat": seat.id, "role": seat.role.value} for seat in sitting.seats],
    }


def _minutes(length: timedelta) -> int:
    return int(length.total_seconds() // 60)
