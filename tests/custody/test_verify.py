"""The standalone verifier: what it proves, and that no forgery gets past it."""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest

from apps.custody import bundle, canonical, merkle, notes, verify
from apps.custody.verify import FAIL, INCOMPLETE, PASS
from tests.custody.samples import (
    consignment_bundle,
    files_of,
    pack,
    paper,
    rebuild,
    sample_log,
    whole_log_bundle,
)


@pytest.fixture(scope="module")
def log():
    return sample_log()


@pytest.fixture(scope="module")
def good(log):
    return consignment_bundle(log, history=[log.older(5)])


def check(data, log, known=None):
    return verify.verify(BytesIO(data), [verify.parse_key(log.vkey)], known)


def findings(data, log):
    """The failures of a bundle that has to fail."""
    report = check(data, log)
    assert report.verdict == FAIL
    return "\n".join(report.failures)


def at(log, size):
    return verify.Checkpoint(size, log.tree.root(size))


# --- What passes --------------------------------------------------------------------------------------------


def test_a_bundle_of_one_consignment_passes_and_says_what_is_proven(log, good):
    assert list(check(good, log).lines()) == [
        "PASS",
        "",
        "Proven",
        "  - dockside.example/acme signed this bundle and its checkpoint at size 19",
        "  - events that are in the log, unchanged and in this order: 14",
        "  - consignments whose events are numbered without a gap up to the last number that the log"
        " signed: 1",
        '  - no other consignment bears ["consignment","C-1"], and none has more events: the log\'s registers'
        " say so for all of its 19 events",
        "  - documents that are, byte for byte, those that were issued: 1",
        "  - disclosed personal values that the events committed to: 3",
        "  - the log only grew from size 5 to 19",
        "",
        "Not proven",
        "  - that the registers say all that the events say: they were closed before this was asked for, and"
        " a bundle of the whole log shows whether they are right",
        "  - personal values that are not disclosed here: 11",
        "  - that what the events say happened; the log proves what was recorded by whom and in which order",
        "  - anything after the checkpoint",
    ]


def test_a_bundle_of_the_whole_log_passes_and_is_complete(log):
    report = check(whole_log_bundle(log), log)

    assert report.verdict == PASS
    assert "all events of the log up to the checkpoint are here: 19" in report.proven


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_logs_of_any_size_pass(size):
    log = sample_log()
    del log.data[size:], log.registers[:]
    log.tree = merkle.Tree(merkle.leaf_hash(data) for data in log.data)
    log.last_cseq = {}
    for data in log.data:
        for each in json.loads(data)["consignments"]:
            log.last_cseq[each["number"]] = each["cseq"]
    documents = [paper()] if size > 8 else []

    assert check(whole_log_bundle(log, documents=documents), log).failures == []


def test_erased_values_are_told_apart_from_undisclosed_ones(log):
    erased = sample_log()
    erased.add("pii_erased", ())

    assert "personal values that have been erased: 1" in check(whole_log_bundle(erased), erased).unproven


def test_a_bundle_made_by_an_earlier_key_passes_with_both_keys(log):
    earlier, later = sample_log(seed=2), log
    data = consignment_bundle(later, history=[earlier.older(5)])

    both = [verify.parse_key(later.vkey), verify.parse_key(earlier.vkey)]

    assert verify.verify(BytesIO(data), both).verdict == PASS
    assert check(data, later).verdict == FAIL


# --- What is incomplete -------------------------------------------------------------------------------------


def test_an_absent_document_makes_it_incomplete(log):
    report = check(consignment_bundle(log, documents=[]), log)

    assert report.verdict == INCOMPLETE
    assert report.missing == [
        f"documents/{paper().sha256}: delivery_note DN-4711 was issued but is not in the bundle"
    ]


@pytest.mark.parametrize(
    ("size", "verdict"), [(5, PASS), (19, PASS), (7, INCOMPLETE), (0, INCOMPLETE), (20, INCOMPLETE)]
)
def test_a_kept_checkpoint_needs_a_proof_that_leads_from_it(log, good, size, verdict):
    known = verify.Checkpoint(20, bytes(32)) if size == 20 else at(log, size)

    assert check(good, log, known).verdict == verdict


