"""Accounts, sessions, invitations, used tickets and failed sign-ins.

The only module of the room that knows SQLAlchemy. Functions take the session of the caller's
unit of work.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import (
    Boolean,
    ColumnElement,
    ForeignKey,
    Integer,
    String,
    Text,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.assurance import Level, Method
from auth.delegation import Delegation
from auth.devices.device import Station
from auth.devices.store import DeviceRow
from auth.invitation import Invitation
from auth.person import DELEGABLE, Person, Role
from auth.session import KEPT, Login, Seen
from auth.throttle import Failures
from database import Base, UtcDateTime, announce


class AccountRow(Base):
    """A person with a password."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(Text)
    role: Mapped[str] = mapped_column(String(32))
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))
    active: Mapped[bool] = mapped_column(Boolean)
    names_from: Mapped[str] = mapped_column(String(32))
    """Id of the identity provider that verified the names; empty: as somebody typed them."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LoginRow(Base):
    """A signed-in browser: of an account, or of a guest by an invitation."""

    __tablename__ = "logins"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    account: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    guest: Mapped[str | None] = mapped_column(ForeignKey("guests.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    method: Mapped[str] = mapped_column(String(16))
    level: Mapped[int] = mapped_column(Integer)
    """What the method proved (`assurance.Level`)."""
    authenticated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    return_to: Mapped[str] = mapped_column(Text)
    """A path of ours to go back to after a step-up; empty when there is none."""
    device: Mapped[str] = mapped_column(String(64))
    """Browser and system in a few codes, for the person's own list."""
    network: Mapped[str] = mapped_column(String(64))
    """HMAC of the address at sign-in: says 'the same network', and no more."""
    kept_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When a page of it was last seen in a sitting."""
    room_device: Mapped[str | None] = mapped_column(String(32), index=True)
    """The enrolled device of a detention room that proved itself in this session."""


class InvitationRow(Base):
    """A link to one seat. The token itself is nowhere."""

    __tablename__ = "invitations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sitting: Mapped[str] = mapped_column(String(32), index=True)
    seat: Mapped[str] = mapped_column(String(32), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GuestRow(Base):
    """Who came by an invitation. One for each invitation that was confirmed."""

    __tablename__ = "guests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    invitation: Mapped[str] = mapped_column(ForeignKey("invitations.id"), unique=True)
    sitting: Mapped[str] = mapped_column(String(32))
    seat: Mapped[str] = mapped_column(String(32))
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8))


class UsedTicketRow(Base):
    """A join ticket that opened its socket."""

    __tablename__ = "used_tickets"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    forget_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FailureRow(Base):
    """Failed sign-ins in a row. The key is an HMAC: no address and no name is stored."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


# --- accounts ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account with its password's hash."""

    person: Person
    password_hash: str


def _person(row: AccountRow) -> Person:
    return Person(
        row.id,
        Role(row.role),
        row.name_ar,
        row.name_en,
        row.language,
        row.username,
        row.active,
        names_from=row.names_from,
    )


async def add_account(
    session: AsyncSession, person: Person, password_hash: str, now: datetime
) -> None:
    """Insert an account; its username must be free."""
    session.add(
        AccountRow(
            id=person.id,
            username=person.username,
            password_hash=password_hash,
            role=person.role.value,
            name_ar=person.name_ar,
            name_en=person.name_en,
            language=person.language,
            active=person.active,
            names_from=person.names_from,
            created_at=now,
        )
    )
    await session.flush()


async def get_account(session: AsyncSession, id: str) -> Person | None:
    """The account of this id, active or not."""
    row = await session.get(AccountRow, id)
    return None if row is None else _person(row)


async def credentials(session: AsyncSession, username: str) -> Credentials | None:
    """The account of this username, active or not."""
    row = await session.scalar(select(AccountRow).where(AccountRow.username == username))
    return None if row is None else Credentials(_person(row), row.password_hash)


async def accounts(session: AsyncSession, roles: Iterable[Role] = ()) -> list[Person]:
    """Accounts of these roles (all when none is named), by role and English name."""
    query = select(AccountRow).order_by(AccountRow.role, AccountRow.name_en, AccountRow.id)
    wanted = [role.value for role in roles]
    if wanted:
        query = query.where(AccountRow.role.in_(wanted))
    return [_person(row) for row in await session.scalars(query)]


async def set_password(session: AsyncSession, id: str, password_hash: str) -> None:
    """Replace the hash."""
    await session.execute(
        update(AccountRow).where(AccountRow.id == id).values(password_hash=password_hash)
    )


async def set_active(session: AsyncSession, id: str, active: bool) -> None:
    """Open or shut an account."""
    await session.execute(update(AccountRow).where(AccountRow.id == id).values(active=active))
    announce(session, "person", id)


