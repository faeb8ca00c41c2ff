"""Organisations, who belongs where, and proposals. The only module here that knows SQLAlchemy."""

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, String, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from auth.administration.organisation import Organisation, Sort
from auth.administration.proposal import Act, Proposal
from auth.person import Role
from auth.store import AccountRow
from database import Base, UtcDateTime, announce


class OrganisationRow(Base):
    """A court, a prison, a law firm..."""

    __tablename__ = "organisations"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    sort: Mapped[str] = mapped_column(String(32))
    name_ar: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(Boolean)


class MembershipRow(Base):
    """The one organisation of an account."""

    __tablename__ = "memberships"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    organisation: Mapped[str] = mapped_column(ForeignKey("organisations.id"), index=True)


class ProposalRow(Base):
    """An act that waits for a second administrator, or waited."""

    __tablename__ = "proposals"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    act: Mapped[str] = mapped_column(String(32))
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"))
    by: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_by: Mapped[str] = mapped_column(String(32))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    agreed: Mapped[bool] = mapped_column(Boolean)


def _organisation(row: OrganisationRow) -> Organisation:
    return Organisation(row.id, row.code, Sort(row.sort), row.name_ar, row.name_en, row.active)


def _proposal(row: ProposalRow) -> Proposal:
    return Proposal(
        row.id,
        Act(row.act),
        row.account,
        row.by,
        row.at,
        row.decided_by,
        row.decided_at,
        row.agreed,
    )


async def organisations(session: AsyncSession) -> list[Organisation]:
    """All, by sort and English name."""
    query = select(OrganisationRow).order_by(OrganisationRow.sort, OrganisationRow.name_en)
    return [_organisation(row) for row in await session.scalars(query)]


async def organisation(session: AsyncSession, id: str) -> Organisation | None:
    """The one of this id."""
    row = await session.get(OrganisationRow, id)
    return None if row is None else _organisation(row)


async def keep_organisation(session: AsyncSession, one: Organisation) -> None:
    """Insert it, or change the one of its id."""
    await session.merge(
        OrganisationRow(
            id=one.id,
            code=one.code,
            sort=one.sort.value,
            name_ar=one.name_ar,
            name_en=one.name_en,
            active=one.active,
        )
    )
    await session.flush()


async def memberships(session: AsyncSession) -> dict[str, str]:
    """Organisation's id by account."""
    return {row.account: row.organisation for row in await session.scalars(select(MembershipRow))}


async def set_membership(session: AsyncSession, account: str, organisation: str | None) -> None:
    """Where an account belongs; None: nowhere."""
    row = await session.get(MembershipRow, account)
    if organisation is None:
        if row is not None:
            await session.delete(row)
    else:
        await session.merge(MembershipRow(account=account, organisation=organisation))
    await session.flush()


async def set_role(session: AsyncSession, account: str, role: Role) -> None:
    """Another role for an account; its open pages are told."""
    await session.execute(
        update(AccountRow).where(AccountRow.id == account).values(role=role.value)
    )
    announce(session, "person", account)


async def administrators(session: AsyncSession) -> int:
    """How many accounts of administrators are open."""
    query = select(func.count()).where(
        AccountRow.role == Role.ADMINISTRATOR.value, AccountRow.active
    )
    return int(await session.scalar(query) or 0)


async def usernames(session: AsyncSession) -> frozenset[str]:
    """All user names in use."""
    return frozenset(await session.scalars(select(AccountRow.username)))


async def keep_proposal(session: AsyncSession, one: Proposal) -> None:
    """Insert it, or change the one of its id."""
    await session.merge(
        ProposalRow(
            id=one.id,
            act=one.act.value,
            account=one.account,
            by=one.by,
            at=one.at,
            decided_by=one.decided_by,
            decided_at=one.decided_at,
            agreed=one.agreed,
        )
    )
    await session.flush()


async def proposal(session: AsyncSession, id: str) -> Proposal | None:
    """The one of this id."""
    row = await session.get(ProposalRow, id)
    return None if row is None else _proposal(row)


async def proposals(session: AsyncSession) -> list[Proposal]:
    """All, newest first."""
    query = select(ProposalRow).order_by(ProposalRow.at.desc(), ProposalRow.id)
    return [_proposal(row) for row in await session.scalars(query)]
