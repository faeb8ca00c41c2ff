"""Writes facts into the database and the log, in the transaction it is given."""

from collections.abc import Sequence

from audit.leaf import JSON
from audit.service import AuditLog
from recordings import store
from recordings.recorder import Fact, Idle, Kept
from recordings.segment import NO_LINK
from recordings.store import Session
from recordings.timeline import Gap
from recordings.track import Track


async def write(session: Session, log: AuditLog, sitting: str, facts: Sequence[Fact]) -> None:
    """Rows first, then leaves: from the first leaf on nobody else can append."""
    idle: dict[str, str | None] = {}
    for fact in facts:
        match fact:
            case Track():
                await store.add_track(
                    session, sitting, fact.id, *fact.name, fact.codec, fact.wrapped
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
