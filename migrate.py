"""Brings a database to the newest schema.

`upgrade(url)` is blocking (it runs an event loop of its own): call it from the command line or
from a thread, never on the server's loop.
"""

import asyncio
import importlib
import tempfile
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from database import Database

FOLDER = Path(__file__).resolve().parent / "migrations"
STORES = (
    "audit.store",
    "auth.store",
    "auth.administration.store",
    "auth.devices.store",
    "auth.identity.store",
    "auth.methods.store",
    "sessions.store",
    "signaling.store",
    "recordings.store",
    "recordings.wrapped.store",
    "notary.store",
    "notary.signing.store",
    "notary.marriage.store",
    "recordings.access.store",
    "recordings.study.store",
    "recordings.works.store",
    "notary.deeds.store",
    "notary.register.store",
    "notary.mail.store",
    "recordings.transcripts.store",
    "recordings.minutes.store",
    "recordings.exhibits.store",
)
"""Every module that has tables, or columns of them."""


def load_tables() -> None:
    """Import every room's store, so that `database.Base.metadata` is whole."""
    for name in STORES:
        if find_spec(name):
            importlib.import_module(name)


def configuration(url: str) -> Config:
    """Alembic's configuration for one database; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that `url` lacks. SQLite's folder is made when it is missing."""
    database = make_url(url).database
    if url.startswith("sqlite") and database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    asyncio.run(_upgrade(url, revision))


async def _upgrade(url: str, revision: str) -> None:
    database = Database(url)
    try:
        async with database.engine.begin() as connection:
            if not database.is_sqlite:  # two servers that start at once: the second one waits
                await connection.execute(text("SELECT pg_advisory_xact_lock(7264001)"))
            await connection.run_sync(_run, url, revision)
    finally:
        await database.close()


def _run(connection: Connection, url: str, revision: str) -> None:
    load_tables()
    config = configuration(url)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def draft(message: str, number: str) -> None:
    """Write the next revision from what the tables have become. A person reads it afterwards.

    python -c "import migrate; migrate.draft('Say what changes', '0002')"
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/draft.db"
        upgrade(url)
        asyncio.run(_draft(url, message, number))


async def _draft(url: str, message: str, number: str) -> None:
    database = Database(url)

    def write(connection: Connection) -> None:
        load_tables()
        config = configuration(url)
        config.attributes["connection"] = connection
        command.revision(config, message, autogenerate=True, rev_id=number)

    try:
        async with database.engine.begin() as connection:
            await connection.run_sync(write)
    finally:
        await database.close()


def create_database(url: str) -> None:
    """Create the PostgreSQL database that `url` names, empty."""
    asyncio.run(_create_database(url))


async def _create_database(url: str) -> None:
    target = make_url(url)
    engine = create_async_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            quoted = connection.dialect.identifier_preparer.quote(str(target.database))
            await connection.execute(text(f"CREATE DATABASE {quoted}"))
    finally:
        await engine.dispose()
