"""Hash the stored log again and compare it with what was signed."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from audit import checkpoint, store, tree
from audit.errors import LogCorrupt, NoteError
from audit.note import Verifier
from audit.store import StoredLeaf
from audit.tree import Node

CHUNK = 512
"""Leaves (of at most 32 KiB) in memory at once."""


def trusted(note: str, verifier: Verifier, origin: str) -> checkpoint.Checkpoint:
    """Read a checkpoint that `verifier` must have signed. Raises LogCorrupt."""
    try:
        return checkpoint.verified(note, verifier, origin)
    except NoteError as error:
        raise LogCorrupt(f"a checkpoint of the log cannot be trusted: {error}") from None


async def rehash(
    session: AsyncSession,
    expected: Mapping[int, Sequence[bytes]],
    tell: Callable[[int, int], None] = lambda _done, _whole: None,
) -> None:
    """Hash all leaves up to the largest size in `expected` (size: roots that were signed).

    `tell` hears how many leaves are done, of how many. Raises LogCorrupt naming the first leaf,
    node or root that differs.
    """
    last = max(expected)
    if any(root != tree.EMPTY_ROOT for root in expected.get(0, ())):
        raise LogCorrupt("the empty log is not the one signed")
    frontier: dict[Node, bytes] = {}
    for start in range(0, last, CHUNK):
        end = min(start + CHUNK, last)
        known = await _chunk(session, start, end, frontier)
        for size in sorted(size for size in expected if start < size <= end):
            if any(root != tree.root(size, known) for root in expected[size]):
                raise LogCorrupt(f"the first {size} leaves are not the ones signed")
        frontier = {node: known[node] for node in tree.root_nodes(end)}
        tell(end, last)


async def _chunk(
    session: AsyncSession, start: int, end: int, frontier: Mapping[Node, bytes]
) -> dict[Node, bytes]:
    """Check leaves [start, end) and the nodes they complete; return all of these hashes."""
    found = await store.entries(session, start, end)
    if [leaf.index for leaf in found] != list(range(start, end)):
        raise LogCorrupt(f"leaves are missing between {start} and {end}")
    hashes = await asyncio.to_thread(_hash_all, found)
    made = tree.extend(start, [frontier[node] for node in tree.root_nodes(start)], hashes)
    if made != await store.nodes(session, made):
        raise LogCorrupt(f"nodes of the tree are wrong between leaves {start} and {end}")
    leaves = {Node(0, index): value for index, value in enumerate(hashes, start)}
    return {**frontier, **made, **leaves}


def _hash_all(found: Sequence[StoredLeaf]) -> list[bytes]:
    hashes = []
    for stored in found:
        value = tree.leaf_hash(stored.entry)
        if value != stored.hash:
            raise LogCorrupt(f"leaf {stored.index} is not the one that was written")
        hashes.append(value)
    return hashes
