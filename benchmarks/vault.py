"""What the vault costs, each beside the limit in the same run: python -m benchmarks.vault [--quick]

* sealing (hash, encrypt, fsync) beside writing the same bytes plainly with the same fsyncs;
* appends to the audit log, single and 64 in a transaction, beside inserts of the same rows;
* verification of a bundle of one hour of four seats, as `verify.py` in it does it, beside SHA-256
  over the same bytes.

Nothing else may run on the machine meanwhile. Further figures of the vault join in `MEASURES`.
"""

import argparse
import asyncio
import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Column, Integer, MetaData, String, Table, insert

from audit import key, leaf
from audit.leaf import JSON
from audit.service import AuditLog
from clock import utc_now
from database import Base, Database
from recordings import bundle, cipher, keys, segment, verify
from recordings.bundle import Contents, Segment, Track
from recordings.vault import Vault

ORIGIN = "bench.example/audit"
EPOCH = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CLUSTER = 105_000
"""Bytes: 0.7 s of a picture of 1.2 Mb/s."""
SYNC_EVERY = 8
"""Clusters between two fsyncs: about one a second for twelve people."""
CAMERA, MICROPHONE = 900_000, 30_000
"""Bytes of a segment of 6 s at 1.2 Mb/s and at 40 kb/s."""
SEATS = 4

Figures = dict[str, float]


# --- sealing -------------------------------------------------------------------------------------


async def sealing(folder: Path, quick: bool) -> Figures:
    """Megabytes a second, and sealing as a share of plain writing."""
    count = 200 if quick else 1200
    plain, sealed = [], []
    for turn in range(3):
        plain.append(await asyncio.to_thread(_write, folder / f"p{turn}", count, False))
        sealed.append(await asyncio.to_thread(_write, folder / f"s{turn}", count, True))
    megabytes = count * CLUSTER / 1e6
    slow, fast = statistics.median(sealed), statistics.median(plain)
    return {
        "plain_mb_s": megabytes / fast,
        "sealed_mb_s": megabytes / slow,
        "sealed_share_of_plain": fast / slow,
    }


def _write(folder: Path, count: int, seal: bool) -> float:
    cluster = os.urandom(CLUSTER)
    header = cipher.Header(
        sitting="s", track="a-camera", seat="a", source="camera", codec="vp8", stretch="x",
        seq=0, start_ms=0, previous=cipher.NO_PREVIOUS, key="", salt=cipher.new_salt(),
    )  # fmt: skip
    vault = Vault(folder)
    file = vault.create(vault.path("s", "a-camera", 0))
    sealer = cipher.Sealer(header, keys.new_key())
    began = time.perf_counter()
    for number in range(count):
        data = cluster
        if seal:
            data = sealer.seal(cluster)
            sealer.count(cluster)
            sealer.written(data)
        file.write(memoryview(data))
        if number % SYNC_EVERY == SYNC_EVERY - 1:
            file.sync()
    file.sync()
    took = time.perf_counter() - began
    file.close()
    vault.path("s", "a-camera", 0).unlink()
    return took


# --- the log -------------------------------------------------------------------------------------

_ROWS = Table(
    "bench_rows",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("entry", String),
    Column("subject", String, index=True),
)


