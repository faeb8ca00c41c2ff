"""A second copy of every segment: neither place's fault stops the record, either place plays it."""

import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from audit.service import AuditLog
from database import Database
from recordings import keys, reading, store
from recordings.keys import MemoryKeyStore
from recordings.service import Desk
from recordings.spare import TwinVault
from recordings.state import State
from recordings.vault import RawFile, Vault, digest
from sessions.alarm import Alarm
from signaling.ports import RecordAlarm
from tests.recordings import media
from tests.recordings.conftest import STORE_KEY, Opener
from tests.recordings.room import Room, camera, microphone
from tests.recordings.test_service import flowing, holes, logged


class Faulty(Vault):
    """A place whose disk can be made to fail, or to hang."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.full = False
        self.free_to_go = threading.Event()
        self.free_to_go.set()

    def create(self, path: Path) -> RawFile:
        inner, place = super().create(path), self

        class File:
            sync, truncate, close = inner.sync, inner.truncate, inner.close

            def write(self, data: memoryview) -> int | None:
                if place.full:
                    raise OSError(errno.ENOSPC, "No space left on device")
                place.free_to_go.wait(60)
                return inner.write(data)

        return File()


class Twin(TwinVault, Faulty):
    """Both places can be made to fail."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder / "vault", folder / "spare")
        self.full = False
        self.spare: Faulty = Faulty(folder / "spare")
        self.free_to_go = threading.Event()
        self.free_to_go.set()


@pytest.fixture
async def vault(tmp_path: Path) -> AsyncIterator[Twin]:
    twin = Twin(tmp_path)
    yield twin
    twin.spare.free_to_go.set()
    done = threading.Event()
    twin.copier.put(done.set)
    await asyncio.to_thread(done.wait, 10)


class Held:
    """A sitting on record; `alarms` so far."""

    def __init__(self, desk: Desk, room: Room) -> None:
        self.desk, self.room = desk, room
        self.alarms: list[RecordAlarm] = []
        desk.on_alarm = self.alarms.append

    async def until_alarm(self) -> RecordAlarm:
        began = asyncio.get_running_loop().time()
        async with asyncio.timeout(8):
            while not self.alarms:
                await asyncio.sleep(0.05)
        assert asyncio.get_running_loop().time() - began <= 5.0
        return self.alarms[0]


async def held(desk: Desk, room: Room) -> Held:
    found = Held(desk, room)
    await flowing(room)
    await desk.start("sit1", room, "judge1")
    await asyncio.sleep(1.0)
    return found


async def check(vault: Twin, records: Database, log: AuditLog) -> None:
    """Everything is covered, plays, and is the one in the log, wherever it lies."""
    assert max(holes(await logged(log, "sit1")).values()) <= 200
    async with records.unit(write=False) as session:
        row = await store.get(session, "sit1")
        segments = await store.segments(session, "sit1")
    assert row
    assert row.wrapped_key
    assert row.state == State.AVAILABLE
    assert segments
    key = keys.MemoryKeyStore(STORE_KEY).unwrap(row.wrapped_key)
    for one in segments:
        path = vault.find("sit1", one.track, one.seq, one.sha256)
        webm = b"".join(reading.plain(path, key, one.sha256, track=one.track, seq=one.seq))
        assert len(media.decode(webm)) == one.frames


async def test_both_hold_the_same_ciphertext(
    desk: Desk, vault: Twin, records: Database, log: AuditLog
) -> None:
    with Room("sit1", microphone(), camera()) as room:
        sitting = await held(desk, room)
        await asyncio.sleep(6)
        await desk.close("sit1", "judge1")
    assert sitting.alarms == []
    await check(vault, records, log)
    done = threading.Event()
    vault.copier.put(done.set)
    assert await asyncio.to_thread(done.wait, 10)
    firsts = sorted(vault.root.rglob("*.seg"))
    assert len(firsts) >= 3
    for path in firsts:
        assert digest(path) == digest(vault.spare.root / path.relative_to(vault.root))


@pytest.mark.parametrize("how", ["full", "hangs"])
async def test_a_failing_spare_warns_and_stops_nothing(
    desk: Desk, vault: Twin, records: Database, log: AuditLog, how: str
) -> None:
    with Room("sit1", microphone(), camera()) as room:
        sitting = await held(desk, room)
        if how == "full":
            vault.spare.full = True
        else:
            vault.spare.free_to_go.clear()
        alarm = await sitting.until_alarm()
        assert (alarm.code, alarm.suspends) == (Alarm.SPARE_FAILED, False)
        await asyncio.sleep(1)
        assert desk.status("sit1").state == "recording"
        await desk.close("sit1", "judge1")
    await check(vault, records, log)


async def test_the_spare_takes_over_from_a_failing_first(
    desk: Desk, vault: Twin, records: Database, log: AuditLog
) -> None:
    with Room("sit1", microphone(), camera()) as room:
        sitting = await held(desk, room)
        vault.full = True
        alarm = await sitting.until_alarm()
        assert (alarm.code, alarm.suspends) == (Alarm.FIRST_FAILED, False)
        await asyncio.sleep(7)
        assert desk.status("sit1").state == "recording"
        assert all(item.ok for item in desk.status("sit1").tracks)
        vault.full = False
        await asyncio.sleep(7)  # the next segment is in both again
        assert vault.faults() == []
        await desk.close("sit1", "judge1")
    assert len(sitting.alarms) == 1
    await check(vault, records, log)


async def test_where_neither_takes_it_the_record_is_suspended(desk: Desk, vault: Twin) -> None:
    with Room("sit1", microphone(), camera()) as room:
        sitting = await held(desk, room)
        vault.full = vault.spare.full = True
        async with asyncio.timeout(8):
            while not any(item.suspends for item in sitting.alarms):
                await asyncio.sleep(0.05)
        assert sitting.alarms[-1].code in (Alarm.DISK_FULL, Alarm.UNPROVED)
        await desk.close("sit1", "judge1")


async def test_recovery_reads_the_better_copy(
    open_desk: Opener,
    vault: Twin,
    records: Database,
    log: AuditLog,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk = await open_desk()
    with Room("sit1", microphone(), microphone("lawyer1")) as room:
        await held(desk, room)
        await asyncio.sleep(2)
        with monkeypatch.context() as patch:

            async def nothing(*_: object) -> bool:
                return True

            patch.setattr(desk._keeper, "keep", nothing)
            await desk.shutdown()  # as if killed: segments without rows
    [cut] = vault.root.rglob("judge1-microphone/*.seg")
    [gone] = vault.root.rglob("lawyer1-microphone/*.seg")
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size // 2])
    gone.unlink()
    again = Desk(records, log, vault, MemoryKeyStore(STORE_KEY), desk._clock, min_free_bytes=1000)
    await again.open()
    await again.close("sit1", "judge1")
    await again.shutdown()
    await check(vault, records, log)
    async with records.unit(write=False) as session:
        found = await store.segments(session, "sit1")
    assert [one.state for one in found] == ["interrupted", "interrupted"]
    assert all(one.end_ms - one.start_ms > 1500 for one in found)
