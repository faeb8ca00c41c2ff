"""Use cases of guests: the clerk makes links, the guest opens one and confirms.

The link's token is said once, to the clerk; the database holds its hash, and no log, leaf or
journal entry holds either.
"""

from dataclasses import dataclass
from datetime import datetime

from audit.service import AuditLog
from auth import policy
from auth import session as logins
from auth import store as accounts
from auth.invitation import Invitation, check, new_token, unknown
from auth.person import Person
from auth.service import Accounts, SignedIn, new_id
from auth.session import Login
from clock import Clock
from database import Database, lock
from errors import N_, NotFound, Refusal
from sessions import booking, store
from sessions.booking import Hold, Invalid, SeatDraft
from sessions.kinds import KINDS
from sessions.phase import FINAL
from sessions.seat import Seat, SeatRole
from sessions.service import BOOKING, Sittings, clean_seat, links_until
from sessions.sitting import Sitting
from sessions.standing import by, context


@dataclass(frozen=True, slots=True)
class Link:
    """A new link. `path` goes after the address of the house; it is shown once."""

    seat: Seat
    path: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """What a guest is shown before confirming: nothing that is known has to be typed."""

    invitation: Invitation
    sitting: Sitting
    seat: Seat
    confirmed: bool
    """This browser confirmed before, and may go straight on."""


