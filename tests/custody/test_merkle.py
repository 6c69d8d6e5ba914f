"""The Merkle tree against RFC 9162: published answers, the reference vectors, and every small size."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.custody import merkle
from apps.custody.merkle import ProofInvalid, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from tests.standards import STANDARDS

VECTORS = STANDARDS / "merkle_rfc6962"
needs_vectors = pytest.mark.skipif(
    not VECTORS.is_dir(), reason="no reference vectors: STANDARDS_DIR names no folder with merkle_rfc6962"
)

# Leaves and roots of the certificate-transparency reference implementation, for 1 to 8 leaves.
LEAVES = [
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
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
SIZES = st.integers(min_value=1, max_value=70)
TREE = Tree(leaf_hash(bytes([number])) for number in range(70))


def test_an_empty_log_has_the_hash_of_nothing_as_root():
    assert merkle.EMPTY_ROOT == sha256(b"").digest() == Tree().root() == merkle.Frontier().root()


def test_the_roots_of_one_to_eight_leaves_are_the_published_ones():
    tree = Tree(leaf_hash(leaf) for leaf in LEAVES)

    assert [tree.root(size).hex() for size in range(1, 9)] == ROOTS


def test_a_frontier_reaches_the_published_roots_leaf_by_leaf():
    frontier = merkle.Frontier()
    roots = []

    for leaf in LEAVES:
        frontier.append(leaf_hash(leaf))
        roots.append(frontier.root().hex())

    assert roots == ROOTS


def test_the_proofs_of_the_rfc_example_are_the_published_ones():
    """RFC 9162 section 2.1.5: a tree of seven leaves, its audit paths and consistency proofs by name."""
    tree = Tree(leaf_hash(leaf) for leaf in LEAVES[:7])
    a, b, c, d, e, f, j = (tree.node(0, index) for index in range(7))
    g, h, i = node_hash(a, b), node_hash(c, d), node_hash(e, f)
    k, m = node_hash(g, h), node_hash(i, j)

    assert tree.inclusion_proof(0) == [b, h, m]
    assert tree.inclusion_proof(3) == [c, g, m]
    assert tree.inclusion_proof(4) == [f, j, k]
    assert tree.inclusion_proof(6) == [i, k]
    assert tree.consistency_proof(3) == [c, d, g, m]
    assert tree.consistency_proof(4) == [m]
    assert tree.consistency_proof(6) == [i, j, k]


@needs_vectors
def test_every_reference_vector_of_inclusion_gives_the_expected_verdict():
    verdicts = {path.name: _inclusion_verdict(path) for path in VECTORS.glob("inclusion__*.json")}

    assert len(verdicts) >= 30
    assert [name for name, (wrong, refused) in verdicts.items() if wrong != refused] == []


@needs_vectors
def test_every_reference_vector_of_consistency_gives_the_expected_verdict():
    verdicts = {path.name: _consistency_verdict(path) for path in VECTORS.glob("consistency__*.json")}

    assert len(verdicts) >= 20
    assert [name for name, (wrong, refused) in verdicts.items() if wrong != refused] == []


def test_every_leaf_of_every_size_proves_itself_and_no_other():
    for size in range(1, 71):
        root = TREE.root(size)
        for index in range(size):
            proof = TREE.inclusion_proof(index, size)
            verify_inclusion(leaf=TREE.node(0, index), index=index, size=size, proof=proof, root=root)
            with pytest.raises(ProofInvalid):
                verify_inclusion(
                    leaf=TREE.node(0, (index + 1) % 70), index=index, size=size, proof=proof, root=root
                )


def test_every_size_is_consistent_with_every_size_before_it():
    for newer in range(1, 71):
        for older in range(1, newer + 1):
            verify_consistency(
                older=older,
                newer=newer,
                older_root=TREE.root(older),
                newer_root=TREE.root(newer),
                proof=TREE.consistency_proof(older, newer),
            )


@given(older=SIZES, newer=SIZES, forged=st.binary(min_size=32, max_size=32))
def test_a_rewritten_log_is_never_consistent(older, newer, forged):
    older, newer = sorted((older, newer))

    with pytest.raises(ProofInvalid):
        verify_consistency(
            older=older,
            newer=newer,
            older_root=forged,
            newer_root=TREE.root(newer),
            proof=TREE.consistency_proof(older, newer),
        )


@given(size=SIZES, data=st.data())
def test_a_proof_with_a_hash_changed_dropped_or_added_is_refused(size, data):
    index = data.draw(st.integers(0, size - 1))
    proof = TREE.inclusion_proof(index, size)
    changed = [[*proof, bytes(32)], [bytes(32), *proof]]
    changed += [[*proof[:i], bytes(32), *proof[i + 1 :]] for i in range(len(proof))]
    changed += [[*proof[:i], *proof[i + 1 :]] for i in range(len(proof))]

    for forged in changed:
        with pytest.raises(ProofInvalid):
            verify_inclusion(
                leaf=TREE.node(0, index), index=index, size=size, proof=forged, root=TREE.root(size)
            )


def test_consistency_from_an_empty_log_is_refused_because_it_would_prove_nothing():
    with pytest.raises(ProofInvalid):
        verify_consistency(older=0, newer=3, older_root=merkle.EMPTY_ROOT, newer_root=TREE.root(3), proof=[])
    with pytest.raises(ValueError, match="no consistency proof"):
        TREE.consistency_proof(0, 3)


@given(size=st.integers(0, 70), more=st.integers(0, 10))
def test_a_stored_frontier_goes_on_where_it_stopped(size, more):
    frontier = merkle.Frontier()
    for index in range(size):
        frontier.append(TREE.node(0, index))
    restored = merkle.Frontier(frontier.size, frontier.roots)

    for index in range(size, min(size + more, 70)):
        restored.append(TREE.node(0, index))

    assert restored.root() == TREE.root(min(size + more, 70))


def test_a_frontier_whose_roots_do_not_fit_its_size_is_refused():
    with pytest.raises(ValueError, match="cannot be the frontier"):
        merkle.Frontier(3, [bytes(32)])


def _hash(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _inclusion_verdict(path: Path) -> tuple[bool, bool]:
    vector = json.loads(path.read_text())
    try:
        verify_inclusion(
            leaf=_hash(vector["leafHash"]),
            index=vector["leafIdx"],
            size=vector["treeSize"],
            proof=[_hash(each) for each in vector["proof"] or []],
            root=_hash(vector["root"]),
        )
    except ProofInvalid:
        return vector["wantErr"], True
    return vector["wantErr"], False


def _consistency_verdict(path: Path) -> tuple[bool, bool]:
    vector = json.loads(path.read_text())
    try:
        verify_consistency(
            older=vector["size1"],
            newer=vector["size2"],
            older_root=_hash(vector["root1"]),
            newer_root=_hash(vector["root2"]),
            proof=[_hash(each) for each in vector["proof"] or []],
        )
    except ProofInvalid:
        return vector["wantErr"], True
    return vector["wantErr"], False
