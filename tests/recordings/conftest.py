"""A desk with a real database, log, vault and verifier process."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

import migrate
from audit import key as audit_key
from audit.service import AuditLog
from clock import utc_now
from database import Base, Database
from recordings.keys import MemoryKeyStore
from recordings.service import Desk
from recordings.vault import Vault

STORE_KEY = bytes(range(32))


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Database]:
    """An SQLite database with all tables."""
    migrate.load_tables()
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'records.db'}")
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


@pytest.fixture
def log(records: Database) -> AuditLog:
    return AuditLog(
        records, audit_key.generate("test.example/audit"), "test.example/audit", utc_now
    )


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "vault")


Opener = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def open_desk(records: Database, log: AuditLog, vault: Vault) -> AsyncIterator[Opener]:
    """Opens desks one after the other over the same state; all are shut down at the end."""
    desks: list[Desk] = []

    async def opener(**changes: object) -> Desk:
        options: dict[str, object] = {"min_free_bytes": 1_000_000, **changes}
        desk = Desk(records, log, vault, MemoryKeyStore(STORE_KEY), utc_now, **options)  # type: ignore[arg-type]
        await desk.open()
        desks.append(desk)
        return desk

    yield opener
    for desk in desks:
        await desk.shutdown()


@pytest.fixture
async def desk(open_desk: Opener) -> Desk:
    return await open_desk()
