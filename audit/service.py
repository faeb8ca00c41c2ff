"""Use cases of the log: append, sign, prove, read, check.

    async with database.unit() as session:
        ...                                       # the business row
        index = await log.append(session, "sitting.opened", {...}, subject=sitting)
    await log.wait_covered(index)                 # a legal act answers after this

A leaf is part of the caller's transaction: both are kept or neither is. Signing comes after the
commit, in a unit of its own.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from audit import checkpoint as checkpoints
from audit import leaf as leaves
from audit import store, tree
from audit.check import rehash, trusted
from audit.checkpoint import Checkpoint
from audit.errors import LogCorrupt
from audit.key import LogKey
from audit.leaf import JSON
from audit.proof import Proof
from audit.store import Mention, StoredLeaf
from audit.tile import HEIGHT, WIDTH, Tile, bundle
from audit.tree import Node, Span
from clock import Clock
from database import Database
from errors import N_, NotFound

INTERVAL = 0.2
"""Seconds between checkpoints that nobody waits for."""
IDLE = 5.0
"""Seconds after which the sequencer looks for leaves that another process wrote."""
CHUNK = 512
"""Leaves hashed into the tree before the event loop gets a turn (about 1 ms)."""

_logger = structlog.get_logger(__name__)


class AuditLog:
    """One log. Several processes may append and sign; the database keeps them in order."""

    def __init__(self, database: Database, key: LogKey, origin: str, clock: Clock) -> None:
        self._database = database
        self._key = key
        self.origin = origin
        self._clock = clock
        self._signing = asyncio.Lock()
        self._committed = asyncio.Event()
        self._newest: Checkpoint | None = None

    @property
    def vkey(self) -> str:
        """The verifier key of this log."""
        return self._key.vkey

    # --- writing -----------------------------------------------------------------------------

    async def append(
        self, session: AsyncSession, type: str, data: Mapping[str, JSON], *, subject: str = ""
    ) -> int:
        """Write a leaf inside the caller's unit of work and return its index.

        `subject` is the opaque id of the sitting (or deed, ...) that the leaf belongs to. Until
        the unit ends no other unit can append: do this last in the unit. Raises LeafError for
        data that is not for a leaf (see `audit.leaf`). Rolled back, the leaf was never there.
        """
        await store.lock_leaves(session)
        index, count = await store.next_place(session, subject)
        n = count if subject else None
        entry = leaves.encode(leaves.Leaf(type, self._clock(), data, subject, n))
        stored = StoredLeaf(index, entry, tree.leaf_hash(entry))
        await store.add_leaf(session, stored, type, subject or None, n)
        self._listen(session)
        return index

    def notify(self) -> None:
        """Tell the sequencer that leaves were committed. `append` arranges this by itself."""
        self._committed.set()

    def _listen(self, session: AsyncSession) -> None:
        if "audit.listening" in session.info:
            return
        session.info["audit.listening"] = True

        def committed(_session: Any) -> None:
            self.notify()

        event.listen(session.sync_session, "after_commit", committed)

    # --- signing -----------------------------------------------------------------------------

    async def run(self) -> None:
        """The sequencer: signs within INTERVAL after a commit, until cancelled.

        A database that is away is tried again. Raises LogCorrupt when the stored log is not the
        one that was signed: a person must look, nothing more is signed.
        """
        while True:
            try:
                await self.checkpoint()
            except (SQLAlchemyError, OSError):
                _logger.exception("audit.checkpoint_failed")
            await asyncio.sleep(INTERVAL)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._committed.wait(), IDLE)

    async def checkpoint(self) -> Checkpoint:
        """Sign the log as it stands and return the checkpoint; the newest if nothing is new.

        Raises LogCorrupt, and signs nothing, unless the stored log extends the newest checkpoint
        and this log's key signed that. Cancelled, it has signed or not; nothing is half done.
        """
        async with self._signing:
            return await self._checkpoint()

    async def wait_covered(self, index: int) -> Checkpoint:
        """Return a checkpoint that covers leaf `index`, signing one now if there is none.

        Call it after the unit that appended the leaf has ended, never inside. Callers that wait
        together share one signature.
        """
        async with self._signing:
            if self._newest and self._newest.size > index:
                return self._newest
            found = await self._checkpoint()
        if found.size <= index:
            raise LookupError(f"leaf {index} is not committed")
        return found

    async def newest(self) -> Checkpoint:
        """The newest checkpoint; an empty log gets its first one."""
        async with self._database.unit(write=False) as session:
            found = await store.newest(session)
        return found or await self.checkpoint()

    async def covering(self, size: int) -> Checkpoint:
        """The newest checkpoint. Raises NotFound unless it covers `size` leaves."""
        async with self._database.unit(write=False) as session:
            await self._require(session, size)
        return await self.newest()

    async def _checkpoint(self) -> Checkpoint:
        self._committed.clear()
        async with self._database.unit(write=False) as session:
            found = await store.newest(session)
            size = await store.size(session)
        if found:
            trusted(found.note, self._key.verifier, self.origin)
        if found is None or found.size != size:
            async with self._database.unit() as session:
                await store.lock_checkpoints(session)
                found = await self._sign(session)
        self._newest = found
        return found

    async def _sign(self, session: AsyncSession) -> Checkpoint:
        last = await store.newest(session)
        size = await store.size(session)
        done = last.size if last else 0
        nodes = await store.nodes(session, tree.root_nodes(done))
        if last:
            self._check_extends(last, size, nodes)
            if size == done:  # another process signed meanwhile
                return last
        for start in range(done, size, CHUNK):
            nodes = await self._grow(session, Span(start, min(start + CHUNK, size)), nodes)
        root = tree.root(size, nodes)
        signed = self._key.sign(checkpoints.body(self.origin, size, root))
        found = Checkpoint(self.origin, size, root, signed)
        await store.add_checkpoint(session, found, self._clock())
        return found

    def _check_extends(self, last: Checkpoint, size: int, nodes: Mapping[Node, bytes]) -> None:
        trusted(last.note, self._key.verifier, self.origin)
        if size < last.size:
            raise LogCorrupt(f"the log has {size} leaves, {last.size} were signed")
        try:
            root = tree.root(last.size, nodes)
        except KeyError:
            raise LogCorrupt("nodes of the tree are missing") from None
        if root != last.root:
            raise LogCorrupt(f"the stored tree of {last.size} leaves is not the one signed")

    async def _grow(
        self, session: AsyncSession, span: Span, nodes: Mapping[Node, bytes]
    ) -> dict[Node, bytes]:
        """Hash the leaves of `span` into the tree; return the frontier after them."""
        hashes = await store.hashes(session, span.start, span.end)
        if len(hashes) != span.end - span.start:
            raise LogCorrupt(f"leaves are missing between {span.start} and {span.end}")
        frontier = [nodes[node] for node in tree.root_nodes(span.start)]
        made = tree.extend(span.start, frontier, hashes)
        await store.add_nodes(session, made)
        await asyncio.sleep(0)
        leaf_nodes = {Node(0, i): value for i, value in enumerate(hashes, span.start)}
        known = {**nodes, **made, **leaf_nodes}
        return {node: known[node] for node in tree.root_nodes(span.end)}

    # --- reading -----------------------------------------------------------------------------

    async def leaves(self, subject: str) -> list[StoredLeaf]:
        """All leaves of `subject` in order; their counters are 0, 1, 2, ..."""
        async with self._database.unit(write=False) as session:
            return await store.of_subject(session, subject)

    async def mentions(self, text: str, most: int) -> list[Mention]:
        """The first `most` leaves that hold `text` (a hash, an id), oldest first."""
        async with self._database.unit(write=False) as session:
            return await store.mentions(session, text.encode(), most)

    async def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that leaf `index` is in the signed tree of `size` leaves."""
        return (await self.inclusions([index], size))[0]

    async def inclusions(self, indexes: Sequence[int], size: int) -> list[list[bytes]]:
        """One inclusion proof for each index, all against the tree of `size` leaves.

        Raises NotFound unless a checkpoint covers `size`, ValueError for an index outside it.
        """
        spans = [tree.inclusion_spans(index, size) for index in indexes]
        nodes = await self._nodes(size, (span for path in spans for span in path))
        return await asyncio.to_thread(lambda: [tree.proof(path, nodes) for path in spans])

    async def proof(self, index: int, checkpoint: Checkpoint) -> Proof:
        """Leaf `index` proved in one file under `checkpoint`. Raises NotFound, ValueError."""
        async with self._database.unit(write=False) as session:
            await self._require(session, max(checkpoint.size, index + 1))
            found = await store.entries(session, index, index + 1)
        path = await self.inclusion(index, checkpoint.size)
        return Proof(index, found[0].entry, tuple(path), checkpoint.note)

    async def consistency(self, old: int, new: int) -> list[bytes]:
        """The proof that the tree of `new` leaves extends that of `old` (1 or more)."""
        spans = tree.consistency_spans(old, new)
        return tree.proof(spans, await self._nodes(new, spans))

    async def root(self, size: int) -> bytes:
        """The root of the first `size` leaves, which a checkpoint must cover."""
        return tree.root(size, await self._nodes(size, [Span(0, size)]))

    async def tile(self, level: int, index: int, width: int = WIDTH) -> bytes:
        """`width` hashes of a tile. Raises NotFound unless a checkpoint covers them."""
        start = index * WIDTH
        async with self._database.unit(write=False) as session:
            await self._require(session, Tile(level, index, width).needs)
            hashes = await store.level_hashes(session, level * HEIGHT, start, start + width)
        if len(hashes) != width:
            raise LogCorrupt(f"tile {level}/{index} is not complete")
        return b"".join(hashes)

    async def entries(self, index: int, width: int = WIDTH) -> bytes:
        """An entry bundle. Raises NotFound unless a checkpoint covers it."""
        start = index * WIDTH
        async with self._database.unit(write=False) as session:
            await self._require(session, start + width)
            found = await store.entries(session, start, start + width)
        return bundle(leaf.entry for leaf in found)

    async def _nodes(self, size: int, spans: Iterable[Span]) -> dict[Node, bytes]:
        async with self._database.unit(write=False) as session:
            await self._require(session, size)
            return await store.nodes(session, tree.proof_nodes(spans))

    async def _require(self, session: AsyncSession, size: int) -> None:
        if self._newest is None or self._newest.size < size:
            self._newest = await store.newest(session) or self._newest
        if self._newest is None or self._newest.size < size:
            raise NotFound("audit.not_covered", N_("No checkpoint covers this yet."))

    # --- checking ----------------------------------------------------------------------------

    async def check(self, outside: Iterable[str] = ()) -> Checkpoint:
        """Hash the whole log again and compare it with every checkpoint; return the newest.

        `outside` holds checkpoints (signed notes) that others keep: with the log's key a person
        can rewrite the database and sign it again, which only they can show. Raises LogCorrupt
        naming the first thing that is wrong. Reads everything: minutes for millions of leaves.
        """
        async with self._database.unit(write=False) as session:
            signed = [row.note for row in await store.checkpoints(session)]
            if not signed:
                raise LogCorrupt("the log has no checkpoint")
            expected: dict[int, list[bytes]] = {}
            for text in [*signed, *outside]:
                found = trusted(text, self._key.verifier, self.origin)
                expected.setdefault(found.size, []).append(found.root)
            await rehash(session, expected)
        return checkpoints.parse(signed[-1])
