"""The table of derived works."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Integer, String, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from recordings.access.order import Part
from recordings.access.scope import Scope
from recordings.manifest import Span
from recordings.works.work import Kind, State, Work
from recordings.wrapped.store import WrappedKey


class WorkRow(Base):
    """A film, or files of voices, that somebody asked for."""

    __tablename__ = "recording_works"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("recordings.sitting"), index=True)
    owner: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    start_ms: Mapped[int] = mapped_column(BigInteger)
    end_ms: Mapped[int | None] = mapped_column(BigInteger)
    order_reference: Mapped[str] = mapped_column(String(200))
    mark: Mapped[str] = mapped_column(String(400))
    scope: Mapped[dict[str, Any]] = mapped_column(JSON)
    """What the order opened when it was asked for."""
    state: Mapped[str] = mapped_column(String(16), index=True)
    done: Mapped[int] = mapped_column(Integer)
    total: Mapped[int] = mapped_column(Integer)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    problem: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    key: Mapped[bytes | None] = mapped_column(WrappedKey("sitting"))
    """The file's own key, where the record is destroyed; else it is under the sitting's."""


def _work(row: WorkRow) -> Work:
    return Work(
        id=row.id,
        sitting=row.sitting,
        owner=row.owner,
        kind=Kind(row.kind),
        language=row.language,
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        order=row.order_reference,
        mark=row.mark,
        state=State(row.state),
        done=row.done,
        total=row.total,
        asked_at=row.asked_at,
        finished_at=row.finished_at,
        problem=row.problem,
        sha256=row.sha256,
        size=row.size,
    )


async def add(session: AsyncSession, work: Work, scope: Scope) -> None:
    """Somebody asks for a work."""
    await session.execute(
        insert(WorkRow).values(
            id=work.id,
            sitting=work.sitting,
            owner=work.owner,
            kind=work.kind,
            language=work.language,
            start_ms=work.start_ms,
            end_ms=work.end_ms,
            order_reference=work.order,
            mark=work.mark,
            scope=_written(scope),
            state=work.state,
            done=0,
            total=0,
            asked_at=work.asked_at,
            problem="",
            sha256="",
            size=0,
        )
    )


async def get(session: AsyncSession, id: str) -> Work | None:
    """One work."""
    row = await session.get(WorkRow, id, populate_existing=True)
    return _work(row) if row else None


async def scope(session: AsyncSession, id: str) -> Scope:
    """What the order opened when it was asked for."""
    row = await session.get(WorkRow, id)
    return _read(row.scope) if row else Scope()


async def key(session: AsyncSession, id: str) -> bytes | None:
    """The wrapped key of its own, if it has one."""
    return await session.scalar(select(WorkRow.key).where(WorkRow.id == id))


async def of_owner(session: AsyncSession, sitting: str, owner: str) -> list[Work]:
    """A person's works of one record, the newest first."""
    query = (
        select(WorkRow)
        .where(WorkRow.sitting == sitting, WorkRow.owner == owner)
        .order_by(WorkRow.asked_at.desc(), WorkRow.id)
    )
    return [_work(row) for row in await session.scalars(query)]


async def in_state(session: AsyncSession, state: State) -> list[Work]:
    """All works in one state, the oldest first."""
    query = select(WorkRow).where(WorkRow.state == state).order_by(WorkRow.asked_at, WorkRow.id)
    return [_work(row) for row in await session.scalars(query)]


async def change(session: AsyncSession, id: str, **values: Any) -> None:
    """Change columns of a work."""
    await session.execute(update(WorkRow).where(WorkRow.id == id).values(**values))


async def move(session: AsyncSession, id: str, old: State, new: State, **values: Any) -> bool:
    """Change the state, unless somebody was faster."""
    query = update(WorkRow).where(WorkRow.id == id, WorkRow.state == old)
    found: Any = await session.execute(query.values(state=new, **values))
    return bool(found.rowcount)


def _written(scope: Scope) -> dict[str, Any]:
    return {
        "parts": [
            [part.start_ms, part.end_ms, sorted(part.tracks), sorted(part.seats)]
            for part in scope.parts
        ],
        "sealed": [[span.start_ms, span.end_ms] for span in scope.sealed],
        "orders": list(scope.orders),
        "hidden": sorted(scope.hidden),
        "exhibits": sorted(scope.exhibits),
    }


def _read(data: dict[str, Any]) -> Scope:
    return Scope(
        tuple(
            Part(start, end, frozenset(tracks), frozenset(seats))
            for start, end, tracks, seats in data["parts"]
        ),
        tuple(Span(start, end) for start, end in data["sealed"]),
        None,
        tuple(data["orders"]),
        frozenset(data.get("hidden", ())),
        frozenset(data.get("exhibits", ())),
    )
