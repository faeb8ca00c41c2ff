"""The log's tables. The only module of the room that knows SQLAlchemy.

Leaves are written by callers' units of work, one unit at a time, so that indexes have no gaps.
Inner nodes and checkpoints are written by the unit that signs, under a lock of its own, so that
on PostgreSQL an append never waits for a signature.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    ForeignKey,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    bindparam,
    func,
    insert,
    select,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from audit.checkpoint import Checkpoint, parse
from audit.leaf import decode
from audit.tree import Node
from database import Base, UtcDateTime, lock

T = TypeVar("T")

BATCH = 500
"""Rows of one statement: far below the parameter limits of both databases."""

_Index = BigInteger().with_variant(Integer, "sqlite")  # INTEGER PRIMARY KEY is SQLite's row id


class LeafRow(Base):
    """One leaf; `entry` is what is hashed, the rest of the columns serve queries."""

    __tablename__ = "audit_leaves"
    __table_args__ = (UniqueConstraint("subject", "n"),)

    index: Mapped[int] = mapped_column(_Index, primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    type: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(64))
    n: Mapped[int | None] = mapped_column(BigInteger)


class NodeRow(Base):
    """The hash of a complete subtree of 2**level leaves, level 1 and above."""

    __tablename__ = "audit_nodes"

    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class CheckpointRow(Base):
    """A signed checkpoint, as it was published."""

    __tablename__ = "audit_checkpoints"

    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class CosignatureRow(Base):
    """A witness's line over a checkpoint."""

    __tablename__ = "audit_cosignatures"

    size: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_checkpoints.size"), primary_key=True, autoincrement=False
    )
    witness: Mapped[str] = mapped_column(String(200), primary_key=True)
    """Its name and the id of its key, as in a verifier key: name+id."""
    line: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class TimestampRow(Base):
    """An RFC 3161 token over a checkpoint's note as it was signed."""

    __tablename__ = "audit_timestamps"

    size: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("audit_checkpoints.size"), primary_key=True, autoincrement=False
    )
    authority: Mapped[str] = mapped_column(String(16), primary_key=True)
    """internal (our own, not independent) or external."""
    token: Mapped[bytes] = mapped_column(LargeBinary)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    """The time that the token asserts."""


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf as it stands in the log: its place, its bytes and their leaf hash."""

    index: int
    entry: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Which leaves are wanted; what is empty or None asks for nothing."""

    type: str = ""
    """A type, or with a dot at its end all that begin with it."""
    subject: str = ""
    part: bytes = b""
    """What the leaf's bytes hold."""
    first: int = 0
    end: int | None = None
    """Indexes [first, end)."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A leaf found by what it holds: its place, type and subject."""

    index: int
    type: str
    subject: str
    at: datetime


async def lock_leaves(session: AsyncSession) -> None:
    """From here to the end of the unit nobody else appends."""
    await lock(session, "audit")


async def lock_checkpoints(session: AsyncSession) -> None:
    """From here to the end of the unit nobody else signs."""
    await lock(session, "audit.checkpoint")


async def next_place(session: AsyncSession, subject: str) -> tuple[int, int]:
    """The index, and the counter of `subject`, that the next leaf gets. Needs `lock_leaves`."""
    last_n = select(func.max(LeafRow.n)).where(LeafRow.subject == subject).scalar_subquery()
    row = (await session.execute(select(func.max(LeafRow.index), last_n))).one()
    index, n = row
    return (0 if index is None else index + 1), (0 if n is None else n + 1)


async def add_leaf(
    session: AsyncSession, leaf: StoredLeaf, type: str, subject: str | None, n: int | None
) -> None:
    """Insert one leaf."""
    await session.execute(
        insert(LeafRow).values(
            index=leaf.index, entry=leaf.entry, hash=leaf.hash, type=type, subject=subject, n=n
        )
    )


async def size(session: AsyncSession) -> int:
    """The number of leaves that this unit sees."""
    last = await session.scalar(select(func.max(LeafRow.index)))
    return 0 if last is None else last + 1


async def entries(session: AsyncSession, start: int, end: int) -> list[StoredLeaf]:
    """Leaves [start, end) in order."""
    rows = await session.execute(
        select(LeafRow.index, LeafRow.entry, LeafRow.hash)
        .where(LeafRow.index >= start, LeafRow.index < end)
        .order_by(LeafRow.index)
    )
    return [StoredLeaf(*row) for row in rows]


async def of_subject(session: AsyncSession, subject: str) -> list[StoredLeaf]:
    """All leaves of `subject`, in order."""
    rows = await session.execute(
        select(LeafRow.index, LeafRow.entry, LeafRow.hash)
        .where(LeafRow.subject == subject)
        .order_by(LeafRow.n)
    )
    return [StoredLeaf(*row) for row in rows]


