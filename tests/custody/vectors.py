"""The reference vectors that both verifiers are held to; none is part of this project (see STANDARDS_DIR)."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from apps.custody import verify

STANDARDS = Path(os.environ.get("STANDARDS_DIR", Path(__file__).parents[2] / "../shared/standards"))
needs_vectors = pytest.mark.skipif(
    not (STANDARDS / "merkle_rfc6962").is_dir(),
    reason="no reference vectors: STANDARDS_DIR names no folder with merkle_rfc6962",
)


def merkle_vectors() -> list[dict[str, Any]]:
    """Inclusion and consistency proofs, each with whether it is to be refused."""
    files = sorted((STANDARDS / "merkle_rfc6962").glob("*__*.json"))
    return [{"name": file.name, **json.loads(file.read_text("utf-8"))} for file in files]


def json_vectors() -> list[tuple[str, bytes]]:
    """Texts of RFC 8785: each input as it is written and in its canonical form."""
    files = sorted((STANDARDS / "jcs_rfc8785").glob("*put/*.json"))
    return [(f"{file.parent.name}/{file.name}", file.read_bytes()) for file in files]


def accepted_by_python(vector: dict[str, Any]) -> bool:
    """What verify.py says of a proof."""
    proof = [base64.b64decode(each) for each in vector["proof"] or []]
    if "leafHash" in vector:
        leaf, root = base64.b64decode(vector["leafHash"]), base64.b64decode(vector["root"])
        index, size = vector["leafIdx"], vector["treeSize"]
        holds = verify.root_from_inclusion(leaf, index, size, proof) == root
        inclusions = verify.Inclusions(verify.Checkpoint(size, root))
        assert inclusions.holds(leaf, index, [base64.b64encode(each) for each in proof]) == holds
        return holds
    older = verify.Checkpoint(vector["size1"], base64.b64decode(vector["root1"]))
    return verify.is_consistent(
        older, verify.Checkpoint(vector["size2"], base64.b64decode(vector["root2"])), proof
    )


def parsed_by_python(data: bytes) -> bool:
    """Whether verify.py takes a text for canonical JSON; it refuses fractions, which no event holds."""
    try:
        verify.parse_json(data, "vector")
    except verify.Rejected:
        return False
    return True