async def appends(folder: Path, quick: bool) -> Figures:
    """Leaves a second beside rows a second, on SQLite as in service."""
    database = await _database(folder / "log.db")
    log = AuditLog(database, key.generate(ORIGIN), ORIGIN, utc_now)
    async with database.engine.begin() as connection:
        await connection.run_sync(_ROWS.metadata.create_all)
    data: dict[str, JSON] = {
        "track": "5e1f-camera", "seq": 7, "sha256": "0" * 64, "commitment": "0" * 64
    }  # fmt: skip
    text = json.dumps(data)

    async def leaves(count: int) -> None:
        async with database.unit() as session:
            for _ in range(count):
                await log.append(session, "bench.leaf", data, subject="s")

    async def rows(count: int) -> None:
        async with database.unit() as session:
            for _ in range(count):
                await session.execute(insert(_ROWS).values(entry=text, subject="s"))

    times = 100 if quick else 600
    found = {
        "append_single_s": await _rate(leaves, 1, times),
        "insert_single_s": await _rate(rows, 1, times),
        "append_batched_s": await _rate(leaves, 64, times // 10),
        "insert_batched_s": await _rate(rows, 64, times // 10),
    }
    await database.close()
    return found


async def _rate(act: Callable[[int], Awaitable[None]], count: int, times: int) -> float:
    began = time.perf_counter()
    for _ in range(times):
        await act(count)
    return count * times / (time.perf_counter() - began)


async def _database(path: Path) -> Database:
    database = Database(f"sqlite+aiosqlite:///{path}")
    async with database.engine.begin() as connection:
        tables = [item for item in Base.metadata.sorted_tables if item.name.startswith("audit_")]
        await connection.run_sync(Base.metadata.create_all, tables=tables)
    return database


# --- verification --------------------------------------------------------------------------------


async def verifying(folder: Path, quick: bool) -> Figures:
    """Seconds for a bundle of an hour (quick: five minutes) of four seats."""
    path = folder / "bundle.zip"
    await _bundle(folder, path, 300_000 if quick else 3_600_000)
    hashed, took = [], []
    for _ in range(3):
        hashed.append(await asyncio.to_thread(_hash, path))
        took.append(await asyncio.to_thread(_verify, path))
    size = path.stat().st_size
    path.unlink()
    return {
        "bundle_mb": size / 1e6,
        "sha256_seconds": min(hashed),
        "verify_seconds": min(took),
        "verify_over_sha256": min(took) / min(hashed),
    }


def _hash(path: Path) -> float:
    began = time.perf_counter()
    with path.open("rb") as file:
        hashlib.file_digest(file, "sha256")
    return time.perf_counter() - began


def _verify(path: Path) -> float:
    began = time.perf_counter()
    command = [sys.executable, str(Path(verify.__file__)), str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:] + done.stderr)
    return took


async def _bundle(folder: Path, path: Path, length_ms: int) -> None:
    """A bundle of random media, with the continuous tracks that a real one has."""
    database = await _database(folder / "bundle.db")
    log = AuditLog(database, key.generate(ORIGIN), ORIGIN, utc_now)
    media = {"camera": os.urandom(CAMERA), "microphone": os.urandom(MICROPHONE)}
    tracks = [f"seat{n}-{source}" for n in range(SEATS) for source in media]
    segments: list[Segment] = []
    heads = dict.fromkeys(tracks, verify.NO_LINK)
    async with database.unit() as session:
        epoch = leaf.format_time(EPOCH)
        start: dict[str, JSON] = {"epoch": epoch, "start_ms": 0, "proved_ms": 1000, "by": "a"}
        await log.append(session, "rec.started", start, subject="s")
        for at in range(0, length_ms, 6000):
            for track in tracks:
                data, one = _segment(track, at, media[track.partition("-")[2]], heads[track])
                await log.append(session, "rec.segment", dict(data), subject="s")
                heads[track] = segment.link(data)
                segments.append(one)
        end: dict[str, JSON] = {"end_ms": length_ms, "reason": "closed", "by": "a"}
        await log.append(session, "rec.stopped", end, subject="s")
        closed: dict[str, JSON] = {
            track: {"segments": length_ms // 6000, "head": heads[track]} for track in tracks
        }
        await log.append(session, "rec.closed", {"tracks": closed, "gaps": 0}, subject="s")
    pieces = length_ms // 6000
    contents = Contents(
        sitting="s",
        facts={"kind": "civil_hearing"},
        epoch=EPOCH,
        tracks=[Track(item, item[:5], item[6:], "vp8") for item in tracks],
        segments=segments,
        files={f"tracks/{item}.webm": _repeated(media, item, pieces) for item in tracks},
    )
    await _export(contents, path, database, log)
    await database.close()


def _repeated(media: dict[str, bytes], track: str, pieces: int) -> Callable[[], list[bytes]]:
    return lambda: [media[track[6:]]] * pieces


def _segment(track: str, at: int, media: bytes, link: str) -> tuple[dict[str, str | int], Segment]:
    seat, _, source = track.partition("-")
    salt = hashlib.sha256(f"{track}{at}".encode()).digest()
    data: dict[str, str | int] = {
        "track": track,
        "seat": seat,
        "source": source,
        "codec": "vp8",
        "seq": at // 6000,
        "start_ms": at,
        "end_ms": at + 6000,
        "bytes": len(media),
        "sha256": "0" * 64,
        "commitment": leaf.commit(hashlib.sha256(media).digest(), salt),
        "prev": link,
    }
    return data, Segment(track, at // 6000, at, at + 6000, salt, media)


async def _export(contents: Contents, path: Path, database: Database, log: AuditLog) -> None:
    files = bundle._files(contents, log.vkey, [], {})
    draft = await asyncio.to_thread(bundle.Draft, path)
    digest = await asyncio.to_thread(draft.write, contents, files, ORIGIN)
    async with database.unit() as session:
        data: dict[str, JSON] = {"bundle": digest, "by": "a"}
        last = await log.append(session, "evidence.exported", data, subject="s")
    checkpoint = await log.checkpoint()
    leaves = await log.leaves("s")
    indexes = [item.index for item in leaves]
    proofs = await log.inclusions(indexes, checkpoint.size)
    proven = list(zip(indexes, proofs, strict=True))
    await asyncio.to_thread(draft.seal, [item.entry for item in leaves], proven, checkpoint.note)
    await asyncio.to_thread(draft.publish)
    assert indexes[-1] == last


MEASURES: dict[str, Callable[[Path, bool], Awaitable[Figures]]] = {
    "sealing": sealing,
    "appends": appends,
    "verifying": verifying,
}
"""Name: what measures it. A further one gets a folder and whether to be quick."""


async def run(names: list[str], quick: bool) -> None:
    """Measure and print, one line for each figure."""
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for figure, value in (await MEASURES[name](Path(folder), quick)).items():
                print(f"{name + '.' + figure:<36}{value:12.2f}", flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("measures", nargs="*", choices=[*MEASURES, []], default=[])
    given = parser.parse_args()
    asyncio.run(run(given.measures or list(MEASURES), given.quick))


if __name__ == "__main__":
    main()