async def subjects(session: AsyncSession, types: Collection[str]) -> frozenset[str]:
    """Of what the leaves of these types speak. Reads the whole log: about 1 s a million."""
    query = select(LeafRow.subject).where(LeafRow.type.in_(types), LeafRow.subject.is_not(None))
    return frozenset(subject for subject in await session.scalars(query.distinct()) if subject)


async def mentions(session: AsyncSession, part: bytes, most: int) -> list[Mention]:
    """Leaves whose bytes hold `part`, oldest first. Reads the whole log: about 1 s a million."""
    rows = await session.execute(
        select(LeafRow.index, LeafRow.entry)
        .where(holds(session, part))
        .order_by(LeafRow.index)
        .limit(most)
    )
    found = [(index, decode(entry)) for index, entry in rows]
    return [Mention(index, leaf.type, leaf.subject, leaf.at) for index, leaf in found]


async def search(
    session: AsyncSession, wanted: Search, most: int, *, newest: bool = True
) -> list[StoredLeaf]:
    """The first `most` leaves that are wanted, newest or oldest first."""
    query = select(LeafRow.index, LeafRow.entry, LeafRow.hash).where(LeafRow.index >= wanted.first)
    if wanted.end is not None:
        query = query.where(LeafRow.index < wanted.end)
    if wanted.type.endswith("."):
        query = query.where(LeafRow.type.startswith(wanted.type, autoescape=True))
    elif wanted.type:
        query = query.where(LeafRow.type == wanted.type)
    if wanted.subject:
        query = query.where(LeafRow.subject == wanted.subject)
    if wanted.part:
        query = query.where(holds(session, wanted.part))
    order = LeafRow.index.desc() if newest else LeafRow.index
    return [StoredLeaf(*row) for row in await session.execute(query.order_by(order).limit(most))]


async def types(session: AsyncSession) -> list[str]:
    """Every type that the log has, sorted."""
    return list(await session.scalars(select(LeafRow.type).distinct().order_by(LeafRow.type)))


def holds(session: AsyncSession, part: bytes) -> ColumnElement[bool]:
    """The condition that a leaf's bytes hold `part`."""
    postgresql = session.get_bind().dialect.name == "postgresql"
    find = func.position(bindparam(None, part, LargeBinary).op("IN")(LeafRow.entry))
    return (find if postgresql else func.instr(LeafRow.entry, part)) > 0


async def hashes(session: AsyncSession, start: int, end: int) -> list[bytes]:
    """Leaf hashes [start, end) in order."""
    rows = await session.scalars(
        select(LeafRow.hash)
        .where(LeafRow.index >= start, LeafRow.index < end)
        .order_by(LeafRow.index)
    )
    return list(rows)


async def level_hashes(session: AsyncSession, level: int, start: int, end: int) -> list[bytes]:
    """Hashes of nodes [start, end) of one level, in order."""
    if level == 0:
        return await hashes(session, start, end)
    rows = await session.scalars(
        select(NodeRow.hash)
        .where(NodeRow.level == level, NodeRow.index >= start, NodeRow.index < end)
        .order_by(NodeRow.index)
    )
    return list(rows)


async def nodes(session: AsyncSession, wanted: Iterable[Node]) -> dict[Node, bytes]:
    """The hashes of the nodes that are stored among `wanted`."""
    unique = sorted(set(wanted))
    found: dict[Node, bytes] = {}
    leaves = [node.position for node in unique if node.level == 0]
    for batch in _batches(leaves):
        rows = await session.execute(
            select(LeafRow.index, LeafRow.hash).where(LeafRow.index.in_(batch))
        )
        found |= {Node(0, index): value for index, value in rows}
    inner = [node for node in unique if node.level]
    for pairs in _batches(inner):
        inner_rows = await session.execute(
            select(NodeRow.level, NodeRow.index, NodeRow.hash).where(
                tuple_(NodeRow.level, NodeRow.index).in_(pairs)
            )
        )
        found |= {Node(level, index): value for level, index, value in inner_rows}
    return found


async def add_nodes(session: AsyncSession, made: Mapping[Node, bytes]) -> None:
    """Insert inner nodes. A node is written once; a second write is an IntegrityError."""
    rows = [{"level": n.level, "index": n.position, "hash": value} for n, value in made.items()]
    for batch in _batches(rows):
        await session.execute(insert(NodeRow), batch)


async def newest(session: AsyncSession) -> Checkpoint | None:
    """The checkpoint with the largest size."""
    row = await session.scalar(select(CheckpointRow).order_by(CheckpointRow.size.desc()).limit(1))
    return None if row is None else parse(row.note)


