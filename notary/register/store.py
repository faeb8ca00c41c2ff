"""The register's tables. The only module of the register that knows SQLAlchemy.

Rows are inserted and read; the migration's triggers refuse to change or delete one, whoever asks.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Index, Integer, String, Text, UniqueConstraint, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from notary.register.entry import FIRST, Entry, Margin
from notary.register.paper import Paper


class EntryRow(Base):
    """A numbered entry."""

    __tablename__ = "register_entries"
    __table_args__ = (UniqueConstraint("office", "year", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    office: Mapped[str] = mapped_column(String(8))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    sort: Mapped[str] = mapped_column(String(32))
    act: Mapped[str] = mapped_column(String(40), index=True)
    request: Mapped[str] = mapped_column(String(32), index=True)
    notary: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[str] = mapped_column(Text)
    commitment: Mapped[str] = mapped_column(String(64))
    before: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    about: Mapped[int | None] = mapped_column(Integer)
    about_year: Mapped[int | None] = mapped_column(Integer)


class MarginRow(Base):
    """A note in the margin."""

    __tablename__ = "register_margins"
    __table_args__ = (Index("ix_register_margins_entry", "office", "year", "number"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    office: Mapped[str] = mapped_column(String(8))
    year: Mapped[int] = mapped_column(Integer)
    number: Mapped[int] = mapped_column(Integer)
    note: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))
    refers_to: Mapped[str] = mapped_column(String(80))
    sha256: Mapped[str] = mapped_column(String(64))
    before: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class IndexRow(Base):
    """One way to find an entry: an unreadable tag of a name's word or of an identity number."""

    __tablename__ = "register_index"

    entry: Mapped[int] = mapped_column(Integer, primary_key=True)
    tag: Mapped[str] = mapped_column(String(64), primary_key=True, index=True)


class YearRow(Base):
    """A year that was closed."""

    __tablename__ = "register_years"

    office: Mapped[str] = mapped_column(String(8), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    last: Mapped[int] = mapped_column(Integer)
    digest: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))