@pytest.mark.parametrize("size", range(1, 19))
def test_the_whole_log_answers_for_every_kept_checkpoint(log, size):
    assert check(whole_log_bundle(log), log, at(log, size)).verdict == PASS


@pytest.mark.parametrize("size", range(1, 19))
def test_a_rewritten_log_does_not_match_a_kept_checkpoint(log, size):
    rewritten = sample_log()
    rewritten.data[0] = rewritten.data[0].replace(b"12.50", b"12.40")
    rewritten.tree = merkle.Tree(merkle.leaf_hash(data) for data in rewritten.data)

    report = check(whole_log_bundle(rewritten), log, at(log, size))

    assert report.failures == [
        f"your checkpoint: the log was rewritten: its first {size} events are not yours"
    ]


# --- Single bytes -------------------------------------------------------------------------------------------


def owner_of(data, position):
    """The file whose header or content the byte belongs to, or what follows the files."""
    with zipfile.ZipFile(BytesIO(data)) as container:
        members = container.infolist()
    for info in members:
        start = info.header_offset
        if start <= position < start + 30 + len(info.filename) + info.file_size:
            return info.filename
    return "central directory" if position < len(data) - 22 else "end record"


def flipped(data, position, mask):
    return data[:position] + bytes([data[position] ^ mask]) + data[position + 1 :]


def test_four_hundred_random_changes_of_one_byte_all_fail_and_say_where(log, good):
    chance = random.Random(8785)
    misses = []

    for _ in range(400):
        position, mask = chance.randrange(len(good)), chance.randrange(1, 256)
        report = check(flipped(good, position, mask), log)
        where = report.failures[0] if report.failures else ""
        if owner_of(good, position) not in where and f"byte {position} " not in where:
            misses.append((position, owner_of(good, position), where))

    assert misses == []


def test_every_byte_outside_the_contents_is_bound(log):
    """Headers, directory and end record, byte by byte, of a bundle with short contents."""
    data = consignment_bundle(log)
    with zipfile.ZipFile(BytesIO(data)) as container:
        members, directory = container.infolist(), container.start_dir
    structure = [
        position
        for info in members
        for position in range(info.header_offset, info.header_offset + 30 + len(info.filename))
    ]

    passed = []
    for position in structure + list(range(directory, len(data))):
        report = verify.Report()
        container = report.attempt(verify.read_container, BytesIO(flipped(data, position, 0x01)), report)
        if container is not None and not report.failures:
            passed.append(position)

    assert passed == []


def test_a_change_in_an_event_names_the_event(log, good):
    position = good.index(b'"type":"departed"') + 9

    wrong = findings(flipped(good, position, 0x01), log)

    assert "events.jsonl line 10 (bytes " in wrong
    assert "log index 12: the event is not proven to be in the log" in wrong


def test_a_signature_of_another_text_is_refused(log, good):
    files = files_of(good)
    text, _ = files["manifest.note"].split(b"\n\n")
    _, signature = notes.sign_note("another text\n", [log.signer]).split(b"\n\n")

    wrong = findings(pack(files | {"manifest.note": text + b"\n\n" + signature}), log)

    assert wrong == "manifest.note: the signature of dockside.example/acme does not belong to this text"


# --- The container ------------------------------------------------------------------------------------------


def _compress(info):
    info.compress_type = zipfile.ZIP_DEFLATED


def _later(info):
    info.date_time = (2026, 11, 20, 0, 0, 0)


def _executable(info):
    info.external_attr = 0o100755 << 16


def _comment(info):
    info.comment = b"hello"


def _extra(info):
    info.extra = b"\x99\x99\x00\x00"


@pytest.mark.parametrize("change", [_compress, _later, _executable, _comment, _extra])
def test_another_container_with_the_same_files_is_refused(log, good, change):
    wrong = findings(pack(files_of(good), change), log)

    assert wrong.startswith(("local header of", "central directory entry of"))


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data + b"\0",
        lambda data: b"\0" + data,
        lambda data: data[:-1],
        lambda data: data[:-2] + b"\x01\x00!",
        lambda data: data[: len(data) // 2],
        lambda data: b"",
        lambda data: b"PK\x05\x06" + bytes(18),
        lambda data: data + data,
    ],
)
def test_bytes_before_after_or_cut_off_are_refused(log, good, change):
    assert check(change(good), log).verdict == FAIL


