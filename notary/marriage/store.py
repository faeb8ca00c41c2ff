"""The tables of marriage files. The only module of the room that knows SQLAlchemy."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ForeignKey,
    Integer,
    String,
    Text,
    func,
    insert,
    select,
)
from sqlalchemy import update as change
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.secret import Secret
from database import Base, UtcDateTime
from errors import N_, Refusal
from notary import store as shared
from notary.history import Event
from notary.marriage.application import Part
from notary.marriage.file import File, from_json, to_json
from notary.marriage.workflow import FileState
from recordings.wrapped.store import WrappedKey


class FileRow(Base):
    """A marriage file. `sealed` holds everything that people typed."""

    __tablename__ = "marriage_files"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    state: Mapped[str] = mapped_column(String(32), index=True)
    version: Mapped[int] = mapped_column(Integer)
    acted_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    sitting: Mapped[str] = mapped_column(String(32), index=True)
    code: Mapped[str] = mapped_column(String(32), index=True)
    sealed: Mapped[str] = mapped_column(Text)


class PersonRow(Base):
    """Whose account has which part; kept for ever: who had a part sees what became of it."""

    __tablename__ = "marriage_people"

    file: Mapped[str] = mapped_column(ForeignKey("marriage_files.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)


class JoinRow(Base):
    """A link by which somebody takes a part. Only the hash of its token is here."""

    __tablename__ = "marriage_joins"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)
    file: Mapped[str] = mapped_column(ForeignKey("marriage_files.id"), index=True)
    part: Mapped[str] = mapped_column(String(16))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_by: Mapped[str] = mapped_column(String(32))


class PaperRow(shared.Upload, Base):
    """An uploaded paper. One that was taken back stays, marked."""

    __tablename__ = "marriage_papers"

    key: Mapped[bytes] = mapped_column(WrappedKey("file"))
    file: Mapped[str] = mapped_column(ForeignKey("marriage_files.id"), index=True)
    what: Mapped[str] = mapped_column(String(48))


class EventRow(shared.Entry, Base):
    """One entry of a file's history. Only inserted."""

    __tablename__ = "marriage_events"

    file: Mapped[str] = mapped_column(ForeignKey("marriage_files.id"), index=True)
    type: Mapped[str] = mapped_column(String(48))


class EntryRow(Base):
    """One entry of the marriage register: a marriage, or a note that points at one. Only
    inserted: a correction and a later event are entries of their own."""

    __tablename__ = "marriage_register"

    court: Mapped[str] = mapped_column(String(8), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True)
    serial: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    """`marriage divorce annulment correction`."""
    file: Mapped[str] = mapped_column(ForeignKey("marriage_files.id"), index=True)
    about: Mapped[str] = mapped_column(String(32))
    """Number of the entry that a note points at."""
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))
    sealed: Mapped[str] = mapped_column(Text)


