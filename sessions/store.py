"""Sittings, seats, holds, detention rooms and the journal.

The only module of the room that knows SQLAlchemy. Functions take the session of the caller's
unit of work.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime, announce
from errors import N_, Refusal
from sessions.booking import Hold
from sessions.detention import DetentionRoom, Facility
from sessions.phase import FINAL, Phase
from sessions.seat import Seat, SeatRole
from sessions.sitting import Sitting

TIES = ("represents", "guardian_of", "interpreter_for", "screened_from")
"""Codes of `seat_ties`: the fields of `Seat` that name other seats."""
_FINAL = sorted(phase.value for phase in FINAL)
_Serial = BigInteger().with_variant(Integer, "sqlite")  # INTEGER PRIMARY KEY is SQLite's row id


class SittingRow(Base):
    """What was booked, and the phase."""

    __tablename__ = "sittings"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    case_number: Mapped[str] = mapped_column(String(100))
    case_title: Mapped[str] = mapped_column(String(300))
    languages: Mapped[str] = mapped_column(String(100))
    """BCP 47 tags, separated by spaces."""
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    phase: Mapped[str] = mapped_column(String(32), index=True)
    public: Mapped[bool] = mapped_column(Boolean)
    outcome_reason: Mapped[str] = mapped_column(Text)
    adjourned_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    offence: Mapped[str] = mapped_column(String(32))
    permit: Mapped[str] = mapped_column(String(100))
    booked_by: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    booked_at: Mapped[datetime] = mapped_column(UtcDateTime)


class SeatRow(Base):
    """One place in a sitting."""

    __tablename__ = "seats"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), index=True)
    position: Mapped[int] = mapped_column(Integer)
    role: Mapped[str] = mapped_column(String(32))
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    person: Mapped[str | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    room: Mapped[str | None] = mapped_column(ForeignKey("detention_rooms.id"), index=True)
    id_last4: Mapped[str] = mapped_column(String(4))
    languages: Mapped[str] = mapped_column(String(100), server_default="")
    """Of an interpreter: BCP 47 tags, separated by spaces."""


class SeatTieRow(Base):
    """What one seat is to another one of the sitting: `represents`, `guardian_of`, ..."""

    __tablename__ = "seat_ties"

    seat: Mapped[str] = mapped_column(ForeignKey("seats.id"), primary_key=True)
    tie: Mapped[str] = mapped_column(String(32), primary_key=True)
    other: Mapped[str] = mapped_column(String(32), primary_key=True)


class HoldRow(Base):
    """One subject is taken for a time. It counts while its sitting is not over."""

    __tablename__ = "holds"
    __table_args__ = (Index("ix_holds_subject_ends_at", "subject", "ends_at"),)

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), index=True)
    seat: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str] = mapped_column(String(80))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FacilityRow(Base):
    """A detention facility."""

    __tablename__ = "detention_facilities"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))


class RoomRow(Base):
    """A video room of a facility."""

    __tablename__ = "detention_rooms"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    facility: Mapped[str] = mapped_column(ForeignKey("detention_facilities.id"), index=True)
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean)
    networks: Mapped[str] = mapped_column(Text, server_default="")
    """CIDR, separated by spaces."""


class RoomOfficerRow(Base):
    """An officer who operates a room."""

    __tablename__ = "detention_room_officers"

    room: Mapped[str] = mapped_column(ForeignKey("detention_rooms.id"), primary_key=True)
    officer: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True, index=True)


class EventRow(Base):
    """One entry of a sitting's journal."""

    __tablename__ = "sitting_events"

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    sitting: Mapped[str] = mapped_column(ForeignKey("sittings.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    type: Mapped[str] = mapped_column(String(64))
    seat: Mapped[str | None] = mapped_column(String(32))
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


# --- sittings ----------------------------------------------------------------------------------


async def add_sitting(session: AsyncSession, sitting: Sitting, now: datetime) -> None:
    """Insert a sitting with its seats."""
    session.add(
        SittingRow(
            id=sitting.id,
            kind=sitting.kind,
            case_number=sitting.case_number,
            case_title=sitting.case_title,
            languages=" ".join(sitting.languages),
            starts_at=sitting.starts_at,
            ends_at=sitting.ends_at,
            phase=sitting.phase.value,
            public=sitting.public,
            outcome_reason=sitting.outcome_reason,
            adjourned_to=sitting.adjourned_to,
            offence=sitting.offence,
            permit=sitting.permit,
            booked_by=sitting.booked_by,
            booked_at=now,
        )
    )
    await session.flush()
    for position, seat in enumerate(sitting.seats):
        await add_seat(session, sitting.id, seat, position)


async def add_seat(session: AsyncSession, sitting: str, seat: Seat, position: int) -> None:
    """Insert one more seat."""
    session.add(
        SeatRow(
            id=seat.id,
            sitting=sitting,
            position=position,
            role=seat.role.value,
            name_ar=seat.name_ar,
            name_en=seat.name_en,
            person=seat.person,
            room=seat.room,
            id_last4=seat.id_last4,
            languages=" ".join(seat.languages),
        )
    )
    await session.flush()
    ties = [
        {"seat": seat.id, "tie": tie, "other": other}
        for tie in TIES
        for other in sorted(getattr(seat, tie))
    ]
    if ties:
        await session.execute(insert(SeatTieRow), ties)


async def get_sitting(session: AsyncSession, id: str) -> Sitting | None:
    """The sitting with its seats, as this unit sees it."""
    found = await _load(session, [id])
    return found[0] if found else None


async def sitting_ids(session: AsyncSession) -> set[str]:
    """Every sitting that was ever booked."""
    return set(await session.scalars(select(SittingRow.id)))


async def sittings_of(
    session: AsyncSession,
    people: Collection[str],
    *,
    since: datetime,
    before: datetime | None = None,
) -> list[Sitting]:
    """Sittings ending after `since` in which one of `people` has a seat, operates a room, or which
    one of them booked."""
    seats = (
        select(SeatRow.sitting)
        .outerjoin(RoomOfficerRow, RoomOfficerRow.room == SeatRow.room)
        .where(or_(SeatRow.person.in_(people), RoomOfficerRow.officer.in_(people)))
    )
    query = (
        select(SittingRow.id)
        .where(or_(SittingRow.id.in_(seats), SittingRow.booked_by.in_(people)))
        .where(SittingRow.ends_at > since)
        .order_by(SittingRow.starts_at, SittingRow.id)
    )
    if before is not None:
        query = query.where(SittingRow.starts_at < before)
    return await _load(session, list(await session.scalars(query)))


async def sittings_in(session: AsyncSession, phases: Iterable[Phase]) -> list[Sitting]:
    """Sittings in one of these phases, by start. A restarted server asks for the live ones."""
    query = (
        select(SittingRow.id)
        .where(SittingRow.phase.in_([phase.value for phase in phases]))
        .order_by(SittingRow.starts_at, SittingRow.id)
    )
    return await _load(session, list(await session.scalars(query)))


async def _load(session: AsyncSession, ids: Sequence[str]) -> list[Sitting]:
    if not ids:
        return []
    seats = defaultdict(list)
    rows = await session.scalars(
        select(SeatRow)
        .where(SeatRow.sitting.in_(ids))
        .order_by(SeatRow.position)
        .execution_options(populate_existing=True)
    )
    query = select(SeatTieRow).join(SeatRow, SeatRow.id == SeatTieRow.seat)
    ties: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for tie in await session.scalars(query.where(SeatRow.sitting.in_(ids))):
        ties[tie.seat][tie.tie].add(tie.other)
    for row in rows:
        seats[row.sitting].append(_seat(row, ties[row.id]))
    found = await session.scalars(
        select(SittingRow)
        .where(SittingRow.id.in_(ids))
        .execution_options(populate_existing=True)  # bulk updates in this unit are seen
    )
    by_id = {row.id: _sitting(row, seats[row.id]) for row in found}
    return [by_id[id] for id in ids if id in by_id]


def _sitting(row: SittingRow, seats: Iterable[Seat]) -> Sitting:
    return Sitting(
        row.id,
        row.kind,
        row.case_number,
        row.case_title,
        tuple(row.languages.split()),
        row.starts_at,
        row.ends_at - row.starts_at,
        Phase(row.phase),
        row.public,
        tuple(seats),
        row.outcome_reason,
        row.adjourned_to,
        row.offence,
        row.permit,
        row.booked_by,
    )


def _seat(row: SeatRow, ties: Mapping[str, set[str]]) -> Seat:
    return Seat(
        row.id,
        SeatRole(row.role),
        row.name_ar,
        row.name_en,
        row.person,
        room=row.room,
        id_last4=row.id_last4,
        languages=tuple(row.languages.split()),
        **{tie: frozenset(ties.get(tie, ())) for tie in TIES},
    )


async def set_phase(
    session: AsyncSession,
    sitting: str,
    phase: Phase,
    *,
    reason: str | None = None,
    adjourned_to: datetime | None = None,
    expected: Phase | None = None,
) -> None:
    """Store the phase that `sessions.phase.after` gave, with the outcome where there is one.

    With `expected`, raises Refusal `sitting.changed` when another unit was faster.
    """
    values: dict[str, Any] = {"phase": phase.value}
    if reason is not None:
        values |= {"outcome_reason": reason, "adjourned_to": adjourned_to}
    change = update(SittingRow).where(SittingRow.id == sitting).values(values)
    if expected is not None:
        change = change.where(SittingRow.phase == expected.value)
    if not (await session.execute(change.returning(SittingRow.id))).all():
        raise Refusal(
            "sitting.changed",
            N_("Somebody else changed this sitting at the same moment. Look at it again."),
        )


async def set_public(session: AsyncSession, sitting: str, public: bool) -> None:
    """Close the session to the public, or open it again."""
    await session.execute(update(SittingRow).where(SittingRow.id == sitting).values(public=public))


async def set_time(
    session: AsyncSession, sitting: str, starts_at: datetime, duration: timedelta
) -> None:
    """Move the sitting with all that it holds."""
    times = {"starts_at": starts_at, "ends_at": starts_at + duration}
    await session.execute(update(SittingRow).where(SittingRow.id == sitting).values(times))
    await session.execute(update(HoldRow).where(HoldRow.sitting == sitting).values(times))


# --- holds -------------------------------------------------------------------------------------


async def add_holds(session: AsyncSession, sitting: str, held: Iterable[tuple[str, Hold]]) -> None:
    """Insert (seat, hold) pairs. The caller holds the lock `booking` and found no conflict."""
    rows = [
        {
            "sitting": sitting,
            "seat": seat,
            "subject": hold.subject,
            "starts_at": hold.start,
            "ends_at": hold.end,
        }
        for seat, hold in held
    ]
    if rows:
        await session.execute(insert(HoldRow), rows)


async def held(
    session: AsyncSession, subjects: Iterable[str], since: datetime, *, but: str = ""
) -> list[Hold]:
    """What is held of `subjects` after `since` by sittings that are not over, except `but`."""
    query = (
        select(HoldRow.subject, HoldRow.starts_at, HoldRow.ends_at)
        .join(SittingRow, SittingRow.id == HoldRow.sitting)
        .where(HoldRow.subject.in_(list(subjects)), HoldRow.ends_at > since)
        .where(SittingRow.phase.not_in(_FINAL), HoldRow.sitting != but)
    )
    return [Hold(*row) for row in (await session.execute(query)).all()]


async def held_by(session: AsyncSession, sitting: str) -> dict[str, Hold]:
    """The holds of one sitting by subject."""
    query = select(HoldRow.subject, HoldRow.starts_at, HoldRow.ends_at).where(
        HoldRow.sitting == sitting
    )
    return {row[0]: Hold(*row) for row in (await session.execute(query)).all()}


async def subject_seats(session: AsyncSession, sitting: str) -> dict[str, str]:
    """For each subject that a sitting holds, the seat that needs it."""
    query = select(HoldRow.subject, HoldRow.seat).where(HoldRow.sitting == sitting)
    return dict((await session.execute(query)).all())


# --- detention rooms ---------------------------------------------------------------------------


async def facilities(session: AsyncSession) -> list[Facility]:
    """All facilities by English name."""
    rows = await session.scalars(select(FacilityRow).order_by(FacilityRow.name_en, FacilityRow.id))
    return [Facility(row.id, row.name_ar, row.name_en) for row in rows]


async def add_facility(session: AsyncSession, facility: Facility) -> None:
    """Insert a facility."""
    session.add(FacilityRow(id=facility.id, name_ar=facility.name_ar, name_en=facility.name_en))
    await session.flush()


async def rooms(session: AsyncSession) -> list[DetentionRoom]:
    """All detention rooms with their officers, by facility and name."""
    officers: dict[str, set[str]] = defaultdict(set)
    for row in await session.scalars(select(RoomOfficerRow)):
        officers[row.room].add(row.officer)
    query = (
        select(RoomRow, FacilityRow)
        .join(FacilityRow, FacilityRow.id == RoomRow.facility)
        .order_by(FacilityRow.name_en, RoomRow.name_en, RoomRow.id)
    )
    return [
        DetentionRoom(
            room.id,
            Facility(facility.id, facility.name_ar, facility.name_en),
            room.name_ar,
            room.name_en,
            room.active,
            frozenset(officers[room.id]),
            tuple(room.networks.split()),
        )
        for room, facility in (await session.execute(query)).all()
    ]


async def operated_rooms(session: AsyncSession, officer: str) -> frozenset[str]:
    """Ids of the rooms that an officer operates."""
    query = select(RoomOfficerRow.room).where(RoomOfficerRow.officer == officer)
    return frozenset(await session.scalars(query))


async def add_room(session: AsyncSession, room: DetentionRoom) -> None:
    """Insert a room with its officers; its facility is there."""
    session.add(
        RoomRow(
            id=room.id,
            facility=room.facility.id,
            name_ar=room.name_ar,
            name_en=room.name_en,
            active=room.active,
            networks=" ".join(room.networks),
        )
    )
    await session.flush()
    await set_officers(session, room.id, room.officers)


async def set_room_active(session: AsyncSession, room: str, active: bool) -> None:
    """Open or shut a room."""
    await session.execute(update(RoomRow).where(RoomRow.id == room).values(active=active))


async def set_networks(session: AsyncSession, room: str, networks: Iterable[str]) -> None:
    """Where the room's devices may come from, from now on."""
    change = update(RoomRow).where(RoomRow.id == room).values(networks=" ".join(networks))
    await session.execute(change)


async def set_officers(session: AsyncSession, room: str, officers: Iterable[str]) -> None:
    """Who operates a room from now on."""
    before = await session.scalars(
        delete(RoomOfficerRow).where(RoomOfficerRow.room == room).returning(RoomOfficerRow.officer)
    )
    for officer in before.all():
        announce(session, "person", officer)
    rows = [{"room": room, "officer": officer} for officer in sorted(set(officers))]
    if rows:
        await session.execute(insert(RoomOfficerRow), rows)


# --- the journal -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Event:
    """One journal entry. `at` is UTC; the record's clock is `at` minus the record's epoch."""

    id: int
    at: datetime
    type: str
    seat: str | None
    data: Mapping[str, Any]


async def add_event(
    session: AsyncSession,
    sitting: str,
    at: datetime,
    type: str,
    seat: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> int:
    """Write a journal entry; returns its id, which grows."""
    result = await session.execute(
        insert(EventRow)
        .values(sitting=sitting, at=at, type=type, seat=seat, data=dict(data or {}))
        .returning(EventRow.id)
    )
    return result.scalar_one()


async def events(session: AsyncSession, sitting: str, *, after: int = 0) -> list[Event]:
    """The journal of a sitting in the order of writing, from the entry after `after` on."""
    query = (
        select(EventRow)
        .where(EventRow.sitting == sitting, EventRow.id > after)
        .order_by(EventRow.id)
    )
    return [
        Event(row.id, row.at, row.type, row.seat, row.data) for row in await session.scalars(query)
    ]
