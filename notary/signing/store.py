"""Tables of the signing ceremonies. The only module of this folder that knows SQLAlchemy.

Functions take the session of the caller's unit of work. Revisions are added and never changed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    func,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from database import Base, UtcDateTime
from notary.documents.render import Box
from notary.signing.ceremony import Ceremony, Signer, Slot, Sort, State
from notary.signing.certificates import Revoked
from recordings.wrapped.store import WrappedKey


class CeremonyRow(Base):
    """One document and where its signing stands."""

    __tablename__ = "signing_ceremonies"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[str] = mapped_column(String(16), index=True)
    revision: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stamped_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    """When the newest time-stamp over the whole file was made: what the yearly renewal looks at."""
    wrapped: Mapped[bytes] = mapped_column(WrappedKey("subject"))
    """The key of its files, wrapped by the key store."""


class SignerRow(Base):
    """One place to sign."""

    __tablename__ = "signing_signers"

    ceremony: Mapped[str] = mapped_column(ForeignKey("signing_ceremonies.id"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    field: Mapped[str] = mapped_column(String(64))
    person: Mapped[str] = mapped_column(String(64), index=True)
    sort: Mapped[str] = mapped_column(String(16))
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    capacity_ar: Mapped[str] = mapped_column(String(200))
    capacity_en: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(16))
    claim: Mapped[str] = mapped_column(String(32))
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    certificate: Mapped[str] = mapped_column(String(64))
    box: Mapped[dict[str, Any]] = mapped_column(JSON)
    waiting: Mapped[str] = mapped_column(String(200))
    """Reference of an outside signing service that has not answered yet."""


class RevisionRow(Base):
    """One version of the file, encrypted."""

    __tablename__ = "signing_revisions"

    ceremony: Mapped[str] = mapped_column(ForeignKey("signing_ceremonies.id"), primary_key=True)
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    signatures: Mapped[int] = mapped_column(Integer)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class CertificateRow(Base):
    """A certificate that the internal authority was asked to issue."""

    __tablename__ = "signing_certificates"

    serial: Mapped[str] = mapped_column(String(64), primary_key=True)
    ceremony: Mapped[str] = mapped_column(ForeignKey("signing_ceremonies.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)


@dataclass(frozen=True, slots=True)
class Revision:
    """One version of a file, without its content."""

    ceremony: str
    number: int
    at: datetime
    sha256: str
    signatures: int


async def add_ceremony(
    session: AsyncSession, ceremony: Ceremony, boxes: Sequence[Box], wrapped: bytes
) -> None:
    """Store a new one."""
    session.add(
        CeremonyRow(
            id=ceremony.id,
            subject=ceremony.subject,
            state=ceremony.state.value,
            revision=ceremony.revision,
            sha256=ceremony.sha256,
            created_at=ceremony.created_at,
            stamped_at=ceremony.created_at,
            wrapped=wrapped,
        )
    )
    await session.flush()
    for position, (signer, box) in enumerate(zip(ceremony.signers, boxes, strict=True)):
        session.add(
            SignerRow(
                ceremony=ceremony.id,
                position=position,
                box=asdict(box),
                waiting="",
                **(asdict(signer) | {"sort": signer.sort.value, "state": signer.state.value}),
            )
        )
    await session.flush()


async def get_ceremony(session: AsyncSession, id: str, *, lock: bool = False) -> Ceremony | None:
    """One by its id; `lock`: nobody else changes it until the unit ends."""
    query = select(CeremonyRow).where(CeremonyRow.id == id)
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        return None
    signers = await session.scalars(
        select(SignerRow).where(SignerRow.ceremony == id).order_by(SignerRow.position)
    )
    return Ceremony(
        row.id,
        row.subject,
        State(row.state),
        tuple(_signer(one) for one in signers),
        row.revision,
        row.sha256,
        row.created_at,
    )


def _signer(row: SignerRow) -> Signer:
    return Signer(
        row.field,
        row.person,
        Sort(row.sort),
        row.name_ar,
        row.name_en,
        row.capacity_ar,
        row.capacity_en,
        Slot(row.state),
        row.claim,
        row.claimed_at,
        row.signed_at,
        row.certificate,
    )


async def save(session: AsyncSession, ceremony: Ceremony, place: int | None = None) -> None:
    """Store what changed: the ceremony and, when one is named, a place."""
    await session.execute(
        update(CeremonyRow)
        .where(CeremonyRow.id == ceremony.id)
        .values(state=ceremony.state.value, revision=ceremony.revision, sha256=ceremony.sha256)
    )
    if place is None:
        return
    one = ceremony.signers[place]
    await session.execute(
        update(SignerRow)
        .where(SignerRow.ceremony == ceremony.id, SignerRow.position == place)
        .values(
            state=one.state.value,
            claim=one.claim,
            claimed_at=one.claimed_at,
            signed_at=one.signed_at,
            certificate=one.certificate,
        )
    )


async def box(session: AsyncSession, ceremony: str, place: int) -> Box:
    """Where a place is on the page."""
    found = await session.scalar(
        select(SignerRow.box).where(SignerRow.ceremony == ceremony, SignerRow.position == place)
    )
    return Box(**(found or {}))


async def set_waiting(session: AsyncSession, ceremony: str, place: int, reference: str) -> None:
    """Remember (or forget, with an empty one) what an outside service is at."""
    await session.execute(
        update(SignerRow)
        .where(SignerRow.ceremony == ceremony, SignerRow.position == place)
        .values(waiting=reference)
    )


async def waiting(session: AsyncSession, ceremony: str, place: int) -> str:
    """The reference of an outside service that has not answered; empty when there is none."""
    found = await session.scalar(
        select(SignerRow.waiting).where(SignerRow.ceremony == ceremony, SignerRow.position == place)
    )
    return found or ""


async def wrapped_key(session: AsyncSession, ceremony: str) -> bytes:
    """The wrapped key of the ceremony's files."""
    found = await session.scalar(select(CeremonyRow.wrapped).where(CeremonyRow.id == ceremony))
    return found or b""


