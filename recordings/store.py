"""The room's tables. The only module of the room that knows SQLAlchemy."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from recordings.segment import NO_LINK, Segment
from recordings.state import Move, State, Step
from recordings.timeline import Gap
from recordings.wrapped.store import WrappedKey

Session = AsyncSession
_Serial = BigInteger().with_variant(Integer, "sqlite")


class RecordingRow(Base):
    """The record of a sitting."""

    __tablename__ = "recordings"

    sitting: Mapped[str] = mapped_column(String(64), primary_key=True)
    epoch: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Recording time 0; None before the first start."""
    state: Mapped[str] = mapped_column(String(16))
    wrapped_key: Mapped[bytes | None] = mapped_column(WrappedKey("sitting", 8192))
    """The sitting's key under the key store's, which it names (`recordings.keyring`). Without it
    the media is gone."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StretchRow(Base):
    """An interval on record. `end_ms` is None while it lasts."""

    __tablename__ = "recording_stretches"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), index=True)
    start_ms: Mapped[int] = mapped_column(BigInteger)
    proved_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str | None] = mapped_column(String(32))
    started_by: Mapped[str] = mapped_column(String(64))
    stopped_by: Mapped[str | None] = mapped_column(String(64))


class TrackRow(Base):
    """One source of one seat. `id` is `<seat>-<source>`; unique within its sitting."""

    __tablename__ = "recording_tracks"

    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seat: Mapped[str] = mapped_column(String(48))
    source: Mapped[str] = mapped_column(String(16))
    codec: Mapped[str] = mapped_column(String(8))
    wrapped_key: Mapped[bytes] = mapped_column(LargeBinary(64))
    """The track's key under the sitting's."""
    idle_reason: Mapped[str | None] = mapped_column(String(32))
    """Why nothing is wanted of it now; None while it is open."""


class SegmentRow(Base):
    """A closed segment."""

    __tablename__ = "recording_segments"

    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), primary_key=True)
    track: Mapped[str] = mapped_column(String(64), primary_key=True)
    seq: Mapped[int] = mapped_column(Integer, primary_key=True)
    stretch: Mapped[str] = mapped_column(ForeignKey("recording_stretches.id"))
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    frames: Mapped[int] = mapped_column(Integer)
    lost: Mapped[int] = mapped_column(Integer)
    plain_size: Mapped[int] = mapped_column(BigInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary(32))
    commitment: Mapped[str] = mapped_column(String(64))
    link: Mapped[str] = mapped_column(String(64))
    """Hash of its leaf; the next one's `prev`."""
    state: Mapped[str] = mapped_column(String(16))


class GapRow(Base):
    """An interval of a track without media."""

    __tablename__ = "recording_gaps"
    __table_args__ = (UniqueConstraint("sitting", "track", "start_ms"),)

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"))
    track: Mapped[str] = mapped_column(String(64))
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(String(32))


class MoveRow(Base):
    """A transition of a record: who and why."""

    __tablename__ = "recording_moves"

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    before: Mapped[str] = mapped_column(String(16))
    step: Mapped[str] = mapped_column(String(16))
    after: Mapped[str] = mapped_column(String(16))
    by: Mapped[str] = mapped_column(String(64))
    why: Mapped[str] = mapped_column(String(48))


class ViewingRow(Base):
    """Somebody was given sight of a record."""

    __tablename__ = "recording_viewings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), index=True)
    person: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    order_reference: Mapped[str] = mapped_column(String(200))
    """What the person gave; the log holds only a commitment to it."""
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True)
class TrackTail:
    """Where a track stands: what the next segment follows."""

    seq: int
    sha256: str
    link: str
    covered_ms: int
    """End of its newest segment or gap."""
    end_ms: int
    """End of its newest segment."""


# --- the record ----------------------------------------------------------------------------------


async def get(session: Session, sitting: str) -> RecordingRow | None:
    """The record of a sitting, if anybody tried to make one."""
    return await session.get(RecordingRow, sitting)


async def add(session: Session, sitting: str, wrapped_key: bytes, now: datetime) -> None:
    """Insert a record in standby."""
    await session.execute(
        insert(RecordingRow).values(
            sitting=sitting, state=State.STANDBY, wrapped_key=wrapped_key, created_at=now
        )
    )


