"""Tables of the ways to prove who one is: passkeys, second factors, ceremonies, authorisations,
links to set a password. Functions take the session of the caller's unit of work.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    and_,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.assurance import Level, Method
from auth.methods.passkey import Passkey
from database import Base, UtcDateTime


class PasskeyRow(Base):
    """A registered WebAuthn credential."""

    __tablename__ = "passkeys"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    credential: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    counter: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    synced: Mapped[bool] = mapped_column(Boolean)


class CeremonyRow(Base):
    """A question that waits for one answer: a challenge, or the second half of a sign-in."""

    __tablename__ = "ceremonies"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    account: Mapped[str | None] = mapped_column(String(32))
    login: Mapped[str | None] = mapped_column(String(32))
    challenge: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class SecondFactorRow(Base):
    """The shared secret of an account's authenticator application, sealed."""

    __tablename__ = "second_factors"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_step: Mapped[int] = mapped_column(BigInteger)
    """The newest step whose code was used."""


class RecoveryCodeRow(Base):
    """A recovery code; only its HMAC."""

    __tablename__ = "recovery_codes"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AuthorisationRow(Base):
    """The confirmation of one act. What was given stays for the evidence."""

    __tablename__ = "authorisations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    login: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(64))
    object: Mapped[str] = mapped_column(String(64), index=True)
    digest: Mapped[str] = mapped_column(String(64))
    nonce: Mapped[bytes] = mapped_column(LargeBinary(32))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    method: Mapped[str] = mapped_column(String(16))
    level: Mapped[int] = mapped_column(Integer)
    passkey: Mapped[str | None] = mapped_column(String(32))
    public_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    """The passkey's COSE key, so that the assertion can be checked when the key is gone."""
    proof: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The assertion as the browser gave it; for other methods nothing secret."""
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PasswordLinkRow(Base):
    """A link with which one person sets a password once. The token itself is nowhere."""

    __tablename__ = "password_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


# --- passkeys ------------------------------------------------------------------------------------


def _passkey(row: PasskeyRow) -> Passkey:
    return Passkey(
        row.id,
        row.account,
        row.credential,
        row.public_key,
        row.counter,
        row.name,
        row.created_at,
        row.used_at,
        row.synced,
    )


async def add_passkey(session: AsyncSession, key: Passkey) -> None:
    """Insert a key; its credential must be new."""
    session.add(
        PasskeyRow(
            id=key.id,
            account=key.account,
            credential=key.credential,
            public_key=key.public_key,
            counter=key.counter,
            name=key.name,
            created_at=key.created_at,
            used_at=key.used_at,
            synced=key.synced,
        )
    )
    await session.flush()


async def passkeys(session: AsyncSession, account: str) -> list[Passkey]:
    """The keys of an account, oldest first."""
    query = select(PasskeyRow).where(PasskeyRow.account == account)
    rows = await session.scalars(query.order_by(PasskeyRow.created_at, PasskeyRow.id))
    return [_passkey(row) for row in rows]


async def find_passkey(session: AsyncSession, credential: bytes) -> Passkey | None:
    """The key with this credential id."""
    row = await session.scalar(select(PasskeyRow).where(PasskeyRow.credential == credential))
    return None if row is None else _passkey(row)


async def passkey_used(session: AsyncSession, key: Passkey, counter: int, now: datetime) -> bool:
    """Write the new counter down. False when another assertion was faster with it."""
    result = await session.execute(
        update(PasskeyRow)
        .where(PasskeyRow.id == key.id, PasskeyRow.counter == key.counter)
        .values(counter=counter, used_at=now)
        .returning(PasskeyRow.id)
    )
    return result.scalar_one_or_none() is not None


async def remove_passkey(session: AsyncSession, account: str, id: str) -> bool:
    """Delete a key of this account. False when there is none."""
    result = await session.execute(
        delete(PasskeyRow)
        .where(PasskeyRow.id == id, PasskeyRow.account == account)
        .returning(PasskeyRow.id)
    )
    return result.scalar_one_or_none() is not None


# --- ceremonies ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ceremony:
    """A question that was asked."""

    id: str
    purpose: str
    challenge: bytes
    expires_at: datetime
    account: str | None = None
    login: str | None = None


async def add_ceremony(session: AsyncSession, found: Ceremony, now: datetime) -> None:
    """Store a question; those that are too old go."""
    await session.execute(delete(CeremonyRow).where(CeremonyRow.expires_at < now))
    session.add(
        CeremonyRow(
            id=found.id,
            purpose=found.purpose,
            account=found.account,
            login=found.login,
            challenge=found.challenge,
            expires_at=found.expires_at,
        )
    )
    await session.flush()


def _ceremony(row: CeremonyRow) -> Ceremony:
    return Ceremony(row.id, row.purpose, row.challenge, row.expires_at, row.account, row.login)


async def see_ceremony(session: AsyncSession, id: str) -> Ceremony | None:
    """The question, which stays open."""
    row = await session.get(CeremonyRow, id)
    return None if row is None else _ceremony(row)


async def take_ceremony(session: AsyncSession, id: str) -> Ceremony | None:
    """The question, which is gone then: of two answers exactly one gets it."""
    row = await session.scalar(
        delete(CeremonyRow).where(CeremonyRow.id == id).returning(CeremonyRow)
    )
    return None if row is None else _ceremony(row)


# --- second factors ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """An account's authenticator application."""

    secret: str
    """Sealed."""
    confirmed_at: datetime | None
    last_step: int


