"""Engine, unit of work and table base.

One unit of work is one transaction: `async with database.unit() as session`. It commits at the
end of the block and rolls back on any exception. On SQLite a writing unit takes the write lock at
its start (BEGIN IMMEDIATE), so units never deadlock half-way; on PostgreSQL units that must not
interleave call `lock` with a name.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, MetaData, event, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


_ANNOUNCED = "mahdar_announced"


class Base(DeclarativeBase):
    """All tables of all rooms share this metadata, so that migrations see them together."""

    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime in UTC on both databases; a naive one is a programming error."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Serial = BigInteger().with_variant(Integer, "sqlite")
"""Type of a primary key that the database counts up."""


class Database:
    """The one connection pool of the process."""

    def __init__(self, url: str) -> None:
        self.url = url
        # Errors are logged: they name the statement, not its values, which are people's data.
        self.engine: AsyncEngine = create_async_engine(
            url, pool_pre_ping=True, hide_parameters=True
        )
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self.listeners: list[Callable[[str, str], None]] = []
        """Told what units announced, after their commit. They neither wait nor raise."""
        self._queue = _Queue()
        if self.is_sqlite:
            _prepare_sqlite(self.engine)

    @asynccontextmanager
    async def unit(self, *, write: bool = True) -> AsyncIterator[AsyncSession]:
        """One transaction. `write=False` promises not to write, and lets SQLite readers overlap.

        Cancelling inside the block rolls back. A writing unit inside a writing unit of the same
        task is a programming error.
        """
        if write and self.is_sqlite:
            async with self._queue, self._unit(write) as session:
                yield session
        else:
            async with self._unit(write) as session:
                yield session

    @asynccontextmanager
    async def _unit(self, write: bool) -> AsyncIterator[AsyncSession]:
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            await session.connection(execution_options={"mahdar_write": write})
            try:
                yield session
            except BaseException:
                await session.rollback()
                raise
            await session.commit()
            for announced in session.info.get(_ANNOUNCED, ()):
                for listener in self.listeners:
                    listener(*announced)

    async def close(self) -> None:
        """Give all connections back."""
        await self.engine.dispose()


def announce(session: AsyncSession, topic: str, id: str) -> None:
    """Tell the database's listeners of `id` when this unit is committed, and never otherwise.

    Topics: `session` (a browser's session has ended), `person` (an account's rights have changed).
    """
    session.info.setdefault(_ANNOUNCED, []).append((topic, id))


class _Queue:
    """Writers of this process in line, without a connection. SQLite's own waiting sleeps up to
    100 ms at a time while the lock is free: 16 writers took 5 times as long with it."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._owner: asyncio.Task[Any] | None = None

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        if self._owner is not None and self._owner is task:
            raise RuntimeError("a writing unit inside a writing unit")
        await self._lock.acquire()
        self._owner = task

    async def __aexit__(self, *_: object) -> None:
        self._owner = None
        self._lock.release()


async def lock(session: AsyncSession, name: str) -> None:
    """Serialise units of work that take the lock of this name, until they end.

    PostgreSQL: an advisory lock of the transaction. SQLite: a writing unit is alone already.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name}
        )


def _prepare_sqlite(engine: AsyncEngine) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # an accepted command survives a power cut
            "foreign_keys=ON",
            "busy_timeout=15000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        write = connection.get_execution_options().get("mahdar_write", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
