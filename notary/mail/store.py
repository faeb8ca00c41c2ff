"""The outbox's table. The only module here that knows SQLAlchemy."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Integer, String, Text, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, Serial, UtcDateTime


class MailRow(Base):
    """A mail that waits, was sent, or was given up. `sealed` is the letter; gone once sent."""

    __tablename__ = "mail_outbox"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    subject: Mapped[str] = mapped_column(String(32), index=True)
    once: Mapped[str] = mapped_column(String(120), unique=True)
    sealed: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16), index=True)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(Integer)
    why: Mapped[str] = mapped_column(String(80))


async def add(
    session: AsyncSession, subject: str, once: str, sealed: str, due_at: datetime
) -> None:
    """Put a mail in, unless one with this `once` is there."""
    known = await session.scalar(select(MailRow.id).where(MailRow.once == once))
    if known is None:
        await session.execute(
            insert(MailRow).values(
                subject=subject, once=once, sealed=sealed, state="waiting", due_at=due_at,
                attempts=0, why="",
            )
        )  # fmt: skip


async def due(session: AsyncSession, now: datetime, most: int = 50) -> Sequence[MailRow]:
    """Mails that are to be sent now, the oldest first."""
    query = (
        select(MailRow)
        .where(MailRow.state == "waiting", MailRow.due_at <= now)
        .order_by(MailRow.due_at, MailRow.id)
        .limit(most)
    )
    return (await session.scalars(query)).all()


async def mark(
    session: AsyncSession,
    id: int,
    state: str,
    *,
    attempts: int,
    due_at: datetime | None = None,
    why: str = "",
) -> None:
    """What became of an attempt. A mail that was sent or given up keeps no letter."""
    values: dict[str, object] = {"state": state, "attempts": attempts, "why": why}
    if due_at is not None:
        values["due_at"] = due_at
    if state != "waiting":
        values["sealed"] = ""
    await session.execute(update(MailRow).where(MailRow.id == id).values(values))


async def drop(session: AsyncSession, subject: str, what: str) -> None:
    """A reminder of a session that will not be is not sent."""
    await session.execute(
        update(MailRow)
        .where(MailRow.subject == subject, MailRow.once.like(f"{what}:%"))
        .where(MailRow.state == "waiting")
        .values(state="dropped", sealed="")
    )


async def states(session: AsyncSession) -> dict[str, int]:
    """How many mails are in which state."""
    found: dict[str, int] = {}
    for state in await session.scalars(select(MailRow.state)):
        found[state] = found.get(state, 0) + 1
    return found
