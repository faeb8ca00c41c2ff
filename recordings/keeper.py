"""Writes facts into the database and the log, rows and leaves in one transaction."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from sqlalchemy.exc import SQLAlchemyError

from audit.leaf import JSON
from audit.service import AuditLog
from database import Database
from recordings import store
from recordings.live import LiveRecord
from recordings.recorder import Fact, Idle, Kept
from recordings.segment import NO_LINK
from recordings.state import Move
from recordings.store import Session
from recordings.timeline import Gap
from recordings.track import Track

_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ending:
    """The end of a stretch."""

    interval: str
    end_ms: int
    reason: str
    by: str
    verified_ms: int
    """Everything until here was read back and decoded."""


class Keeper:
    """Stores what has come up of each record, and says since when the store takes nothing."""

    def __init__(self, database: Database, log: AuditLog) -> None:
        self._database, self._log = database, log
        self.unkept_since: float | None = None
        """`time.monotonic` of the first refusal; None while facts are taken."""

    async def keep(self, live: LiveRecord, ending: Ending | None = None) -> bool:
        """Store the facts that have come up, and the end of a stretch; False: not now."""
        async with live.keeping:
            facts = list(live.recorder.facts)
            moves = [] if ending is None and live.ends else list(live.moves)
            if not facts and not moves and ending is None:
                return True
            try:
                async with self._database.unit() as session:
                    await self._write(session, live, facts, ending)
                    await write_moves(session, self._log, live.sitting, moves)
            except (SQLAlchemyError, OSError):
                _logger.exception("recording.store_failed", sitting=live.sitting)
                self.unkept_since = self.unkept_since or time.monotonic()
                return False
            del live.recorder.facts[: len(facts)]
            del live.moves[: len(moves)]
            self.unkept_since = None
            return True

    async def _write(
        self, session: Session, live: LiveRecord, facts: Sequence[Fact], ending: Ending | None
    ) -> None:
        if ending is None:
            await write(session, self._log, live.sitting, facts)
            return
        end_ms, reason, by = ending.end_ms, ending.reason, ending.by
        await store.end_stretch(session, ending.interval, end_ms, reason, by)
        await write(session, self._log, live.sitting, facts)
        leaf: dict[str, JSON] = {"end_ms": end_ms, "reason": reason, "by": by}
        leaf["verified_ms"] = ending.verified_ms
        await self._log.append(session, "rec.stopped", leaf, subject=live.sitting)


async def write(session: Session, log: AuditLog, sitting: str, facts: Sequence[Fact]) -> None:
    """Rows first, then leaves: from the first leaf on nobody else can append."""
    idle: dict[str, str | None] = {}
    for fact in facts:
        match fact:
            case Track():
                await store.add_track(
                    session,
                    sitting,
                    fact.id,
                    fact.name.seat,
                    fact.name.source,
                    fact.codec,
                    fact.wrapped,
                )
            case Idle(track, reason):
                idle[track] = reason
            case Kept(segment, salt, data, link):
                commitment = str(data["commitment"])
                await store.add_segment(session, sitting, segment, salt, commitment, link)
    await store.add_gaps(session, sitting, [fact for fact in facts if isinstance(fact, Gap)])
    for track, reason in idle.items():
        await store.set_idle(session, sitting, track, reason)
    for fact in facts:
        if isinstance(fact, Kept):
            await log.append(session, "rec.segment", fact.data, subject=sitting)
        elif isinstance(fact, Gap):
            await log.append(session, "rec.gap", gap_leaf(fact), subject=sitting)


async def write_moves(session: Session, log: AuditLog, sitting: str, moves: Sequence[Move]) -> None:
    """Transitions and their leaves `record.moved`."""
    await store.add_moves(session, sitting, moves)
    for item in moves:
        data: dict[str, JSON] = {
            "from": item.before.value,
            "step": item.step.value,
            "to": item.after.value,
            "by": item.by,
            "why": item.why,
        }
        await log.append(session, "record.moved", data, subject=sitting)


def gap_leaf(gap: Gap) -> dict[str, str | int]:
    """`d` of the leaf `rec.gap` (docs/evidence.md)."""
    return {
        "track": gap.track,
        "start_ms": gap.start_ms,
        "end_ms": gap.end_ms,
        "reason": gap.reason,
    }


async def closing_leaf(session: Session, sitting: str) -> dict[str, JSON]:
    """`d` of the leaf `rec.closed`: what there must be, so that nothing can be left out."""
    found: dict[str, dict[str, JSON]] = {
        row.id: {"segments": 0, "head": NO_LINK} for row in await store.tracks(session, sitting)
    }
    for row in await store.segments(session, sitting):
        found[row.track] = {"segments": row.seq + 1, "head": row.link}
    return {"tracks": found, "gaps": len(await store.gaps(session, sitting))}