def test_bytes_between_two_members_are_refused(log, good):
    with zipfile.ZipFile(BytesIO(good)) as container:
        names = container.namelist()
        gap = container.getinfo(names[1]).header_offset
        directory = container.start_dir
    shifted = bytearray(good[:gap] + b"HIDDEN" + good[gap:])
    cursor = directory + 6
    for name in names:
        if name != names[0]:
            offset = int.from_bytes(shifted[cursor + 42 : cursor + 46], "little")
            shifted[cursor + 42 : cursor + 46] = (offset + 6).to_bytes(4, "little")
        cursor += 46 + len(name)
    shifted[-6:-2] = (directory + 6).to_bytes(4, "little")

    assert zipfile.ZipFile(BytesIO(bytes(shifted))).testzip() is None
    assert f"entry of {names[1]}, offset" in findings(bytes(shifted), log)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_given_twice_is_refused(log, good):
    output = BytesIO(good)
    with zipfile.ZipFile(output, "a") as container:
        info = zipfile.ZipInfo("verify.py", date_time=(1980, 1, 1, 0, 0, 0))
        info.external_attr = 0o100644 << 16
        container.writestr(info, b"print('PASS')")

    assert "names are sorted, each once" in findings(output.getvalue(), log)


@pytest.mark.parametrize(
    "name", ["notes.txt", "../escape.txt", "documents/readme.txt", "verify.pyc", "VERIFY.py"]
)
def test_a_file_that_does_not_belong_is_refused(log, good, name):
    wrong = findings(rebuild(files_of(good) | {name: b"x"}, log.signer), log)

    assert wrong.endswith("no file of this name belongs into a bundle")


@pytest.mark.parametrize("name", sorted(verify.REQUIRED - {"manifest.json", "manifest.note"}))
def test_a_missing_file_is_refused_even_when_the_log_signs_it(log, good, name):
    files = files_of(good)
    del files[name]

    assert findings(rebuild(files, log.signer), log) == f"{name}: missing from the bundle"


def test_a_file_the_manifest_does_not_name_is_refused(log, good):
    extra = b"another paper"

    wrong = findings(pack(files_of(good) | {f"documents/{sha256(extra).hexdigest()}.pdf": extra}), log)

    assert "not in the manifest" in wrong


# --- Forgeries by those who can rebuild everything but the signature ----------------------------------------


def forge(good, name, change):
    files = files_of(good)
    return files | {name: change(files[name])}


def test_an_edited_event_with_a_fitting_manifest_fails_at_signature_and_event(log, good):
    files = forge(good, "events.jsonl", lambda data: data.replace(b"TRK 7 GP", b"TRK 8 GP"))

    wrong = findings(rebuild(files), log)

    assert "manifest.json: is not the manifest that the log signed" in wrong
    assert "log index 10: the event is not proven to be in the log" in wrong


def test_an_edited_event_fails_even_when_the_logs_key_signs_the_manifest_again(log, good):
    files = forge(good, "events.jsonl", lambda data: data.replace(b"TRK 7 GP", b"TRK 8 GP"))

    assert "log index 10: the event is not proven" in findings(rebuild(files, log.signer), log)


def drop(data, line):
    lines = data.split(b"\n")
    return b"\n".join(lines[:line] + lines[line + 1 :])


def swap(data, line):
    lines = data.split(b"\n")
    lines[line], lines[line + 1] = lines[line + 1], lines[line]
    return b"\n".join(lines)


PER_EVENT = {"events.jsonl": 0, "proofs.jsonl": 0, "custody.csv": 1}


def test_a_dropped_event_shows_as_a_gap(log, good):
    files = files_of(good) | {
        name: drop(data, 4 + PER_EVENT[name]) for name, data in files_of(good).items() if name in PER_EVENT
    }

    wrong = findings(rebuild(files, log.signer), log)

    assert "consignment C-1 goes on with event 6 where 5 is due" in wrong
    assert "13 events, the manifest says 14" in wrong


