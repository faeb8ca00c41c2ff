"""Tables of rooms' devices and their enrolment codes. Functions take the session of the caller's
unit of work. Rooms are known here by their ids only.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import LargeBinary, String, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.devices.device import Code, Device
from database import Base, UtcDateTime


class DeviceRow(Base):
    """An enrolled device of a room."""

    __tablename__ = "room_devices"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    room: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[bytes] = mapped_column(LargeBinary)
    enrolled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(String(64))
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeviceCodeRow(Base):
    """An enrolment code, by its HMAC."""

    __tablename__ = "room_device_codes"

    tag: Mapped[str] = mapped_column(String(64), primary_key=True)
    id: Mapped[str] = mapped_column(String(32), unique=True)
    room: Mapped[str] = mapped_column(String(32), index=True)
    name: Mapped[str] = mapped_column(String(60))
    made_by: Mapped[str] = mapped_column(String(32))
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def _device(row: DeviceRow) -> Device:
    return Device(
        row.id,
        row.room,
        row.name,
        row.key,
        row.enrolled_at,
        row.seen_at,
        row.address,
        row.revoked_at,
    )


def _code(row: DeviceCodeRow) -> Code:
    return Code(row.id, row.room, row.name, row.made_by, row.expires_at, row.used_at)


async def add_code(session: AsyncSession, tag: str, code: Code) -> None:
    """Insert a code; the room's older ones that nobody used are void."""
    await session.execute(
        delete(DeviceCodeRow).where(
            DeviceCodeRow.room == code.room, DeviceCodeRow.used_at.is_(None)
        )
    )
    session.add(
        DeviceCodeRow(
            tag=tag,
            id=code.id,
            room=code.room,
            name=code.name,
            made_by=code.made_by,
            expires_at=code.expires_at,
        )
    )
    await session.flush()


async def find_code(session: AsyncSession, tag: str) -> Code | None:
    """The code of this HMAC, used or not."""
    row = await session.get(DeviceCodeRow, tag)
    return None if row is None else _code(row)


async def use_code(session: AsyncSession, tag: str, now: datetime) -> bool:
    """Use a code up. Of two at once exactly one gets True."""
    change = (
        update(DeviceCodeRow)
        .where(DeviceCodeRow.tag == tag, DeviceCodeRow.used_at.is_(None))
        .values(used_at=now)
        .returning(DeviceCodeRow.id)
    )
    return (await session.execute(change)).scalar_one_or_none() is not None


async def add(session: AsyncSession, device: Device) -> None:
    """Insert a device."""
    session.add(
        DeviceRow(
            id=device.id,
            room=device.room,
            name=device.name,
            key=device.key,
            enrolled_at=device.enrolled_at,
            seen_at=device.seen_at,
            address=device.address,
        )
    )
    await session.flush()


async def get(session: AsyncSession, id: str) -> Device | None:
    """The device of this id, revoked or not."""
    row = await session.get(DeviceRow, id, populate_existing=True)
    return None if row is None else _device(row)


async def of_rooms(session: AsyncSession, rooms: Collection[str]) -> list[Device]:
    """All devices of these rooms, the newest enrolment first."""
    query = (
        select(DeviceRow)
        .where(DeviceRow.room.in_(rooms))
        .order_by(DeviceRow.enrolled_at.desc(), DeviceRow.id)
    )
    return [_device(row) for row in await session.scalars(query)]


async def seen(session: AsyncSession, id: str, now: datetime, address: str) -> None:
    """It proved itself just now, from this address."""
    change = update(DeviceRow).where(DeviceRow.id == id)
    await session.execute(change.values(seen_at=now, address=address[:64]))


async def rename(session: AsyncSession, id: str, name: str) -> None:
    """What people call it."""
    await session.execute(update(DeviceRow).where(DeviceRow.id == id).values(name=name))


async def revoke(session: AsyncSession, id: str, now: datetime) -> None:
    """It proves nothing from now on. The caller ends its sessions."""
    await session.execute(update(DeviceRow).where(DeviceRow.id == id).values(revoked_at=now))
