"""One unit of work for the facts of one command: snapshot, phase, journal, audit leaves."""

import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from audit.leaf import JSON, commit
from audit.service import AuditLog
from database import Database
from sessions import store as sittings
from sessions.phase import FINAL, Phase, Step
from signaling import facts as f
from signaling import store
from signaling.journal import Entry, entry
from signaling.state import Room, snapshot

Also = Callable[[AsyncSession], Awaitable[None]]
"""What is done in the unit of work of a command, such as using its confirmation up."""


class Writer:
    """Stores what was decided. Nobody is told before this has ended well."""

    def __init__(self, database: Database, log: AuditLog) -> None:
        self._database = database
        self._log = log

    async def write(
        self,
        before: Room,
        after: Room,
        facts: Sequence[f.Fact],
        at: datetime,
        actor: dict[str, str] | None = None,
        *,
        also: Also | None = None,
    ) -> int | None:
        """Store the room `after` with all that `facts` mean; returns the last leaf's index.

        `actor` says who acted (`Who.actor`): ids of accounts or guests; None is the house.
        Raises Refusal `sitting.changed` when the booking side moved the sitting in the same moment.
        """
        sitting = before.sitting.id
        entries = [found for fact in facts if (found := entry(fact)) is not None]
        index = None
        async with self._database.unit() as session:
            if also is not None:
                await also(session)
            await store.save(
                session, sitting, after.live.version, snapshot(after.live).decode(), at
            )
            phase = before.live.phase
            for fact in facts:
                phase = await _outside(session, sitting, phase, fact)
            salts = [await self._journal(session, sitting, at, found, actor) for found in entries]
            for found, salt in zip(entries, salts, strict=True):
                leaf = _leaf(found, salt, actor)
                index = await self._log.append(session, f"live.{found.type}", leaf, subject=sitting)
        return index

    async def _journal(
        self,
        session: AsyncSession,
        sitting: str,
        at: datetime,
        found: Entry,
        actor: dict[str, str] | None,
    ) -> bytes:
        data: dict[str, Any] = {**found.codes, **found.texts, **(actor or {})}
        salt = secrets.token_bytes(16)
        if found.texts:
            data["salt"] = salt.hex()
        await sittings.add_event(session, sitting, at, found.type, found.seat, data)
        return salt

    async def seal(self, sitting: str) -> None:
        """The record of a sitting that is over is closed."""
        async with self._database.unit() as session:
            await store.seal(session, sitting)

    async def seen(self, rooms: Sequence[str], at: datetime) -> None:
        """A sign of life, so that a restart knows when this process ended."""
        async with self._database.unit() as session:
            await store.seen(session, rooms, at)


def _leaf(found: Entry, salt: bytes, actor: dict[str, str] | None) -> dict[str, JSON]:
    if len(found.texts) > 1:
        raise ValueError("one salt for one text")
    leaf: dict[str, JSON] = dict(found.codes)
    if found.seat:
        leaf["seat"] = found.seat
    leaf |= actor or {}
    leaf |= {name: commit(text.encode(), salt) for name, text in found.texts.items()}
    return leaf


async def _outside(session: AsyncSession, sitting: str, phase: Phase, fact: f.Fact) -> Phase:
    """What other rooms read of a fact; returns the phase that the sitting now has."""
    if isinstance(fact, f.PublicitySet):
        await sittings.set_public(session, sitting, fact.public)
    if not isinstance(fact, f.PhaseChanged):
        return phase
    if fact.step is not Step.CANCEL:  # the booking side has stored that itself
        over = fact.phase in FINAL
        await sittings.set_phase(
            session,
            sitting,
            fact.phase,
            reason=fact.reason if over else None,
            adjourned_to=fact.to if over else None,
            expected=phase,
        )
    return fact.phase
