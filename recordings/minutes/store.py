"""Tables of minutes. Their words are encrypted under a key of their own, not under the sitting's:
minutes are kept for ever (law.md 1.4), also where sound and picture are destroyed by order."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from recordings.minutes.minutes import Minutes, State
from recordings.wrapped.store import WrappedKey

Session = AsyncSession


class MinutesRow(Base):
    """The minutes of a sitting."""

    __tablename__ = "minutes"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), unique=True)
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    revision: Mapped[int] = mapped_column(Integer)
    key: Mapped[bytes] = mapped_column(WrappedKey("sitting"))
    """Of their words, wrapped by the key store."""
    begun_by: Mapped[str] = mapped_column(String(64))
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by: Mapped[str] = mapped_column(String(64))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ceremony: Mapped[str] = mapped_column(String(32))
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64))


class MinutesRevisionRow(Base):
    """The words as they were saved once. Never changed."""

    __tablename__ = "minutes_revisions"

    minutes: Mapped[str] = mapped_column(ForeignKey("minutes.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


def _minutes(row: MinutesRow) -> Minutes:
    return Minutes(
        id=row.id,
        sitting=row.sitting,
        language=row.language,
        state=State(row.state),
        revision=row.revision,
        begun_by=row.begun_by,
        begun_at=row.begun_at,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        ceremony=row.ceremony,
        signed_at=row.signed_at,
        sha256=row.sha256,
    )


async def add(session: Session, made: Minutes, key: bytes, content: bytes) -> None:
    """New minutes with their first revision."""
    await session.execute(
        insert(MinutesRow).values(
            id=made.id,
            sitting=made.sitting,
            language=made.language,
            state=made.state,
            revision=made.revision,
            key=key,
            begun_by=made.begun_by,
            begun_at=made.begun_at,
            approved_by="",
            ceremony="",
            sha256="",
        )
    )
    await _add_revision(session, made.id, made.revision, made.begun_by, made.begun_at, content)


async def of_sitting(session: Session, sitting: str) -> tuple[Minutes, bytes] | None:
    """The minutes of a sitting and the wrapped key of their words."""
    query = select(MinutesRow).where(MinutesRow.sitting == sitting)
    row = await session.scalar(query.execution_options(populate_existing=True))
    return (_minutes(row), row.key) if row else None


async def unsigned(session: Session, sittings: Collection[str]) -> list[Minutes]:
    """Minutes of these sittings that are not an official instrument yet."""
    query = select(MinutesRow).where(MinutesRow.sitting.in_(sittings))
    rows = await session.scalars(query.where(MinutesRow.state != State.SIGNED))
    return [_minutes(row) for row in rows]


async def content(session: Session, id: str, number: int) -> bytes:
    """The encrypted words of a revision."""
    row = await session.get(MinutesRevisionRow, (id, number))
    return row.content if row else b""


async def revisions(session: Session, id: str) -> list[tuple[int, datetime, str]]:
    """Number, time and author of every revision, the newest first."""
    own = MinutesRevisionRow
    query = select(own.number, own.at, own.by).where(own.minutes == id).order_by(own.number.desc())
    return [(number, at, by) for number, at, by in (await session.execute(query)).all()]


async def save(session: Session, found: Minutes, content: bytes, by: str, now: datetime) -> bool:
    """Add a revision after the one that was read; False when somebody else did already."""
    if not await change(session, found, revision=found.revision + 1):
        return False
    await _add_revision(session, found.id, found.revision + 1, by, now, content)
    return True


async def change(session: Session, found: Minutes, **values: Any) -> bool:
    """Change columns, unless state or revision is another by now."""
    query = update(MinutesRow).where(
        MinutesRow.id == found.id,
        MinutesRow.state == found.state,
        MinutesRow.revision == found.revision,
    )
    done: Any = await session.execute(query.values(**values))
    return bool(done.rowcount)


async def _add_revision(
    session: Session, id: str, number: int, by: str, at: datetime, content: bytes
) -> None:
    await session.execute(
        insert(MinutesRevisionRow).values(minutes=id, number=number, at=at, by=by, content=content)
    )
