"""The tables of requests. The only module of the room that knows SQLAlchemy."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    ForeignKey,
    Integer,
    String,
    Text,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.secret import Secret
from database import Base, Serial, UtcDateTime
from errors import N_, Refusal
from notary import store as shared
from notary.deeds.request import Content, Request, from_json, to_json
from notary.deeds.state import State
from notary.history import Event


class RequestRow(Base):
    """A request. `sealed` holds everything that people typed."""

    __tablename__ = "deed_requests"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    act: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(32), index=True)
    applicant: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state_since: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int] = mapped_column(Integer)
    step: Mapped[str] = mapped_column(String(16))
    notary: Mapped[str] = mapped_column(String(32), index=True)
    sitting: Mapped[str] = mapped_column(String(32), index=True)
    fee_fils: Mapped[int] = mapped_column(BigInteger)
    paid: Mapped[bool] = mapped_column(Boolean)
    waived: Mapped[bool] = mapped_column(Boolean)
    ceremony: Mapped[str] = mapped_column(String(40))
    deed: Mapped[str] = mapped_column(String(32), index=True)
    code: Mapped[str] = mapped_column(String(32), index=True)
    sealed: Mapped[str] = mapped_column(Text)


class PersonRow(Base):
    """Whose account a party of a request is: 'my requests' finds them."""

    __tablename__ = "deed_people"

    request: Mapped[str] = mapped_column(ForeignKey("deed_requests.id"), primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)


class FileRow(shared.Upload, Base):
    """An uploaded paper, or a finished document. One that was taken back stays, marked."""

    __tablename__ = "deed_files"

    request: Mapped[str] = mapped_column(ForeignKey("deed_requests.id"), index=True)
    attachment: Mapped[str] = mapped_column(String(40))


class EventRow(shared.Entry, Base):
    """One entry of a request's history. Only inserted."""

    __tablename__ = "deed_events"

    request: Mapped[str] = mapped_column(ForeignKey("deed_requests.id"), index=True)
    type: Mapped[str] = mapped_column(String(40))


class JournalRow(Base):
    """The line of one act in the notary's journal. Only inserted."""

    __tablename__ = "deed_journal"

    request: Mapped[str] = mapped_column(ForeignKey("deed_requests.id"), primary_key=True)
    notary: Mapped[str] = mapped_column(String(32), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    keep_until: Mapped[datetime] = mapped_column(UtcDateTime)
    sealed: Mapped[str] = mapped_column(Text)


class RollRow(Base):
    """A line of the roll of notaries. Only inserted; the newest of an account counts."""

    __tablename__ = "notary_roll"

    id: Mapped[int] = mapped_column(Serial, primary_key=True, autoincrement=True)
    notary: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    kind: Mapped[str] = mapped_column(String(24))
    approval: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(32))


@dataclass(frozen=True, slots=True)
class File:
    """An uploaded paper."""

    id: str
    request: str
    attachment: str
    """Code of the act's attachment, `other`, or `deed` for the finished document."""
    name: str
    type: str
    size: int
    pages: int
    sha256: str
    key: bytes
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class RollLine:
    """What the roll of notaries says of one of them (`notary.deeds.roll`)."""

    kind: str
    approval: str = ""
    """Number of the decision that authorised a private notary; it stands on his stamp."""
    since: datetime | None = None


_PLAIN = (
    "act", "applicant", "created_at", "changed_at", "state_since", "version", "step", "notary",
    "sitting", "fee_fils", "paid", "waived", "ceremony", "deed", "code",
)  # fmt: skip


def _seal(secret: Secret, one: Request) -> str:
    text = json.dumps(to_json(one.content), ensure_ascii=False, separators=(",", ":"))
    return secret.seal("deed", one.id, text)


def _open(secret: Secret, row: RequestRow) -> Request:
    content: Content = from_json(json.loads(secret.open("deed", row.id, row.sealed)))
    plain = {name: getattr(row, name) for name in _PLAIN}
    return Request(id=row.id, state=State(row.state), content=content, **plain)


def _values(secret: Secret, one: Request) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in _PLAIN}
    return {**plain, "state": one.state.value, "sealed": _seal(secret, one)}


async def add(session: AsyncSession, secret: Secret, one: Request) -> None:
    """Insert a request."""
    await session.execute(insert(RequestRow).values(id=one.id, **_values(secret, one)))
    await _set_people(session, one)


