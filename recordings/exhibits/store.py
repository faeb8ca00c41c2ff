"""The table of exhibits. The only module of this part that knows SQLAlchemy."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from audit.leaf import commit
from auth.secret import Secret
from database import Base, UtcDateTime
from recordings.exhibits.exhibit import Filed, Sealing
from recordings.wrapped.store import WrappedKey
from sessions import store as sittings
from signaling.ports import Exhibit

Session = AsyncSession
PURPOSE = "exhibit-title"
REASON_PURPOSE = "exhibit-sealing"


class ExhibitRow(Base):
    """An exhibit. `title` is encrypted. Rows are never deleted."""

    __tablename__ = "exhibits"
    __table_args__ = (UniqueConstraint("sitting", "side", "number"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), index=True)
    side: Mapped[str] = mapped_column(String(1))
    number: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(Text)
    type: Mapped[str] = mapped_column(String(8))
    size: Mapped[int] = mapped_column(Integer)
    pages: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    key: Mapped[bytes] = mapped_column(WrappedKey("sitting"))
    seat: Mapped[str] = mapped_column(String(40))
    person: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    named: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    shown_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    taken_back_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SealingRow(Base):
    """An exhibit was sealed or opened again. `reason` is encrypted. Rows are never deleted."""

    __tablename__ = "exhibit_sealings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    exhibit: Mapped[str] = mapped_column(ForeignKey("exhibits.id"), index=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), index=True)
    named: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str] = mapped_column(Text)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    commitment: Mapped[str] = mapped_column(String(64))
    """To the reason, as in the leaf."""


def _filed(row: ExhibitRow, secret: Secret) -> Filed:
    return Filed(
        id=row.id,
        sitting=row.sitting,
        side=row.side,
        number=row.number,
        title=secret.open(PURPOSE, row.id, row.title),
        type=row.type,
        size=row.size,
        pages=row.pages,
        sha256=row.sha256,
        key=row.key,
        seat=row.seat,
        person=row.person,
        at=row.at,
        named=None if row.named is None else tuple(row.named),
        shown_at=row.shown_at,
        taken_back_at=row.taken_back_at,
    )


async def add(session: Session, one: Filed, secret: Secret) -> None:
    """Write an exhibit that was filed. Raises IntegrityError when its mark is taken."""
    await session.execute(
        insert(ExhibitRow).values(
            id=one.id,
            sitting=one.sitting,
            side=one.side,
            number=one.number,
            title=secret.seal(PURPOSE, one.id, one.title),
            type=one.type,
            size=one.size,
            pages=one.pages,
            sha256=one.sha256,
            key=one.key,
            seat=one.seat,
            person=one.person,
            at=one.at,
            named=None if one.named is None else list(one.named),
        )
    )


async def of_sitting(
    session: Session, sitting: str, secret: Secret, *, all: bool = False
) -> list[Filed]:
    """The exhibits of a sitting in the order of filing; `all`: those taken back too."""
    query = select(ExhibitRow).where(ExhibitRow.sitting == sitting)
    if not all:
        query = query.where(ExhibitRow.taken_back_at.is_(None))
    rows = await session.scalars(query.order_by(ExhibitRow.at, ExhibitRow.side, ExhibitRow.number))
    return [_filed(row, secret) for row in rows]


async def known(session: Session, sitting: str) -> list[Exhibit]:
    """Every exhibit that was filed, without its title: for whom it is open, and its hash."""
    query = select(ExhibitRow).where(ExhibitRow.sitting == sitting)
    return [
        Exhibit(
            row.id,
            f"{row.side}-{row.number}",
            "",
            row.pages,
            row.seat,
            row.sha256,
            None if row.named is None else tuple(row.named),
        )
        for row in await session.scalars(
            query.order_by(ExhibitRow.at, ExhibitRow.side, ExhibitRow.number)
        )
    ]


async def sealed(session: Session, sitting: str) -> frozenset[str]:
    """The exhibits that are sealed now."""
    return frozenset(one.id for one in await known(session, sitting) if one.named is not None)


async def lines(session: Session, sitting: str) -> list[str]:
    """What the log must say of each exhibit, in the words of `recordings.rows`."""
    found = []
    for row in await session.scalars(select(ExhibitRow).where(ExhibitRow.sitting == sitting)):
        found.append(f"exhibit {row.id} {row.sha256}")
        found += [f"taken_back {row.id}"] * (row.taken_back_at is not None)
    for sealing in await session.scalars(select(SealingRow).where(SealingRow.sitting == sitting)):
        what = "opened" if sealing.named is None else "sealed"
        found.append(f"exhibit_{what} {sealing.exhibit} {sealing.commitment}")
    return found


async def last_number(session: Session, sitting: str, side: str) -> int:
    """The highest number that a side has used; 0 for none."""
    query = select(func.max(ExhibitRow.number)).where(
        ExhibitRow.sitting == sitting, ExhibitRow.side == side
    )
    return await session.scalar(query) or 0


async def mark_shown(session: Session, sitting: str, id: str, at: datetime) -> bool:
    """From now on it cannot be taken back; False when it was already."""
    here = (ExhibitRow.id == id, ExhibitRow.sitting == sitting)
    there = update(ExhibitRow).where(*here, ExhibitRow.taken_back_at.is_(None))
    moment = func.coalesce(ExhibitRow.shown_at, at)
    return bool((await session.execute(there.values(shown_at=moment))).rowcount)  # type: ignore[attr-defined]


async def take_back(session: Session, sitting: str, id: str, at: datetime) -> bool:
    """Take an exhibit back that was never shown; False when it was, or is not there."""
    here = (ExhibitRow.id == id, ExhibitRow.sitting == sitting)
    open_ = (ExhibitRow.taken_back_at.is_(None), ExhibitRow.shown_at.is_(None))
    done = await session.execute(update(ExhibitRow).where(*here, *open_).values(taken_back_at=at))
    return bool(done.rowcount)  # type: ignore[attr-defined]


async def seal(session: Session, one: Sealing, salt: bytes, secret: Secret) -> str:
    """Change for whom an exhibit is open, and keep why; the commitment to the reason."""
    named = None if one.named is None else list(one.named)
    commitment = commit(one.reason.encode(), salt)
    here = (ExhibitRow.id == one.exhibit, ExhibitRow.sitting == one.sitting)
    await session.execute(update(ExhibitRow).where(*here).values(named=named))
    await session.execute(
        insert(SealingRow).values(
            id=one.id,
            exhibit=one.exhibit,
            sitting=one.sitting,
            named=named,
            reason=secret.seal(REASON_PURPOSE, one.id, one.reason),
            by=one.by,
            at=one.at,
            salt=salt,
            commitment=commitment,
        )
    )
    return commitment


async def sealings(session: Session, sitting: str, secret: Secret) -> list[Sealing]:
    """Every sealing and opening in a sitting, the oldest first."""
    query = select(SealingRow).where(SealingRow.sitting == sitting)
    return [
        Sealing(
            id=row.id,
            exhibit=row.exhibit,
            sitting=row.sitting,
            named=None if row.named is None else tuple(row.named),
            reason=secret.open(REASON_PURPOSE, row.id, row.reason),
            by=row.by,
            at=row.at,
        )
        for row in await session.scalars(query.order_by(SealingRow.at, SealingRow.id))
    ]


async def rulings(session: Session, sitting: str) -> Mapping[str, str]:
    """What the court said last of each exhibit, out of the sitting's journal."""
    found: dict[str, str] = {}
    for item in await sittings.events(session, sitting):
        if item.type in ("exhibit.admitted", "exhibit.refused"):
            data: Mapping[str, Any] = item.data
            found[str(data.get("exhibit"))] = item.type.removeprefix("exhibit.")
    return found