class PaperRow(Base):
    """A paper that was issued out of the register. Only inserted."""

    __tablename__ = "register_papers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sort: Mapped[str] = mapped_column(String(16))
    deed: Mapped[str] = mapped_column(String(32), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    ceremony: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    order: Mapped[str] = mapped_column(String(80))
    notes: Mapped[int] = mapped_column(Integer)


def _entry(row: EntryRow) -> Entry:
    return Entry(
        row.office,
        row.year,
        row.number,
        row.sort,
        row.act,
        row.request,
        row.notary,
        row.at,
        row.commitment,
        row.before,
        row.digest,
        row.about,
        row.about_year,
    )


def _margin(row: MarginRow) -> Margin:
    return Margin(
        row.id,
        row.office,
        row.year,
        row.number,
        row.note,
        row.at,
        row.by,
        row.refers_to,
        row.sha256,
        row.before,
        row.digest,
    )


async def last(session: AsyncSession, office: str, year: int) -> tuple[int, str]:
    """The last number of a year and its digest; (0, FIRST) where there is none.

    Under the register's lock nobody else can take the next one.
    """
    row = await session.scalar(
        select(EntryRow)
        .where(EntryRow.office == office, EntryRow.year == year)
        .order_by(EntryRow.number.desc())
        .limit(1)
    )
    return (row.number, row.digest) if row else (0, FIRST)


async def add_entry(session: AsyncSession, one: Entry, sealed: str, tags: Iterable[str]) -> None:
    """Insert an entry with its index. A number that is taken is an IntegrityError."""
    values = {name: getattr(one, name) for name in _ENTRY_COLUMNS}
    query = insert(EntryRow).values(**values, sealed=sealed).returning(EntryRow.id)
    id = (await session.execute(query)).scalar_one()
    rows = [{"entry": id, "tag": tag} for tag in sorted(set(tags))]
    if rows:
        await session.execute(insert(IndexRow), rows)


_ENTRY_COLUMNS = (
    "office", "year", "number", "sort", "act", "request", "notary", "at", "commitment", "before",
    "digest", "about", "about_year",
)  # fmt: skip


async def find(
    session: AsyncSession, office: str, year: int, number: int
) -> tuple[Entry, str] | None:
    """An entry and its sealed content."""
    row = await session.scalar(
        select(EntryRow).where(
            EntryRow.office == office, EntryRow.year == year, EntryRow.number == number
        )
    )
    return (_entry(row), row.sealed) if row else None


async def entries(
    session: AsyncSession,
    office: str,
    *,
    year: int | None = None,
    act: str = "",
    tags: Sequence[str] = (),
    most: int = 100,
    oldest_first: bool = False,
) -> list[tuple[Entry, str]]:
    """Entries that have all `tags`, newest first, with their sealed content."""
    query = select(EntryRow).where(EntryRow.office == office)
    if year is not None:
        query = query.where(EntryRow.year == year)
    if act:
        query = query.where(EntryRow.act == act)
    for tag in tags:
        query = query.where(EntryRow.id.in_(select(IndexRow.entry).where(IndexRow.tag == tag)))
    order = (EntryRow.year, EntryRow.number)
    query = query.order_by(*(order if oldest_first else (column.desc() for column in order)))
    return [(_entry(row), row.sealed) for row in await session.scalars(query.limit(most))]


async def of_request(session: AsyncSession, request: str) -> list[Entry]:
    """Every entry of one request, oldest first."""
    query = select(EntryRow).where(EntryRow.request == request).order_by(EntryRow.id)
    return [_entry(row) for row in await session.scalars(query)]


async def last_margin(session: AsyncSession, office: str) -> str:
    """The digest of the newest note of an office, or FIRST."""
    query = (
        select(MarginRow.digest)
        .where(MarginRow.office == office)
        .order_by(MarginRow.id.desc())
        .limit(1)
    )
    return await session.scalar(query) or FIRST


async def add_margin(session: AsyncSession, one: Margin) -> None:
    """Insert a note; its id is the database's."""
    names = ("office", "year", "number", "note", "at", "by", "refers_to", "sha256", "before")
    values = {name: getattr(one, name) for name in names}
    await session.execute(insert(MarginRow).values(**values, digest=one.digest))


async def margins(
    session: AsyncSession, office: str, year: int | None = None, number: int | None = None
) -> list[Margin]:
    """Notes of an office, of a year, or of one entry, in the order of writing."""
    query = select(MarginRow).where(MarginRow.office == office).order_by(MarginRow.id)
    if year is not None:
        query = query.where(MarginRow.year == year)
    if number is not None:
        query = query.where(MarginRow.number == number)
    return [_margin(row) for row in await session.scalars(query)]


async def years(session: AsyncSession, office: str) -> list[tuple[int, int]]:
    """Every year with entries and how many it has, newest first."""
    query = (
        select(EntryRow.year, func.count())
        .where(EntryRow.office == office)
        .group_by(EntryRow.year)
        .order_by(EntryRow.year.desc())
    )
    return [(year, count) for year, count in (await session.execute(query)).all()]


async def closed(session: AsyncSession, office: str) -> dict[int, YearRow]:
    """The years that were closed."""
    rows = await session.scalars(select(YearRow).where(YearRow.office == office))
    return {row.year: row for row in rows}


async def add_year(
    session: AsyncSession, office: str, year: int, last: int, digest: str, at: datetime, by: str
) -> None:
    """Close a year."""
    session.add(YearRow(office=office, year=year, last=last, digest=digest, at=at, by=by))
    await session.flush()


_PAPER = ("id", "sort", "deed", "code", "ceremony", "sha256", "by", "at", "order", "notes")


async def add_paper(session: AsyncSession, one: Paper) -> None:
    """Insert a paper."""
    await session.execute(insert(PaperRow).values({name: getattr(one, name) for name in _PAPER}))


async def papers(session: AsyncSession, deed: str) -> list[Paper]:
    """The papers of an entry, oldest first."""
    query = select(PaperRow).where(PaperRow.deed == deed).order_by(PaperRow.at, PaperRow.id)
    return [_paper(row) for row in await session.scalars(query)]


async def paper(session: AsyncSession, *, id: str = "", code: str = "") -> Paper | None:
    """One by its id or by its code."""
    query = select(PaperRow).where(PaperRow.id == id if id else PaperRow.code == code)
    row = await session.scalar(query)
    return _paper(row) if row else None


def _paper(row: PaperRow) -> Paper:
    return Paper(*(getattr(row, name) for name in _PAPER))