async def second_factor(session: AsyncSession, account: str) -> SecondFactor | None:
    """What is enrolled or about to be."""
    row = await session.get(SecondFactorRow, account)
    return None if row is None else SecondFactor(row.secret, row.confirmed_at, row.last_step)


async def set_second_factor(session: AsyncSession, account: str, secret: str) -> None:
    """Begin an enrolment, instead of one that was never confirmed."""
    await session.merge(
        SecondFactorRow(account=account, secret=secret, confirmed_at=None, last_step=0)
    )


async def use_step(session: AsyncSession, account: str, step: int) -> bool:
    """Use the codes up to `step` up. False when they were before."""
    result = await session.execute(
        update(SecondFactorRow)
        .where(SecondFactorRow.account == account, SecondFactorRow.last_step < step)
        .values(last_step=step)
        .returning(SecondFactorRow.account)
    )
    return result.scalar_one_or_none() is not None


async def confirm_second_factor(session: AsyncSession, account: str, now: datetime) -> None:
    """The first code was right."""
    await session.execute(
        update(SecondFactorRow).where(SecondFactorRow.account == account).values(confirmed_at=now)
    )


async def remove_second_factor(session: AsyncSession, account: str) -> None:
    """Take secret and recovery codes away."""
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account == account))
    await session.execute(delete(SecondFactorRow).where(SecondFactorRow.account == account))


async def set_recovery_codes(session: AsyncSession, account: str, codes: list[str]) -> None:
    """New codes, instead of all that were."""
    await session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.account == account))
    session.add_all(RecoveryCodeRow(code=code, account=account, used_at=None) for code in codes)
    await session.flush()


async def use_recovery_code(session: AsyncSession, account: str, code: str, now: datetime) -> bool:
    """Use a code up. False when it is none, or was used."""
    result = await session.execute(
        update(RecoveryCodeRow)
        .where(RecoveryCodeRow.code == code, RecoveryCodeRow.account == account)
        .where(RecoveryCodeRow.used_at.is_(None))
        .values(used_at=now)
        .returning(RecoveryCodeRow.code)
    )
    return result.scalar_one_or_none() is not None


async def recovery_codes_left(session: AsyncSession, account: str) -> int:
    """How many codes were not used."""
    query = select(func.count()).select_from(RecoveryCodeRow)
    query = query.where(RecoveryCodeRow.account == account, RecoveryCodeRow.used_at.is_(None))
    return await session.scalar(query) or 0


# --- authorisations ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """An act whose confirmation was asked for."""

    id: str
    account: str
    login: str
    act: str
    object: str
    digest: str
    """SHA-256 in hex of what is confirmed: a document, or the command."""
    nonce: bytes
    expires_at: datetime


async def add_asked(session: AsyncSession, asked: Asked, now: datetime) -> None:
    """Store what was asked; what nobody answered goes."""
    await session.execute(
        delete(AuthorisationRow).where(
            AuthorisationRow.answered_at.is_(None), AuthorisationRow.expires_at < now
        )
    )
    session.add(
        AuthorisationRow(
            id=asked.id,
            account=asked.account,
            login=asked.login,
            act=asked.act,
            object=asked.object,
            digest=asked.digest,
            nonce=asked.nonce,
            asked_at=now,
            expires_at=asked.expires_at,
            method="",
            level=0,
        )
    )
    await session.flush()


