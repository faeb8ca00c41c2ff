"""The register of all keys that the key store wrapped: every column of the type `WrappedKey`.

A table declares its wrapped keys by the type of their column, and nothing else is needed: rotation
(`recordings.rewrap`) and `doctor` go over all columns of this type that the metadata knows. What
every other column of bytes holds is said in `tests/contracts/test_wrapped_keys.py`, which fails on
one that it does not know.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Table, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator

from database import Base
from recordings.keyring import FIRST, head, name_of
from recordings.keys import WRAPPED_BYTES

Session = AsyncSession


class WrappedKey(TypeDecorator[bytes]):
    """A key under a key of the key store, as `recordings.keyring` made it. `subject` names the
    column of the same table under which the leaves about it stand in the log."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, subject: str, length: int | None = None) -> None:
        super().__init__(length)
        self.subject = subject


@dataclass(frozen=True, slots=True)
class Shelf:
    """One column of wrapped keys."""

    table: Table
    name: str
    """Of the column."""

    @property
    def of(self) -> str:
        """The code of what these keys open: the name of the table."""
        return self.table.name

    @property
    def key(self) -> Any:
        """The column."""
        return self.table.c[self.name]

    @property
    def id(self) -> Any:
        """The column that names a row."""
        (found,) = self.table.primary_key.columns
        return found

    @property
    def subject(self) -> Any:
        """The column with the subject of leaves."""
        return self.table.c[self.key.type.subject]

    def older(self, name: str) -> ColumnElement[bool]:
        """Rows whose key is under another key than `name`."""
        first = head(name)
        other: ColumnElement[bool] = (
            func.substr(self.key, 1, len(first), type_=LargeBinary) != first
        )
        if name == FIRST:  # from before there were names
            other = and_(other, func.length(self.key) != WRAPPED_BYTES)
        return and_(self.key.is_not(None), other)


@dataclass(frozen=True, slots=True)
class Held:
    """One wrapped key."""

    id: str
    subject: str
    wrapped: bytes


def shelves() -> list[Shelf]:
    """All columns of wrapped keys of the tables that are loaded, by table."""
    return [
        Shelf(table, column.name)
        for _, table in sorted(Base.metadata.tables.items())
        for column in table.columns
        if isinstance(column.type, WrappedKey)
    ]


async def count_older(session: Session, shelf: Shelf, name: str) -> int:
    """How many keys of a shelf are under another key than `name`."""
    query = select(func.count()).select_from(shelf.table).where(shelf.older(name))
    return int(await session.scalar(query) or 0)


async def older(session: Session, shelf: Shelf, name: str, after: str, most: int) -> Sequence[Held]:
    """Keys under another key than `name`, of rows after the id `after`, in the order of ids."""
    query = (
        select(shelf.id, shelf.subject, shelf.key)
        .where(shelf.older(name), shelf.id > after)
        .order_by(shelf.id)
        .limit(most)
    )
    return [Held(*row) for row in await session.execute(query)]


async def replace(session: Session, shelf: Shelf, held: Held, new: bytes) -> bool:
    """Put `new` in its place; False when the old one is gone: rewrapped, or destroyed."""
    done = await session.scalar(
        update(shelf.table)
        .where(shelf.id == held.id, shelf.key == held.wrapped)
        .values({shelf.name: new})
        .returning(shelf.id)
    )
    return done is not None


async def under(session: Session, shelf: Shelf) -> Counter[str]:
    """How many keys of a shelf are under which key. Raises KeyRefused for one that is damaged."""
    query = select(shelf.key).where(shelf.key.is_not(None))
    return Counter(name_of(wrapped) for wrapped in await session.scalars(query))
