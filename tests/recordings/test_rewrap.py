"""A rotation reaches every key under the key store, goes on after a kill, and `doctor` counts."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Boolean, Integer, String, Table, create_engine, insert, select, update
from sqlalchemy.engine import Engine

from audit.leaf import decode
from audit.service import AuditLog
from clock import utc_now
from database import Database, UtcDateTime
from recordings import rewrap, store
from recordings.keyring import KeyRing, open_keyring
from recordings.keys import KeyRefused, new_key
from recordings.wrapped.store import Shelf, count_older, older, shelves
from settings import Settings
from tools import doctor

EACH = 3
Keys = dict[tuple[str, str], bytes]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        mode="demo", data_dir=tmp_path, database_url=f"sqlite+aiosqlite:///{tmp_path}/records.db"
    )


@pytest.fixture
def ring(settings: Settings) -> KeyRing:
    return open_keyring(settings)


@pytest.fixture
def plain(records: Database, tmp_path: Path) -> Iterator[Engine]:
    """The same file without our pragmas: rows may stand alone, without those they refer to."""
    engine = create_engine(f"sqlite:///{tmp_path}/records.db")
    yield engine
    engine.dispose()


def _filled(table: Table, id: str, **given: Any) -> dict[str, Any]:
    """A row with something in every column that must have it."""
    for column in table.columns:
        if column.nullable or column.name in given:
            continue
        match column.type:
            case UtcDateTime():
                given[column.name] = datetime(2026, 11, 22, tzinfo=UTC)
            case String():
                given[column.name] = id
            case Integer() | Boolean():
                given[column.name] = 1
            case _:
                given[column.name] = {}
    return given


def fill(plain: Engine, ring: KeyRing) -> Keys:
    """`EACH` keys in every column that is declared."""
    held: Keys = {}
    with plain.begin() as connection:
        for shelf in shelves():
            for number in range(EACH):
                id, key = f"{shelf.of}-{number}", new_key()
                row = _filled(shelf.table, id, **{shelf.name: ring.wrap(key)})
                connection.execute(insert(shelf.table).values(row))
                held[shelf.of, id] = key
    return held


def opened(plain: Engine, ring: KeyRing) -> Keys:
    """What every key is, as the key store reads it."""
    with plain.connect() as connection:
        return {
            (shelf.of, id): ring.unwrap(wrapped)
            for shelf in shelves()
            for id, wrapped in connection.execute(select(shelf.id, shelf.key))
        }


async def left(records: Database, ring: KeyRing) -> int:
    async with records.unit(write=False) as session:
        return sum([await count_older(session, one, ring.current()) for one in shelves()])


async def test_every_key_is_put_under_the_new_one(
    records: Database, log: AuditLog, ring: KeyRing, plain: Engine
) -> None:
    held, told = fill(plain, ring), list[tuple[int, int]]()
    name, done = await rewrap.rotate(records, log, ring, "operator", lambda *at: told.append(at))
    assert (name, done) == ("file:2", len(held))
    assert len(held) >= 5 * EACH
    assert told == [(number, len(held)) for number in range(1, len(held) + 1)]
    assert opened(plain, ring) == held
    assert await left(records, ring) == 0
    found = [decode(one.entry) for one in await log.leaves("minutes-0")]
    assert [(one.type, one.data["of"], one.data["id"]) for one in found] == [
        ("key.rotated", "minutes", "minutes-0")
    ]


class Killed(BaseException):
    """The process is gone at this instant."""


class Mortal(KeyRing):
    """Dies when it has wrapped so many keys."""

    lives = 0

    def wrap(self, key: bytes) -> bytes:
        if not self.lives:
            raise Killed
        self.lives -= 1
        return super().wrap(key)


@pytest.mark.parametrize("lives", [0, 1, 4, 7])
async def test_a_killed_rotation_is_continued(
    records: Database, log: AuditLog, ring: KeyRing, plain: Engine, lives: int
) -> None:
    held = fill(plain, ring)
    mortal = Mortal(list(ring._backends.values()))
    mortal.lives = lives
    with pytest.raises(Killed):
        await rewrap.rotate(records, log, mortal, "operator")
    ring.reload()
    assert opened(plain, ring) == held
    assert await left(records, ring) == len(held) - lives
    assert await rewrap.rewrap(records, log, ring, "operator") == len(held) - lives
    assert opened(plain, ring) == held
    for _, id in held:
        assert len(await log.leaves(id)) == 1, "one leaf for each key, whenever it was done"


async def test_one_damaged_key_holds_up_no_other(
    records: Database, log: AuditLog, ring: KeyRing, plain: Engine
) -> None:
    held = fill(plain, ring)
    shelf = shelves()[0]
    with plain.begin() as connection:
        damaged = update(shelf.table).where(shelf.id == f"{shelf.of}-0")
        connection.execute(damaged.values({shelf.name: b"mk1:file:1\n" + bytes(40)}))
    with pytest.raises(KeyRefused, match=f"1 keys cannot be read, the first {shelf.of} "):
        await rewrap.rotate(records, log, ring, "operator")
    assert await left(records, ring) == 1
    assert len(held) > 1


async def test_doctor_says_what_is_under_an_older_key(
    records: Database, log: AuditLog, ring: KeyRing, plain: Engine, settings: Settings
) -> None:
    count = len(fill(plain, ring))
    ring.rotate()
    findings = await _doctor(settings)
    assert [one.state for one in findings] == ["ok", "warn"]
    for shelf in shelves():
        assert f"{EACH} of {shelf.of} under file:1" in findings[1].what
    assert findings[1].advice == "Run: ./mahdar vault rewrap"
    await rewrap.rewrap(records, log, ring, "operator")
    [finding] = await _doctor(settings)
    assert finding.what == f"file:2 wraps {count} keys"


async def _doctor(settings: Settings) -> list[doctor.Finding]:
    return await asyncio.to_thread(lambda: list(doctor.key_store(settings)))


async def test_both_databases_find_the_older_ones(database: Database, tmp_path: Path) -> None:
    ring = open_keyring(Settings(mode="demo", data_dir=tmp_path))
    shelf: Shelf = next(one for one in shelves() if one.of == "recordings")
    async with database.unit() as session:
        for number in range(3):
            await store.add(session, f"s{number}", ring.wrap(new_key()), utc_now())
        await store.add(session, "old", ring.wrap(new_key())[-40:], utc_now())
    async with database.unit(write=False) as session:
        assert await count_older(session, shelf, "file:1") == 0
        assert await count_older(session, shelf, "file:2") == 4
        assert [one.id for one in await older(session, shelf, "file:2", "s0", 9)] == ["s1", "s2"]
