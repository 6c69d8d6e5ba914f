"""verify.py gives every reference vector its verdict; tests/e2e holds verify.html to the same ones."""

from tests.custody.vectors import (
    accepted_by_python,
    json_vectors,
    merkle_vectors,
    needs_vectors,
    parsed_by_python,
)


@needs_vectors
def test_every_reference_proof_gets_its_verdict():
    vectors = merkle_vectors()

    # The reference takes a proof from an empty log, which proves nothing, for one.
    differs = [each["name"] for each in vectors if accepted_by_python(each) == each["wantErr"]]
    empty = [each["name"] for each in vectors if each.get("size1") == 0 and not each["wantErr"]]
    assert len(vectors) >= 50
    assert differs == empty


@needs_vectors
def test_canonical_texts_are_told_from_others_and_fractions_are_refused():
    told = {name: parsed_by_python(data) for name, data in json_vectors()}

    assert told == {
        "input/arrays.json": False,
        "input/structures.json": False,
        "input/values.json": False,
        "output/arrays.json": True,
        "output/structures.json": True,
        "output/values.json": False,
    }
