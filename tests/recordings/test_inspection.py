"""`doctor` over a real record: each thing that can be wrong is found, and what to do is said."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

import migrate
from audit import key
from audit.service import AuditLog
from clock import utc_now
from database import Base, Database
from recordings.inspection import ADVICE, MOST, Inspection, Remark
from recordings.keys import MemoryKeyStore
from recordings.service import Desk
from recordings.store import SegmentRow
from recordings.vault import Vault
from tests.recordings.conftest import STORE_KEY
from tests.recordings.room import Room, microphone
from tests.recordings.test_service import flowing

SITTING, ORIGIN = "sit1", "test.example/audit"


async def _record(folder: Path) -> None:
    """A sealed record of one track, in a database and a vault below `folder`."""
    migrate.load_tables()
    database = Database(f"sqlite+aiosqlite:///{folder / 'records.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    log = AuditLog(database, key.generate(ORIGIN), ORIGIN, utc_now)
    vault, store_key = Vault(folder / "vault"), MemoryKeyStore(STORE_KEY)
    desk = Desk(database, log, vault, store_key, utc_now, min_free_bytes=1_000_000)
    await desk.open()
    with Room(SITTING, microphone()) as room:
        await flowing(room)
        await desk.start(SITTING, room, "judge1")
        await desk.close(SITTING, "judge1")
    await desk.shutdown()
    await database.close()


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    asyncio.run(_record(folder))
    return folder


@pytest.fixture
async def look(recorded: Path, tmp_path: Path) -> AsyncIterator[Inspection]:
    """A copy of it, to be spoilt."""
    shutil.copytree(recorded, tmp_path, dirs_exist_ok=True)
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'records.db'}")
    vault = Vault(tmp_path / "vault")
    yield Inspection(database, vault, MemoryKeyStore(STORE_KEY), utc_now(), deep=True)
    await database.close()


@pytest.fixture
def records(look: Inspection) -> Database:
    return look.database


@pytest.fixture
def vault(look: Inspection) -> Vault:
    return look.vault


def sorts(found: list[Remark]) -> set[str]:
    assert all(remark.advice == ADVICE[remark.sort] for remark in found)
    return {remark.sort for remark in found}


def first(vault: Vault) -> Path:
    return next(vault.root.rglob("*.seg"))


async def test_nothing_is_wrong(look: Inspection) -> None:
    assert await look.run() == []


async def test_files(look: Inspection, vault: Vault) -> None:
    path = first(vault)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert sorts(await look.run()) == {"altered"}
    assert await replace(look, deep=False).run() == []
    path.write_bytes(whole[:-1])
    assert sorts(await replace(look, deep=False).run()) == {"altered"}
    path.unlink()
    assert sorts(await look.run()) == {"missing"}
    path.write_bytes(whole)
    shutil.copy(path, path.with_name("00009999.seg"))
    assert sorts(await look.run()) == {"orphan"}
    path.with_name("00009999.seg").rename(path.with_name("00009999.damaged"))
    assert sorts(await look.run()) == {"aside"}
    (vault.root / "elsewhere" / "x").mkdir(parents=True)
    assert sorts(await look.run()) == {"aside", "orphan"}


async def test_rows_and_leaves(look: Inspection, records: Database) -> None:
    async with records.unit() as session:
        await session.execute(text("DELETE FROM audit_leaves WHERE type = 'rec.segment'"))
    found = await look.run()
    assert sorts(found) == {"rows"}
    assert "the database has 'segment" in found[0].what


async def test_a_row_that_was_deleted(look: Inspection, records: Database) -> None:
    async with records.unit() as session:
        await session.execute(delete(SegmentRow))
    assert sorts(await look.run()) == {"rows", "orphan"}


async def test_another_key(look: Inspection, records: Database) -> None:
    assert sorts(await replace(look, key_store=MemoryKeyStore(bytes(32))).run()) == {"key"}
    async with records.unit() as session:
        await session.execute(text("UPDATE recording_tracks SET wrapped_key = x'00'"))
    found = await look.run()
    assert sorts(found) == {"key"}
    assert f"{SITTING}/" in found[0].what


async def test_a_record_that_is_not_ended(look: Inspection, records: Database) -> None:
    async with records.unit() as session:
        await session.execute(text("UPDATE recording_stretches SET end_ms = NULL"))
    assert "open" in sorts(await look.run())


async def test_a_clock_that_went_back(look: Inspection) -> None:
    early = replace(look, now=look.now - timedelta(hours=1))
    assert sorts(await early.run()) == {"clock"}


async def test_many_of_a_sort_are_counted(look: Inspection, vault: Vault) -> None:
    path = first(vault)
    for number in range(MOST + 3):
        shutil.copy(path, path.with_name(f"{9000 + number:08d}.seg"))
    found = await look.run()
    assert len(found) == MOST + 1
    assert found[-1].what == "and 3 more of this sort"


async def test_what_was_destroyed_is_no_fault(
    look: Inspection, records: Database, vault: Vault
) -> None:
    """Without the sitting's key nobody needs the files any more."""
    async with records.unit() as session:
        await session.execute(text("UPDATE recordings SET wrapped_key = NULL"))
        await session.execute(update(SegmentRow).values(salt=None))
    shutil.rmtree(vault.root / SITTING)
    assert await look.run() == []