async def set_language(session: AsyncSession, person: Person, language: str) -> None:
    """The language in which this account or guest is spoken to."""
    if person.guest:
        change = update(GuestRow).where(GuestRow.seat == person.seat).values(language=language)
        await session.execute(change)
    else:
        await session.execute(
            update(AccountRow).where(AccountRow.id == person.id).values(language=language)
        )


# --- sessions ----------------------------------------------------------------------------------


async def add_login(
    session: AsyncSession,
    *,
    id: str,
    token_hash: str,
    account: str | None,
    guest: str | None,
    now: datetime,
    method: Method,
    proved: Level,
    device: str = "",
    network: str = "",
) -> None:
    """Insert the session of an account or of a guest."""
    session.add(
        LoginRow(
            id=id,
            token_hash=token_hash,
            account=account,
            guest=guest,
            created_at=now,
            seen_at=now,
            method=method.value,
            level=int(proved),
            authenticated_at=now,
            return_to="",
            device=device,
            network=network,
        )
    )
    await session.flush()


async def find_login(session: AsyncSession, *, token_hash: str = "", id: str = "") -> Login | None:
    """The session with this token's hash or this public id, dead or alive."""
    query = (
        select(LoginRow, AccountRow, GuestRow, InvitationRow.expires_at, DeviceRow)
        .outerjoin(AccountRow, AccountRow.id == LoginRow.account)
        .outerjoin(GuestRow, GuestRow.id == LoginRow.guest)
        .outerjoin(InvitationRow, InvitationRow.id == GuestRow.invitation)
        .outerjoin(DeviceRow, DeviceRow.id == LoginRow.room_device)
        .where(LoginRow.id == id if id else LoginRow.token_hash == token_hash)
    )
    found = (await session.execute(query)).one_or_none()
    if found is None:
        return None
    row, account, guest, until, device = found
    person = _guest(guest) if account is None else _person(account)
    if device is not None:
        if device.revoked_at is not None:
            return None
        person = replace(person, station=Station(device.id, device.name, device.room))
    if person.role in DELEGABLE:
        person = replace(person, deputy_for=await held_delegations(session, person))
    return Login(
        row.id,
        person,
        row.created_at,
        row.seen_at,
        guest.invitation if account is None else None,
        until,
        Method(row.method),
        Level(row.level),
        row.authenticated_at,
        row.kept_at,
    )


async def touch_login(session: AsyncSession, id: str, now: datetime) -> None:
    """Write down that the session was used."""
    await session.execute(update(LoginRow).where(LoginRow.id == id).values(seen_at=now))


async def keep_login(session: AsyncSession, id: str, now: datetime) -> None:
    """Write down that a page of it is in a sitting."""
    await session.execute(
        update(LoginRow).where(LoginRow.id == id).values(seen_at=now, kept_at=now)
    )


async def logins(session: AsyncSession, account: str, now: datetime) -> list[Seen]:
    """The sessions of an account, the newest use first, dead or alive."""
    query = select(LoginRow).where(LoginRow.account == account)
    return [
        Seen(
            row.id,
            row.created_at,
            row.seen_at,
            Method(row.method),
            row.device,
            row.network,
            row.kept_at is not None and now - row.kept_at < KEPT,
        )
        for row in await session.scalars(query.order_by(LoginRow.seen_at.desc(), LoginRow.id))
    ]


async def end_one_login(session: AsyncSession, account: str, id: str) -> bool:
    """End one session of this account. False when there is none."""
    return await _end(session, (LoginRow.id == id) & (LoginRow.account == account)) > 0


async def end_other_logins(session: AsyncSession, account: str, keep: str) -> None:
    """Sign an account out everywhere but here."""
    await _end(session, (LoginRow.account == account) & (LoginRow.id != keep))


async def step_up_login(
    session: AsyncSession,
    id: str,
    *,
    token_hash: str,
    method: Method,
    proved: Level,
    now: datetime,
) -> str | None:
    """The person was authenticated again: a new token, and the path to go back to. None when the
    session has ended in the meantime."""
    target = await session.scalar(select(LoginRow.return_to).where(LoginRow.id == id))
    await session.execute(
        update(LoginRow)
        .where(LoginRow.id == id)
        .values(
            token_hash=token_hash,
            method=method.value,
            level=int(proved),
            authenticated_at=now,
            seen_at=now,
            return_to="",
        )
    )
    announce(session, "session", id)
    return target


async def remember_target(session: AsyncSession, id: str, path: str) -> None:
    """Where to go back to after a step-up."""
    await session.execute(update(LoginRow).where(LoginRow.id == id).values(return_to=path))