def test_dropped_last_events_show_against_the_signed_scope(log):
    data = consignment_bundle(log, events=log.logged([0, 2, 4]), documents=[])

    assert "consignment C-1 ends with event 3, its last is 14" in findings(data, log)


def test_an_event_dropped_from_the_whole_log_shows(log):
    data = whole_log_bundle(log, events=log.logged([each for each in range(19) if each != 18]))

    assert "not the whole log of 19 events" in findings(data, log)


def test_a_consignment_left_out_of_the_whole_logs_scope_fails(log):
    scope = bundle.Scope("log", {"C-1": 14, "X-9": 2})

    assert "log index 1, /consignments: none of them is in the bundle's scope" in findings(
        whole_log_bundle(log, scope=scope), log
    )
    assert "log index 4, /consignments: one is not in the scope of the whole log" in findings(
        whole_log_bundle(log, scope=scope), log
    )


def test_an_event_dropped_inside_the_whole_log_shows_where(log):
    data = whole_log_bundle(log, events=log.logged([each for each in range(18) if each != 3]))

    assert "log index 4: the events before it, from log index 3, are missing" in findings(data, log)


def test_reordered_events_fail(log, good):
    files = files_of(good) | {
        name: swap(data, 4 + PER_EVENT[name]) for name, data in files_of(good).items() if name in PER_EVENT
    }

    assert "log index 6: not in log order: it comes after index 7" in findings(
        rebuild(files, log.signer), log
    )


def test_a_repeated_event_fails(log):
    data = consignment_bundle(log, events=log.logged([0, 2]), documents=[])
    files = files_of(data)
    doubled = {name: files[name] + files[name].split(b"\n")[-2] + b"\n" for name in PER_EVENT}

    assert "not in log order" in findings(rebuild(files | doubled, log.signer), log)


def test_the_same_event_logged_twice_fails():
    log = sample_log()
    log.data.append(log.data[0])
    log.tree.append(merkle.leaf_hash(log.data[0]))

    assert "the same event twice" in findings(whole_log_bundle(log), log)


def test_swapped_proofs_fail(log, good):
    files = forge(good, "proofs.jsonl", lambda data: swap(data, 4))

    assert "log index 7: the event is not proven" in findings(rebuild(files, log.signer), log)


def test_a_proof_with_another_events_name_fails(log, good):
    def rename(data):
        first, rest = data.split(b"\n", 1)
        return first.replace(b"000000000001", b"000000000002") + b"\n" + rest

    assert "proofs.jsonl line 1/event_id: the proof of another event" in findings(
        rebuild(forge(good, "proofs.jsonl", rename), log.signer), log
    )


def test_missing_and_surplus_proofs_fail(log, good):
    fewer = forge(good, "proofs.jsonl", lambda data: drop(data, 13))
    more = forge(good, "proofs.jsonl", lambda data: data + data.split(b"\n")[0] + b"\n")

    assert "proofs.jsonl line 14: missing" in findings(rebuild(fewer, log.signer), log)
    assert "more lines than there are events" in findings(rebuild(more, log.signer), log)


def test_a_bundle_signed_by_another_logs_key_fails(good, log):
    stranger = sample_log(origin="dockside.example/other", seed=2)

    assert "manifest.note: not signed by the given key" in findings(good, stranger)
    assert "manifest.note: not signed by the given key" in findings(
        rebuild(files_of(good), stranger.signer), log
    )


def test_a_key_of_the_same_name_is_not_enough(good):
    impostor = sample_log(seed=2)

    assert "not signed by the given key" in findings(good, impostor)


def test_a_checkpoint_of_another_log_fails(log, good):
    other = sample_log(origin="dockside.example/other")
    note = notes.sign_note(notes.Checkpoint(other.origin, 18, log.tree.root()).text, [log.signer])

    assert "checkpoint.note, origin" in findings(
        rebuild(files_of(good) | {"checkpoint.note": note}, log.signer), log
    )


