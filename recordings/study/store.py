"""Tables of studying a record: levels of sound, and what judges note for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Integer, LargeBinary, String, delete, insert, select
from sqlalchemy import update as update_rows
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from recordings.store import RecordingRow, SegmentRow, TrackRow


class LevelsRow(Base):
    """How loud a track was, sealed under the sitting's key."""

    __tablename__ = "recording_levels"

    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), primary_key=True)
    track: Mapped[str] = mapped_column(String(64), primary_key=True)
    step_ms: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)


class MarkRow(Base):
    """A bookmark or private note of one person. Nobody else reads it, and no bundle holds it."""

    __tablename__ = "recording_marks"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), index=True)
    owner: Mapped[str] = mapped_column(String(64))
    at_ms: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The words, under the sitting's key; empty words are a bookmark."""
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A sound track of a sealed record whose levels are not known yet."""

    sitting: str
    track: str
    wrapped_key: bytes
    segments: Sequence[SegmentRow]


async def unmeasured(session: AsyncSession, limit: int = 8) -> list[Unmeasured]:
    """Sound tracks of sealed records that have no levels; none of an erased record."""
    query = (
        select(TrackRow, RecordingRow.wrapped_key)
        .join(RecordingRow, RecordingRow.sitting == TrackRow.sitting)
        .outerjoin(
            LevelsRow, (LevelsRow.sitting == TrackRow.sitting) & (LevelsRow.track == TrackRow.id)
        )
        .where(
            TrackRow.codec == "opus",
            RecordingRow.sealed_at.is_not(None),
            RecordingRow.wrapped_key.is_not(None),
            LevelsRow.track.is_(None),
        )
        .order_by(RecordingRow.sealed_at, TrackRow.id)
        .limit(limit)
    )
    found = []
    for track, wrapped in (await session.execute(query)).all():
        rows = select(SegmentRow).where(
            SegmentRow.sitting == track.sitting, SegmentRow.track == track.id
        )
        segments = list(await session.scalars(rows.order_by(SegmentRow.seq)))
        if wrapped:
            found.append(Unmeasured(track.sitting, track.id, wrapped, segments))
    return found


async def add_levels(
    session: AsyncSession, sitting: str, track: str, step_ms: int, sealed: bytes
) -> None:
    """A track was measured."""
    await session.execute(
        insert(LevelsRow).values(sitting=sitting, track=track, step_ms=step_ms, sealed=sealed)
    )


async def levels(session: AsyncSession, sitting: str) -> list[LevelsRow]:
    """The measured tracks of a record."""
    query = select(LevelsRow).where(LevelsRow.sitting == sitting).order_by(LevelsRow.track)
    return list(await session.scalars(query))


async def add_mark(
    session: AsyncSession,
    id: str,
    sitting: str,
    owner: str,
    at_ms: int,
    sealed: bytes,
    now: datetime,
) -> None:
    """A person notes something for themselves."""
    await session.execute(
        insert(MarkRow).values(
            id=id, sitting=sitting, owner=owner, at_ms=at_ms, sealed=sealed, changed_at=now
        )
    )


async def marks(session: AsyncSession, sitting: str, owner: str) -> list[MarkRow]:
    """One person's marks in a record, in its order."""
    query = (
        select(MarkRow)
        .where(MarkRow.sitting == sitting, MarkRow.owner == owner)
        .order_by(MarkRow.at_ms, MarkRow.id)
    )
    return list(await session.scalars(query))


async def mark(session: AsyncSession, sitting: str, owner: str, id: str) -> MarkRow | None:
    """One mark, if it is that person's."""
    query = select(MarkRow).where(
        MarkRow.id == id, MarkRow.sitting == sitting, MarkRow.owner == owner
    )
    found: MarkRow | None = await session.scalar(query)
    return found


async def change_mark(session: AsyncSession, id: str, sealed: bytes, now: datetime) -> None:
    """Other words."""
    await session.execute(
        update_rows(MarkRow).where(MarkRow.id == id).values(sealed=sealed, changed_at=now)
    )


async def remove_mark(session: AsyncSession, id: str) -> None:
    """It was the person's own: nothing remains."""
    await session.execute(delete(MarkRow).where(MarkRow.id == id))
