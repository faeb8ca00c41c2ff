"""Use cases of this room: signing in and out, accounts, tickets, guests' sessions."""

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from audit.service import AuditLog
from auth import assurance, csrf, store, ticket
from auth import session as sessions
from auth.assurance import Level, Method, Profile
from auth.attempts import Attempts
from auth.invitation import Invitation
from auth.keyring import Keyring
from auth.methods import passkey, second_factors
from auth.methods import store as methods
from auth.methods.core import Core
from auth.methods.passkey import RelyingParty
from auth.methods.passkeys import Passkeys
from auth.methods.second_factors import SecondFactors
from auth.methods.store import Ceremony
from auth.password import Passwords, check_length
from auth.password_links import PasswordLinks
from auth.person import ACCOUNT_ROLES, Person, Role, guest
from auth.policy import AssuranceNeeded, Need, require
from auth.secret import Secret
from auth.session import Browser, Login, Seen
from auth.stepup import StepUp
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


_HALF = timedelta(minutes=5)
"""How long a sign-in waits for its second factor."""
_RECENT = timedelta(minutes=15)
"""How long ago somebody who changes their sign-in methods was authenticated."""


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


class SecondFactorNeeded(Refusal):
    """The password was right; a code is asked for. `half` continues the sign-in."""

    def __init__(self, half: str) -> None:
        super().__init__(
            "sign_in.second_factor", N_("Give a code of your second factor."), status=401
        )
        self.half = half


def _wrong() -> Refusal:
    _logger.info("sign_in.failed")
    return Refusal(
        "sign_in.wrong",
        N_("The user name or the password is not right. Check both and try again."),
        status=401,
    )


async def _same_still(session: AsyncSession, known: Credentials) -> None:
    """Refuse a password that was changed, or an account that was shut, while it was checked: the
    sessions of the account have ended, and a late one must not outlive that."""
    now = await store.credentials(session, known.person.username)
    if now is None or not now.person.active or now.password_hash != known.password_hash:
        raise _wrong()


def _fingerprint(password_hash: str) -> bytes:
    """Binds the first half of a sign-in to the password that it was made with."""
    return hashlib.sha256(password_hash.encode()).digest()


