"""Taking a bundle away: it holds without the server, it is on record, and nobody else gets one."""

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.actors import Actor
from apps.core.errors import PermissionRefused
from apps.core.models import Job
from apps.custody import selectors, verify
from apps.custody import services as custody
from apps.custody.models import Checkpoint, CustodyEvent, Disclosure
from apps.custody.services import ExportFailed, ExportScope, Personal, UnknownExport, sequence
from apps.custody.services.export_jobs import forget_exports
from apps.documents import store
from apps.documents.models import Document
from apps.tenancy import doorway

PAPER = b"%PDF-1.7 delivery note"
WHOLE_LOG = ExportScope()


@pytest.fixture
def checked(tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """What the verifier that lies in a bundle says about it, run alone; exit code and output."""

    def run(data: bytes, *arguments: str) -> tuple[int, str]:
        (tmp_path / "bundle.zip").write_bytes(data)
        (tmp_path / "verify.py").write_bytes(zipfile.ZipFile(io.BytesIO(data)).read("verify.py"))
        command = [
            sys.executable,
            "-I",
            "verify.py",
            "bundle.zip",
            "--key",
            str(selectors.verifier_key()),
            *arguments,
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return run


@pytest.fixture
def history(record, delivery_id):
    """A consignment from its creation to a handover with a paper, and another delivery beside it."""
    content = store.put(PAPER)
    Document.objects.create(
        delivery_id=delivery_id,
        document_type="delivery_note",
        number="DN-1",
        file_name="DN-1.pdf",
        media_type="application/pdf",
        sha256=content.sha256,
        size=content.size,
        path=content.path,
        issued_by="Dockside",
        issued_at="2026-03-02T06:00:00Z",
    )
    item = {"article": "=1+1", "quantity": "2", "unit": "box"}
    record("consignment_created", details={"items": [item]}, delivery=None, delivery_id=None)
    record(consignments={"C-9": []}, delivery="D000009", delivery_id=uuid4())
    record("delivery_grouped")
    record("document_issued", details=_issue(PAPER))
    signatory = {"organisation": "Acme Medical", "name": Personal("Dan Driver"), "assurance": "captured"}
    return record("handover_accepted", details={"released_by": signatory, "received_by": signatory})


def _issue(content: bytes) -> dict[str, object]:
    return {
        "document_type": "delivery_note",
        "number": "DN-1",
        "media_type": "application/pdf",
        "sha256": sha256(content).hexdigest(),
        "size": len(content),
    }


def _export(actor: Actor, scope: ExportScope, now, **options) -> tuple[bytes, custody.Export]:
    output = io.BytesIO()
    export = custody.export_bundle(actor=actor, scope=scope, output=output, now=now, **options)
    return output.getvalue(), export


def test_a_deliverys_bundle_holds_its_history_and_papers_and_proves_itself_alone(
    arthur, history, delivery_id, now, checked
):
    data, export = _export(arthur, ExportScope(delivery_id=delivery_id), now)

    code, said = checked(data)
    assert (code, export.missing) == (verify.PASS, ()), said
    assert (export.summary.events, export.summary.documents, export.summary.checkpoint.size) == (4, 1, 7)
    bundle = zipfile.ZipFile(io.BytesIO(data))
    assert bundle.read(f"documents/{sha256(PAPER).hexdigest()}.pdf") == PAPER
    assert b"Dan Driver" in bundle.read("disclosed.jsonl")
    assert b"C-9" not in data


def test_the_whole_log_is_proven_complete_and_holds_the_access_itself(arthur, history, now, checked):
    data, _ = _export(arthur, WHOLE_LOG, now)

    code, said = checked(data)
    assert code == verify.PASS
    assert "all events of the log up to the checkpoint are here: 6" in said
    assert CustodyEvent.objects.order_by("leaf__index").last().type == "access_exported"


def test_an_older_checkpoint_that_was_kept_is_shown_to_be_the_beginning(
    arthur, record, now, checked, tmp_path
):
    record()
    kept = sequence(now=now)
    record()
    (tmp_path / "kept.note").write_text(kept.note)

    data, _ = _export(arthur, ExportScope(consignments=("C-1",)), now, older_size=kept.size)

    code, said = checked(data, "--checkpoint", "kept.note")
    assert code == verify.PASS
    assert "the log still begins with the 1 events of your checkpoint" in said


@pytest.mark.parametrize("damage", ["gone", "altered"])
def test_a_paper_that_the_store_lost_makes_the_bundle_incomplete(
    arthur, history, delivery_id, now, checked, damage
):
    path = store._root() / Document.objects.get().path
    path.unlink() if damage == "gone" else path.write_bytes(b"something else")

    data, export = _export(arthur, ExportScope(delivery_id=delivery_id), now)

    assert checked(data)[0] == verify.INCOMPLETE
    assert export.missing == (
        f"documents/{sha256(PAPER).hexdigest()}: delivery_note DN-1 was issued but is not in the bundle",
    )


def test_erased_values_leave_events_and_proofs_whole(ada, arthur, history, delivery_id, now, checked):
    before, _ = _export(arthur, ExportScope(delivery_id=delivery_id), now)
    paths = ["/details/released_by/name", "/details/received_by/name"]

    erased = custody.erase(
        actor=ada, fields=[(history.pk, path) for path in paths], legal_basis="GDPR art. 17", now=now
    )

    data, _ = _export(arthur, ExportScope(delivery_id=delivery_id), now)
    code, said = checked(data)
    assert (erased, code) == (2, verify.PASS)
    assert "personal values that have been erased: 2" in said
    assert b"Dan Driver" not in data
    assert checked(before)[0] == verify.PASS
    assert [
        entry.summary for entry in selectors.timeline(delivery_id) if entry.type == "handover_accepted"
    ] == [(("Released by", "erased · Acme Medical"), ("Received by", "erased · Acme Medical"))]


def test_a_value_deleted_behind_our_back_is_reported_as_not_disclosed(
    arthur, history, delivery_id, now, checked
):
    Disclosure.objects.all().delete()

    data, _ = _export(arthur, ExportScope(delivery_id=delivery_id), now)

    code, said = checked(data)
    assert code == verify.PASS
    assert "personal values that are not disclosed here: 6" in said


def test_nothing_in_scope_is_no_bundle(arthur, history, now):
    for scope in (ExportScope(delivery_id=uuid4()), ExportScope(consignments=("C-1", "C-77"))):
        with pytest.raises(ExportFailed):
            _export(arthur, scope, now)
    with pytest.raises(ExportFailed):
        _export(arthur, WHOLE_LOG, now, older_size=4711)

    assert not CustodyEvent.objects.filter(type="access_exported").exists()


def test_only_this_shippers_auditors_and_administrators_take_the_record_away(
    ada, arthur, rita, bob, gina, alice, history, now
):
    refused = []
    for actor in (alice, bob, gina, rita):
        with pytest.raises(PermissionRefused):
            _export(actor, WHOLE_LOG, now)
        with pytest.raises(PermissionRefused):
            custody.request_export(actor=actor, scope=WHOLE_LOG, now=now)
        refused.append(actor.name)

    assert refused == ["Alice Adams", "Bob Brown", "Gina Gold", "Rita Reyes"]
    assert _export(ada, WHOLE_LOG, now)[1].missing == ()


def test_globex_finds_nothing_of_acme_in_its_own_record(gina, globex, history, delivery_id, now):
    with doorway.enter_shipper(globex):
        seen = (
            list(selectors.search_events("C-1")),
            selectors.timeline(delivery_id),
            selectors.latest_checkpoint(),
            CustodyEvent.objects.count(),
        )
        with pytest.raises(ExportFailed):
            _export(gina, ExportScope(delivery_id=delivery_id), now)
        data, _ = _export(gina, WHOLE_LOG, now)

    assert seen == ([], [], None, 0)
    assert not any(word in data for word in (b"C-1", b"Dan Driver", b"Acme", PAPER))


def test_an_export_that_was_asked_for_is_made_by_the_worker_and_kept_for_a_while(
    arthur, history, delivery_id, now, drain, checked
):
    job = custody.request_export(actor=arthur, scope=ExportScope(delivery_id=delivery_id), now=now)
    drain()

    done = Job.objects.get()
    with custody.open_export(actor=arthur, job_id=job.pk) as file:
        assert checked(file.read())[0] == verify.PASS
    assert (done.state, done.done, done.total, done.message, done.subject_id) == (
        "done",
        4,
        4,
        "",
        delivery_id,
    )
    assert done.artefact == f"t_acme/exports/{job.pk}.zip"

    forget_exports()
    with pytest.raises(UnknownExport):
        custody.open_export(actor=arthur, job_id=job.pk)


def test_a_cancelled_export_leaves_nothing(arthur, history, now, drain, settings, monkeypatch):
    first = custody.request_export(actor=arthur, scope=WHOLE_LOG, now=now)
    drain()
    before_start = custody.request_export(actor=arthur, scope=WHOLE_LOG, now=now)
    custody.cancel_export(actor=arthur, job_id=before_start.pk, now=now)
    drain()
    under_way = custody.request_export(actor=arthur, scope=WHOLE_LOG, now=now)
    monkeypatch.setattr("apps.custody.bundle._file_member", _cancel(arthur, under_way))
    drain()

    states = dict(Job.objects.values_list("pk", "state"))
    kept = [path.name for path in (settings.STORE_DIR / "t_acme" / "exports").iterdir()]
    assert states == {first.pk: "done", before_start.pk: "cancelled", under_way.pk: "cancelled"}
    assert kept == [f"{first.pk}.zip"]


def _cancel(actor: Actor, job: Job) -> Callable[..., object]:
    from apps.custody import bundle

    write = bundle._file_member

    def cancel_then_write(document: bundle.BundleDocument) -> object:
        custody.cancel_export(actor=actor, job_id=job.pk, now=timezone.now())
        return write(document)

    return cancel_then_write


def test_an_export_that_cannot_be_made_says_why(arthur, history, now, drain, settings, tmp_path):
    job = custody.request_export(actor=arthur, scope=ExportScope(consignments=("C-77",)), now=now)
    drain()

    failed = Job.objects.get(pk=job.pk)
    assert (failed.state, failed.artefact) == ("failed", "")
    assert failed.message == "The custody record has no event of C-77."


def test_a_log_that_was_changed_is_not_exported(arthur, history, now, monkeypatch):
    sequence(now=now)
    monkeypatch.setattr("apps.custody.tiles.StoredTree.root", lambda self: b"0" * 32)

    with pytest.raises(custody.LogDamaged):
        _export(arthur, WHOLE_LOG, now)

    assert Checkpoint.objects.count() == 2