def test_an_unsigned_checkpoint_fails(log, good):
    note = files_of(good)["checkpoint.note"].replace(b"\n19\n", b"\n20\n")

    assert "checkpoint.note: the signature of dockside.example/acme does not belong" in findings(
        rebuild(files_of(good) | {"checkpoint.note": note}, log.signer), log
    )


def test_an_earlier_checkpoint_than_the_manifest_says_fails(log, good):
    files = files_of(good) | {"checkpoint.note": log.checkpoint(17)}

    assert "manifest.json/checkpoint: not that of checkpoint.note" in findings(
        rebuild(files, log.signer), log
    )


def test_the_signature_of_a_checkpoint_is_not_one_of_a_manifest(log, good):
    files = files_of(good) | {"manifest.note": log.checkpoint()}

    assert "manifest.json: is not the manifest that the log signed" in findings(pack(files), log)


def test_a_manifest_note_with_another_signature_besides_fails(log, good):
    files = files_of(good)
    text = bundle.manifest_text(log.origin, files["manifest.json"])
    files["manifest.note"] = notes.sign_note(text, [log.signer, sample_log(seed=2).signer])

    assert "manifest.note: carries signatures besides the log's" in findings(pack(files), log)


# --- Forgeries by an insider who signs whatever he likes ----------------------------------------------------


def insider(log, changes):
    """A log whose third event was made by ``changes``, past the checks that its writer would have made."""
    event = json.loads(log.data[2]) | changes
    data = canonical.json_bytes({name: value for name, value in event.items() if value is not None})
    forged = sample_log()
    forged.data[2] = data
    forged.tree = merkle.Tree(merkle.leaf_hash(each) for each in forged.data)
    files = files_of(consignment_bundle(log))
    concerned = [index for index, each in enumerate(log.data) if b'"C-1"' in each]
    proofs = [
        {
            "event_id": json.loads(forged.data[index]).get("event_id"),
            "index": index,
            "proof": [bundle._base64(each) for each in forged.tree.inclusion_proof(index)],
        }
        for index in concerned
    ]
    manifest = json.loads(files["manifest.json"])
    manifest["checkpoint"]["root"] = bundle._base64(forged.tree.root())
    files |= {
        "events.jsonl": b"".join(forged.data[index] + b"\n" for index in concerned),
        "proofs.jsonl": b"".join(canonical.json_bytes(each) + b"\n" for each in proofs),
        "checkpoint.note": forged.checkpoint(),
        "manifest.json": canonical.json_bytes(manifest),
    }
    return rebuild(files, log.signer)


@pytest.mark.parametrize(
    ("changes", "place", "reason"),
    [
        ({"log": "dockside.example/other"}, "/log", "an event of the log dockside.example/other"),
        ({"shipper": "globex"}, "/shipper", "an event of globex, not of acme"),
        ({"v": 2}, "/v", "not a valid version"),
        ({"type": "teleported"}, "/type", "unknown event type"),
        ({"mood": "good"}, "/mood", "unknown field"),
        ({"received_time": None}, "/received_time", "missing"),
        (
            {"consignments": [{"number": "X-9", "cseq": 1, "sscc": []}]},
            "/consignments",
            "none of them is in the bundle's scope",
        ),
        (
            {"consignments": [{"number": "C-1", "cseq": 7, "sscc": []}]},
            "/consignments",
            "consignment C-1 goes on with event 7 where 2 is due",
        ),
    ],
)
def test_an_event_that_the_log_should_never_have_taken_fails_at_its_field(log, changes, place, reason):
    wrong = findings(insider(log, changes), log)

    assert f"log index 2, {place}: {reason}" in wrong


def test_an_id_that_another_event_has_fails(log):
    forged = insider(log, {"event_id": "00000000-0000-7000-8000-000000000001"})

    assert "the same event twice, its id ends in 8000000000000001" in findings(forged, log)


