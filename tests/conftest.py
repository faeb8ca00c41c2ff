"""Fixtures that every room's tests share: both databases, a clock, Chromium's flags."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import hypothesis
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

import logs
import migrate
from database import Database
from tests.support import postgresql
from tests.support import softhsm as softhsm_
from tests.support.clock import SettableClock

logs.configure()
# The same examples in every run, and no clock: this machine may be slow today.
hypothesis.settings.register_profile("mahdar", deadline=None, derandomize=True)
hypothesis.settings.load_profile("mahdar")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The five minutes of the soak pass beside all others: it begins first."""
    items.sort(key=lambda item: item.path.name != "test_soak.py")


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Fresh PKCS#11 tokens (`softhsm.TOKENS`)."""
    softhsm_.make(tmp_path_factory.mktemp("softhsm"))
    yield
    del os.environ["SOFTHSM2_CONF"]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database at the newest migration, to be copied."""
    path = tmp_path_factory.mktemp("template") / "mahdar.db"
    migrate.upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A running server with a database `template` at the newest migration."""
    with postgresql.running() as url:
        migrate.create_database(f"{url}/template_mahdar")
        migrate.upgrade(f"{url}/template_mahdar")
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "mahdar.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty database of each sort; a test that asks for it runs twice."""
    if request.param == "sqlite":  # not async: the templates are made by a loop of their own
        yield request.getfixturevalue("sqlite_url")
        return
    server: str = request.getfixturevalue("postgresql_server")
    name = f"t{secrets.token_hex(6)}"
    asyncio.run(_execute(server, f"CREATE DATABASE {name} TEMPLATE template_mahdar"))
    yield f"{server}/{name}"
    asyncio.run(_execute(server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _execute(server: str, statement: str) -> None:
    engine = create_async_engine(f"{server}/postgres", isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A unit-of-work factory on each sort of database."""
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """For tests in which the sort of database does not matter."""
    database = Database(sqlite_url)
    yield database
    await database.close()
