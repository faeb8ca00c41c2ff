"""The Merkle tree of RFC 6962 section 2.1 and RFC 9162 section 2.1, as pure functions.

A *node* is (level, position): the hash of the complete subtree over leaves
[position * 2**level, (position + 1) * 2**level). Complete subtrees never change, so they are stored
once; every root and proof of every size folds a few of them. The functions that end in `_nodes`
say which, so that a store can fetch them in one query.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from audit.errors import ProofError

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256().digest()


class Node(NamedTuple):
    """A complete subtree of 2**level leaves."""

    level: int
    position: int


class Span(NamedTuple):
    """Leaves [start, end), where start is a multiple of the power of two that holds the span."""

    start: int
    end: int


def leaf_hash(entry: bytes) -> bytes:
    """MTH of one entry: SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size: int) -> int:
    """The largest power of two smaller than `size` (2 or more)."""
    return 1 << (size - 1).bit_length() - 1


def complete(span: Span) -> list[Node]:
    """The complete subtrees that tile `span`, from left (large) to right (small)."""
    start, end = span
    nodes = []
    while start < end:
        level = (end - start).bit_length() - 1
        nodes.append(Node(level, start >> level))
        start += 1 << level
    return nodes


def fold(span: Span, nodes: Mapping[Node, bytes]) -> bytes:
    """MTH of the leaves of `span` from its complete subtrees. KeyError: a node is not given."""
    if span.start == span.end:
        return EMPTY_ROOT
    hashes = [nodes[node] for node in complete(span)]
    result = hashes.pop()
    while hashes:
        result = node_hash(hashes.pop(), result)
    return result


def extend(size: int, frontier: Sequence[bytes], leaves: Iterable[bytes]) -> dict[Node, bytes]:
    """Return the inner nodes that appending `leaves` (leaf hashes) to a tree of `size` completes.

    `frontier` is the hashes of `complete(Span(0, size))`. Levels are 1 and above.
    """
    stack = list(frontier)
    made: dict[Node, bytes] = {}
    for index, value in enumerate(leaves, size):
        level, position = 0, index
        while position & 1:
            value = node_hash(stack.pop(), value)
            level, position = level + 1, position >> 1
            made[Node(level, position)] = value
        stack.append(value)
    return made


def root_nodes(size: int) -> list[Node]:
    """The nodes that `root` folds."""
    return complete(Span(0, size))


def root(size: int, nodes: Mapping[Node, bytes]) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return fold(Span(0, size), nodes)


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The siblings of leaf `index` on its way to the root, from the leaf up (RFC 9162 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    start, end = 0, size
    spans = []
    while end - start > 1:
        middle = start + split(end - start)
        if index < middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, new: int) -> list[Span]:
    """The subtrees of PROOF(old, D_new) in order (RFC 9162 2.1.4.1)."""
    if not 0 < old <= new:
        raise ValueError(f"no consistency proof from {old} to {new}")
    start, end = 0, new
    spans = []
    while end != old:
        middle = start + split(end - start)
        if old <= middle:
            spans.append(Span(middle, end))
            end = middle
        else:
            spans.append(Span(start, middle))
            start = middle
    if start:  # the old tree is not itself a complete subtree: its last one starts the proof
        spans.append(Span(start, end))
    return spans[::-1]


def proof_nodes(spans: Iterable[Span]) -> list[Node]:
    """The nodes that `proof` folds for these spans."""
    return [node for span in spans for node in complete(span)]


def proof(spans: Iterable[Span], nodes: Mapping[Node, bytes]) -> list[bytes]:
    """The hashes of an inclusion or consistency proof."""
    return [fold(span, nodes) for span in spans]


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], expected_root: bytes
) -> None:
    """Check that leaf hash `leaf` is at `index` of the tree (RFC 9162 2.1.3.2), or ProofError."""
    if not 0 <= index < size:
        raise ProofError(f"no leaf {index} in a tree of {size}")
    position, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if position & 1 or position == last:
            result = node_hash(sibling, result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("the inclusion proof is too short")
    if result != expected_root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(
    old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]
) -> None:
    """Check that the tree of `new` leaves extends that of `old` (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {new} does not extend one of {old}")
    if old in (0, new):
        expected = EMPTY_ROOT if old == 0 else new_root
        if path or old_root != expected:
            raise ProofError("the roots differ for the same size")
        return
    hashes = list(path)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise ProofError("the consistency proof is too short")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_result = new_result = hashes[0]
    for value in hashes[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if position & 1 or position == last:
            old_result = node_hash(value, old_result)
            new_result = node_hash(value, new_result)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            new_result = node_hash(new_result, value)
        position, last = position >> 1, last >> 1
    if last or old_result != old_root or new_result != new_root:
        raise ProofError("the consistency proof does not join the two roots")
