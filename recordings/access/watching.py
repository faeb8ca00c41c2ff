"""What was watched, told to the log: one leaf for a while of watching, not one for a segment.

Every interval is a row before its first byte is sent (`Playback.segment`). When a viewing was quiet
for a while, or goes on for long, its rows become a leaf `access.watched`: tracks and intervals, ids
only. A crash in between loses nothing: the rows are there at the next start.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from audit.leaf import JSON
from audit.service import AuditLog
from database import Database
from recordings import store as records
from recordings.access import store
from recordings.access.store import Session, WatchedRow

QUIET = timedelta(seconds=60)
LONGEST = timedelta(minutes=10)
NEAR_MS = 1000
"""Segments nearer to each other than this are one interval."""
MOST = 400
"""Intervals in a leaf, which has at most 32 KiB."""


def intervals(rows: Iterable[tuple[str, int, int]]) -> dict[str, list[list[int]]]:
    """Tracks with the intervals that were sent, in order and apart."""
    found: dict[str, list[list[int]]] = {}
    for track, start, end in sorted(rows):
        mine = found.setdefault(track, [])
        if mine and start - mine[-1][1] <= NEAR_MS:
            mine[-1][1] = max(mine[-1][1], end)
        else:
            mine.append([start, end])
    return found


async def tell(database: Database, log: AuditLog, now: datetime) -> int:
    """Write the leaves of what was watched and is over; how many."""
    async with database.unit(write=False) as session:
        waiting = await store.watched(session)
    ready = [rows for rows in _by_viewing(waiting).values() if _is_ready(rows, now)]
    for rows in ready:
        async with database.unit() as session:
            await _tell(session, log, rows)
    return len(ready)


def _by_viewing(rows: Iterable[WatchedRow]) -> Mapping[str, list[WatchedRow]]:
    found: dict[str, list[WatchedRow]] = {}
    for row in rows:
        found.setdefault(row.viewing, []).append(row)
    return found


def _is_ready(rows: Sequence[WatchedRow], now: datetime) -> bool:
    return now - rows[-1].at >= QUIET or now - rows[0].at >= LONGEST


async def _tell(session: Session, log: AuditLog, rows: Sequence[WatchedRow]) -> None:
    viewing = await records.viewing(session, rows[0].viewing)
    if viewing is None:
        return
    rows = rows[:MOST]
    tracks = intervals((row.track, row.start_ms, row.end_ms) for row in rows)
    leaf: dict[str, JSON] = {"viewing": viewing.id, "person": viewing.person, "tracks": tracks}
    await store.in_log(session, [row.id for row in rows])
    await log.append(session, "access.watched", leaf, subject=viewing.sitting)
