"""Making good what a killed process left on disk. Before anything is recorded again.

A segment whose row is missing was being written, or had just been closed, when the process died.
Its incomplete last record is cut off, what is left is decrypted, counted and hashed as found, and
it enters the record as `interrupted`. The stretch ends now, with a gap from the last media to now:
the sitting was on record and nothing was kept.
"""

import asyncio
import hashlib
import io
import os
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import av
import structlog

from audit.leaf import JSON
from audit.service import AuditLog
from clock import Clock
from database import Database
from recordings import cipher, keeper, keys, store
from recordings.cipher import Header, SegmentRefused
from recordings.keys import KeyRefused, KeyStore
from recordings.recorder import Fact, Idle, SittingRecorder, keep
from recordings.segment import Segment
from recordings.state import State, Step, move
from recordings.store import Session, StretchRow, TrackRow, TrackTail
from recordings.timeline import ABSENT, INTERRUPTED, NO_MEDIA, Ledger
from recordings.track import Chain, Track
from recordings.vault import Vault
from signaling.engine import CHANNEL, ChannelTrack, Codec, RecordedTrack, Source, TrackId

CODECS: dict[str, Codec] = {"opus": "opus", "vp8": "vp8"}
SOURCES: dict[str, Source] = {"microphone": "microphone", "camera": "camera", "screen": "screen"}


def track_name(seat: str, source: str) -> RecordedTrack:
    """The name of a track, from what is stored of it."""
    if source.startswith(CHANNEL):
        return ChannelTrack(seat, source)
    return TrackId(seat, SOURCES[source])


CRASHES = frozenset({State.RECORDING, State.SUSPENDED})
"""States in which a stretch may be open when the process dies."""
NOBODY = "recorder"
"""`by` of what no person asked for."""

_logger = structlog.get_logger(__name__)


async def recover(
    database: Database, log: AuditLog, vault: Vault, key_store: KeyStore, clock: Clock
) -> None:
    """Recover every sitting. Raises KeyRefused when the key store cannot read a sitting's key."""
    async with database.unit(write=False) as session:
        sittings = await store.all_sittings(session)
    for sitting in sittings:
        async with database.unit() as session:
            await _Recovery(session, log, vault, sitting, clock()).run(key_store)


async def restore(session: Session, recorder: SittingRecorder, key: bytes) -> None:
    """Give a recorder the tracks that the database knows. Raises KeyRefused."""
    ended = await store.stretches(session, recorder.sitting)
    since = ended[-1].reason or INTERRUPTED if ended else ABSENT
    for row in await store.tracks(session, recorder.sitting):
        tail = await store.tail(session, recorder.sitting, row.id)
        ledger = Ledger(row.id, tail.covered_ms, since if tail.covered_ms else ABSENT)
        recorder.restore(_track(row, tail, key), ledger, tail.link)


def _track(row: TrackRow, tail: TrackTail, key: bytes) -> Track:
    return Track(
        sitting=row.sitting,
        name=track_name(row.seat, row.source),
        codec=CODECS[row.codec],
        key=keys.unwrap(row.wrapped_key, key),
        wrapped=row.wrapped_key,
        chain=Chain(tail.seq, tail.sha256, tail.end_ms),
    )


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a segment's file holds."""

    header: Header
    segment: Segment