async def add_revision(session: AsyncSession, revision: Revision, content: bytes) -> None:
    """A new version. `content` is sealed."""
    session.add(
        RevisionRow(
            ceremony=revision.ceremony,
            number=revision.number,
            at=revision.at,
            sha256=revision.sha256,
            signatures=revision.signatures,
            content=content,
        )
    )
    await session.flush()


async def stamped(session: AsyncSession, ceremony: str, at: datetime) -> None:
    """The whole file has a new time-stamp."""
    await session.execute(
        update(CeremonyRow).where(CeremonyRow.id == ceremony).values(stamped_at=at)
    )


async def content(session: AsyncSession, ceremony: str, number: int) -> bytes | None:
    """The sealed file of a revision."""
    return await session.scalar(
        select(RevisionRow.content).where(
            RevisionRow.ceremony == ceremony, RevisionRow.number == number
        )
    )


async def revisions(session: AsyncSession, ceremony: str) -> list[Revision]:
    """All versions, oldest first."""
    found = await session.execute(
        select(
            RevisionRow.ceremony,
            RevisionRow.number,
            RevisionRow.at,
            RevisionRow.sha256,
            RevisionRow.signatures,
        )
        .where(RevisionRow.ceremony == ceremony)
        .order_by(RevisionRow.number)
    )
    return [Revision(*row) for row in found]


async def by_hash(session: AsyncSession, sha256: str) -> Revision | None:
    """The version whose file has this SHA-256 (hex)."""
    row = (
        await session.execute(
            select(
                RevisionRow.ceremony,
                RevisionRow.number,
                RevisionRow.at,
                RevisionRow.sha256,
                RevisionRow.signatures,
            )
            .where(RevisionRow.sha256 == sha256)
            .limit(1)
        )
    ).first()
    return Revision(*row) if row is not None else None


async def of_subject(session: AsyncSession, subject: str) -> list[str]:
    """Ids of the ceremonies of a deed, oldest first."""
    found = await session.scalars(
        select(CeremonyRow.id)
        .where(CeremonyRow.subject == subject)
        .order_by(CeremonyRow.created_at)
    )
    return list(found)


async def of_certificates(session: AsyncSession, serials: Sequence[str]) -> list[str]:
    """Ids of the ceremonies for which these certificates were issued, without repeats."""
    found = await session.scalars(
        select(CertificateRow.ceremony).where(CertificateRow.serial.in_(serials)).distinct()
    )
    return list(found)


async def due(session: AsyncSession, before: datetime) -> list[str]:
    """Sealed ceremonies whose newest time-stamp is older than that, oldest first."""
    found = await session.scalars(
        select(CeremonyRow.id)
        .where(CeremonyRow.state == State.SEALED.value, CeremonyRow.stamped_at < before)
        .order_by(CeremonyRow.stamped_at)
    )
    return list(found)


async def add_certificate(session: AsyncSession, serial: str, ceremony: str, at: datetime) -> None:
    """A certificate is about to be issued."""
    session.add(CertificateRow(serial=serial, ceremony=ceremony, issued_at=at))
    await session.flush()


async def revoke(session: AsyncSession, serial: str, at: datetime) -> bool:
    """Mark it; whether it was there and not revoked before."""
    found = await session.execute(
        update(CertificateRow)
        .where(CertificateRow.serial == serial, CertificateRow.revoked_at.is_(None))
        .values(revoked_at=at)
        .returning(CertificateRow.serial)
    )
    return found.first() is not None


async def revoked(session: AsyncSession) -> tuple[Revoked, ...]:
    """All revoked certificates of the internal authority."""
    found = await session.execute(
        select(CertificateRow.serial, CertificateRow.revoked_at)
        .where(CertificateRow.revoked_at.is_not(None))
        .order_by(CertificateRow.serial)
    )
    return tuple(Revoked(int(serial, 16), at) for serial, at in found if at is not None)


async def ceremonies(session: AsyncSession) -> int:
    """How many there are."""
    return await session.scalar(select(func.count()).select_from(CeremonyRow)) or 0


async def subjects(session: AsyncSession) -> frozenset[str]:
    """The deeds (sittings, ...) that have ceremonies."""
    return frozenset(await session.scalars(select(CeremonyRow.subject).distinct()))


async def version_lines(session: AsyncSession, subject: str) -> list[str]:
    """Ceremony, number and hash of every version of a deed's files, a line each, for fsck."""
    query = (
        select(RevisionRow.ceremony, RevisionRow.number, RevisionRow.sha256)
        .join(CeremonyRow, CeremonyRow.id == RevisionRow.ceremony)
        .where(CeremonyRow.subject == subject)
    )
    return [f"document {id} {number} {sha}" for id, number, sha in await session.execute(query)]
