"""What lies in the vault and is in no record, and what a record misses there.

Asked at the start of the server, by `./mahdar doctor`, and by nobody else: nothing is deleted.
"""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

import structlog

from database import Database
from recordings import store
from recordings.vault import Vault

_logger = structlog.get_logger(__name__)


class Why(StrEnum):
    """What is wrong with a file or a row."""

    UNKNOWN_SITTING = "unknown_sitting"
    """A folder of no sitting that has a record."""
    NO_ROW = "no_row"
    """A segment's file that the database does not know, in a record that is closed."""
    NO_FILE = "no_file"
    """A segment that the log has, and no copy of it."""
    DAMAGED = "damaged"
    """A file that recovery could not read and set aside."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """One finding. `track` and `seq` are empty where the whole sitting is meant."""

    why: Why
    sitting: str
    track: str = ""
    seq: int = 0


async def survey(database: Database, vault: Vault) -> list[Orphan]:
    """Compare vault and database. Reads names only: whether a file is whole, sealing and the
    player find out."""
    async with database.unit(write=False) as session:
        rows = await store.record_states(session)
        known: dict[str, set[tuple[str, int]]] = {
            sitting: set(await store.segment_numbers(session, sitting)) for sitting in rows
        }
    return await asyncio.to_thread(_compare, vault, known, rows)


def _compare(
    vault: Vault, known: dict[str, set[tuple[str, int]]], closed: dict[str, bool]
) -> list[Orphan]:
    found = [
        Orphan(Why.UNKNOWN_SITTING, sitting) for sitting in vault.sittings() if sitting not in known
    ]
    for sitting, segments in sorted(known.items()):
        there = {
            (track, seq) for track in vault.tracks(sitting) for seq in vault.numbers(sitting, track)
        }
        found += [Orphan(Why.NO_FILE, sitting, *item) for item in sorted(segments - there)]
        if closed[sitting]:  # in an open record the newest files have no row yet
            found += [Orphan(Why.NO_ROW, sitting, *item) for item in sorted(there - segments)]
        found += [
            Orphan(Why.DAMAGED, sitting, track, seq)
            for track in vault.tracks(sitting)
            for seq in vault.damaged(sitting, track)
        ]
    return found


def report(orphans: list[Orphan]) -> None:
    """One line of the server's log for each."""
    for one in orphans:
        _logger.error(
            "recovery.orphan",
            why=one.why.value,
            sitting=one.sitting,
            track=one.track,
            seq=one.seq if one.track else None,
        )