async def find_asked(session: AsyncSession, id: str) -> Asked | None:
    """What was asked and has no answer yet."""
    row = await session.get(AuthorisationRow, id)
    if row is None or row.answered_at is not None:
        return None
    return Asked(
        row.id,
        row.account,
        row.login,
        row.act,
        row.object,
        row.digest,
        row.nonce,
        row.expires_at,
    )


async def answer_asked(
    session: AsyncSession,
    id: str,
    *,
    method: Method,
    level: Level,
    proof: dict[str, Any],
    token_hash: str,
    now: datetime,
    passkey: Passkey | None,
) -> bool:
    """Store the answer. False when there was one already."""
    result = await session.execute(
        update(AuthorisationRow)
        .where(AuthorisationRow.id == id, AuthorisationRow.answered_at.is_(None))
        .values(
            answered_at=now,
            method=method.value,
            level=int(level),
            proof=proof,
            passkey=passkey.id if passkey else None,
            public_key=passkey.public_key if passkey else None,
            token_hash=token_hash,
        )
        .returning(AuthorisationRow.id)
    )
    return result.scalar_one_or_none() is not None


async def use_authorisation(
    session: AsyncSession,
    token_hash: str,
    *,
    account: str,
    login: str,
    act: str,
    object: str,
    digest: str,
    now: datetime,
) -> tuple[str, Level] | None:
    """Use the confirmation of exactly this up: its id and level. Of two at once one gets it."""
    row = AuthorisationRow
    exactly = _exactly(token_hash, account, login, act, object, digest, now)
    change = update(row).where(exactly).values(used_at=now).returning(row.id, row.level)
    found = (await session.execute(change)).one_or_none()
    return None if found is None else (found[0], Level(found[1]))


async def see_authorisation(
    session: AsyncSession,
    token_hash: str,
    *,
    account: str,
    login: str,
    act: str,
    object: str,
    digest: str,
    now: datetime,
) -> Level | None:
    """The level of a confirmation of exactly this that nobody has used."""
    exactly = _exactly(token_hash, account, login, act, object, digest, now)
    level = await session.scalar(select(AuthorisationRow.level).where(exactly))
    return None if level is None else Level(level)


def _exactly(
    token_hash: str, account: str, login: str, act: str, object: str, digest: str, now: datetime
) -> ColumnElement[bool]:
    row = AuthorisationRow
    return and_(
        row.token_hash == token_hash,
        row.used_at.is_(None),
        row.expires_at > now,
        row.account == account,
        row.login == login,
        row.act == act,
        row.object == object,
        row.digest == digest,
    )


# --- links to set a password ---------------------------------------------------------------------


async def add_password_link(
    session: AsyncSession, token_hash: str, account: str, now: datetime, expires_at: datetime
) -> None:
    """Insert a link; the account's older ones end."""
    await session.execute(delete(PasswordLinkRow).where(PasswordLinkRow.account == account))
    session.add(
        PasswordLinkRow(
            token_hash=token_hash, account=account, created_at=now, expires_at=expires_at
        )
    )
    await session.flush()


async def newest_password_link(session: AsyncSession, account: str) -> datetime | None:
    """When the newest link of an account was made, used or not."""
    query = select(func.max(PasswordLinkRow.created_at)).where(PasswordLinkRow.account == account)
    return await session.scalar(query)


async def end_password_links(session: AsyncSession, account: str) -> None:
    """None of the account's links works any more."""
    await session.execute(delete(PasswordLinkRow).where(PasswordLinkRow.account == account))


async def find_password_link(session: AsyncSession, token_hash: str, now: datetime) -> str | None:
    """The account of a link that still works."""
    row = await session.get(PasswordLinkRow, token_hash)
    if row is None or row.used_at is not None or row.expires_at <= now:
        return None
    return row.account


async def use_password_link(session: AsyncSession, token_hash: str, now: datetime) -> bool:
    """Use a link up. Of two at once exactly one gets True."""
    result = await session.execute(
        update(PasswordLinkRow)
        .where(PasswordLinkRow.token_hash == token_hash, PasswordLinkRow.used_at.is_(None))
        .values(used_at=now)
        .returning(PasswordLinkRow.token_hash)
    )
    return result.scalar_one_or_none() is not None
