"""Orders, grants, seals, holds, destructions and what was watched. The only module here that
knows SQLAlchemy."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from recordings.access.order import Destruction, Grant, Hold, Order, Part, Seal, Use
from recordings.store import ViewingRow

Session = AsyncSession
_Serial = BigInteger().with_variant(Integer, "sqlite")


class OrderRow(Base):
    """An order of a court or prosecution over a record."""

    __tablename__ = "recording_orders"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(String(64), index=True)
    reference: Mapped[str] = mapped_column(String(200))
    authority: Mapped[str] = mapped_column(String(200))
    uses: Mapped[list[str]] = mapped_column(JSON)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    tracks: Mapped[list[str]] = mapped_column(JSON)
    seats: Mapped[list[str]] = mapped_column(JSON)
    ends: Mapped[datetime | None] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    """Of the commitments to reference and authority in the log."""


class GrantRow(Base):
    """What one person was given by an order."""

    __tablename__ = "recording_grants"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    order: Mapped[str] = mapped_column(ForeignKey("recording_orders.id"))
    sitting: Mapped[str] = mapped_column(String(64), index=True)
    person: Mapped[str] = mapped_column(String(64), index=True)
    ends: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_by: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SealRow(Base):
    """A stretch for the bench alone."""

    __tablename__ = "recording_seals"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(String(64), index=True)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(1000))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lifted_by: Mapped[str] = mapped_column(String(64))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))


class HoldRow(Base):
    """A legal hold."""

    __tablename__ = "recording_holds"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(String(64), index=True)
    reason: Mapped[str] = mapped_column(String(1000))
    authority: Mapped[str] = mapped_column(String(200))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    lift_by: Mapped[str] = mapped_column(String(64))
    lift_office: Mapped[str] = mapped_column(String(64), server_default="")
    lift_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lift_reason: Mapped[str] = mapped_column(String(1000))
    lifted_by: Mapped[str] = mapped_column(String(64))
    lifted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))


class DestructionRow(Base):
    """A destruction of a record's key: proposed, withdrawn or done."""

    __tablename__ = "recording_destructions"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(String(64), index=True)
    order: Mapped[str] = mapped_column(ForeignKey("recording_orders.id"))
    by: Mapped[str] = mapped_column(String(64))
    office: Mapped[str] = mapped_column(String(64), server_default="")
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(64))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed: Mapped[bool] = mapped_column(Boolean)


class WatchedRow(Base):
    """An interval of a track that was sent to a viewer."""

    __tablename__ = "recording_watched"

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    viewing: Mapped[str] = mapped_column(ForeignKey("recording_viewings.id"), index=True)
    track: Mapped[str] = mapped_column(String(64))
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    in_log: Mapped[bool] = mapped_column(Boolean)
    """Whether a leaf `access.watched` tells of it."""


class DueRow(Base):
    """A record whose time of retention has run out: proposed to the clerk, never destroyed."""

    __tablename__ = "recording_dues"

    sitting: Mapped[str] = mapped_column(String(64), primary_key=True)
    policy: Mapped[str] = mapped_column(String(32))
    """The rule that gives the years."""
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    proposed_at: Mapped[datetime] = mapped_column(UtcDateTime)


# --- orders and grants ---------------------------------------------------------------------------


def _order(row: OrderRow) -> Order:
    part = Part(row.start_ms, row.end_ms, frozenset(row.tracks), frozenset(row.seats))
    return Order(
        id=row.id,
        sitting=row.sitting,
        reference=row.reference,
        authority=row.authority,
        uses=frozenset(Use(use) for use in row.uses),
        part=part,
        ends=row.ends,
        by=row.by,
        at=row.at,
        revoked_at=row.revoked_at,
    )


async def add_order(session: Session, one: Order, salt: bytes) -> None:
    """Enter an order."""
    session.add(
        OrderRow(
            id=one.id,
            sitting=one.sitting,
            reference=one.reference,
            authority=one.authority,
            uses=sorted(one.uses),
            start_ms=one.part.start_ms,
            end_ms=one.part.end_ms,
            tracks=sorted(one.part.tracks),
            seats=sorted(one.part.seats),
            ends=one.ends,
            by=one.by,
            at=one.at,
            revoked_by="",
            salt=salt,
        )
    )
    await session.flush()


async def order(session: Session, id: str) -> Order | None:
    """The one of this id."""
    row = await session.get(OrderRow, id)
    return None if row is None else _order(row)


async def order_salt(session: Session, id: str) -> bytes:
    """The salt of an order's commitments. The order exists."""
    return (await session.get_one(OrderRow, id)).salt


