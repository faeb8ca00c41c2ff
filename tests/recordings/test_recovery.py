"""kill -9 while on record: at most 2 s of each track are lost, the gap is in the record."""

import asyncio
import os
import random
import signal
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from audit import key as audit_key
from audit.service import AuditLog
from clock import utc_now
from database import Database
from recordings import store
from recordings.keys import KeyRefused, MemoryKeyStore
from recordings.orphans import Orphan, Why
from recordings.service import Desk
from recordings.state import State
from recordings.vault import Vault
from settings import ROOT
from tests.recordings.conftest import STORE_KEY, Opener
from tests.recordings.room import Room, camera, microphone
from tests.recordings.test_service import check_chain, flowing, holes, logged, moved


async def victim(folder: Path) -> asyncio.subprocess.Process:
    """A process that has just been told to go on record."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.recordings.victim",
        str(folder),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    await said(process, b"starting\n")
    return process


async def said(process: asyncio.subprocess.Process, line: bytes) -> None:
    assert process.stdout
    async with asyncio.timeout(60):
        while (found := await process.stdout.readline()) != line:
            assert found, "the process ended"


async def kill(process: asyncio.subprocess.Process) -> None:
    os.kill(process.pid, signal.SIGKILL)  # the recorder alone: its verifier must end by itself
    await process.wait()
    assert process.stdout
    # The verifier inherited the pipe: it closes when that process is gone too.
    await asyncio.wait_for(process.stdout.read(), 10)


@pytest.fixture
async def killed_log(tmp_path: Path, records: Database) -> AuditLog:
    key = await audit_key.open_key(tmp_path / "log.key", "test.example/audit")
    return AuditLog(records, key, "test.example/audit", utc_now)


@pytest.mark.timeout(240)
async def test_kill_9_at_random_instants(
    records: Database, killed_log: AuditLog, vault: Vault, tmp_path: Path
) -> None:
    chance = random.Random(20261121)
    for _round in range(4):
        process = await victim(tmp_path)
        await said(process, b"on record\n")
        await asyncio.sleep(chance.uniform(0.1, 7.0))
        await kill(process)
        killed_at = utc_now()
        desk = Desk(
            records, killed_log, vault, MemoryKeyStore(STORE_KEY), utc_now, min_free_bytes=1000
        )
        await desk.open()
        await desk.shutdown()
        async with records.unit(write=False) as session:
            row = await store.get(session, "sit1")
            segments = await store.segments(session, "sit1")
            stretch = (await store.stretches(session, "sit1"))[-1]
        assert row is not None
        assert row.epoch is not None
        assert row.state == State.INTERRUPTED
        assert stretch.reason == "interrupted"
        killed_ms = (killed_at - row.epoch) // timedelta(milliseconds=1)
        lost = {
            track: killed_ms - max(one.end_ms for one in segments if one.track == track)
            for track in {one.track for one in segments}
        }
        muted = lost.pop("lawyer1-microphone")
        assert len(lost) == 2
        assert max(lost.values()) <= 2000, lost
        assert muted <= 3000  # 1 s of it by muting
        assert (await moved(killed_log, "sit1"))[-1][:2] == ("crash", "interrupted")
        entries = await logged(killed_log, "sit1")
        gaps = [data for type, data in entries if type == "rec.gap"]
        newest = {data["track"]: data for data in gaps}
        assert all(item["reason"] == "interrupted" for item in newest.values())
        assert max(holes(entries).values()) <= 200
        assert {path.suffix for path in vault.root.rglob("*.*")} == {".seg"}
    desk = Desk(records, killed_log, vault, MemoryKeyStore(STORE_KEY), utc_now, min_free_bytes=1000)
    await desk.open()
    await desk.close("sit1", "judge1")
    await desk.shutdown()
    await check_chain(await logged(killed_log, "sit1"), records, vault, tmp_path)


async def test_what_was_never_proved_is_not_kept(
    records: Database, killed_log: AuditLog, vault: Vault, tmp_path: Path
) -> None:
    process = await victim(tmp_path)
    async with asyncio.timeout(20):
        while not any(path.stat().st_size > 4096 for path in vault.root.rglob("*.seg")):
            await asyncio.sleep(0.005)
    await kill(process)
    proved = [type for type, _ in await logged(killed_log, "sit1")]
    desk = Desk(records, killed_log, vault, MemoryKeyStore(STORE_KEY), utc_now, min_free_bytes=1000)
    await desk.open()
    await desk.shutdown()
    if not proved:
        assert list(vault.root.rglob("*.seg")) == []
        assert await logged(killed_log, "sit1") == []


async def test_an_orderly_end_while_on_record_is_an_interruption(
    open_desk: Opener, log: AuditLog, records: Database, vault: Vault, tmp_path: Path
) -> None:
    desk = await open_desk()
    with Room("sit1", microphone(), camera()) as room:
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        await desk.shutdown()
        again = await open_desk()
        await again.resume_after_restart("sit1", room)
        assert again.status("sit1").state == "interrupted"
        await again.start("sit1", room, "judge1")
        await again.close("sit1", "judge1")
    entries = await logged(log, "sit1")
    assert [data["reason"] for type, data in entries if type == "rec.stopped"] == [
        "interrupted",
        "closed",
    ]
    assert max(holes(entries).values()) <= 200
    await check_chain(entries, records, vault, tmp_path)


async def test_another_key_store_does_not_open_the_vault(
    open_desk: Opener, records: Database, log: AuditLog, vault: Vault
) -> None:
    desk = await open_desk()
    with Room("sit1", microphone()) as room:
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        await desk.shutdown()
    wrong = Desk(records, log, vault, MemoryKeyStore(bytes(32)), utc_now, min_free_bytes=1000)
    with pytest.raises(KeyRefused):
        await wrong.open()


async def test_orphans_are_reported_and_nothing_is_deleted(
    open_desk: Opener, log: AuditLog, records: Database, vault: Vault
) -> None:
    desk = await open_desk()
    with Room("sit1", microphone(), microphone("lawyer1")) as room:
        await flowing(room)
        await desk.start("sit1", room, "judge1")
        await desk.close("sit1", "judge1")
    strange = vault.root / "nobody" / "a-camera" / "00000000.seg"
    strange.parent.mkdir(parents=True)
    strange.write_bytes(b"x")
    vault.path("sit1", "judge1-microphone", 7).write_bytes(b"x")
    vault.path("sit1", "judge1-microphone", 3).with_suffix(".damaged").write_bytes(b"x")
    vault.path("sit1", "lawyer1-microphone", 0).unlink()

    again = await open_desk()
    assert again.orphans == [
        Orphan(Why.UNKNOWN_SITTING, "nobody"),
        Orphan(Why.NO_FILE, "sit1", "lawyer1-microphone", 0),
        Orphan(Why.NO_ROW, "sit1", "judge1-microphone", 7),
        Orphan(Why.DAMAGED, "sit1", "judge1-microphone", 3),
    ]
    assert strange.exists()
    assert vault.path("sit1", "judge1-microphone", 7).exists()
