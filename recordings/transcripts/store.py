"""Tables of transcripts and their revisions.

The words are encrypted under the sitting's key (`words.py`): who destroys that destroys them too.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, LargeBinary, String, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from recordings.transcripts.transcript import State, Transcript

Session = AsyncSession


class TranscriptRow(Base):
    """A transcript that somebody asked for."""

    __tablename__ = "transcripts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), index=True)
    language: Mapped[str] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(500))
    requested_by: Mapped[str] = mapped_column(String(64))
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    assigned_to: Mapped[str] = mapped_column(String(64))
    revision: Mapped[int] = mapped_column(Integer)
    unchecked: Mapped[int] = mapped_column(Integer)
    approved_by: Mapped[str] = mapped_column(String(64))
    certified_by: Mapped[str] = mapped_column(String(64))
    certified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64))


class RevisionRow(Base):
    """The words as they were saved once. Never changed."""

    __tablename__ = "transcript_revisions"

    transcript: Mapped[str] = mapped_column(ForeignKey("transcripts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(64))
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    lines: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON(none_as_null=True))
    """In the clear, as houses of before kept them: sealed at the next start (`unsealed`)."""


def _transcript(row: TranscriptRow) -> Transcript:
    return Transcript(
        id=row.id,
        sitting=row.sitting,
        language=row.language,
        state=State(row.state),
        reason=row.reason,
        requested_by=row.requested_by,
        requested_at=row.requested_at,
        assigned_to=row.assigned_to,
        revision=row.revision,
        unchecked=row.unchecked,
        approved_by=row.approved_by,
        certified_by=row.certified_by,
        certified_at=row.certified_at,
        sha256=row.sha256,
    )


async def add(session: Session, transcript: Transcript) -> None:
    """Somebody asks for a transcript."""
    await session.execute(
        insert(TranscriptRow).values(
            id=transcript.id,
            sitting=transcript.sitting,
            language=transcript.language,
            state=transcript.state,
            reason=transcript.reason,
            requested_by=transcript.requested_by,
            requested_at=transcript.requested_at,
            assigned_to="",
            revision=0,
            unchecked=0,
            approved_by="",
            certified_by="",
            sha256="",
        )
    )


async def get(session: Session, id: str) -> Transcript | None:
    """One transcript."""
    row = await session.get(TranscriptRow, id, populate_existing=True)
    return _transcript(row) if row else None


async def of_sitting(session: Session, sitting: str) -> list[Transcript]:
    """The transcripts of a record, the newest first."""
    query = select(TranscriptRow).where(TranscriptRow.sitting == sitting)
    rows = await session.scalars(query.order_by(TranscriptRow.requested_at.desc()))
    return [_transcript(row) for row in rows]


async def unfinished(session: Session, sittings: Collection[str]) -> list[Transcript]:
    """Transcripts of these sittings that somebody has still to work on, the oldest first."""
    over = (State.REFUSED, State.CERTIFIED)
    query = select(TranscriptRow).where(TranscriptRow.sitting.in_(sittings))
    rows = await session.scalars(
        query.where(TranscriptRow.state.not_in(over)).order_by(TranscriptRow.requested_at)
    )
    return [_transcript(row) for row in rows]


async def change(session: Session, id: str, old: State, **values: Any) -> bool:
    """Change columns, unless the state is another by now."""
    query = update(TranscriptRow).where(TranscriptRow.id == id, TranscriptRow.state == old)
    found: Any = await session.execute(query.values(**values))
    return bool(found.rowcount)


async def save(
    session: Session,
    transcript: Transcript,
    sealed: bytes,
    unchecked: int,
    state: State,
    by: str,
    now: datetime,
) -> bool:
    """Add a revision after the one that was read; False when somebody else did already."""
    number = transcript.revision + 1
    found: Any = await session.execute(
        update(TranscriptRow)
        .where(
            TranscriptRow.id == transcript.id,
            TranscriptRow.revision == transcript.revision,
            TranscriptRow.state == transcript.state,
        )
        .values(revision=number, state=state, unchecked=unchecked)
    )
    if not found.rowcount:
        return False
    await session.execute(
        insert(RevisionRow).values(
            transcript=transcript.id,
            number=number,
            at=now,
            by=by,
            sealed=sealed,
        )
    )
    return True


async def words(session: Session, id: str, number: int) -> bytes:
    """The encrypted words of one revision; empty for revision 0."""
    row = await session.get(RevisionRow, (id, number))
    return (row.sealed or b"") if row else b""


async def unsealed(session: Session) -> list[tuple[str, str, int, list[dict[str, Any]]]]:
    """Sitting, transcript, number and words of revisions that stand in the clear."""
    own = RevisionRow
    query = (
        select(TranscriptRow.sitting, own.transcript, own.number, own.lines)
        .join(TranscriptRow, TranscriptRow.id == own.transcript)
        .where(own.sealed.is_(None))
    )
    return [(*row[:3], row[3] or []) for row in await session.execute(query)]


async def seal(session: Session, id: str, number: int, sealed: bytes) -> None:
    """Encrypt a revision that stood in the clear; empty where its key is destroyed already."""
    own = RevisionRow
    query = update(own).where(own.transcript == id, own.number == number)
    await session.execute(query.values(sealed=sealed, lines=None))


async def revisions(session: Session, id: str) -> list[tuple[int, datetime, str]]:
    """Number, time and author of every revision, the newest first."""
    query = (
        select(RevisionRow.number, RevisionRow.at, RevisionRow.by)
        .where(RevisionRow.transcript == id)
        .order_by(RevisionRow.number.desc())
    )
    return [(number, at, by) for number, at, by in (await session.execute(query)).all()]