def test_an_event_of_another_shipper_replayed_with_its_own_proof_fails(log):
    other = sample_log(origin="dockside.example/globex", shipper="globex")
    foreign = bundle.LoggedEvent(2, other.data[2], other.tree.inclusion_proof(2))
    own = log.logged([0])

    wrong = findings(consignment_bundle(log, events=[*own, foreign], documents=[]), log)

    assert "log index 2: the event is not proven to be in the log" in wrong


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data.replace(b'"v":1', b'"v":1,"v":1', 1), "a key appears twice"),
        (lambda data: data.replace(b'"v":1', b'"v":1.0', 1), "is not a whole number"),
        (lambda data: data.replace(b'"v":1', b'"v": 1', 1), "not in its canonical form"),
        (lambda data: data.replace(b'"v":1', b'"v":NaN', 1), "is not a whole number"),
        (lambda data: data.replace(b'"v":1', b'"v":' + b"9" * 5000, 1), "is too large"),
        (lambda data: data.replace(b'"v":1', b'"v":\xff', 1), "not JSON"),
    ],
)
def test_json_in_another_form_is_refused(log, good, change, reason):
    line = files_of(good)["proofs.jsonl"].replace(b'"index"', b'"v":1,"index"', 1)

    assert reason in findings(rebuild(files_of(good) | {"proofs.jsonl": change(line)}, log.signer), log)


def test_a_csv_that_says_something_else_fails_at_its_line(log, good):
    files = forge(good, "custody.csv", lambda data: data.replace(b"TRK 7 GP", b"TRK 8 GP"))

    assert findings(rebuild(files, log.signer), log) == (
        "custody.csv line 9: does not say what the event at log index 10 says"
    )


def test_a_document_that_no_event_names_fails(log):
    other = paper(b"another paper")

    assert findings(consignment_bundle(log, documents=[paper(), other]), log) == (
        f"{other.name}: no event of this bundle names this document"
    )


def test_a_document_under_the_name_of_another_fails(log, good):
    files = forge(good, paper().name, bytes.upper)

    assert "its SHA-256 is not its name" in findings(rebuild(files, log.signer), log)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("value", "Somebody Else", "does not open the commitment"),
        ("salt", bundle._base64(bytes(32)), "does not open the commitment"),
        ("salt", "AAAA", "not a hash of 32 bytes"),
        ("path", "/actor/id", "has no commitment at /actor/id"),
        ("event_id", "00000000-0000-7000-8000-000000000099", "is not here, or not in its place"),
        ("value", 7, "are texts"),
        ("path", ["/actor/name"], "are texts"),
        ("more", 1, "unknown field"),
    ],
)
def test_a_disclosure_that_opens_nothing_fails(log, good, field, value, reason):
    first, *rest = files_of(good)["disclosed.jsonl"].splitlines(keepends=True)
    changed = canonical.json_bytes(json.loads(first) | {field: value}) + b"\n"
    files = files_of(good) | {"disclosed.jsonl": changed + b"".join(rest)}

    wrong = findings(rebuild(files, log.signer), log)

    assert wrong.startswith("disclosed.jsonl line 1")
    assert reason in wrong


def test_a_log_that_was_rewritten_since_the_older_checkpoint_fails(log):
    rewritten = sample_log()
    rewritten.data[1] = rewritten.data[1].replace(b"12.50", b"12.40")
    rewritten.tree = merkle.Tree(merkle.leaf_hash(data) for data in rewritten.data)
    mixed = bundle.OlderCheckpoint(log.checkpoint(5), 5, rewritten.tree.consistency_proof(5))

    assert findings(consignment_bundle(rewritten, history=[mixed]), log) == (
        "history.json/0: the log was rewritten: it does not begin with the 5 events of history/5.note"
    )


def test_an_older_checkpoint_of_an_empty_log_is_refused(log, good):
    empty = notes.sign_checkpoint(notes.Checkpoint(log.origin, 0, merkle.EMPTY_ROOT), [log.signer])
    proof = canonical.json_bytes([{"size": 0, "proof": []}])
    files = files_of(good) | {"history/5.note": empty, "history.json": proof}

    assert findings(rebuild(files, log.signer), log).startswith("history.json/0/size: ")