class Invitations:
    """Links to seats. One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        people: Accounts,
        sittings: Sittings,
        clock: Clock,
    ) -> None:
        self._database = database
        self._log = log
        self._accounts = people
        self._sittings = sittings
        self._clock = clock

    # --- the clerk -----------------------------------------------------------------------------

    async def invite(self, actor: Person, sitting_id: str, seat_id: str) -> Link:
        """A link to a seat without an account. Older links to it, used or not, end at once."""
        now = self._clock()
        async with self._database.unit() as session:
            sitting = await self._sittings.load(session, actor, sitting_id)
            policy.require(actor, "sitting.invite", context(actor, sitting))
            seat = sitting.seat(seat_id)
            if seat is None:
                raise NotFound("seat.unknown", N_("This sitting has no such seat."))
            if seat.person or seat.room:
                raise Refusal(
                    "invitation.not_a_guest",
                    N_("This person comes by an account or by a detention room, not by a link."),
                )
            await accounts.revoke_invitations(session, seat_id, now)
            token = new_token()
            made = Invitation(new_id(), sitting_id, seat_id, now, links_until(sitting))
            await accounts.add_invitation(session, made, logins.token_hash(token))
            await store.add_event(session, sitting_id, now, "invited", seat_id, by(actor, sitting))
            leaf = {"invitation": made.id, "seat": seat_id, **by(actor, sitting)}
            await self._log.append(session, "invitation.issued", leaf, subject=sitting_id)
        return Link(seat, f"/invitation/{token}", made.expires_at)

    async def revoke(self, actor: Person, sitting_id: str, seat_id: str) -> None:
        """Withdraw the links to a seat; a guest who came by one is signed out."""
        now = self._clock()
        async with self._database.unit() as session:
            sitting = await self._sittings.load(session, actor, sitting_id)
            policy.require(actor, "sitting.invite", context(actor, sitting))
            if sitting.seat(seat_id) is None:
                raise NotFound("seat.unknown", N_("This sitting has no such seat."))
            await accounts.revoke_invitations(session, seat_id, now)
            leaf = {"seat": seat_id, **by(actor, sitting)}
            await self._log.append(session, "invitation.revoked", leaf, subject=sitting_id)

    async def of(self, actor: Person, sitting_id: str) -> dict[str, Invitation]:
        """The newest link of each seat, for who may make them; else nothing."""
        async with self._database.unit(write=False) as session:
            sitting = await self._sittings.load(session, actor, sitting_id)
            if not policy.decide(actor, "sitting.invite", context(actor, sitting)):
                return {}
            found = await accounts.invitations(session, sitting_id)
        return {one.seat: one for one in reversed(found)}

    async def add_witness(self, actor: Person, sitting_id: str, draft: SeatDraft) -> Seat:
        """Add a witness or an expert to a booked sitting, also while it is going on."""
        now = self._clock()
        draft = clean_seat(draft)
        async with self._database.unit() as session:
            await lock(session, BOOKING)
            sitting = await self._sittings.load(session, actor, sitting_id)
            policy.require(actor, "sitting.add_witness", context(actor, sitting))
            people = {one.id: one for one in await accounts.accounts(session) if one.active}
            _check_added(sitting, draft, people)
            seat = self._sittings.make_seat(draft, people)
            held = [
                (seat.id, Hold(subject, max(sitting.starts_at, now), sitting.ends_at))
                for subject in self._sittings.subjects(draft)
                if sitting.ends_at > now
            ]
            names = {hold.subject: seat.name(actor.language) for _, hold in held}
            await self._sittings.check_free(session, held, names, actor.language)
            await store.add_seat(session, sitting_id, seat, len(sitting.seats))
            await store.add_holds(session, sitting_id, held)
            await store.add_event(
                session, sitting_id, now, "seat_added", seat.id, by(actor, sitting)
            )
            leaf = {"seat": seat.id, "role": seat.role.value, **by(actor, sitting)}
            await self._log.append(session, "sitting.seat_added", leaf, subject=sitting_id)
        await self._sittings.changed(sitting_id)
        return seat

    # --- the guest -----------------------------------------------------------------------------

    async def open(self, token: str, login: Login | None) -> Opened:
        """What the link leads to; nothing is used up. Raises Refusal `invitation.*`."""
        async with self._database.unit(write=False) as session:
            found = await accounts.find_invitation(session, logins.token_hash(token))
            sitting = await store.get_sitting(session, found.sitting) if found else None
        seat = sitting.seat(found.seat) if sitting and found else None
        if found is None or sitting is None or seat is None:
            raise unknown()
        same = login is not None and login.invitation == found.id
        check(found, self._clock(), same_browser=same, over=sitting.phase in FINAL)
        return Opened(found, sitting, seat, same)

    async def confirm(
        self, token: str, language: str, login: Login | None, *, old_token: str = ""
    ) -> SignedIn | None:
        """'It is me': use the link up and start the guest's session in this browser.

        None when this browser confirmed before. Of two browsers at once, one is refused.
        """
        opened = await self.open(token, login)
        if opened.confirmed:
            return None
        names = (opened.seat.name_ar, opened.seat.name_en)
        async with self._database.unit() as session:
            signed_in = await self._accounts.admit_guest(
                session, opened.invitation, names, language, old_token=old_token
            )
            if signed_in is not None:
                leaf = {"invitation": opened.invitation.id, "seat": opened.seat.id}
                subject = opened.sitting.id
                await self._log.append(session, "invitation.used", leaf, subject=subject)
        if signed_in is None:  # used or withdrawn in the meantime: say which
            await self.open(token, login)
            raise unknown()
        return signed_in


def _check_added(sitting: Sitting, draft: SeatDraft, people: dict[str, Person]) -> None:
    """Raise Invalid unless the seat can be added to a sitting of this kind."""
    rule = KINDS[sitting.kind].rule(draft.role)
    taken = sum(seat.role is draft.role for seat in sitting.seats)
    if draft.role not in (SeatRole.WITNESS, SeatRole.EXPERT) or rule is None or taken >= rule.most:
        raise Refusal(
            "sitting.no_such_seat",
            N_("No more witnesses or experts can be added to this sitting."),
        )
    if draft.person and sitting.seat_of(draft.person):
        raise Refusal("sitting.seated", N_("This person has another seat already."))
    roles = {id: one.role for id, one in people.items()}
    errors = list(booking.check_seat(draft, (draft,), roles, frozenset()))
    if errors:
        raise Invalid(errors)
