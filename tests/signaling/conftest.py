"""Worlds on SQLite; `both` runs on PostgreSQL too."""

import pytest

from database import Database
from tests.auth import house as houses
from tests.signaling import world as worlds
from tests.signaling.world import World
from tests.support.clock import SettableClock


@pytest.fixture
async def world(sqlite_database: Database, clock: SettableClock) -> World:
    return await worlds.build(await houses.build(sqlite_database, clock))


@pytest.fixture
async def consultation(sqlite_database: Database, clock: SettableClock) -> World:
    return await worlds.build(await houses.build(sqlite_database, clock), "consultation")


@pytest.fixture
async def both(database: Database, clock: SettableClock) -> World:
    return await worlds.build(await houses.build(database, clock))