async def save(session: AsyncSession, secret: Secret, one: Request, seen: int) -> None:
    """Store a changed request; `seen` is the version that the change started from.

    Raises Refusal `deed.changed` when another unit was faster.
    """
    change = (
        update(RequestRow)
        .where(RequestRow.id == one.id, RequestRow.version == seen)
        .values(_values(secret, one))
        .returning(RequestRow.id)
    )
    if not (await session.execute(change)).all():
        raise stale()
    await _set_people(session, one)


def stale() -> Refusal:
    """Somebody else was faster."""
    return Refusal(
        "deed.changed",
        N_("This request was changed at the same moment, here or on another device. Reload it."),
    )


async def _set_people(session: AsyncSession, one: Request) -> None:
    """Accounts are only added: who once was named keeps seeing what became of it."""
    known = set(await session.scalars(select(PersonRow.person).where(PersonRow.request == one.id)))
    wanted = {party.person for party in one.content.parties if party.person} - known
    if wanted:
        rows = [{"request": one.id, "person": person} for person in sorted(wanted)]
        await session.execute(insert(PersonRow), rows)


async def get(session: AsyncSession, secret: Secret, id: str) -> Request | None:
    """The request of this id, as this unit sees it."""
    row = await session.scalar(
        select(RequestRow).where(RequestRow.id == id).execution_options(populate_existing=True)
    )
    return _open(secret, row) if row else None


async def by_sitting(session: AsyncSession, secret: Secret, sitting: str) -> Request | None:
    """The request that this sitting is for."""
    row = await session.scalar(select(RequestRow).where(RequestRow.sitting == sitting))
    return _open(secret, row) if row else None


async def booked_for(session: AsyncSession, sitting: str) -> list[str]:
    """Ids of the requests that this sitting was ever booked for, also where another one followed
    after a suspension."""
    query = select(EventRow.request).where(
        EventRow.type == "book", EventRow.data["sitting"].as_string() == sitting
    )
    return list(await session.scalars(query.distinct()))


async def by_deed(session: AsyncSession, secret: Secret, deed: str) -> Request | None:
    """The request of this register number."""
    row = await session.scalar(select(RequestRow).where(RequestRow.deed == deed))
    return _open(secret, row) if row else None


async def by_code(session: AsyncSession, secret: Secret, code: str) -> Request | None:
    """The request whose deed bears this short code, as printed."""
    row = await session.scalar(select(RequestRow).where(RequestRow.code == code))
    return _open(secret, row) if row else None


async def of_person(session: AsyncSession, secret: Secret, person: str) -> list[Request]:
    """Requests that somebody made or is named in, newest change first."""
    named = select(PersonRow.request).where(PersonRow.person == person)
    query = (
        select(RequestRow)
        .where(or_(RequestRow.applicant == person, RequestRow.id.in_(named)))
        .order_by(RequestRow.changed_at.desc())
        .limit(200)
    )
    return [_open(secret, row) for row in await session.scalars(query)]


async def in_states(
    session: AsyncSession,
    secret: Secret,
    states: Collection[State],
    *,
    notary: str | None = None,
    most: int = 200,
    newest_first: bool = False,
) -> list[Request]:
    """Requests in these states, the longest waiting first unless asked otherwise."""
    query = select(RequestRow).where(RequestRow.state.in_([state.value for state in states]))
    if notary is not None:
        query = query.where(RequestRow.notary == notary)
    order = RequestRow.changed_at.desc() if newest_first else RequestRow.state_since
    query = query.order_by(order, RequestRow.id).limit(most)
    return [_open(secret, row) for row in await session.scalars(query)]


async def count(session: AsyncSession, states: Collection[State]) -> int:
    """How many are in these states."""
    query = select(func.count()).where(RequestRow.state.in_([state.value for state in states]))
    return int(await session.scalar(query) or 0)


# --- files ---------------------------------------------------------------------------------------


async def add_file(session: AsyncSession, one: File) -> None:
    """Insert a file's row; the file is on disk."""
    names = (
        "id", "request", "attachment", "name", "type", "size", "pages", "sha256", "key", "at", "by"
    )  # fmt: skip
    await session.execute(insert(FileRow).values({name: getattr(one, name) for name in names}))


async def files(session: AsyncSession, request: str) -> list[File]:
    """The files of a request that were not taken back, oldest first."""
    query = (
        select(FileRow)
        .where(FileRow.request == request, FileRow.removed_at.is_(None))
        .order_by(FileRow.at, FileRow.id)
    )
    return [_file(row) for row in await session.scalars(query)]


