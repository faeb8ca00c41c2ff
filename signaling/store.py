"""Snapshots of live rooms. The only module of this room that knows SQLAlchemy.

Functions take the session of the caller's unit of work.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Integer, Text, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime


class LiveRow(Base):
    """The last accepted state of a live room."""

    __tablename__ = "live_rooms"

    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer)
    snapshot: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    """Last sign of life of the process that keeps the room."""
    sealed: Mapped[bool] = mapped_column(Boolean)
    """The sitting is over and its record is closed: nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a restart finds."""

    sitting: str
    snapshot: str
    seen_at: datetime


async def save(
    session: AsyncSession, sitting: str, version: int, snapshot: str, at: datetime
) -> None:
    """Store the room's next state. The process that keeps the room is the only writer."""
    row = await session.get(LiveRow, sitting)
    if row is None:
        session.add(
            LiveRow(sitting=sitting, version=version, snapshot=snapshot, seen_at=at, sealed=False)
        )
    else:
        row.version, row.snapshot, row.seen_at = version, snapshot, at
    await session.flush()


async def find(session: AsyncSession, sitting: str) -> Stored | None:
    """The last state of a room, if it was ever opened."""
    row = await session.get(LiveRow, sitting)
    return None if row is None else Stored(row.sitting, row.snapshot, row.seen_at)


async def unsealed(session: AsyncSession) -> list[Stored]:
    """Every room that is live, or whose record was not closed before the process ended."""
    rows = await session.scalars(
        select(LiveRow).where(LiveRow.sealed.is_(False)).order_by(LiveRow.sitting)
    )
    return [Stored(row.sitting, row.snapshot, row.seen_at) for row in rows]


async def seal(session: AsyncSession, sitting: str) -> None:
    """Nothing is left to do for this room."""
    await session.execute(update(LiveRow).where(LiveRow.sitting == sitting).values(sealed=True))


async def seen(session: AsyncSession, sittings: Sequence[str], at: datetime) -> None:
    """The process is alive and keeps these rooms."""
    await session.execute(update(LiveRow).where(LiveRow.sitting.in_(sittings)).values(seen_at=at))
