"""A migrated database has the tables that the code has, on both sorts of database."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, text

import migrate
from database import Base, Database


async def test_the_tables_are_those_of_the_code(database: Database) -> None:
    migrate.load_tables()

    def compare(connection: Connection) -> Any:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, Base.metadata)

    async with database.engine.begin() as connection:
        assert await connection.run_sync(compare) == []


async def test_a_table_without_a_migration_is_noticed(database: Database) -> None:
    """The test above can fail."""
    async with database.engine.begin() as connection:
        await connection.execute(text("DROP TABLE holds"))
    with pytest.raises(AssertionError):
        await test_the_tables_are_those_of_the_code(database)


def test_there_is_one_line_of_revisions() -> None:
    scripts = ScriptDirectory.from_config(migrate.configuration("sqlite://"))
    assert len(scripts.get_heads()) == 1
    assert scripts.get_bases() == ["0001"]


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path}/new/folder/x.db"
    migrate.upgrade(url)
    before = (tmp_path / "new/folder/x.db").read_bytes()
    migrate.upgrade(url)
    assert (tmp_path / "new/folder/x.db").read_bytes() == before


def test_whom_a_lawyer_represents_is_kept(tmp_path: Path) -> None:
    """0003 moves the column `seats.represents` into `seat_ties`."""
    path = tmp_path / "old.db"
    url = f"sqlite+aiosqlite:///{path}"
    migrate.upgrade(url, "0001")
    with closing(sqlite3.connect(path)) as old:
        for seat, client in (("counsel", "'accused'"), ("accused", "NULL")):
            old.execute(
                "INSERT INTO seats (id, sitting, position, role, name_ar, name_en, represents, "
                f"id_last4) VALUES ('{seat}', 's', 0, 'counsel', '', '', {client}, '')"
            )
        old.commit()
    migrate.upgrade(url)
    with closing(sqlite3.connect(path)) as new:
        found = new.execute("SELECT seat, tie, other FROM seat_ties").fetchall()
    assert found == [("counsel", "represents", "accused")]


def test_every_store_is_known() -> None:
    root = Path(migrate.__file__).parent
    stores = [*root.glob("*/store.py"), *root.glob("*/*/store.py")]
    found = {".".join(path.relative_to(root).with_suffix("").parts) for path in stores}
    assert found == set(migrate.STORES)


def test_every_table_has_a_key() -> None:
    migrate.load_tables()
    tables: list[Table] = list(Base.metadata.tables.values())
    assert tables
    assert all(table.primary_key.columns for table in tables)
