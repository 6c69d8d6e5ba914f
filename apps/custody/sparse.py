"""A tree with 2^32 places, nearly all of them empty, that proves what lies at a place and that nothing does.

A node over two empty ones is empty itself: 32 zero bytes; any other is SHA-256(0x01 || left || right). A path
holds the siblings from the root's children down to the last one that is not empty. Pure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.custody.merkle import HASH_SIZE, node_hash

DEPTH = 32
PLACE_SIZE = DEPTH // 8
EMPTY = bytes(HASH_SIZE)
_COUNT_SIZE = 4
_RECORD = PLACE_SIZE + HASH_SIZE


@dataclass(frozen=True, slots=True)
class SparseTree:
    """Root, and what paths are read from without building it anew.

    ``stored`` holds the nodes of the upper ``top`` levels in heap order (the root is number 1), for each node
    of the lowest of them how many leaves come before it, and the leaves with their places, sorted.
    """

    root: bytes
    top: int
    stored: bytes


def parent(left: bytes, right: bytes) -> bytes:
    """The node over two others."""
    return EMPTY if left == right == EMPTY else node_hash(left, right)


def build(leaves: Mapping[int, bytes]) -> SparseTree:
    """The tree with these leaf hashes at these places, below 2^32."""
    top = max(len(leaves) - 1, 1).bit_length()
    upper = [EMPTY] * (2 << top)
    nodes = dict(leaves)
    for depth in range(DEPTH, -1, -1):
        if depth < DEPTH:
            nodes = {
                place: parent(nodes.get(place << 1, EMPTY), nodes.get(place << 1 | 1, EMPTY))
                for place in {each >> 1 for each in nodes}
            }
        if depth <= top:
            for place, node in nodes.items():
                upper[(1 << depth) + place] = node
    places = sorted(leaves)
    counts = [bisect_left(places, bucket << (DEPTH - top)) for bucket in range((1 << top) + 1)]
    stored = [
        *upper,
        *(count.to_bytes(_COUNT_SIZE, "big") for count in counts),
        *(place.to_bytes(PLACE_SIZE, "big") + leaves[place] for place in places),
    ]
    return SparseTree(upper[1], top, b"".join(stored))


def upper_slices(top: int, place: int) -> list[tuple[int, int]]:
    """Where the path's upper siblings lie, and last where it says which leaves are near ``place``."""
    siblings = [(1 << depth) + ((place >> DEPTH - depth) ^ 1) for depth in range(1, top + 1)]
    bucket = place >> DEPTH - top
    counts = (2 << top) * HASH_SIZE + bucket * _COUNT_SIZE
    return [*((number * HASH_SIZE, HASH_SIZE) for number in siblings), (counts, 2 * _COUNT_SIZE)]


def near_slice(top: int, counts: bytes) -> tuple[int, int]:
    """Where the leaves near a place lie, as what the last of `upper_slices` holds says."""
    first, end = (int.from_bytes(counts[at : at + _COUNT_SIZE], "big") for at in (0, _COUNT_SIZE))
    begin = (2 << top) * HASH_SIZE + ((1 << top) + 1) * _COUNT_SIZE
    return begin + first * _RECORD, (end - first) * _RECORD


def path_of(top: int, place: int, siblings: Sequence[bytes], near: bytes) -> tuple[list[bytes], bytes]:
    """The path of ``place``, and what lies there: a leaf's hash or `EMPTY`."""
    leaves = {
        int.from_bytes(near[at : at + PLACE_SIZE], "big"): near[at + PLACE_SIZE : at + _RECORD]
        for at in range(0, len(near), _RECORD)
    }
    path = list(siblings)
    for depth in range(top + 1, DEPTH + 1):
        path.append(_node(leaves, depth, (place >> DEPTH - depth) ^ 1))
    while path and path[-1] == EMPTY:
        path.pop()
    return path, leaves.get(place, EMPTY)


def path(tree: SparseTree, place: int) -> tuple[list[bytes], bytes]:
    """As `path_of`, of a tree at hand."""

    def read(offset: int, size: int) -> bytes:
        return tree.stored[offset : offset + size]

    *siblings, counts = (read(*each) for each in upper_slices(tree.top, place))
    return path_of(tree.top, place, siblings, read(*near_slice(tree.top, counts)))


def root_from_path(place: int, leaf: bytes, siblings: Sequence[bytes]) -> bytes:
    """The root that a path leads to from ``leaf`` (`EMPTY`: from nothing) at ``place``."""
    node = leaf
    for depth in range(DEPTH, 0, -1):
        sibling = siblings[depth - 1] if depth <= len(siblings) else EMPTY
        node = parent(sibling, node) if place >> DEPTH - depth & 1 else parent(node, sibling)
    return node


def _node(leaves: Mapping[int, bytes], depth: int, prefix: int) -> bytes:
    """The node that these leaves make at a depth."""
    below = {place: leaf for place, leaf in leaves.items() if place >> DEPTH - depth == prefix}
    for _ in range(DEPTH - depth):
        below = {
            place: parent(below.get(place << 1, EMPTY), below.get(place << 1 | 1, EMPTY))
            for place in {each >> 1 for each in below}
        }
    return below.get(prefix, EMPTY)