def _half_too_old() -> Refusal:
    return Refusal(
        "sign_in.too_late", N_("That took too long. Sign in again from the start."), status=401
    )


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
        keys: Keyring | None = None,
        profile: Profile = assurance.PROFILES["court"],
        devices_demanded: bool = True,
    ) -> None:
        self._database = database
        self._log = log
        self.secret = secret
        self.keys = keys or Keyring(secret)
        self._tickets = ticket.Tickets(self.keys, address)
        self._clock = clock
        self._passwords = passwords or Passwords()
        self.profile = profile
        self.devices_demanded = devices_demanded
        """Seats of detention rooms open on the room's enrolled device only."""
        core = Core(database, log, secret, clock)
        self.attempts = Attempts(core)
        self.passkeys = Passkeys(core, RelyingParty.of(address))
        self.second_factors = SecondFactors(core)
        self.password_links = PasswordLinks(core, self._passwords)
        self.stepup = StepUp(core, self.passkeys, self.second_factors, self)

    # --- signing in and out --------------------------------------------------------------------

    async def sign_in(
        self,
        username: str,
        password: str,
        *,
        address: str = "",
        old_token: str = "",
        browser: Browser | None = None,
    ) -> SignedIn:
        """Check the password and start a session; the browser's old one ends (rotation).

        Raises Refusal `sign_in.wrong` (the same for an unknown name, a wrong password and a shut
        account), `sign_in.wait`, or SecondFactorNeeded. `address` and `old_token` alone are for
        callers without a browser.
        """
        browser = browser or Browser(address, token=old_token)
        username = normal_username(username)
        attempt = await self.attempts.begin(browser.address, username, browser.known)
        known = attempt.known
        right = await self._passwords.matches(known.password_hash if known else None, password)
        if known is None or not right or not known.person.active:
            raise _wrong()
        fresh = ""
        if self._passwords.outdated(known.password_hash):
            fresh = await self._passwords.hash(password)
        async with self._database.unit() as session:
            await _same_still(session, known)
            if fresh:
                await store.set_password(session, known.person.id, fresh)
            await self.attempts.forgive(session, attempt)
            if not await self.second_factors.has(session, known.person.id):
                return await self.start_session(
                    session, known.person, method=Method.PASSWORD, browser=browser
                )
            now = self._clock()
            seen = _fingerprint(fresh or known.password_hash)
            half = Ceremony(
                sessions.new_token(), "code", seen, now + _HALF, account=known.person.id
            )
            await methods.add_ceremony(session, half, now)
        raise SecondFactorNeeded(half.id)

    async def sign_in_with_code(self, half: str, code: str, browser: Browser) -> SignedIn:
        """The second half of `sign_in`. Raises Refusal `sign_in.too_late`, `sign_in.wait`,
        BadInput `second_factor.wrong`; after a wrong code another may be tried."""
        async with self._database.unit(write=False) as session:
            found = await methods.see_ceremony(session, half[:64])
            if found is None or found.purpose != "code" or found.expires_at <= self._clock():
                raise _half_too_old()
            person = await store.get_account(session, found.account or "")
        if person is None or not person.active:
            raise _half_too_old()
        await self.check_code(person, code)
        async with self._database.unit() as session:
            if await methods.take_ceremony(session, found.id) is None:
                raise _half_too_old()
            known = await store.credentials(session, person.username)
            if known is None or _fingerprint(known.password_hash) != found.challenge:
                raise _half_too_old()  # the password was changed since
            return await self.start_session(
                session, person, method=Method.PASSWORD_TOTP, browser=browser
            )

    async def sign_in_by_passkey(
        self, id: str, answer: Mapping[str, Any], browser: Browser
    ) -> SignedIn:
        """Sign in whoever's passkey answered. Raises Refusal `passkey.*`."""
        key = await self.passkeys.finish("sign_in", id, answer)
        async with self._database.unit() as session:
            person = await store.get_account(session, key.account)
            if person is None or not person.active:
                raise passkey.refused()
            return await self.start_session(session, person, method=Method.PASSKEY, browser=browser)

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
        browser: Browser | None = None,
    ) -> SignedIn:
        """Start a session within the caller's unit; the one of `old_token` ends.

        `proved` is what a provider's answer says; our own methods are worth what the profile says.
        """
        now = self._clock()
        browser = browser or Browser(token=old_token)
        token, login_id = sessions.new_token(), new_id()
        if browser.token:
            await store.end_login(session, sessions.token_hash(browser.token))
        await store.forget_logins(session, now - sessions.ABSOLUTE, now)
        await store.add_login(
            session,
            id=login_id,
            token_hash=sessions.token_hash(token),
            account=None if guest_id else person.id,
            guest=guest_id,
            now=now,
            method=method,
            proved=proved,
            device=sessions.device(browser.agent),
            network=self.network(browser.address),
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
        station = replace(login.person.station, demanded=self.devices_demanded)
        person = replace(login.person, assurance=worth, deputy_for=held, station=station)
        return replace(login, person=person)

    async def step_up(
        self, login: Login, method: Method, proved: Level = Level.HIGH
    ) -> tuple[SignedIn, str]:
        """The person of a session was authenticated again: its new token, and where to go back.

        The caller has checked the proof. The old token ends (against session fixation); the
        session keeps its id, so that pages in a sitting go on. Raises Refusal `step_up.weaker`.
        """
        now, token = self._clock(), sessions.new_token()
        if assurance.of(self.profile, method, proved, now).level < login.person.assurance.level:
            raise Refusal(
                "step_up.weaker",
                N_("You are signed in in a stronger way. Confirm with that one."),
                status=403,
            )
        async with self._database.unit() as session:
            target = await store.step_up_login(
                session,
                login.id,
                token_hash=sessions.token_hash(token),
                method=method,
                proved=proved,
                now=now,
            )
        if target is None:  # signed out elsewhere while the proof was on its way
            raise Refusal("policy.signed_out", N_("Sign in first."), status=401)
        stepped = replace(login, method=method, proved=proved, authenticated_at=now, seen_at=now)
        return SignedIn(token, self._sure(stepped)), target

    async def step_up_by_password(
        self, login: Login, password: str, *, address: str
    ) -> tuple[SignedIn, str]:
        """The password given again. Raises BadInput `password.wrong`, Refusal `sign_in.wait`."""
        require(login.person, "account.own")
        await self.check_password(
            login.person, password, address=address, field="password", session=login.id
        )
        return await self.step_up(login, Method.PASSWORD)

    async def step_up_by_code(self, login: Login, code: str) -> tuple[SignedIn, str]:
        """A code of the second factor. Raises BadInput `second_factor.wrong`, `sign_in.wait`."""
        require(login.person, "account.own")
        await self.check_code(login.person, code, session=login.id)
        by_password = login.method in (Method.PASSWORD, Method.PASSWORD_TOTP)
        return await self.step_up(login, Method.PASSWORD_TOTP if by_password else Method.TOTP)

    async def step_up_by_passkey(
        self, login: Login, id: str, answer: Mapping[str, Any]
    ) -> tuple[SignedIn, str]:
        """A passkey of the same person. Raises Refusal `passkey.*`."""
        require(login.person, "account.own")
        await self.passkeys.finish("step_up", id, answer, login)
        return await self.step_up(login, Method.PASSKEY)

    async def check_password(
        self, person: Person, password: str, *, address: str, field: str, session: str = ""
    ) -> None:
        """Raise BadInput `password.wrong` at `field`, or Refusal `sign_in.wait`. `session`: the id
        of the session in which it is given."""
        if session:
            attempt = await self.attempts.begin_again(session, person.username)
        else:
            attempt = await self.attempts.begin(address, person.username)
        encoded = attempt.known.password_hash if attempt.known else None
        if not await self._passwords.matches(encoded, password):
            raise BadInput("password.wrong", N_("Your present password is not right."), field=field)
        async with self._database.unit() as unit:
            await self.attempts.forgive(unit, attempt)

    async def check_code(self, person: Person, code: str, *, session: str = "") -> None:
        """Use a code of the second factor up. Raises BadInput `second_factor.wrong`, or Refusal
        `sign_in.wait`. `session`: the id of the session in which it is given."""
        if session:
            attempt = await self.attempts.begin_again(session, person.username)
        else:
            attempt = await self.attempts.begin_code(person.id)
        async with self._database.unit() as unit:
            right = await self.second_factors.check(unit, person.id, code)
            if right:
                await self.attempts.forgive(unit, attempt)
        if not right:
            raise second_factors.wrong()

    async def has_password(self, person: Person) -> bool:
        """Whether a password was set; people of a provider have none."""
        async with self._database.unit(write=False) as session:
            found = await store.credentials(session, person.username)
        return found is not None and bool(found.password_hash)

    async def ways(self, login: Login, wanted: Level) -> set[Method]:
        """By what a person who is signed in can reach a level: methods that they have and that
        are worth it, in this session."""
        require(login.person, "account.own")
        by_password = login.method in (Method.PASSWORD, Method.PASSWORD_TOTP)
        worth = self.profile.gives.get
        code = worth(Method.PASSWORD_TOTP if by_password else Method.TOTP, Level.NONE)
        async with self._database.unit(write=False) as session:
            passkeys = await methods.passkeys(session, login.person.id)
            factor = await self.second_factors.has(session, login.person.id)
        least = max(wanted, login.person.assurance.level)
        found = set()
        if passkeys and worth(Method.PASSKEY, Level.NONE) >= least:
            found.add(Method.PASSKEY)
        if factor and code >= least:
            found.add(Method.TOTP)
        password = worth(Method.PASSWORD, Level.NONE) >= least
        if password and await self.has_password(login.person):
            found.add(Method.PASSWORD)
        return found

    async def require_methods(self, login: Login) -> None:
        """Whether the person may change how they prove who they are.

        As sure as their own best method makes us, and not long ago: whoever finds an open browser
        or a password adds no key of their own. Raises Forbidden, AssuranceNeeded.
        """
        require(login.person, "account.own")
        async with self._database.unit(write=False) as session:
            has = [Method.PASSWORD]
            if await methods.passkeys(session, login.person.id):
                has.append(Method.PASSKEY)
            if await self.second_factors.has(session, login.person.id):
                has.append(Method.PASSWORD_TOTP)
        level = max(self.profile.gives.get(method, Level.NONE) for method in has)
        if login.method is Method.PROVIDER and has == [Method.PASSWORD]:
            # There may be no local method to ask for; a passkey or a second factor is one.
            level = min(level, login.person.assurance.level)
        at = login.authenticated_at or login.created_at
        recent = self._clock() - at < _RECENT
        if login.person.assurance.level < level or not recent:
            raise AssuranceNeeded(Need(level), "account.own")

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
            leaf = {"account": person.id, "by": person.id}
            await self._log.append(session, "account.sessions_ended", leaf)

    def network(self, address: str) -> str:
        """By which two sessions are known to come from one network; says nothing else."""
        return self.secret.tag("network", address) if address else ""

    async def sessions(self, login: Login) -> list[Seen]:
        """The living sessions of one's own account."""
        require(login.person, "account.own")
        now = self._clock()
        async with self._database.unit(write=False) as session:
            found = await store.logins(session, login.person.id, now)
        oldest, idle = now - sessions.ABSOLUTE, now - sessions.IDLE
        return [
            one
            for one in found
            if one.in_sitting or (one.created_at > oldest and one.seen_at > idle)
        ]

    async def end_session(self, login: Login, id: str) -> None:
        """End one of one's own sessions."""
        require(login.person, "account.own")
        async with self._database.unit() as session:
            if await store.end_one_login(session, login.person.id, id):
                leaf = {"account": login.person.id, "by": login.person.id}
                await self._log.append(session, "account.session_ended", leaf)

    async def end_sessions_of(self, actor: Person, account: str) -> None:
        """The administrator signs somebody out everywhere."""
        require(actor, "people.manage")
        async with self._database.unit() as session:
            if await store.get_account(session, account) is None:
                raise NotFound("people.unknown", N_("There is no such account."))
            await store.end_logins(session, account)
            leaf = {"account": account, "by": actor.id}
            await self._log.append(session, "account.sessions_ended", leaf)

    # --- one's own account ---------------------------------------------------------------------

    async def change_password(
        self, person: Person, old: str, new: str, *, address: str, keep: str = ""
    ) -> None:
        """Change one's password; every session of the account but `keep` ends."""
        require(person, "account.own")
        check_length(new)
        await self.check_password(person, old, address=address, field="old_password", session=keep)
        encoded = await self._passwords.hash(new)
        async with self._database.unit() as session:
            await store.set_password(session, person.id, encoded)
            await store.end_other_logins(session, person.id, keep)
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
        # Without a password the person sets it by a link (`password_links`).
        encoded = await self._passwords.hash(password) if password else ""
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

    # --- forms ---------------------------------------------------------------------------------

    def form_token(self, cookie: str) -> str:
        """The token for forms of the browser that holds this cookie."""
        return csrf.token(self.keys.current(self._clock()).secret, cookie)

    def form_secrets(self) -> Iterable[Secret]:
        """Those by which forms' tokens may be made."""
        return self.keys.accepted(self._clock()).values()

    # --- join tickets --------------------------------------------------------------------------

    def ticket(self, login: Login, sitting: str, seat: str) -> str:
        """A join ticket. The caller has asked the policy `seat.enter`."""
        return self.next_ticket(login.person.id, login.id, sitting, seat)

    def next_ticket(self, person: str, session: str, sitting: str, seat: str) -> str:
        """A join ticket for a page that is in, so that it comes back without asking first.

        Everything is checked again when it is used: the session, the policy, the seat.
        """
        claims = Ticket(person, sitting, seat, session, secrets.token_hex(16))
        return self._tickets.sign(claims, self._clock())

    async def redeem(self, token: str) -> tuple[Ticket, Person]:
        """Use a ticket up: the ticket and who holds it. Raises Refusal `ticket.*`, status 401."""
        now = self._clock()
        found = self._tickets.read(token, now)
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
            await store.keep_login(session, login_id, now)
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
