"""An office on both sorts of database, and one on SQLite where the sort does not matter."""

from pathlib import Path

import pytest

from database import Database
from tests.auth.house import build
from tests.notary.acts.world import World, make
from tests.support.clock import SettableClock


@pytest.fixture
async def world(database: Database, clock: SettableClock, tmp_path: Path) -> World:
    return await make(await build(database, clock), tmp_path)


@pytest.fixture
async def lite(sqlite_database: Database, clock: SettableClock, tmp_path: Path) -> World:
    return await make(await build(sqlite_database, clock), tmp_path)