class _Recovery:
    """One sitting, in one unit of work."""

    def __init__(
        self, session: Session, log: AuditLog, vault: Vault, sitting: str, now: datetime
    ) -> None:
        self._session = session
        self._log = log
        self._vault = vault
        self._sitting = sitting
        self._now = now

    async def run(self, key_store: KeyStore) -> None:
        """Recover it. An open stretch is ended; what was never on record is deleted."""
        row = await store.get(self._session, self._sitting)
        if row is None or row.wrapped_key is None:
            return
        if row.state == State.INITIALISING:
            await self._move(State.INITIALISING)
        key = await asyncio.to_thread(key_store.unwrap, row.wrapped_key)
        stretches = await store.stretches(self._session, self._sitting)
        known = {stretch.id for stretch in stretches}
        found: dict[str, list[Salvaged]] = {}
        for track in await asyncio.to_thread(self._vault.tracks, self._sitting):
            tail = await store.tail(self._session, self._sitting, track)
            found[track] = await asyncio.to_thread(self._salvage, track, tail.seq, known, key)
        if row.epoch and stretches and stretches[-1].end_ms is None:
            now_ms = (self._now - row.epoch) // timedelta(milliseconds=1)
            await self._end(stretches, found, now_ms)
            await self._move(State(row.state) if row.state in CRASHES else State.RECORDING)

    async def _move(self, state: State) -> None:
        found = move(state, Step.CRASH, self._now, NOBODY, INTERRUPTED)
        await keeper.write_moves(self._session, self._log, self._sitting, [found])

    def _salvage(self, track: str, seq: int, known: set[str], key: bytes) -> list[Salvaged]:
        """The segments of a track from `seq` on that have no row. Blocks."""
        out: list[Salvaged] = []
        numbers = self._vault.numbers(self._sitting, track)
        for number in (item for item in numbers if item >= seq):
            path = self._vault.path(self._sitting, track, number)
            try:
                found = self._best(path, known, key)
            except (SegmentRefused, KeyRefused) as error:
                _logger.error("recovery.damaged", sitting=self._sitting, error=str(error))
                self._vault.set_aside(path)
                continue
            if found is None:
                self._vault.remove(path)
            elif number != seq + len(out):  # one before it is damaged: its place is taken
                _logger.error("recovery.out_of_order", sitting=self._sitting)
                self._vault.set_aside(path)
            else:
                out.append(found)
        return out

    def _best(self, path: Path, known: set[str], key: bytes) -> Salvaged | None:
        """What the better copy holds. Raises SegmentRefused, KeyRefused where none can be read."""
        best: Salvaged | None = None
        refused: Exception | None = None
        for copy in self._vault.copies(path):
            try:
                found = salvage(copy, known, key)
            except (SegmentRefused, KeyRefused, OSError) as error:
                refused = error
                continue
            if found and (best is None or found.segment.size > best.segment.size):
                best = found
        if best is None and refused is not None:
            raise refused
        return best

    async def _end(
        self, stretches: list[StretchRow], found: dict[str, list[Salvaged]], now_ms: int
    ) -> None:
        stretch = stretches[-1]
        before = stretches[-2].reason or INTERRUPTED if len(stretches) > 1 else ABSENT
        rows = {row.id: row for row in await store.tracks(self._session, self._sitting)}
        tails = {
            name: await store.tail(self._session, self._sitting, name)
            for name in sorted(rows.keys() | {name for name, items in found.items() if items})
        }
        ends = [tail.covered_ms for tail in tails.values()]
        ends += [item.segment.end_ms for items in found.values() for item in items]
        crash_ms = max([stretch.start_ms, *ends])
        end_ms = max(now_ms, crash_ms)
        facts: list[Fact] = []
        for name, tail in tails.items():
            items = found.get(name, [])
            row = rows.get(name)
            if row is None:
                facts.append(_track_of(items[0].header))
            idle = row.idle_reason if row else None
            ledger = Ledger(name, tail.covered_ms, idle or ABSENT)
            if 0 < tail.covered_ms < stretch.start_ms:
                ledger.reason = before
                facts += ledger.begin(stretch.start_ms)
            elif tail.covered_ms and not idle:
                ledger.reason = NO_MEDIA
            facts += _kept(items, ledger, tail)
            facts += ledger.sink_closed(crash_ms, INTERRUPTED)
            facts += ledger.end(end_ms, INTERRUPTED)
            facts.append(Idle(name, INTERRUPTED))
        await store.end_stretch(self._session, stretch.id, end_ms, INTERRUPTED, NOBODY)
        await keeper.write(self._session, self._log, self._sitting, facts)
        leaf: dict[str, JSON] = {"end_ms": end_ms, "reason": INTERRUPTED, "by": NOBODY}
        await self._log.append(self._session, "rec.stopped", leaf, subject=self._sitting)


def _track_of(header: Header) -> Track:
    return Track(
        sitting=header.sitting,
        name=track_name(header.seat, header.source),
        codec=CODECS[header.codec],
        key=b"",
        wrapped=b64decode(header.key),
    )


def _kept(items: list[Salvaged], ledger: Ledger, tail: TrackTail) -> list[Fact]:
    facts: list[Fact] = []
    link = tail.link
    for item in items:
        header, segment = item.header, item.segment
        kept = keep(segment, header.seat, header.source, header.codec, link)
        facts += ledger.segment_opened(segment.start_ms, lost=False)
        ledger.segment_closed(segment.end_ms, "")
        facts.append(kept)
        link = kept.link
    return facts


def salvage(path: Path, known: set[str], key: bytes) -> Salvaged | None:
    """Cut a segment's file to its whole records and say what it holds; None: nothing on record.

    `known` are the stretches that were really on record: what a start wrote that was never
    proved is not kept. Blocks. Raises SegmentRefused, KeyRefused, OSError.
    """
    with path.open("r+b") as file:
        try:
            header = cipher.read_header(file)
        except SegmentRefused:
            if path.stat().st_size < len(cipher.MAGIC) + 4 + cipher.MAX_HEADER:
                return None  # killed while the header was being written: no media yet
            raise
        if header.stretch not in known:
            return None
        plain, end = _whole_records(file, header, header.segment_key(key))
        frames, length = _measure(plain)
        if not frames:
            return None
        file.truncate(end)
        file.flush()
        os.fsync(file.fileno())
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    segment = Segment(
        track=header.track,
        seq=header.seq,
        stretch=header.stretch,
        start_ms=header.start_ms,
        end_ms=header.start_ms + length,
        frames=frames,
        lost=0,
        plain_size=len(plain),
        size=end,
        sha256=sha256,
        plain_sha256=hashlib.sha256(plain).digest(),
        state="interrupted",
    )
    return Salvaged(header, segment)


def _whole_records(file: BinaryIO, header: Header, key: bytes) -> tuple[bytes, int]:
    """The plaintext of the whole records, and where the last one ends."""
    parts, end = [], file.tell()
    for record in cipher.read_records(file, header, key):
        parts.append(record.plain)
        end = record.end
    return b"".join(parts), end


def _measure(webm: bytes) -> tuple[int, int]:
    """Frames, and milliseconds to the end of the last one."""
    frames = end = 0
    if webm:
        try:
            with av.open(io.BytesIO(webm), "r", format="webm") as container:
                for packet in container.demux(container.streams[0]):
                    if packet.pts is not None and packet.time_base is not None:
                        frames += 1
                        length = packet.pts + (packet.duration or 0)
                        end = max(end, round(length * packet.time_base * 1000))
        except (av.error.FFmpegError, IndexError):
            return 0, 0  # the WebM header alone, without a cluster
    return frames, end
