"""Bring a database to the newest migration. Used at start and by the tests; blocks, so call it in
a thread."""

import asyncio

from alembic import command
from alembic.config import Config
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

import audit.store
import auth.store
import recordings.store
import sessions.store
import signaling.store
from settings import ROOT

STORES = (audit.store, auth.store, sessions.store, signaling.store, recordings.store)
"""Importing them registers their tables with `database.Base.metadata`."""


def configuration(url: str) -> Config:
    """Alembic's configuration for one database."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str) -> None:
    """Apply what is missing. Safe to run again."""
    command.upgrade(configuration(url), "head")


def create_database(url: str) -> None:
    """Create a PostgreSQL database that does not exist yet."""

    async def create() -> None:
        target = make_url(url)
        engine = create_async_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(f'CREATE DATABASE "{target.database}"'))
        await engine.dispose()

    asyncio.run(create())