async def file(session: AsyncSession, request: str, id: str) -> File | None:
    """One file of a request."""
    return next((one for one in await files(session, request) if one.id == id), None)


async def take_back(session: AsyncSession, request: str, id: str, at: datetime) -> None:
    """The applicant does not want this file in the request."""
    await session.execute(
        update(FileRow).where(FileRow.id == id, FileRow.request == request).values(removed_at=at)
    )


def _file(row: FileRow) -> File:
    return File(
        row.id, row.request, row.attachment, row.name, row.type, row.size, row.pages, row.sha256,
        row.key, row.at, row.by,
    )  # fmt: skip


# --- history -------------------------------------------------------------------------------------


async def add_event(
    session: AsyncSession, request: str, at: datetime, type: str, by: str, data: Mapping[str, Any]
) -> None:
    """Write into the history."""
    await session.execute(
        insert(EventRow).values(request=request, at=at, type=type, by=by, data=dict(data))
    )


async def events(session: AsyncSession, request: str) -> list[Event]:
    """The history of a request, oldest first."""
    query = select(EventRow).where(EventRow.request == request).order_by(EventRow.id)
    return [Event(row.at, row.type, row.by, row.data) for row in await session.scalars(query)]


async def lasted(session: AsyncSession, newest: int = 20) -> Sequence[tuple[datetime, datetime]]:
    """When the newest sessions of acts were opened and sealed: what the waiting time is reckoned
    from."""
    opened = select(EventRow).where(EventRow.type == "open").subquery()
    query = (
        select(func.min(opened.c.at), EventRow.at)
        .join(opened, opened.c.request == EventRow.request)
        .where(EventRow.type == "seal")
        .group_by(EventRow.id, EventRow.at)
        .order_by(EventRow.id.desc())
        .limit(newest)
    )
    return [(first, last) for first, last in (await session.execute(query)).all()]


# --- the notary's journal ------------------------------------------------------------------------


async def add_journal(
    session: AsyncSession,
    request: str,
    notary: str,
    at: datetime,
    keep_until: datetime,
    sealed: str,
) -> None:
    """Insert the line of an act."""
    await session.execute(
        insert(JournalRow).values(
            request=request, notary=notary, at=at, keep_until=keep_until, sealed=sealed
        )
    )


@dataclass(frozen=True, slots=True)
class JournalQuery:
    """Which lines; what is empty or None asks for nothing."""

    notary: str = ""
    first: datetime | None = None
    last: datetime | None = None
    """Not this instant any more."""
    request: str = ""

    @property
    def conditions(self) -> list[ColumnElement[bool]]:
        """What is asked, for the database."""
        asked: list[ColumnElement[bool]] = []
        if self.notary:
            asked.append(JournalRow.notary == self.notary)
        if self.request:
            asked.append(JournalRow.request == self.request)
        if self.first:
            asked.append(JournalRow.at >= self.first)
        if self.last:
            asked.append(JournalRow.at < self.last)
        return asked


async def journal(
    session: AsyncSession, query: JournalQuery, *, most: int = 0
) -> Sequence[JournalRow]:
    """Lines of the journal, newest first; `most` of them, or all."""
    found = select(JournalRow).where(*query.conditions)
    found = found.order_by(JournalRow.at.desc(), JournalRow.request)
    return (await session.scalars(found.limit(most) if most else found)).all()


async def journal_count(session: AsyncSession, query: JournalQuery) -> int:
    """How many lines."""
    counted = select(func.count()).select_from(JournalRow).where(*query.conditions)
    return await session.scalar(counted) or 0


async def journal_notaries(session: AsyncSession) -> set[str]:
    """Accounts that have a line."""
    return set(await session.scalars(select(JournalRow.notary).distinct()))


# --- the roll of notaries ------------------------------------------------------------------------


async def add_roll(
    session: AsyncSession, notary: str, kind: str, approval: str, at: datetime, by: str
) -> None:
    """Insert a line."""
    await session.execute(
        insert(RollRow).values(notary=notary, kind=kind, approval=approval, at=at, by=by)
    )


async def roll(session: AsyncSession) -> dict[str, RollLine]:
    """The newest line of every notary who has one."""
    rows = await session.scalars(select(RollRow).order_by(RollRow.id))
    return {row.notary: RollLine(row.kind, row.approval, row.at) for row in rows}