async def checkpoints(session: AsyncSession) -> list[CheckpointRow]:
    """All checkpoints, oldest first."""
    return list(await session.scalars(select(CheckpointRow).order_by(CheckpointRow.size)))


async def add_checkpoint(session: AsyncSession, checkpoint: Checkpoint, at: datetime) -> None:
    """Insert a checkpoint that was just signed."""
    await session.execute(
        insert(CheckpointRow).values(
            size=checkpoint.size, root=checkpoint.root, note=checkpoint.note, at=at
        )
    )


async def last_cosigned(session: AsyncSession, witness: str) -> CosignatureRow | None:
    """The newest line of a witness (name+id)."""
    return await session.scalar(
        select(CosignatureRow)
        .where(CosignatureRow.witness == witness)
        .order_by(CosignatureRow.size.desc())
        .limit(1)
    )


async def cosignatures(session: AsyncSession, size: int) -> list[str]:
    """The lines of witnesses under the checkpoint of `size`, in the order of their names."""
    rows = await session.scalars(
        select(CosignatureRow.line)
        .where(CosignatureRow.size == size)
        .order_by(CosignatureRow.witness)
    )
    return list(rows)


async def cosigned_size(session: AsyncSession, at_least: int) -> int | None:
    """The smallest size from `at_least` on that most witnesses cosigned."""
    return await session.scalar(
        select(CosignatureRow.size)
        .where(CosignatureRow.size >= at_least)
        .group_by(CosignatureRow.size)
        .order_by(func.count().desc(), CosignatureRow.size)
        .limit(1)
    )


async def newest_cosigned(session: AsyncSession) -> int | None:
    """The largest size that a witness cosigned."""
    return await session.scalar(select(func.max(CosignatureRow.size)))


async def add_cosignature(
    session: AsyncSession, size: int, witness: str, line: str, at: datetime
) -> None:
    """Keep a line; a newer one of the same witness and size replaces it."""
    row = CosignatureRow(size=size, witness=witness, line=line, at=at)
    await session.merge(row)


async def newest_timestamp(session: AsyncSession, at_least: int = 0) -> TimestampRow | None:
    """The newest token over a checkpoint of `at_least` leaves; an external one before ours."""
    return await session.scalar(
        select(TimestampRow)
        .where(TimestampRow.size >= at_least)
        .order_by(TimestampRow.size.desc(), TimestampRow.authority)
        .limit(1)
    )


async def add_timestamp(
    session: AsyncSession, size: int, authority: str, token: bytes, at: datetime
) -> None:
    """Keep a token that was verified."""
    await session.merge(TimestampRow(size=size, authority=authority, token=token, at=at))


async def checkpoint_of(session: AsyncSession, size: int) -> Checkpoint | None:
    """The checkpoint of exactly `size` leaves."""
    row = await session.get(CheckpointRow, size)
    return None if row is None else parse(row.note)


# --- for who checks all of it --------------------------------------------------------------------


async def node_count(session: AsyncSession) -> int:
    """The number of inner nodes."""
    return await session.scalar(select(func.count()).select_from(NodeRow)) or 0


async def columns(session: AsyncSession, start: int, end: int) -> list[LeafRow]:
    """Leaves [start, end) with all their columns, in order."""
    query = select(LeafRow).where(LeafRow.index >= start, LeafRow.index < end)
    return list(await session.scalars(query.order_by(LeafRow.index)))


async def broken_counters(session: AsyncSession) -> list[str]:
    """Subjects whose leaves are not numbered 0, 1, 2, ..."""
    count = func.count()
    query = (
        select(LeafRow.subject)
        .where(LeafRow.subject.is_not(None))
        .group_by(LeafRow.subject)
        .having(func.max(LeafRow.n) != count - 1)
    )
    return [subject for subject in await session.scalars(query) if subject is not None]


async def all_cosignatures(session: AsyncSession) -> list[CosignatureRow]:
    """Every line of a witness, oldest checkpoint first."""
    query = select(CosignatureRow).order_by(CosignatureRow.size, CosignatureRow.witness)
    return list(await session.scalars(query))


async def all_timestamps(session: AsyncSession) -> list[TimestampRow]:
    """Every token, oldest checkpoint first."""
    query = select(TimestampRow).order_by(TimestampRow.size, TimestampRow.authority)
    return list(await session.scalars(query))


async def of_types(
    session: AsyncSession, types: Sequence[str], start: int, end: int
) -> list[bytes]:
    """The entries of leaves [start, end) of these types, in order."""
    query = select(LeafRow.entry).where(
        LeafRow.type.in_(types), LeafRow.index >= start, LeafRow.index < end
    )
    return list(await session.scalars(query.order_by(LeafRow.index)))


def _batches(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
