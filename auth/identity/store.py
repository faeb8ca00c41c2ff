"""Linked identities, numbers given by a registry, flows under way, and sessions of a provider.

Functions take the session of the caller's unit of work.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.assurance import Level
from auth.identity.flow import Flow, Purpose
from auth.store import AccountRow, LoginRow, end_these_logins
from database import Base, UtcDateTime


class IdentityRow(Base):
    """A provider's identity that belongs to an account."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"), UniqueConstraint("account", "issuer"))

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    """How the identity was proved, as the provider said last (UAE Pass `userType`)."""
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    linked_by: Mapped[str] = mapped_column(String(32))


class NumberRow(Base):
    """The Emirates ID number of an account, as an HMAC, given by an administrator or registry."""

    __tablename__ = "account_numbers"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), unique=True)


class WaitingRow(Base):
    """An identity that signed in and belongs to no account: an administrator may link it."""

    __tablename__ = "waiting_identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    """Read out by the person, so that the administrator links the right one."""
    provider: Mapped[str] = mapped_column(String(32))
    issuer: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(32))
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class FlowRow(Base):
    """A flow under way. The state itself is only in the browser's address."""

    __tablename__ = "identity_flows"

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    provider: Mapped[str] = mapped_column(String(32))
    purpose: Mapped[str] = mapped_column(String(16))
    browser: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[str] = mapped_column(String(64))
    verifier: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(Text)
    login: Mapped[str] = mapped_column(String(32))
    level: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ProviderLoginRow(Base):
    """What a session needs to be ended at its provider, and by it. Goes with the session."""

    __tablename__ = "provider_logins"

    login: Mapped[str] = mapped_column(
        ForeignKey("logins.id", ondelete="CASCADE"), primary_key=True
    )
    provider: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(255))
    sid: Mapped[str] = mapped_column(String(255), index=True)
    id_token: Mapped[str] = mapped_column(Text)
    """For `id_token_hint` at log-out; too old by then to sign anybody in."""


# --- flows -------------------------------------------------------------------------------------


async def add_flow(session: AsyncSession, state_hash: str, flow: Flow) -> None:
    """Remember a flow."""
    session.add(
        FlowRow(
            state_hash=state_hash,
            provider=flow.provider,
            purpose=flow.purpose.value,
            browser=flow.browser,
            nonce=flow.nonce,
            verifier=flow.verifier,
            target=flow.target,
            login=flow.login,
            level=int(flow.level),
            started_at=flow.started_at,
        )
    )
    await session.flush()


async def take_flow(session: AsyncSession, state_hash: str) -> Flow | None:
    """Use a flow up. Of two at once exactly one gets it."""
    query = delete(FlowRow).where(FlowRow.state_hash == state_hash).returning(FlowRow)
    row = (await session.scalars(query)).one_or_none()
    if row is None:
        return None
    return Flow(
        row.provider,
        Purpose(row.purpose),
        row.browser,
        row.nonce,
        row.verifier,
        row.target,
        row.login,
        Level(row.level),
        row.started_at,
    )


async def forget_flows(session: AsyncSession, before: datetime) -> None:
    """Remove flows whose answer would come too late."""
    await session.execute(delete(FlowRow).where(FlowRow.started_at < before))


# --- identities --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """A provider's identity that belongs to an account."""

    id: str
    account: str
    issuer: str
    subject: str
    kind: str
    linked_at: datetime


def _identity(row: IdentityRow) -> Identity:
    return Identity(row.id, row.account, row.issuer, row.subject, row.kind, row.linked_at)


async def find_identity(session: AsyncSession, issuer: str, subject: str) -> Identity | None:
    """The identity that an issuer calls `subject`."""
    query = select(IdentityRow).where(IdentityRow.issuer == issuer, IdentityRow.subject == subject)
    row = await session.scalar(query)
    return None if row is None else _identity(row)


async def identities(session: AsyncSession, account: str | None = None) -> list[Identity]:
    """All identities, or those of one account."""
    query = select(IdentityRow).order_by(IdentityRow.linked_at, IdentityRow.id)
    if account is not None:
        query = query.where(IdentityRow.account == account)
    return [_identity(row) for row in await session.scalars(query)]


async def add_identity(session: AsyncSession, identity: Identity, *, by: str) -> None:
    """Link. The caller holds the lock `identities` and has looked that both sides are free."""
    session.add(
        IdentityRow(
            id=identity.id,
            account=identity.account,
            issuer=identity.issuer,
            subject=identity.subject,
            kind=identity.kind,
            linked_at=identity.linked_at,
            linked_by=by,
        )
    )
    await session.flush()


