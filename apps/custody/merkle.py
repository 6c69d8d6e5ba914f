"""The Merkle tree of the custody log: hashes, frontier, proofs and their verification (RFC 9162 section 2.1).

Pure computation. Every hash is 32 bytes of SHA-256. A *node* is the root of a perfect subtree: node
``(level, i)`` covers the leaves ``[i * 2**level, (i + 1) * 2**level)``, so node ``(0, i)`` is the hash of
leaf ``i``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

NodeReader = Callable[[int, int], bytes]
"""Reads node ``(level, i)``; asked only for nodes whose leaves all exist."""


class ProofInvalid(ValueError):
    """A proof does not connect what it claims to connect."""


def leaf_hash(data: bytes) -> bytes:
    """Hash of one log entry: SHA-256(0x00 || data), RFC 9162 section 2.1.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node: SHA-256(0x01 || left || right), RFC 9162 section 2.1.1."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the perfect subtrees that cover a log, largest first: all that is needed to append to it.

    A log of ``size`` leaves has one such root per set bit of ``size``; the sequencer stores these few hashes
    instead of the tree.

    Raises:
        ValueError: the number of ``roots`` does not fit ``size``.
    """

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)
        if (
            size < 0
            or len(self.roots) != size.bit_count()
            or any(len(root) != HASH_SIZE for root in self.roots)
        ):
            raise ValueError(f"{len(self.roots)} subtree roots cannot be the frontier of {size} leaves")

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self.roots.append(leaf)
        self.size += 1
        for _ in range(trailing_zeros(self.size)):
            right = self.roots.pop()
            self.roots[-1] = node_hash(self.roots[-1], right)

    def root(self) -> bytes:
        """The root of the whole log; of an empty one it is SHA-256 of nothing."""
        if not self.roots:
            return EMPTY_ROOT
        root = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            root = node_hash(left, root)
        return root


class Tree:
    """A log in memory with all its perfect subtrees, 64 bytes a leaf; answers for any of its past sizes."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaves:
            self.append(leaf)

    @property
    def size(self) -> int:
        return len(self._levels[0]) // HASH_SIZE

    def append(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        if len(leaf) != HASH_SIZE:
            raise ValueError("a leaf hash has 32 bytes")
        self._levels[0] += leaf
        for level in range(trailing_zeros(self.size)):
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            pair = bytes(self._levels[level][-2 * HASH_SIZE :])
            self._levels[level + 1] += node_hash(pair[:HASH_SIZE], pair[HASH_SIZE:])

    def node(self, level: int, index: int) -> bytes:
        """Node ``(level, index)``; IndexError when its leaves are not all there."""
        start = index * HASH_SIZE
        if level >= len(self._levels) or start + HASH_SIZE > len(self._levels[level]):
            raise IndexError(f"node ({level}, {index}) is not complete in a log of {self.size} leaves")
        return bytes(self._levels[level][start : start + HASH_SIZE])

    def root(self, size: int | None = None) -> bytes:
        """The root when the log had ``size`` leaves, by default all of them."""
        return range_hash(0, self._past(size), self.node)

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """Proof that leaf ``index`` is in the log as it was at ``size`` leaves."""
        return inclusion_proof(index, self._past(size), self.node)

    def consistency_proof(self, older: int, newer: int | None = None) -> list[bytes]:
        """Proof that the log at ``newer`` leaves begins with the log at ``older`` leaves."""
        return consistency_proof(older, self._past(newer), self.node)

    def _past(self, size: int | None) -> int:
        if size is None:
            return self.size
        if not 0 <= size <= self.size:
            raise ValueError(f"a log of {self.size} leaves never had {size}")
        return size


def range_hash(start: int, end: int, node: NodeReader) -> bytes:
    """Merkle tree hash of the leaves ``[start, end)``; ``start`` is aligned as in a path of the tree."""
    size = end - start
    if size == 0:
        return EMPTY_ROOT
    if size & (size - 1) == 0:
        level = size.bit_length() - 1
        return node(level, start >> level)
    middle = start + split_point(size)
    return node_hash(range_hash(start, middle, node), range_hash(middle, end, node))


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Audit path of leaf ``index`` in a log of ``size`` leaves, the leaf's sibling first (RFC 9162 2.1.3.1).

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a log of {size} leaves")
    siblings: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + split_point(end - start)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return [range_hash(*sibling, node) for sibling in reversed(siblings)]


def consistency_proof(older: int, newer: int, node: NodeReader) -> list[bytes]:
    """Proof that a log only grew from ``older`` to ``newer`` leaves (RFC 9162 2.1.4.1).

    Raises:
        ValueError: ``older`` is zero (an empty log proves nothing) or larger than ``newer``.
    """
    if not 0 < older <= newer:
        raise ValueError(f"no consistency proof from {older} to {newer} leaves")
    siblings: list[tuple[int, int]] = []
    start, end = 0, newer
    while older != end:
        middle = start + split_point(end - start)
        if older <= middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    if start > 0:
        siblings.append(
            (start, end)
        )  # the verifier knows the older root only when it is a node of the newer tree
    return [range_hash(*sibling, node) for sibling in reversed(siblings)]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash ``leaf`` is number ``index`` in the log of ``size`` leaves (RFC 9162 2.1.3.2).

    Raises:
        ProofInvalid: it is not, or the proof is malformed.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"index {index} is outside a log of {size} leaves")
    _require_hashes(leaf, root, *proof)
    number, last, computed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise ProofInvalid("the inclusion proof is too long")
        if number & 1 or number == last:
            computed = node_hash(sibling, computed)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        number, last = number >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("the inclusion proof is too short")
    if computed != root:
        raise ProofInvalid("the inclusion proof leads to another root")


def verify_consistency(
    *, older: int, newer: int, older_root: bytes, newer_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the log at ``newer`` leaves begins with the log at ``older`` leaves (RFC 9162 2.1.4.2).

    Raises:
        ProofInvalid: it does not, the proof is malformed, or ``older`` is zero, which would prove nothing.
    """
    if not 0 < older <= newer:
        raise ProofInvalid(f"no consistency proof leads from {older} to {newer} leaves")
    _require_hashes(older_root, newer_root, *proof)
    if older == newer:
        if proof or older_root != newer_root:
            raise ProofInvalid("two logs of one size need equal roots and an empty proof")
        return
    path = [older_root, *proof] if older & (older - 1) == 0 else list(proof)
    if not path:
        raise ProofInvalid("the consistency proof is empty")
    shift = trailing_zeros(older)
    number, last = (older - 1) >> shift, (newer - 1) >> shift
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofInvalid("the consistency proof is too long")
        if number & 1 or number == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        number, last = number >> 1, last >> 1
    if last != 0:
        raise ProofInvalid("the consistency proof is too short")
    if old != older_root:
        raise ProofInvalid("the consistency proof does not lead to the older root")
    if new != newer_root:
        raise ProofInvalid("the consistency proof does not lead to the newer root")


def split_point(size: int) -> int:
    """The largest power of two smaller than ``size`` (at least 2): where RFC 9162 divides a tree."""
    return 1 << (size - 1).bit_length() - 1


def trailing_zeros(number: int) -> int:
    """How often two divides ``number`` (positive)."""
    return (number & -number).bit_length() - 1


def _require_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofInvalid("every hash has 32 bytes")