def test_an_older_checkpoint_without_its_proof_is_refused(log, good):
    files = files_of(good)
    del files["history.json"]
    unsaid = files_of(good) | {"history.json": b"[]"}

    assert "history.json: missing from the bundle" in findings(rebuild(files, log.signer), log)
    assert "says nothing about an older checkpoint" in findings(rebuild(unsaid, log.signer), log)


# --- The command --------------------------------------------------------------------------------------------


@pytest.fixture
def run(tmp_path):
    """Runs the verifier as an auditor does: one file, an isolated Python without any installed package."""
    script = tmp_path / "verify.py"
    shutil.copy(Path(verify.__file__), script)

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-I", "-S", script, *arguments],
            cwd=tmp_path,
            capture_output=True,
            encoding="utf-8",
            env={"PYTHONIOENCODING": "utf-8"},
            check=False,
        )

    return command


def test_the_command_needs_nothing_but_python(tmp_path, run, log, good):
    (tmp_path / "custody.zip").write_bytes(good)
    (tmp_path / "acme.vkey").write_text(log.vkey + "\n")
    (tmp_path / "older.note").write_bytes(log.checkpoint(5))

    done = run("custody.zip", "--key", "acme.vkey", "--checkpoint", "older.note")

    assert (done.returncode, done.stderr) == (PASS, "")
    assert "PASS" in done.stdout
    assert "Ed25519 built-in" in done.stdout


def test_the_command_takes_the_key_as_text_and_fails_on_a_changed_byte(tmp_path, run, log, good):
    (tmp_path / "custody.zip").write_bytes(flipped(good, len(good) // 3, 0x20))

    done = run("custody.zip", "--key", log.vkey)

    assert (done.returncode, done.stderr) == (FAIL, "")
    assert "FAIL" in done.stdout


def test_the_command_says_incomplete_with_code_two(tmp_path, run, log):
    (tmp_path / "custody.zip").write_bytes(consignment_bundle(log, documents=[]))

    done = run("custody.zip", "--key", log.vkey)

    assert (done.returncode, done.stderr) == (INCOMPLETE, "")
    assert "INCOMPLETE" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["custody.zip"],
        ["absent.zip", "--key", "VKEY"],
        ["custody.zip", "--key", "nonsense"],
        ["custody.zip", "--key", "VKEY", "--key", "OTHER"],
        ["custody.zip", "--key", "VKEY", "--checkpoint", "absent.note"],
        ["custody.zip", "--key", "VKEY", "--checkpoint", "custody.zip"],
    ],
)
def test_wrong_usage_ends_with_code_two_and_without_a_traceback(tmp_path, run, log, good, arguments):
    (tmp_path / "custody.zip").write_bytes(good)
    texts = {"VKEY": log.vkey, "OTHER": sample_log(origin="dockside.example/other").vkey}

    done = run(*(texts.get(each, each) for each in arguments))

    assert done.returncode == INCOMPLETE
    assert "Traceback" not in done.stderr
    assert done.stderr != ""


# --- Proofs that share what is above them -------------------------------------------------------------------


def _base64s(proof):
    return [base64.b64encode(each) for each in proof]


def test_proofs_one_after_the_other_hold_exactly_where_each_alone_does():
    rng = random.Random(5)
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(40)]
    for size in range(1, 41):
        tree = merkle.Tree(leaves[:size])
        inclusions, alone = verify.Inclusions(verify.Checkpoint(size, tree.root(size))), []
        for _ in range(120):
            index, leaf = rng.randrange(size + 1), leaves[rng.randrange(size)]
            leaf = leaves[index] if index < size and rng.random() < 0.8 else leaf
            proof = tree.inclusion_proof(min(index, size - 1))
            change = rng.randrange(12)
            if change == 0 and proof:
                proof[rng.randrange(len(proof))] = bytes(32)
            elif change == 1:
                proof = proof[: rng.randrange(len(proof) + 1)]
            elif change == 2:
                proof.insert(rng.randrange(len(proof) + 1), rng.choice(leaves))
            alone.append(verify.root_from_inclusion(leaf, index, size, proof) == tree.root(size))
            assert inclusions.holds(leaf, index, _base64s(proof)) == alone[-1]
        assert set(alone) == {True, False}