async def orders(session: Session, sitting: str) -> list[Order]:
    """All of a sitting, oldest first."""
    query = select(OrderRow).where(OrderRow.sitting == sitting).order_by(OrderRow.at, OrderRow.id)
    return [_order(row) for row in await session.scalars(query)]


async def revoke_order(session: Session, id: str, by: str, now: datetime) -> None:
    """It counts no more."""
    await session.execute(
        update(OrderRow).where(OrderRow.id == id).values(revoked_by=by, revoked_at=now)
    )


def _grant(row: GrantRow) -> Grant:
    return Grant(
        id=row.id,
        order=row.order,
        sitting=row.sitting,
        person=row.person,
        ends=row.ends,
        by=row.by,
        at=row.at,
        revoked_at=row.revoked_at,
    )


async def add_grant(session: Session, one: Grant) -> None:
    """Give a person what an order allows."""
    session.add(
        GrantRow(
            id=one.id,
            order=one.order,
            sitting=one.sitting,
            person=one.person,
            ends=one.ends,
            by=one.by,
            at=one.at,
            revoked_by="",
        )
    )
    await session.flush()


async def grant(session: Session, id: str) -> Grant | None:
    """The one of this id."""
    row = await session.get(GrantRow, id)
    return None if row is None else _grant(row)


async def grants(session: Session, sitting: str) -> list[Grant]:
    """All of a sitting, oldest first."""
    query = select(GrantRow).where(GrantRow.sitting == sitting).order_by(GrantRow.at, GrantRow.id)
    return [_grant(row) for row in await session.scalars(query)]


async def given(session: Session, sitting: str, person: str) -> list[tuple[Grant, Order]]:
    """What a person was given over a record, with the orders, in force or not."""
    query = (
        select(GrantRow, OrderRow)
        .join(OrderRow, OrderRow.id == GrantRow.order)
        .where(GrantRow.sitting == sitting, GrantRow.person == person)
        .order_by(GrantRow.at, GrantRow.id)
    )
    return [(_grant(row[0]), _order(row[1])) for row in await session.execute(query)]


async def granted_to(session: Session, person: str) -> list[tuple[Grant, Order]]:
    """Everything that a person was given, newest first."""
    query = (
        select(GrantRow, OrderRow)
        .join(OrderRow, OrderRow.id == GrantRow.order)
        .where(GrantRow.person == person)
        .order_by(GrantRow.at.desc(), GrantRow.id)
    )
    return [(_grant(row[0]), _order(row[1])) for row in await session.execute(query)]


async def revoke_grant(session: Session, id: str, by: str, now: datetime) -> None:
    """It counts no more."""
    await session.execute(
        update(GrantRow).where(GrantRow.id == id).values(revoked_by=by, revoked_at=now)
    )


# --- seals ---------------------------------------------------------------------------------------


async def add_seal(session: Session, one: Seal, salt: bytes) -> None:
    """Seal a stretch."""
    session.add(
        SealRow(
            id=one.id,
            sitting=one.sitting,
            start_ms=one.start_ms,
            end_ms=one.end_ms,
            reason=one.reason,
            by=one.by,
            at=one.at,
            lifted_by="",
            salt=salt,
        )
    )
    await session.flush()


async def seals(session: Session, sitting: str) -> list[Seal]:
    """All of a sitting by time, lifted ones too."""
    query = select(SealRow).where(SealRow.sitting == sitting).order_by(SealRow.start_ms, SealRow.id)
    return [
        Seal(
            id=row.id,
            sitting=row.sitting,
            start_ms=row.start_ms,
            end_ms=row.end_ms,
            reason=row.reason,
            by=row.by,
            at=row.at,
            lifted_at=row.lifted_at,
        )
        for row in await session.scalars(query)
    ]


async def lift_seal(session: Session, id: str, by: str, now: datetime) -> None:
    """It hides nothing any more."""
    await session.execute(
        update(SealRow).where(SealRow.id == id).values(lifted_by=by, lifted_at=now)
    )


# --- holds ---------------------------------------------------------------------------------------


def _hold(row: HoldRow) -> Hold:
    return Hold(
        id=row.id,
        sitting=row.sitting,
        reason=row.reason,
        authority=row.authority,
        by=row.by,
        at=row.at,
        lift_by=row.lift_by,
        lift_office=row.lift_office,
        lift_at=row.lift_at,
        lift_reason=row.lift_reason,
        lifted_by=row.lifted_by,
        lifted_at=row.lifted_at,
    )


async def add_hold(session: Session, one: Hold, salt: bytes) -> None:
    """Set a hold."""
    session.add(
        HoldRow(
            id=one.id,
            sitting=one.sitting,
            reason=one.reason,
            authority=one.authority,
            by=one.by,
            at=one.at,
            lift_by="",
            lift_office="",
            lift_reason="",
            lifted_by="",
            salt=salt,
        )
    )
    await session.flush()