async def set_kind(session: AsyncSession, id: str, kind: str) -> None:
    """The provider now says that the identity was proved in this way."""
    await session.execute(update(IdentityRow).where(IdentityRow.id == id).values(kind=kind))


async def remove_identity(session: AsyncSession, id: str) -> Identity | None:
    """Unlink. None when there is no such identity."""
    query = delete(IdentityRow).where(IdentityRow.id == id).returning(IdentityRow)
    row = (await session.scalars(query)).one_or_none()
    return None if row is None else _identity(row)


async def account_of_number(session: AsyncSession, tag: str) -> str | None:
    """The account to which this number was given."""
    return await session.scalar(select(NumberRow.account).where(NumberRow.tag == tag))


async def set_number(session: AsyncSession, account: str, tag: str) -> None:
    """Give an account its number. The caller has looked that no other account has it."""
    await session.merge(NumberRow(account=account, tag=tag))
    await session.flush()


async def accounts_with_number(session: AsyncSession) -> set[str]:
    """Accounts that were given a number."""
    return set(await session.scalars(select(NumberRow.account)))


async def set_names(
    session: AsyncSession, account: str, name_ar: str, name_en: str, provider: str
) -> None:
    """The account's names as a provider verified them."""
    change = update(AccountRow).where(AccountRow.id == account)
    await session.execute(change.values(name_ar=name_ar, name_en=name_en, names_from=provider))


# --- identities without an account ---------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """An identity that signed in and belongs to no account."""

    id: str
    code: str
    provider: str
    issuer: str
    subject: str
    kind: str
    name_ar: str
    name_en: str
    seen_at: datetime


def _waiting(row: WaitingRow) -> Waiting:
    return Waiting(
        row.id,
        row.code,
        row.provider,
        row.issuer,
        row.subject,
        row.kind,
        row.name_ar,
        row.name_en,
        row.seen_at,
    )


async def find_waiting(
    session: AsyncSession, *, id: str = "", issuer: str = "", subject: str = ""
) -> Waiting | None:
    """The one of this id, or of this issuer and subject."""
    query = select(WaitingRow).where(
        WaitingRow.id == id
        if id
        else (WaitingRow.issuer == issuer) & (WaitingRow.subject == subject)
    )
    row = await session.scalar(query)
    return None if row is None else _waiting(row)


async def put_waiting(session: AsyncSession, waiting: Waiting) -> None:
    """Insert, or bring up to date, the row of this id."""
    await session.merge(
        WaitingRow(**{name: getattr(waiting, name) for name in Waiting.__dataclass_fields__})
    )
    await session.flush()


async def waiting(session: AsyncSession) -> list[Waiting]:
    """All of them, newest first."""
    query = select(WaitingRow).order_by(WaitingRow.seen_at.desc(), WaitingRow.id)
    return [_waiting(row) for row in await session.scalars(query)]


async def remove_waiting(session: AsyncSession, id: str) -> None:
    """It has an account now, or was turned away."""
    await session.execute(delete(WaitingRow).where(WaitingRow.id == id))


async def forget_waiting(session: AsyncSession, before: datetime) -> None:
    """Remove those who have not come again."""
    await session.execute(delete(WaitingRow).where(WaitingRow.seen_at < before))


# --- sessions of a provider --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ProviderLogin:
    """The provider's side of a session."""

    provider: str
    subject: str
    sid: str
    id_token: str


async def put_provider_login(session: AsyncSession, login: str, found: ProviderLogin) -> None:
    """Remember with which sign-in at the provider a session goes."""
    await session.merge(
        ProviderLoginRow(
            login=login,
            provider=found.provider,
            subject=found.subject,
            sid=found.sid,
            id_token=found.id_token,
        )
    )
    await session.flush()


async def provider_login(session: AsyncSession, login: str) -> ProviderLogin | None:
    """The provider's side of a session, if it has one."""
    row = await session.get(ProviderLoginRow, login)
    return None if row is None else ProviderLogin(row.provider, row.subject, row.sid, row.id_token)


async def end_provider_logins(
    session: AsyncSession, provider: str, *, subject: str, sid: str
) -> list[str]:
    """End the sessions of one sign-in (`sid`), or all of a subject. Returns the account of each;
    open pages of them hear of it."""
    query = (
        select(LoginRow.id, LoginRow.account)
        .join(ProviderLoginRow, ProviderLoginRow.login == LoginRow.id)
        .where(ProviderLoginRow.provider == provider)
    )
    if sid:
        query = query.where(ProviderLoginRow.sid == sid)
    if subject:
        query = query.where(ProviderLoginRow.subject == subject)
    found = (await session.execute(query)).all()
    await end_these_logins(session, [login for login, _ in found])
    return [account or "" for _, account in found]