async def set_state(
    session: Session,
    sitting: str,
    state: State,
    *,
    epoch: datetime | None = None,
    sealed_at: datetime | None = None,
) -> None:
    """Move a record on; `epoch` and `sealed_at` are written where given."""
    values: dict[str, object] = {"state": state}
    if epoch is not None:
        values["epoch"] = epoch
    if sealed_at is not None:
        values["sealed_at"] = sealed_at
    await session.execute(
        update(RecordingRow).where(RecordingRow.sitting == sitting).values(**values)
    )


async def erase_key(session: Session, sitting: str) -> bool:
    """Destroy the sitting's key and the salts of its segments; False when it is gone already.

    What the log holds of the media, hashes of ciphertext and commitments, stays and says nothing.
    """
    await session.execute(update(SegmentRow).where(SegmentRow.sitting == sitting).values(salt=None))
    done = await session.scalar(
        update(RecordingRow)
        .where(RecordingRow.sitting == sitting, RecordingRow.wrapped_key.is_not(None))
        .values(wrapped_key=None)
        .returning(RecordingRow.sitting)
    )
    return done is not None


async def recorded_sittings(session: Session) -> set[str]:
    """Every sitting that has a record, sealed or not."""
    return set(await session.scalars(select(RecordingRow.sitting)))


async def destroyed(session: Session) -> list[str]:
    """Sealed records without a key."""
    query = select(RecordingRow.sitting).where(
        RecordingRow.wrapped_key.is_(None), RecordingRow.sealed_at.is_not(None)
    )
    return list(await session.scalars(query))


async def all_records(session: Session) -> list[RecordingRow]:
    """Every record, newest first."""
    query = select(RecordingRow).order_by(RecordingRow.created_at.desc(), RecordingRow.sitting)
    return list(await session.scalars(query))


async def all_sealed(session: Session) -> list[RecordingRow]:
    """Every sealed record, oldest first."""
    query = (
        select(RecordingRow)
        .where(RecordingRow.sealed_at.is_not(None))
        .order_by(RecordingRow.sealed_at, RecordingRow.sitting)
    )
    return list(await session.scalars(query))


async def all_sittings(session: Session) -> list[str]:
    """Every sitting that has a record which is not sealed."""
    query = select(RecordingRow.sitting).where(RecordingRow.sealed_at.is_(None))
    return list(await session.scalars(query))


async def add_moves(session: Session, sitting: str, moves: Sequence[Move]) -> None:
    """Transitions, in order; the record is in the last one's state now."""
    for item in moves:
        values = asdict(item) | {"sitting": sitting}
        await session.execute(insert(MoveRow).values(values))
    if moves:
        await set_state(session, sitting, moves[-1].after)


async def moves(session: Session, sitting: str) -> list[Move]:
    """Every transition of a record, in order."""
    query = select(MoveRow).where(MoveRow.sitting == sitting).order_by(MoveRow.id)
    return [
        Move(row.at, State(row.before), Step(row.step), State(row.after), row.by, row.why)
        for row in await session.scalars(query)
    ]


# --- stretches -----------------------------------------------------------------------------------


async def add_stretch(
    session: Session, sitting: str, id: str, start_ms: int, proved_ms: int, by: str
) -> None:
    """A stretch on record has begun."""
    await session.execute(
        insert(StretchRow).values(
            id=id, sitting=sitting, start_ms=start_ms, proved_ms=proved_ms, started_by=by
        )
    )


async def end_stretch(session: Session, id: str, end_ms: int, reason: str, by: str) -> None:
    """It has ended."""
    await session.execute(
        update(StretchRow)
        .where(StretchRow.id == id)
        .values(end_ms=end_ms, reason=reason, stopped_by=by)
    )


async def stretches(session: Session, sitting: str) -> list[StretchRow]:
    """The stretches of a sitting in order."""
    query = select(StretchRow).where(StretchRow.sitting == sitting).order_by(StretchRow.start_ms)
    return list(await session.scalars(query))


# --- tracks --------------------------------------------------------------------------------------


async def add_track(
    session: Session, sitting: str, id: str, seat: str, source: str, codec: str, wrapped: bytes
) -> None:
    """A track that was never recorded before in this sitting."""
    await session.execute(
        insert(TrackRow).values(
            sitting=sitting, id=id, seat=seat, source=source, codec=codec, wrapped_key=wrapped
        )
    )