async def end_login(session: AsyncSession, token_hash: str) -> None:
    """Sign this browser out."""
    await _end(session, LoginRow.token_hash == token_hash)


async def end_logins(session: AsyncSession, account: str) -> None:
    """Sign an account out everywhere."""
    await _end(session, LoginRow.account == account)


async def end_these_logins(session: AsyncSession, ids: Iterable[str]) -> None:
    """End sessions by their public ids."""
    await _end(session, LoginRow.id.in_(list(ids)))


async def _end(session: AsyncSession, which: ColumnElement[bool]) -> int:
    """End sessions and say how many; pages in a sitting hear of it (`database.announce`)."""
    ended = (await session.scalars(delete(LoginRow).where(which).returning(LoginRow.id))).all()
    for login in ended:
        announce(session, "session", login)
    return len(ended)


async def bind_login(session: AsyncSession, id: str, device: str) -> None:
    """A room's device proved itself in this session."""
    await session.execute(update(LoginRow).where(LoginRow.id == id).values(room_device=device))
    announce(session, "session", id)


async def end_logins_on(session: AsyncSession, device: str) -> None:
    """End every session on a room's device."""
    await _end(session, LoginRow.room_device == device)


async def forget_logins(session: AsyncSession, created_before: datetime, now: datetime) -> None:
    """Remove accounts' sessions that are too old to be alive."""
    kept = LoginRow.kept_at
    await session.execute(
        delete(LoginRow)
        .where(LoginRow.created_at < created_before, LoginRow.guest.is_(None))
        .where(or_(kept.is_(None), kept < now - KEPT))
    )


# --- invitations and guests --------------------------------------------------------------------


def _guest(row: GuestRow) -> Person:
    return Person(
        f"guest:{row.seat}",
        Role.GUEST,
        row.name_ar,
        row.name_en,
        row.language,
        sitting=row.sitting,
        seat=row.seat,
    )


def _invitation(row: InvitationRow) -> Invitation:
    return Invitation(
        row.id,
        row.sitting,
        row.seat,
        row.created_at,
        row.expires_at,
        row.used_at,
        row.revoked_at,
    )


async def add_invitation(session: AsyncSession, invitation: Invitation, token_hash: str) -> None:
    """Insert a link that nobody has used."""
    session.add(
        InvitationRow(
            id=invitation.id,
            token_hash=token_hash,
            sitting=invitation.sitting,
            seat=invitation.seat,
            created_at=invitation.created_at,
            expires_at=invitation.expires_at,
        )
    )
    await session.flush()


async def find_invitation(session: AsyncSession, token_hash: str) -> Invitation | None:
    """The invitation of this token."""
    query = select(InvitationRow).where(InvitationRow.token_hash == token_hash)
    row = await session.scalar(query)
    return None if row is None else _invitation(row)


async def invitations(session: AsyncSession, sitting: str) -> list[Invitation]:
    """All links to seats of a sitting, newest first."""
    query = (
        select(InvitationRow)
        .where(InvitationRow.sitting == sitting)
        .order_by(InvitationRow.created_at.desc(), InvitationRow.id)
    )
    return [_invitation(row) for row in await session.scalars(query)]


async def use_invitation(session: AsyncSession, id: str, now: datetime) -> bool:
    """Use a link up. False when somebody was faster; of two at once exactly one gets True."""
    result = await session.execute(
        update(InvitationRow)
        .where(InvitationRow.id == id, InvitationRow.used_at.is_(None))
        .where(InvitationRow.revoked_at.is_(None))
        .values(used_at=now)
        .returning(InvitationRow.id)
    )
    return result.scalar_one_or_none() is not None