class CertificateRow(Base):
    """A corrected certificate: the code that is printed on it. Only inserted."""

    __tablename__ = "marriage_certificates"

    code: Mapped[str] = mapped_column(String(32), primary_key=True)
    file: Mapped[str] = mapped_column(ForeignKey("marriage_files.id"), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A corrected certificate that was signed."""

    code: str
    file: str
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Join:
    """A link to a part."""

    file: str
    part: Part
    expires_at: datetime
    used_by: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that is there. `what`: a code of `attaching.py`; `name` is sealed."""

    id: str
    file: str
    what: str
    name: str
    type: str
    size: int
    pages: int
    sha256: str
    key: bytes
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the register."""

    court: str
    year: int
    serial: int
    kind: str
    file: str
    about: str
    at: datetime
    by: str

    @property
    def number(self) -> str:
        """As it is printed: `DU/2026/000045`."""
        return f"{self.court}/{self.year}/{self.serial:06d}"


def _values(secret: Secret, one: File) -> dict[str, Any]:
    text = json.dumps(to_json(one), ensure_ascii=False, separators=(",", ":"))
    return {
        "state": one.state.value,
        "version": one.version,
        "acted_at": one.acted_at,
        "sitting": one.sitting,
        "code": one.code,
        "sealed": secret.seal("marriage", one.id, text),
    }


def _open(secret: Secret, row: FileRow) -> File:
    return from_json(json.loads(secret.open("marriage", row.id, row.sealed)))


async def add(session: AsyncSession, secret: Secret, one: File) -> None:
    """Insert a file."""
    await session.execute(insert(FileRow).values(id=one.id, **_values(secret, one)))
    await _set_people(session, one)


async def save(session: AsyncSession, secret: Secret, one: File, seen: int) -> None:
    """Store a changed file; `seen` is the version that the change started from.

    Raises Refusal `marriage.changed` when another unit was faster.
    """
    found = await session.execute(
        change(FileRow)
        .where(FileRow.id == one.id, FileRow.version == seen)
        .values(_values(secret, one))
        .returning(FileRow.id)
    )
    if not found.all():
        raise changed()
    await _set_people(session, one)


def changed() -> Refusal:
    """Somebody else was faster."""
    return Refusal(
        "marriage.changed",
        N_("This was changed at the same moment on another device. Reload the page to see it."),
    )


async def of_officiant(session: AsyncSession, secret: Secret, person: str) -> list[File]:
    """Files whose officiant an account is now, by their hour."""
    mine = [
        one
        for one in await of_person(session, secret, person)
        if one.seats.get(Part.OFFICIANT) == person
    ]
    return sorted(mine, key=lambda one: (one.starts_at is None, one.starts_at))


async def _set_people(session: AsyncSession, one: File) -> None:
    known = set(await session.scalars(select(PersonRow.person).where(PersonRow.file == one.id)))
    if wanted := set(one.seats.values()) - known:
        rows = [{"file": one.id, "person": person} for person in sorted(wanted)]
        await session.execute(insert(PersonRow), rows)


async def get(session: AsyncSession, secret: Secret, id: str) -> File | None:
    """The file of this id, as this unit sees it."""
    row = await session.scalar(
        select(FileRow).where(FileRow.id == id).execution_options(populate_existing=True)
    )
    return _open(secret, row) if row else None


async def by_sitting(session: AsyncSession, secret: Secret, sitting: str) -> File | None:
    """The file that a sitting is for."""
    row = await session.scalar(select(FileRow).where(FileRow.sitting == sitting))
    return _open(secret, row) if row else None


async def by_code(session: AsyncSession, secret: Secret, code: str) -> File | None:
    """The file of a certificate's short code."""
    row = await session.scalar(select(FileRow).where(FileRow.code == code)) if code else None
    return _open(secret, row) if row else None


async def add_certificate(
    session: AsyncSession, code: str, file: str, revision: int, at: datetime
) -> None:
    """Note the code of a corrected certificate."""
    values = {"code": code, "file": file, "revision": revision, "at": at}
    await session.execute(insert(CertificateRow).values(values))


async def certificate_of_code(session: AsyncSession, code: str) -> Certificate | None:
    """The corrected certificate of a code."""
    row = await session.scalar(select(CertificateRow).where(CertificateRow.code == code))
    return Certificate(row.code, row.file, row.revision, row.at) if row else None


async def certificates(session: AsyncSession, file: str) -> list[Certificate]:
    """The corrected certificates of a file, by revision: the first is revision 2."""
    query = (
        select(CertificateRow).where(CertificateRow.file == file).order_by(CertificateRow.revision)
    )
    rows = await session.scalars(query)
    return [Certificate(row.code, row.file, row.revision, row.at) for row in rows]


async def of_person(session: AsyncSession, secret: Secret, person: str) -> list[File]:
    """Files in which an account has or had a part, newest action first."""
    query = (
        select(FileRow)
        .join(PersonRow, PersonRow.file == FileRow.id)
        .where(PersonRow.person == person)
        .order_by(FileRow.acted_at.desc())
        .limit(200)
    )
    return [_open(secret, row) for row in await session.scalars(query)]


async def in_states(
    session: AsyncSession, secret: Secret, states: Collection[FileState], most: int = 200
) -> list[File]:
    """Files in these states, the longest waiting first."""
    query = (
        select(FileRow)
        .where(FileRow.state.in_([state.value for state in states]))
        .order_by(FileRow.acted_at, FileRow.id)
        .limit(most)
    )
    return [_open(secret, row) for row in await session.scalars(query)]


# --- links to a part -----------------------------------------------------------------------------


async def add_join(session: AsyncSession, token: str, one: Join) -> None:
    """Keep a link; `token` is its hash."""
    await session.execute(
        insert(JoinRow).values(
            token=token,
            file=one.file,
            part=one.part.value,
            expires_at=one.expires_at,
            used_by=one.used_by,
        )
    )


async def join(session: AsyncSession, token: str) -> Join | None:
    """The link of this hash."""
    row = await session.scalar(
        select(JoinRow).where(JoinRow.token == token).execution_options(populate_existing=True)
    )
    return Join(row.file, Part(row.part), row.expires_at, row.used_by) if row else None


async def use_join(session: AsyncSession, token: str, person: str) -> bool:
    """Use a link up, once. False when somebody was faster."""
    done = await session.execute(
        change(JoinRow)
        .where(JoinRow.token == token, JoinRow.used_by == "")
        .values(used_by=person)
        .returning(JoinRow.token)
    )
    return bool(done.all())


# --- papers --------------------------------------------------------------------------------------


async def add_paper(session: AsyncSession, one: Paper) -> None:
    """Note a paper."""
    await session.execute(insert(PaperRow).values(**{n: getattr(one, n) for n in _PAPER}))


async def papers(session: AsyncSession, file: str) -> list[Paper]:
    """The papers of a file, oldest first, without those that were taken back."""
    query = (
        select(PaperRow)
        .where(PaperRow.file == file, PaperRow.removed_at.is_(None))
        .order_by(PaperRow.at, PaperRow.id)
    )
    return [Paper(*(getattr(row, n) for n in _PAPER)) for row in await session.scalars(query)]


async def take_back(session: AsyncSession, file: str, id: str, now: datetime) -> bool:
    """Mark a paper as taken back. False where there is none such."""
    done = await session.execute(
        change(PaperRow)
        .where(PaperRow.file == file, PaperRow.id == id, PaperRow.removed_at.is_(None))
        .values(removed_at=now)
        .returning(PaperRow.id)
    )
    return bool(done.all())


_PAPER = Paper.__slots__


# --- history and register ------------------------------------------------------------------------


async def add_event(
    session: AsyncSession, file: str, at: datetime, type: str, by: str, data: Mapping[str, Any]
) -> None:
    """Write into the history."""
    await session.execute(
        insert(EventRow).values(file=file, at=at, type=type, by=by, data=dict(data))
    )


async def events(session: AsyncSession, file: str) -> list[Event]:
    """The history of a file, oldest first."""
    query = select(EventRow).where(EventRow.file == file).order_by(EventRow.id)
    return [Event(row.at, row.type, row.by, row.data) for row in await session.scalars(query)]


async def next_serial(session: AsyncSession, court: str, year: int) -> int:
    """The next number of a court's year, without gaps. Call under `database.lock`."""
    query = select(func.max(EntryRow.serial)).where(EntryRow.court == court, EntryRow.year == year)
    return int(await session.scalar(query) or 0) + 1


async def add_entry(session: AsyncSession, secret: Secret, one: Entry, words: str = "") -> None:
    """Write into the register. `words`: what a note says."""
    await session.execute(
        insert(EntryRow).values(
            court=one.court,
            year=one.year,
            serial=one.serial,
            kind=one.kind,
            file=one.file,
            about=one.about,
            at=one.at,
            by=one.by,
            sealed=secret.seal("marriage-entry", one.number, words) if words else "",
        )
    )


async def entries(session: AsyncSession, file: str) -> list[Entry]:
    """The marriage and its notes, oldest first."""
    query = select(EntryRow).where(EntryRow.file == file).order_by(EntryRow.at, EntryRow.serial)
    return [
        Entry(row.court, row.year, row.serial, row.kind, row.file, row.about, row.at, row.by)
        for row in await session.scalars(query)
    ]
