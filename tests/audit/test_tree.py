"""Merkle trees: known vectors, and every proof of every small size against plain recursion."""

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit import tree
from audit.errors import ProofError
from audit.tree import Node, Span

# The inputs and roots of certificate-transparency's and Trillian's reference tests.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def reference_root(leaves: Sequence[bytes]) -> bytes:
    """MTH exactly as RFC 6962 section 2.1 writes it."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    left, right = reference_root(leaves[:k]), reference_root(leaves[k:])
    return hashlib.sha256(b"\x01" + left + right).digest()


def reference_path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962 section 2.1.1."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m < k:
        return [*reference_path(m, leaves[:k]), reference_root(leaves[k:])]
    return [*reference_path(m - k, leaves[k:]), reference_root(leaves[:k])]


def reference_subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """SUBPROOF(m, D[n], b) of RFC 6962 section 2.1.2."""
    if m == len(leaves):
        return [] if whole else [reference_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if m <= k:
        return [*reference_subproof(m, leaves[:k], whole), reference_root(leaves[k:])]
    return [*reference_subproof(m - k, leaves[k:], False), reference_root(leaves[:k])]


def stored(leaves: Sequence[bytes]) -> dict[Node, bytes]:
    """All complete subtrees, built in three uneven steps as a store would."""
    hashes = [tree.leaf_hash(entry) for entry in leaves]
    nodes = {Node(0, i): value for i, value in enumerate(hashes)}
    start = 0
    for end in (len(hashes) // 3, len(hashes) // 2 + 1, len(hashes)):
        end = max(start, min(end, len(hashes)))
        frontier = [nodes[node] for node in tree.root_nodes(start)]
        nodes |= tree.extend(start, frontier, hashes[start:end])
        start = end
    return nodes


def some(size: int) -> list[bytes]:
    return [f"entry {i}".encode() for i in range(size)]


def test_known_roots() -> None:
    nodes = stored(INPUTS)
    assert tree.root(0, {}).hex() == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )
    assert [tree.root(size, nodes).hex() for size in range(1, 9)] == list(ROOTS)


def test_known_inclusion_proof() -> None:
    """Trillian's vector for leaf 5 of 8."""
    path = tree.proof(tree.inclusion_spans(5, 8), stored(INPUTS))
    assert [value.hex() for value in path] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_known_consistency_proof() -> None:
    """Trillian's vector from 6 to 8."""
    path = tree.proof(tree.consistency_spans(6, 8), stored(INPUTS))
    assert [value.hex() for value in path] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_is_the_rfcs(size: int) -> None:
    leaves = some(size)
    nodes = stored(leaves)
    root = tree.root(size, nodes)
    assert root == reference_root(leaves)
    for index in range(size):
        path = tree.proof(tree.inclusion_spans(index, size), nodes)
        assert path == reference_path(index, leaves)
        tree.verify_inclusion(tree.leaf_hash(leaves[index]), index, size, path, root)
    for old in range(1, size + 1):
        path = tree.proof(tree.consistency_spans(old, size), nodes)
        assert path == reference_subproof(old, leaves, True)
        tree.verify_consistency(old, size, reference_root(leaves[:old]), root, path)


@given(data=st.data(), size=st.integers(1, 700))
def test_proofs_hold_and_nothing_else_does(data: st.DataObject, size: int) -> None:
    leaves = some(size)
    nodes = stored(leaves)
    root = tree.root(size, nodes)
    index = data.draw(st.integers(0, size - 1))
    leaf = tree.leaf_hash(leaves[index])
    path = tree.proof(tree.inclusion_spans(index, size), nodes)
    tree.verify_inclusion(leaf, index, size, path, root)
    other = data.draw(
        st.integers(0, size - 1).filter(lambda i: i != index) if size > 1 else st.just(size)
    )
    with pytest.raises(ProofError):
        tree.verify_inclusion(leaf, other, size, path, root)
    for bad in (path[:-1] if path else [leaf], [*path, leaf], [*path[:-1], bytes(32)]):
        with pytest.raises(ProofError):
            tree.verify_inclusion(leaf, index, size, bad, root)

    old = data.draw(st.integers(1, size))
    old_root = tree.root(old, nodes)
    steps = tree.proof(tree.consistency_spans(old, size), nodes)
    tree.verify_consistency(old, size, old_root, root, steps)
    forged = bytes([old_root[0] ^ 1]) + old_root[1:]
    for bad in (steps, steps[:-1], [*steps, leaf]):
        with pytest.raises(ProofError):
            tree.verify_consistency(old, size, forged, root, bad)
    for bad in (steps[:-1] if steps else [leaf], [*steps, leaf]):
        with pytest.raises(ProofError):
            tree.verify_consistency(old, size, old_root, root, bad)


def test_consistency_with_the_empty_tree() -> None:
    root = tree.root(3, stored(some(3)))
    tree.verify_consistency(0, 3, tree.EMPTY_ROOT, root, [])
    with pytest.raises(ProofError):
        tree.verify_consistency(0, 3, root, root, [])
    with pytest.raises(ProofError):
        tree.verify_consistency(3, 2, root, root, [])


def test_what_does_not_exist() -> None:
    with pytest.raises(ValueError, match="no leaf"):
        tree.inclusion_spans(3, 3)
    with pytest.raises(ValueError, match="no consistency proof"):
        tree.consistency_spans(0, 3)
    with pytest.raises(ValueError, match="no consistency proof"):
        tree.consistency_spans(4, 3)
    with pytest.raises(ProofError):
        tree.verify_inclusion(bytes(32), -1, 3, [], bytes(32))


def test_complete_subtrees_of_a_span() -> None:
    assert tree.complete(Span(0, 7)) == [Node(2, 0), Node(1, 2), Node(0, 6)]
    assert tree.complete(Span(4, 7)) == [Node(1, 2), Node(0, 6)]
    assert tree.complete(Span(8, 16)) == [Node(3, 1)]
    assert tree.complete(Span(0, 0)) == []