async def holds(session: Session, sitting: str) -> list[Hold]:
    """All of a sitting, oldest first, lifted ones too."""
    query = select(HoldRow).where(HoldRow.sitting == sitting).order_by(HoldRow.at, HoldRow.id)
    return [_hold(row) for row in await session.scalars(query)]


async def hold(session: Session, id: str) -> Hold | None:
    """The one of this id."""
    row = await session.get(HoldRow, id)
    return None if row is None else _hold(row)


async def hold_salt(session: Session, id: str) -> bytes:
    """The salt of a hold's commitments. The hold exists."""
    return (await session.get_one(HoldRow, id)).salt


async def change_hold(session: Session, id: str, **values: Any) -> None:
    """Write the lift's fields."""
    await session.execute(update(HoldRow).where(HoldRow.id == id).values(**values))


# --- destructions --------------------------------------------------------------------------------


async def add_destruction(session: Session, one: Destruction) -> None:
    """Propose a destruction."""
    session.add(
        DestructionRow(
            id=one.id,
            sitting=one.sitting,
            order=one.order,
            by=one.by,
            office=one.office,
            at=one.at,
            decided_by="",
            agreed=False,
        )
    )
    await session.flush()


async def destroyed(session: Session, sitting: str) -> tuple[Destruction, Order] | None:
    """How the record of a sitting was destroyed, and by which order; None: it was not."""
    done = [one for one in await destructions(session, sitting) if one.done]
    by = await order(session, done[-1].order) if done else None
    return (done[-1], by) if by else None


async def destructions(session: Session, sitting: str) -> list[Destruction]:
    """All of a sitting, oldest first."""
    query = (
        select(DestructionRow)
        .where(DestructionRow.sitting == sitting)
        .order_by(DestructionRow.at, DestructionRow.id)
    )
    return [
        Destruction(
            id=row.id,
            sitting=row.sitting,
            order=row.order,
            by=row.by,
            office=row.office,
            at=row.at,
            decided_by=row.decided_by,
            decided_at=row.decided_at,
            agreed=row.agreed,
        )
        for row in await session.scalars(query)
    ]


async def decide_destruction(
    session: Session, id: str, by: str, now: datetime, *, agreed: bool
) -> None:
    """Agreed, or withdrawn."""
    await session.execute(
        update(DestructionRow)
        .where(DestructionRow.id == id)
        .values(decided_by=by, decided_at=now, agreed=agreed)
    )


# --- what was watched ----------------------------------------------------------------------------


async def add_watched(
    session: Session, viewing: str, track: str, start_ms: int, end_ms: int, at: datetime
) -> None:
    """An interval is about to be sent."""
    session.add(
        WatchedRow(
            viewing=viewing, track=track, start_ms=start_ms, end_ms=end_ms, at=at, in_log=False
        )
    )
    await session.flush()


async def watched(session: Session, viewing: str | None = None) -> list[WatchedRow]:
    """What no leaf tells of yet, of one viewing or of all, oldest first."""
    query = select(WatchedRow).where(WatchedRow.in_log.is_(False)).order_by(WatchedRow.id)
    if viewing is not None:
        query = query.where(WatchedRow.viewing == viewing)
    return list(await session.scalars(query))


async def viewings(session: Session, sitting: str) -> list[tuple[ViewingRow, int]]:
    """Who was given sight of a record, newest first, with the milliseconds of media sent."""
    sent = func.coalesce(func.sum(WatchedRow.end_ms - WatchedRow.start_ms), 0)
    query = (
        select(ViewingRow, sent)
        .outerjoin(WatchedRow, WatchedRow.viewing == ViewingRow.id)
        .where(ViewingRow.sitting == sitting)
        .group_by(ViewingRow.id)
        .order_by(ViewingRow.at.desc(), ViewingRow.id)
        .limit(200)
    )
    return [(row[0], int(row[1])) for row in await session.execute(query)]


async def in_log(session: Session, ids: Iterable[int]) -> None:
    """A leaf tells of these now."""
    await session.execute(
        update(WatchedRow).where(WatchedRow.id.in_(list(ids))).values(in_log=True)
    )


# --- retention -----------------------------------------------------------------------------------


async def dues(session: Session) -> dict[str, DueRow]:
    """What was proposed, by sitting."""
    return {row.sitting: row for row in await session.scalars(select(DueRow))}


async def add_due(
    session: Session, sitting: str, policy: str, due_at: datetime, now: datetime
) -> None:
    """Propose a record to the clerk."""
    session.add(DueRow(sitting=sitting, policy=policy, due_at=due_at, proposed_at=now))
    await session.flush()
