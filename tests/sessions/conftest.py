"""A house on both sorts of database, and one on SQLite where the sort does not matter."""

import pytest

from database import Database
from tests.auth.house import House, build
from tests.support.clock import SettableClock


@pytest.fixture
async def house(database: Database, clock: SettableClock) -> House:
    return await build(database, clock)


@pytest.fixture
async def lite(sqlite_database: Database, clock: SettableClock) -> House:
    return await build(sqlite_database, clock)
