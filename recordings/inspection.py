"""Database, vault and log against each other: what is missing, what is too much, what to do.

For `./mahdar doctor`, beside a running server or without one. Changes nothing. Texts hold ids.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from audit import leaf as leaves
from audit import store as log_store
from audit.fsck import Rows
from database import Database
from recordings import keys, store
from recordings.keys import KeyRefused, KeyStore
from recordings.rows import RecordRows
from recordings.store import RecordingRow, SegmentRow
from recordings.vault import Vault, digest

MOST = 20
"""Sentences of one sort; the rest is counted."""
LATE = timedelta(seconds=5)
"""So far may the newest leaf be ahead of this machine's clock."""


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing that was found. `advice` says what to do."""

    state: Literal["warn", "fail"]
    sort: str
    """Code: missing, altered, orphan, aside, open, key, rows, clock."""
    what: str
    advice: str


ADVICE = {
    "missing": "Restore the file from a backup or the spare vault; its hash is in the log.",
    "altered": "Keep the file as it is, and restore the right one from a backup or the spare.",
    "orphan": "No record needs it. Keep it until somebody has looked, then move it away.",
    "aside": "A crash left it and it could not be read. It is no part of the record; keep it.",
    "open": "If the server runs, it is being recorded. If not, start it: it ends the record.",
    "key": "Put the vault's key back from its backup, or correct the passphrase or key store.",
    "rows": "Run: ./mahdar audit fsck. Restore the database if it was changed.",
    "clock": "Set this machine's clock (NTP) before the server signs anything.",
}


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is looked at. `deep`: read every segment and compare its hash, too."""

    database: Database
    vault: Vault
    key_store: KeyStore | None
    now: datetime
    deep: bool = False
    rows: Sequence[Rows] = (RecordRows(),)

    async def run(self) -> list[Remark]:
        """All that was found; empty when nothing is wrong."""
        found: list[Remark] = []
        for part in (self._records(), self._strangers(), self._rows(), self._clock()):
            async for remark in part:
                found.append(remark)
        return list(_shortened(found))

    async def _records(self) -> AsyncIterator[Remark]:
        async with self.database.unit(write=False) as session:
            sittings = sorted(await store.recorded_sittings(session))
        for sitting in sittings:
            async with self.database.unit(write=False) as session:
                record = await store.get(session, sitting)
                segments = await store.segments(session, sitting)
                tracks = await store.tracks(session, sitting)
                stretches = await store.stretches(session, sitting)
            if any(stretch.end_ms is None for stretch in stretches):
                yield _remark("warn", "open", f"the record of {sitting} is not ended")
            if record is not None and record.wrapped_key is not None:
                wrapped = [(row.id, row.wrapped_key) for row in tracks]
                for what in await asyncio.to_thread(self._keys, record, wrapped):
                    yield _remark("fail", "key", what)
                for sort, what in await asyncio.to_thread(self._files, segments):
                    yield _remark("fail", sort, what)

    def _keys(self, record: RecordingRow, tracks: list[tuple[str, bytes]]) -> list[str]:
        """What cannot be unwrapped. Blocks."""
        if self.key_store is None or record.wrapped_key is None:
            return []
        try:
            sitting = self.key_store.unwrap(record.wrapped_key)
        except KeyRefused as error:
            return [f"the key of {record.sitting}: {error}"]
        found = []
        for track, wrapped in tracks:
            try:
                keys.unwrap(wrapped, sitting)
            except KeyRefused as error:
                found.append(f"the key of {record.sitting}/{track}: {error}")
        return found

    def _files(self, segments: list[SegmentRow]) -> list[tuple[str, str]]:
        """Segments whose file is gone or is another. Blocks."""
        found = []
        for row in segments:
            name = f"{row.sitting}/{row.track}/{row.seq:08d}.seg"
            path = self.vault.find(row.sitting, row.track, row.seq, row.sha256)
            if not path.exists():
                found.append(("missing", f"{name} is missing"))
            elif path.stat().st_size != row.size:
                found.append(("altered", f"{name} has another size than when it was recorded"))
            elif self.deep and digest(path) != row.sha256:
                found.append(("altered", f"{name} has another hash than when it was recorded"))
        return found

    async def _strangers(self) -> AsyncIterator[Remark]:
        """Files that no row knows."""
        async with self.database.unit(write=False) as session:
            known = await store.recorded_sittings(session)
        for folder in await asyncio.to_thread(self.vault.sittings):
            if folder not in known:
                yield _remark("warn", "orphan", f"{folder}/: no record of this sitting")
                continue
            async with self.database.unit(write=False) as session:
                rows = await store.segments(session, folder)
                stretches = await store.stretches(session, folder)
            live = any(stretch.end_ms is None for stretch in stretches)
            names = {(row.track, f"{row.seq:08d}.seg") for row in rows}
            for path in await asyncio.to_thread(_all_files, self.vault.root / folder):
                name = f"{folder}/{path.parent.name}/{path.name}"
                if path.suffix == ".damaged":
                    yield _remark("warn", "aside", f"{name} was set aside")
                elif path.suffix != ".seg" or live:  # what is being written has no row yet
                    continue
                elif (path.parent.name, path.name) not in names:
                    yield _remark("warn", "orphan", f"{name} belongs to no row")

    async def _rows(self) -> AsyncIterator[Remark]:
        for room in self.rows:
            async for what in room.check(self.database):
                if what:
                    yield _remark("fail", "rows", what)

    async def _clock(self) -> AsyncIterator[Remark]:
        """A clock that went back would date leaves before the ones that are there."""
        async with self.database.unit(write=False) as session:
            size = await log_store.size(session)
            newest = await log_store.entries(session, size - 1, size) if size else []
        for stored in newest:
            at = leaves.decode(stored.entry).at
            if at - self.now > LATE:
                what = f"the newest leaf is of {leaves.format_time(at)}, later than now"
                yield _remark("fail", "clock", what)


def _remark(state: Literal["warn", "fail"], sort: str, what: str) -> Remark:
    return Remark(state, sort, what, ADVICE[sort])


def _all_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _shortened(found: list[Remark]) -> Iterator[Remark]:
    """The first MOST of each sort, and how many more there are."""
    counts: dict[str, int] = {}
    for remark in found:
        counts[remark.sort] = counts.get(remark.sort, 0) + 1
        if counts[remark.sort] <= MOST:
            yield remark
    for sort, count in counts.items():
        if count > MOST:
            yield _remark("fail", sort, f"and {count - MOST} more of this sort")
