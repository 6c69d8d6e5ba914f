"""The bundle writer: one content, one sequence of bytes."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from pathlib import Path

import pytest

from apps.custody import bundle, notes, spreadsheet, verify
from tests.custody.samples import (
    NOW,
    ORIGIN,
    PAPER,
    SHIPPER,
    consignment_bundle,
    files_of,
    pack,
    paper,
    sample_log,
    whole_log_bundle,
)


@pytest.fixture(scope="module")
def log():
    return sample_log()


def test_the_same_content_gives_the_same_bytes(log):
    assert consignment_bundle(log) == consignment_bundle(sample_log())


def test_the_container_is_the_plain_one_that_the_zip_library_writes(log):
    data = consignment_bundle(log)

    assert pack(files_of(data)) == data


def test_a_bundle_has_the_promised_files(log):
    files = files_of(consignment_bundle(log, history=[log.older(5)]))

    assert sorted(files) == [
        "README.txt",
        "checkpoint.note",
        "custody.csv",
        "disclosed.jsonl",
        paper().name,
        "events.jsonl",
        "history.json",
        "history/5.note",
        "manifest.json",
        "manifest.note",
        "proofs.jsonl",
        "registers.jsonl",
        "verify.html",
        "verify.py",
    ]


def test_the_events_are_the_canonical_bytes_in_log_order(log):
    files = files_of(whole_log_bundle(log))

    assert files["events.jsonl"].split(b"\n") == [*log.data, b""]


def test_the_verifier_in_the_bundle_is_the_one_of_this_package(log):
    assert files_of(consignment_bundle(log))["verify.py"] == Path(verify.__file__).read_bytes()


def test_the_manifest_says_log_shipper_scope_and_checkpoint(log):
    manifest = json.loads(files_of(consignment_bundle(log, ("C-1", "C-2")))["manifest.json"])
    del manifest["files"]

    assert manifest == {
        "format": "custody-bundle/v3",
        "log": ORIGIN,
        "shipper": SHIPPER,
        "created": "2026-11-20T18:00:00.000000Z",
        "checkpoint": {"size": 19, "root": notes.Checkpoint(ORIGIN, 19, log.tree.root()).text.split("\n")[2]},
        "events": 15,
        "scope": {
            "kind": "consignments",
            "asked": [],
            "last_cseq": {"C-1": 14, "C-2": 13},
            "marks": [[["consignment", "C-1"], ["consignment", "C-2"]]],
            "first_day": "",
            "last_day": "",
            "narrowed": False,
        },
    }


def test_the_csv_has_a_line_per_event_and_restores_dangerous_cells(log):
    text = files_of(whole_log_bundle(log))["custody.csv"].decode("utf-8-sig")

    rows = list(csv.DictReader(StringIO(text, newline="")))

    assert [row["log_index"] for row in rows] == [str(index) for index in range(19)]
    assert rows[0]["consignments"] == "C-1 #1"
    assert json.loads(spreadsheet.restore(rows[0]["details"])) == json.loads(log.data[0])["details"]


def test_events_out_of_order_are_refused(log):
    with pytest.raises(bundle.BundleInvalid, match="comes after"):
        consignment_bundle(log, events=log.logged([1, 0]))


def test_a_document_that_is_not_what_its_hash_says_is_refused(log):
    lying = bundle.BundleDocument(paper().sha256, len(PAPER), "pdf", lambda: BytesIO(PAPER.upper()))

    with pytest.raises(bundle.BundleInvalid, match="is not what its hash"):
        consignment_bundle(log, documents=[lying])


def test_a_checkpoint_of_another_key_is_refused(log):
    with pytest.raises(notes.NoteInvalid):
        consignment_bundle(log, checkpoint_note=sample_log(seed=2).checkpoint())


def test_what_does_not_fit_into_a_zip_is_refused_before_anything_is_written(log):
    huge = bundle.BundleDocument(paper().sha256, 2**32, "pdf", lambda: BytesIO())
    output = BytesIO()

    with pytest.raises(bundle.BundleInvalid, match="larger than a ZIP"):
        bundle.write_bundle(
            output,
            shipper=SHIPPER,
            events=log.logged([0]),
            scope=bundle.Scope("consignments", {"C-1": 1}),
            checkpoint_note=log.checkpoint(),
            signer=log.signer,
            created=NOW,
            documents=[huge],
        )

    assert output.getvalue() == b""


def test_events_are_taken_one_at_a_time(log):
    """A generator is enough; nothing asks for the length or for a second pass."""
    streamed = consignment_bundle(log, events=(each for each in log.logged(range(3))))

    assert files_of(streamed)["events.jsonl"].count(b"\n") == 3
