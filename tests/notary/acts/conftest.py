"""An office on both sorts of database, and one on SQLite where the sort does not matter."""

from pathlib import Path

import pytest

from database import Database
from notary.documents.render import Documents
from notary.signing.engine import Engine, Workshop
from tests.auth.house import build
from tests.notary.acts.signed import Signed, checker, office
from tests.notary.acts.world import World, make
from tests.support.clock import SettableClock


@pytest.fixture
async def world(database: Database, clock: SettableClock, tmp_path: Path) -> World:
    return await make(await build(database, clock), tmp_path)


@pytest.fixture
async def lite(sqlite_database: Database, clock: SettableClock, tmp_path: Path) -> World:
    return await make(await build(sqlite_database, clock), tmp_path)


@pytest.fixture
async def signed(
    sqlite_database: Database,
    clock: SettableClock,
    tmp_path: Path,
    engine: Engine,
    documents: Documents,
    workshop: Workshop,
) -> Signed:
    house = await build(sqlite_database, clock)
    desk, ceremonies = office(house, engine, documents)
    world = await make(house, tmp_path, ceremonies=desk)
    one = await world.delivered()
    _, pdf = await world.office.closing.copy(world.who("claimant"), one.id)
    return Signed(world, one, pdf, checker(world, ceremonies, workshop, tmp_path), ceremonies)
