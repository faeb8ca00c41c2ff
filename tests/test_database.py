"""Units of work on both databases."""

import asyncio

import pytest
from sqlalchemy import text

from database import Database, lock


async def count(database: Database) -> int:
    async with database.unit(write=False) as session:
        found: int = await session.scalar(text("SELECT count(*) FROM t"))
    return found


@pytest.fixture
async def table(database: Database) -> Database:
    async with database.unit() as session:
        await session.execute(text("CREATE TABLE t (n INTEGER)"))
    return database


async def insert(database: Database, fail: bool = False) -> None:
    async with database.unit() as session:
        await lock(session, "t")
        found = await session.scalar(text("SELECT count(*) FROM t"))
        await asyncio.sleep(0)
        await session.execute(text("INSERT INTO t VALUES (:n)"), {"n": found})
        if fail:
            raise ZeroDivisionError


async def test_units_do_not_interleave(table: Database) -> None:
    results = await asyncio.gather(
        *(insert(table, fail=i % 4 == 0) for i in range(20)), return_exceptions=True
    )
    assert sum(isinstance(result, ZeroDivisionError) for result in results) == 5
    async with table.unit(write=False) as session:
        found = list(await session.scalars(text("SELECT n FROM t ORDER BY n")))
    assert found == list(range(15))


async def test_cancelled_units_leave_nothing_and_let_others_pass(table: Database) -> None:
    inside = asyncio.Event()

    async def stuck() -> None:
        async with table.unit() as session:
            await session.execute(text("INSERT INTO t VALUES (1)"))
            inside.set()
            await asyncio.Event().wait()

    first = asyncio.create_task(stuck())
    await inside.wait()
    second = asyncio.create_task(insert(table))
    third = asyncio.create_task(stuck())
    await asyncio.sleep(0)
    third.cancel()
    first.cancel()
    await second
    assert await count(table) == 1


async def test_a_unit_inside_a_unit_is_said_at_once(sqlite_database: Database) -> None:
    async def nested() -> None:
        async with sqlite_database.unit(), sqlite_database.unit():
            pass

    with pytest.raises(RuntimeError, match="inside a writing unit"):
        await nested()
    async with sqlite_database.unit(), sqlite_database.unit(write=False):
        pass