async def revoke_invitations(session: AsyncSession, seat: str, now: datetime) -> None:
    """Withdraw every link to a seat, and sign out whoever came by one."""
    await session.execute(
        update(InvitationRow)
        .where(InvitationRow.seat == seat, InvitationRow.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    guests = select(GuestRow.id).where(GuestRow.seat == seat).scalar_subquery()
    await _end(session, LoginRow.guest.in_(guests))


async def move_invitations(session: AsyncSession, sitting: str, expires_at: datetime) -> None:
    """The sitting was rescheduled: its links live until the new time."""
    await session.execute(
        update(InvitationRow).where(InvitationRow.sitting == sitting).values(expires_at=expires_at)
    )


async def add_guest(session: AsyncSession, id: str, invitation: str, guest: Person) -> None:
    """Insert who came by an invitation."""
    session.add(
        GuestRow(
            id=id,
            invitation=invitation,
            sitting=guest.sitting,
            seat=guest.seat,
            name_ar=guest.name_ar,
            name_en=guest.name_en,
            language=guest.language,
        )
    )
    await session.flush()


# --- delegations -------------------------------------------------------------------------------


class DelegationRow(Base):
    """Who acts for whom, and when."""

    __tablename__ = "delegations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    delegator: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    delegate: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(64))
    sitting: Mapped[str] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(Text)
    salt: Mapped[str] = mapped_column(String(64))
    """Of the commitment to the reason in the audit log."""
    granted_by: Mapped[str] = mapped_column(String(32))
    granted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def _delegation(row: DelegationRow) -> Delegation:
    return Delegation(
        row.id,
        row.delegator,
        row.delegate,
        row.starts_at,
        row.ends_at,
        row.kind,
        row.sitting,
        row.reason,
        row.granted_by,
        row.granted_at,
        row.withdrawn_at,
    )


async def add_delegation(session: AsyncSession, made: Delegation, salt: bytes) -> None:
    """Insert a delegation."""
    session.add(
        DelegationRow(
            id=made.id,
            delegator=made.delegator,
            delegate=made.delegate,
            starts_at=made.starts_at,
            ends_at=made.ends_at,
            kind=made.kind,
            sitting=made.sitting,
            reason=made.reason,
            salt=salt.hex(),
            granted_by=made.granted_by,
            granted_at=made.granted_at,
        )
    )
    await session.flush()
    announce(session, "person", made.delegate)


async def get_delegation(session: AsyncSession, id: str) -> Delegation | None:
    """The delegation of this id."""
    row = await session.get(DelegationRow, id)
    return None if row is None else _delegation(row)


async def delegations(session: AsyncSession, person: str | None = None) -> list[Delegation]:
    """Those that a person gave or holds (None: all), newest first."""
    query = select(DelegationRow).order_by(DelegationRow.granted_at.desc(), DelegationRow.id)
    if person is not None:
        mine = or_(DelegationRow.delegator == person, DelegationRow.delegate == person)
        query = query.where(mine)
    return [_delegation(row) for row in await session.scalars(query)]


async def held_delegations(session: AsyncSession, delegate: Person) -> tuple[Delegation, ...]:
    """What a person holds and nobody withdrew; the caller looks at the time.

    Only of somebody who still has the same office: a role may have changed since it was granted.
    """
    query = (
        select(DelegationRow)
        .join(AccountRow, AccountRow.id == DelegationRow.delegator)
        .where(DelegationRow.delegate == delegate.id, DelegationRow.withdrawn_at.is_(None))
        .where(AccountRow.active.is_(True), AccountRow.role == delegate.role.value)
        .order_by(DelegationRow.granted_at, DelegationRow.id)
    )
    return tuple(_delegation(row) for row in await session.scalars(query))


async def withdraw_delegation(session: AsyncSession, found: Delegation, now: datetime) -> None:
    """It ends now."""
    change = update(DelegationRow).where(DelegationRow.id == found.id).values(withdrawn_at=now)
    await session.execute(change)
    announce(session, "person", found.delegate)


# --- tickets and failures ----------------------------------------------------------------------


async def use_ticket(session: AsyncSession, id: str, forget_at: datetime) -> bool:
    """Write down that a ticket was used. False when it was before; of two at once one gets True."""
    values = {"id": id, "forget_at": forget_at}
    return await _insert_once(session, values) is not None


async def _insert_once(session: AsyncSession, values: dict[str, object]) -> str | None:
    if session.get_bind().dialect.name == "postgresql":
        statement = (
            postgresql.insert(UsedTicketRow).values(values).on_conflict_do_nothing()
        ).returning(UsedTicketRow.id)
        return (await session.execute(statement)).scalar_one_or_none()
    other = sqlite.insert(UsedTicketRow).values(values).on_conflict_do_nothing()
    return (await session.execute(other.returning(UsedTicketRow.id))).scalar_one_or_none()


async def forget_tickets(session: AsyncSession, now: datetime) -> None:
    """Remove used tickets that have expired, so that they are refused anyway."""
    await session.execute(delete(UsedTicketRow).where(UsedTicketRow.forget_at < now))


async def failures(session: AsyncSession, key: str) -> Failures:
    """What is known of a key."""
    row = await session.get(FailureRow, key)
    return Failures() if row is None else Failures(row.count, row.last_at)


async def set_failures(session: AsyncSession, key: str, found: Failures) -> None:
    """Write down a failure. The caller holds the lock `sign_in_failures`."""
    await session.merge(FailureRow(key=key, count=found.count, last_at=found.last_at))


async def clear_failures(session: AsyncSession, key: str) -> None:
    """A sign-in succeeded."""
    await session.execute(delete(FailureRow).where(FailureRow.key == key))


async def forget_failures(session: AsyncSession, before: datetime) -> None:
    """Remove what no longer counts."""
    await session.execute(delete(FailureRow).where(FailureRow.last_at < before))
