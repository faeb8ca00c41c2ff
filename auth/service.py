"""Use cases of this room: signing in and out, accounts, tickets, guests' sessions."""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audit.service import AuditLog
from auth import assurance, store, throttle, ticket
from auth import session as sessions
from auth.assurance import Level, Method, Profile
from auth.invitation import Invitation
from auth.password import Passwords, check_length
from auth.person import ACCOUNT_ROLES, Person, Role, guest
from auth.policy import require
from auth.secret import Secret
from auth.session import Login
from auth.store import Credentials
from auth.ticket import Ticket
from clock import Clock
from database import Database, lock
from errors import N_, BadInput, NotFound, Refusal

_logger = structlog.get_logger(__name__)
_USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_LANGUAGES = ("ar", "en")
_USED_FOR = timedelta(minutes=5)
"""How long a used ticket is remembered: longer than any ticket lives."""


def new_id() -> str:
    """An opaque id."""
    return secrets.token_hex(8)


def normal_username(text: str) -> str:
    """The form in which usernames are stored and compared."""
    return text.strip().lower()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session, and the token for its cookie: said once, stored nowhere."""

    token: str
    login: Login


class Accounts:
    """Who you are. One per process."""

    def __init__(
        self,
        database: Database,
        log: AuditLog,
        secret: Secret,
        address: str,
        clock: Clock,
        *,
        passwords: Passwords | None = None,
        profile: Profile = assurance.PROFILES["court"],
    ) -> None:
        self._database = database
        self._log = log
        self.secret = secret
        self._tickets = ticket.issuer(secret, address)
        self._clock = clock
        self._passwords = passwords or Passwords()
        self.profile = profile

    # --- signing in and out --------------------------------------------------------------------

    async def sign_in(
        self, username: str, password: str, *, address: str, old_token: str = ""
    ) -> SignedIn:
        """Check the password and start a session; the browser's old one ends (rotation).

        `address` is the client's; it is used as an HMAC for the throttle only. Raises Refusal
        `sign_in.wrong` (the same for an unknown name, a wrong password and a shut account) or
        `sign_in.wait`.
        """
        username = normal_username(username)
        known = await self._attempt(address, username)
        right = await self._passwords.matches(known.password_hash if known else None, password)
        if known is None or not right or not known.person.active:
            _logger.info("sign_in.failed")
            raise Refusal(
                "sign_in.wrong",
                N_("The user name or the password is not right. Check both and try again."),
                status=401,
            )
        fresh = ""
        if self._passwords.outdated(known.password_hash):
            fresh = await self._passwords.hash(password)
        async with self._database.unit() as session:
            if fresh:
                await store.set_password(session, known.person.id, fresh)
            await self._forgive(session, address, username)
            return await self.start_session(
                session, known.person, method=Method.PASSWORD, old_token=old_token
            )

    async def start_session(
        self,
        session: AsyncSession,
        person: Person,
        *,
        method: Method,
        proved: Level = Level.HIGH,
        guest_id: str | None = None,
        invitation: Invitation | None = None,
        old_token: str = "",
    ) -> SignedIn:
        """Start a session within the caller's unit; the one of `old_token` ends.

        `proved` is what a provider's answer says; our own methods are worth what the profile says.
        """
        now = self._clock()
        token, login_id = sessions.new_token(), new_id()
        if old_token:
            await store.end_login(session, sessions.token_hash(old_token))
        await store.forget_logins(session, now - sessions.ABSOLUTE)
        await store.add_login(
            session,
            id=login_id,
            token_hash=sessions.token_hash(token),
            account=None if guest_id else person.id,
            guest=guest_id,
            now=now,
            method=method,
            proved=proved,
        )
        login = Login(
            login_id,
            person,
            now,
            now,
            invitation.id if invitation else None,
            invitation.expires_at if invitation else None,
            method,
            proved,
            now,
        )
        return SignedIn(token, self._sure(login))

    def _sure(self, login: Login) -> Login:
        """With what the session is worth here on its person."""
        at = login.authenticated_at or login.created_at
        worth = assurance.of(self.profile, login.method, login.proved, at)
        now = self._clock()
        held = tuple(one for one in login.person.deputy_for if one.in_force(now))
        return replace(login, person=replace(login.person, assurance=worth, deputy_for=held))

    async def step_up(
        self, login: Login, method: Method, proved: Level = Level.HIGH
    ) -> tuple[SignedIn, str]:
        """The person of a session was authenticated again: its new token, and where to go back.

        The caller has checked the proof. The old token ends (against session fixation); the
        session keeps its id, so that pages in a sitting go on.
        """
        now, token = self._clock(), sessions.new_token()
        async with self._database.unit() as session:
            target = await store.step_up_login(
                session,
                login.id,
                token_hash=sessions.token_hash(token),
                method=method,
                proved=proved,
                now=now,
            )
        stepped = replace(login, method=method, proved=proved, authenticated_at=now, seen_at=now)
        return SignedIn(token, self._sure(stepped)), target

    async def step_up_by_password(
        self, login: Login, password: str, *, address: str
    ) -> tuple[SignedIn, str]:
        """The password given again. Raises BadInput `password.wrong`, Refusal `sign_in.wait`."""
        require(login.person, "account.own")
        await self.check_password(login.person, password, address=address, field="password")
        return await self.step_up(login, Method.PASSWORD)

    async def check_password(
        self, person: Person, password: str, *, address: str, field: str
    ) -> None:
        """Raise BadInput `password.wrong` at `field`, or Refusal `sign_in.wait`."""
        known = await self._attempt(address, person.username)
        if not await self._passwords.matches(known.password_hash if known else None, password):
            raise BadInput("password.wrong", N_("Your present password is not right."), field=field)
        async with self._database.unit() as session:
            await self._forgive(session, address, person.username)

    async def come_back_to(self, login: Login, path: str) -> None:
        """Remember a path of ours for after a step-up; the browser does not carry it."""
        async with self._database.unit() as session:
            await store.remember_target(session, login.id, path[:2000])

    async def login(self, token: str) -> Login | None:
        """The living session of a cookie's token."""
        if not token or len(token) > 100:
            return None
        now = self._clock()
        async with self._database.unit(write=False) as session:
            found = await store.find_login(session, token_hash=sessions.token_hash(token))
        if found is None or not found.alive(now):
            return None
        if sessions.touch_due(found.seen_at, now):
            async with self._database.unit() as session:
                await store.touch_login(session, found.id, now)
        return self._sure(found)

    async def sign_out(self, token: str) -> None:
        """End the session of this browser."""
        async with self._database.unit() as session:
            await store.end_login(session, sessions.token_hash(token))

    async def sign_out_everywhere(self, person: Person) -> None:
        """End every session of an account, this browser's too."""
        require(person, "account.own")
        async with self._database.unit() as session:
            await store.end_logins(session, person.id)

    def _throttle_keys(self, address: str, username: str) -> tuple[tuple[str, int], ...]:
        return (
            (self.secret.tag("throttle", f"{address}\n{username}"), throttle.PAIR_FREE),
            (self.secret.tag("throttle", address), throttle.ADDRESS_FREE),
        )

    async def _attempt(self, address: str, username: str) -> Credentials | None:
        """Count an attempt as failed before it is made, so that many at once do not slip by."""
        async with self._database.unit() as session:
            await lock(session, "sign_in_failures")
            now = self._clock()
            await store.forget_failures(session, now - throttle.FORGET_AFTER)
            for key, free in self._throttle_keys(address, username):
                known = await store.failures(session, key)
                throttle.check(known, free, now)
                await store.set_failures(session, key, throttle.failed(known, now))
            return await store.credentials(session, username)

    async def _forgive(self, session: AsyncSession, address: str, username: str) -> None:
        """The attempt succeeded: it was no failure."""
        await lock(session, "sign_in_failures")
        (pair, _), (whole, _) = self._throttle_keys(address, username)
        await store.clear_failures(session, pair)
        known = await store.failures(session, whole)
        await store.set_failures(session, whole, throttle.forgiven(known, self._clock()))

    # --- one's own account ---------------------------------------------------------------------

    async def change_password(self, person: Person, old: str, new: str, *, address: str) -> None:
        """Change one's password; every session of the account ends."""
        require(person, "account.own")
        check_length(new)
        await self.check_password(person, old, address=address, field="old_password")
        encoded = await self._passwords.hash(new)
        async with self._database.unit() as session:
            await store.set_password(session, person.id, encoded)
            await store.end_logins(session, person.id)
            await self._log.append(session, "account.password_changed", {"account": person.id})

    async def choose_language(self, person: Person, language: str) -> None:
        """The language that pages and messages use for this person."""
        if language not in _LANGUAGES:
            raise BadInput("language.unknown", N_("Choose Arabic or English."), field="language")
        async with self._database.unit() as session:
            await store.set_language(session, person, language)

    # --- people --------------------------------------------------------------------------------

    async def people(self, actor: Person) -> list[Person]:
        """All accounts, for the administrator."""
        require(actor, "people.manage")
        async with self._database.unit(write=False) as session:
            return await store.accounts(session)

    async def choices(self, actor: Person, roles: Iterable[Role]) -> list[Person]:
        """Active accounts of these roles, to choose from when booking."""
        require(actor, "people.choose")
        async with self._database.unit(write=False) as session:
            return [person for person in await store.accounts(session, roles) if person.active]

    async def create(
        self,
        actor: Person,
        *,
        username: str,
        password: str,
        role: str,
        name_ar: str,
        name_en: str,
        language: str = "ar",
    ) -> Person:
        """Open an account. Raises BadInput naming the field, or Refusal `people.taken`."""
        require(actor, "people.manage")
        person = checked_person(username, role, name_ar, name_en, language)
        encoded = await self._passwords.hash(password)
        async with self._database.unit() as session:
            await self.add(session, person, encoded, by=actor.id)
        return person

    async def add(
        self, session: AsyncSession, person: Person, password_hash: str, *, by: str
    ) -> None:
        """Store a new account with its leaf, within the caller's unit."""
        await lock(session, "accounts")
        if await store.credentials(session, person.username):
            raise Refusal("people.taken", N_("This user name is taken. Choose another one."))
        await store.add_account(session, person, password_hash, self._clock())
        await self._log.append(
            session, "account.created", {"account": person.id, "role": person.role.value, "by": by}
        )

    async def hash_password(self, password: str) -> str:
        """The encoded hash of a new password, made in a thread."""
        return await self._passwords.hash(password)

    async def set_active(self, actor: Person, account: str, active: bool) -> Person:
        """Shut an account (its sessions end at once) or open it again."""
        require(actor, "people.manage")
        if account == actor.id:
            raise Refusal("people.yourself", N_("Ask another administrator to shut your account."))
        async with self._database.unit() as session:
            known = await store.get_account(session, account)
            if known is None:
                raise NotFound("people.unknown", N_("There is no such account."))
            await store.set_active(session, account, active)
            if not active:
                await store.end_logins(session, account)
            change = "account.activated" if active else "account.deactivated"
            await self._log.append(session, change, {"account": account, "by": actor.id})
        return replace(known, active=active)

    # --- join tickets --------------------------------------------------------------------------

    def ticket(self, login: Login, sitting: str, seat: str) -> str:
        """A join ticket. The caller has asked the policy `seat.enter`."""
        return self.next_ticket(login.person.id, login.id, sitting, seat)

    def next_ticket(self, person: str, session: str, sitting: str, seat: str) -> str:
        """A join ticket for a page that is in, so that it comes back without asking first.

        Everything is checked again when it is used: the session, the policy, the seat.
        """
        claims = Ticket(person, sitting, seat, session, secrets.token_hex(16))
        return ticket.sign(self._tickets, claims, self._clock())

    async def redeem(self, token: str) -> tuple[Ticket, Person]:
        """Use a ticket up: the ticket and who holds it. Raises Refusal `ticket.*`, status 401."""
        now = self._clock()
        found = ticket.read(self._tickets, token, now)
        async with self._database.unit() as session:
            await store.forget_tickets(session, now)
            if not await store.use_ticket(session, found.id, now + _USED_FOR):
                raise ticket.used()
            login = await store.find_login(session, id=found.session)
        if login is None or not login.alive(now) or login.person.id != found.person:
            raise ticket.signed_out()
        return found, self._sure(login).person

    async def keep_alive(self, login_id: str) -> Person | None:
        """A page in a sitting is in use: keep its session. None when the session has ended, else
        its person as of now."""
        now = self._clock()
        async with self._database.unit() as session:
            found = await store.find_login(session, id=login_id)
            if found is None or not found.alive(now):
                return None
            await store.touch_login(session, login_id, now)
        return self._sure(found).person

    # --- guests --------------------------------------------------------------------------------

    async def admit_guest(
        self,
        session: AsyncSession,
        invitation: Invitation,
        names: tuple[str, str],
        language: str,
        *,
        old_token: str = "",
    ) -> SignedIn | None:
        """Use an invitation up and start the guest's session, within the caller's unit.

        `names` are the Arabic and the English name of the seat. None: somebody was faster.
        """
        if not await store.use_invitation(session, invitation.id, self._clock()):
            return None
        person = guest(invitation.sitting, invitation.seat, *names, language)
        guest_id = new_id()
        await store.add_guest(session, guest_id, invitation.id, person)
        return await self.start_session(
            session,
            person,
            method=Method.INVITATION,
            guest_id=guest_id,
            invitation=invitation,
            old_token=old_token,
        )


def checked_person(username: str, role: str, name_ar: str, name_en: str, language: str) -> Person:
    """A new account's person. Raises BadInput naming the first field that is wrong."""
    username = normal_username(username)
    if not _USERNAME.fullmatch(username):
        raise BadInput(
            "people.username",
            N_("A user name has 1 to 64 Latin letters, digits, dots, hyphens or underscores."),
            field="username",
        )
    if role not in {known.value for known in ACCOUNT_ROLES}:
        raise BadInput("people.role", N_("Choose a role from the list."), field="role")
    if language not in _LANGUAGES:
        raise BadInput("language.unknown", N_("Choose Arabic or English."), field="language")
    name_ar, name_en = clean_name(name_ar), clean_name(name_en)
    if not (name_ar or name_en):
        raise BadInput("people.name", N_("Write the name in Arabic or English."), field="name_ar")
    return Person(new_id(), Role(role), name_ar, name_en, language, username)


def clean_name(text: str) -> str:
    """One line of at most 200 characters, without control and direction characters."""
    words = "".join(c if c.isprintable() else " " if c.isspace() else "" for c in text).split()
    return " ".join(words)[:200]