async def set_idle(session: Session, sitting: str, track: str, reason: str | None) -> None:
    """Why nothing is wanted of the track now; None: it is open."""
    await session.execute(
        update(TrackRow)
        .where(TrackRow.sitting == sitting, TrackRow.id == track)
        .values(idle_reason=reason)
    )


async def tracks(session: Session, sitting: str) -> list[TrackRow]:
    """All tracks of a sitting, by id."""
    query = select(TrackRow).where(TrackRow.sitting == sitting).order_by(TrackRow.id)
    return list(await session.scalars(query))


async def tail(session: Session, sitting: str, track: str) -> TrackTail:
    """Where a track stands."""
    last = await session.scalar(
        select(SegmentRow)
        .where(SegmentRow.sitting == sitting, SegmentRow.track == track)
        .order_by(SegmentRow.seq.desc())
        .limit(1)
    )
    gap_end = await session.scalar(
        select(func.max(GapRow.end_ms)).where(GapRow.sitting == sitting, GapRow.track == track)
    )
    if last is None:
        return TrackTail(0, NO_LINK, NO_LINK, gap_end or 0, 0)
    covered = max(last.end_ms, gap_end or 0)
    return TrackTail(last.seq + 1, last.sha256, last.link, covered, last.end_ms)


# --- segments and gaps ---------------------------------------------------------------------------


async def add_segment(
    session: Session, sitting: str, segment: Segment, salt: bytes, commitment: str, link: str
) -> None:
    """A segment is closed and on disk."""
    await session.execute(
        insert(SegmentRow).values(
            sitting=sitting,
            track=segment.track,
            seq=segment.seq,
            stretch=segment.stretch,
            start_ms=segment.start_ms,
            end_ms=segment.end_ms,
            frames=segment.frames,
            lost=segment.lost,
            plain_size=segment.plain_size,
            size=segment.size,
            sha256=segment.sha256,
            salt=salt,
            commitment=commitment,
            link=link,
            state=segment.state,
        )
    )


async def segments(session: Session, sitting: str) -> list[SegmentRow]:
    """All segments of a sitting, by track and number."""
    query = (
        select(SegmentRow)
        .where(SegmentRow.sitting == sitting)
        .order_by(SegmentRow.track, SegmentRow.seq)
    )
    return list(await session.scalars(query))


async def record_states(session: Session) -> dict[str, bool]:
    """Every sitting that has a record, and whether it is closed."""
    query = select(RecordingRow.sitting, RecordingRow.sealed_at)
    return {sitting: sealed is not None for sitting, sealed in await session.execute(query)}


async def segment_numbers(session: Session, sitting: str) -> list[tuple[str, int]]:
    """(track, number) of all segments of a sitting."""
    query = select(SegmentRow.track, SegmentRow.seq).where(SegmentRow.sitting == sitting)
    return [(track, seq) for track, seq in await session.execute(query)]


async def segment(session: Session, sitting: str, track: str, seq: int) -> SegmentRow | None:
    """One segment."""
    return await session.get(SegmentRow, (sitting, track, seq))


async def add_gaps(session: Session, sitting: str, gaps: Iterable[Gap]) -> None:
    """Intervals without media."""
    rows = [
        {
            "sitting": sitting,
            "track": gap.track,
            "start_ms": gap.start_ms,
            "end_ms": gap.end_ms,
            "reason": gap.reason,
        }
        for gap in gaps
    ]
    if rows:
        await session.execute(insert(GapRow), rows)


async def gaps(session: Session, sitting: str) -> Sequence[GapRow]:
    """All gaps of a sitting, in the order of the log."""
    query = select(GapRow).where(GapRow.sitting == sitting).order_by(GapRow.id)
    return list(await session.scalars(query))


# --- viewings ------------------------------------------------------------------------------------


async def add_viewing(
    session: Session,
    id: str,
    sitting: str,
    person: str,
    at: datetime,
    order_reference: str,
    salt: bytes,
) -> None:
    """Somebody is given sight of the record."""
    await session.execute(
        insert(ViewingRow).values(
            id=id,
            sitting=sitting,
            person=person,
            at=at,
            order_reference=order_reference,
            salt=salt,
        )
    )


async def viewing(session: Session, id: str) -> ViewingRow | None:
    """One viewing."""
    return await session.get(ViewingRow, id)
