"""Papers that people bring: they open a step that was barred, are on record, and wait for the scanner."""

from datetime import date
from types import SimpleNamespace

import pytest

from apps.core.errors import PermissionRefused
from apps.custody.canonical import parse
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.errors import DocumentsMissing, WaiverInvalid
from apps.documents import scanning
from apps.documents.inspection import UploadRefused
from apps.documents.models import Document, Scan, Waiver
from apps.documents.views import PaperInQuarantine, serve_document
from apps.facilities.models import DocumentRequirement, DocumentType, Step
from apps.tenancy import doorway
from apps.tenancy.models import Outbox
from tests.documents.test_inspection import pdf
from tests.factories.cast import NOW

COA = DocumentType.CERTIFICATE_OF_ANALYSIS


@pytest.fixture
def coa_demanded(northern_site, delivery):
    with doorway.network():
        DocumentRequirement.objects.create(site=northern_site, document_type=COA, step=Step.CONFIRM)


@pytest.fixture
def scanner(monkeypatch, settings):
    """A scanner that is set up; what it answers is the test's to say."""
    settings.CLAMD_ADDRESS = "127.0.0.1:1"
    answers = SimpleNamespace(state="OK", threat=None, away=False)

    def instream(self, file):
        if answers.away:
            raise scanning.Unreachable("no scanner there")
        return {"stream": (answers.state, answers.threat)}

    monkeypatch.setattr("clamav_client.clamd.ClamdNetworkSocket.instream", instream)
    return answers


def bring(actor, delivery, content=None, **facts):
    values = {"document_type": COA, "content": content or pdf(), "file_name": "coa.pdf", "now": NOW}
    return services.bring_document(actor=actor, delivery_id=delivery.pk, **{**values, **facts})


def accept(rita, asked, delivery):
    offer = asked.offers.get()
    return services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=NOW)


def recorded(event_type):
    return [parse(bytes(e.canonical)) for e in CustodyEvent.objects.filter(type=event_type)]


def test_a_paper_that_is_brought_opens_the_step_and_is_on_record_once(
    coa_demanded, asked, delivery, alice, rita
):
    with pytest.raises(DocumentsMissing, match="Certificate of analysis"):
        accept(rita, asked, delivery)

    document = bring(alice, delivery, number="COA-9", valid_until=date(2027, 1, 1))
    bring(alice, delivery, number="COA-9", valid_until=date(2027, 1, 1))

    assert accept(rita, asked, delivery).confirmation_number
    (event,) = recorded("document_received")
    assert event["details"] == {
        "document_type": "coa",
        "number": "COA-9",
        "media_type": "application/pdf",
        "sha256": document.sha256,
        "size": document.size,
        "party": "shipper",
    }


def test_the_recipients_people_bring_papers_too_and_outsiders_and_auditors_do_not(
    delivery, otto, sam, arthur, olga
):
    assert bring(otto, delivery).issued_by == "Otto Ono"

    for outsider in (sam, arthur, olga):
        with pytest.raises(PermissionRefused):
            bring(outsider, delivery, file_name="other.pdf")


def test_a_refused_file_leaves_nothing_behind(delivery, alice):
    with pytest.raises(UploadRefused):
        bring(alice, delivery, content=b"<svg/>", file_name="x.svg")

    assert (Document.objects.count(), recorded("document_received")) == (0, [])


def test_a_paper_counts_and_is_given_out_only_when_the_scanner_found_nothing(
    scanner, coa_demanded, asked, delivery, alice, rita, drain
):
    document = bring(alice, delivery)

    with pytest.raises(DocumentsMissing):
        accept(rita, asked, delivery)
    with pytest.raises(PaperInQuarantine, match="still being checked"):
        serve_document(document)

    drain()
    assert Scan.objects.get().scanner == "ClamAV"
    assert accept(rita, asked, delivery).confirmation_number


def test_a_paper_with_malware_never_counts_and_is_never_given_out(
    scanner, coa_demanded, asked, delivery, alice, rita, drain
):
    scanner.state, scanner.threat = "FOUND", "Eicar-Test-Signature"
    bring(alice, delivery)
    drain()

    with pytest.raises(DocumentsMissing):
        accept(rita, asked, delivery)
    with pytest.raises(PaperInQuarantine, match="malware was found"):
        serve_document(Document.objects.get())


def test_a_scanner_that_is_away_is_asked_again(scanner, delivery, alice, drain):
    scanner.away = True
    bring(alice, delivery)
    drain()

    with doorway.network():
        row = Outbox.objects.get(name="documents.scan")
    assert (row.done_at, row.attempts, row.last_error) == (None, 1, "ScannerAway: no scanner there")
    assert not Scan.objects.exists()


def test_the_recipients_manager_may_do_without_a_paper_and_says_why(
    coa_demanded, asked, delivery, alice, otto, rita, sam
):
    for nobody in (alice, otto, sam):
        with pytest.raises(PermissionRefused):
            waive(nobody, delivery)
    with pytest.raises(WaiverInvalid, match="Say why"):
        waive(rita, delivery, reason="  ")
    with pytest.raises(WaiverInvalid, match="does not demand"):
        waive(rita, delivery, document_type=DocumentType.CMR)

    waive(rita, delivery)
    waive(rita, delivery, reason="Another reason, later.")

    assert [w.reason for w in Waiver.objects.all()] == ["The laboratory sends it tomorrow."]
    assert len(recorded("document_waived")) == 1
    assert b"laboratory" not in bytes(CustodyEvent.objects.get(type="document_waived").canonical)
    assert accept(rita, asked, delivery).confirmation_number


def waive(actor, delivery, reason="The laboratory sends it tomorrow.", document_type=COA):
    return services.waive_document(
        actor=actor, delivery_id=delivery.pk, document_type=document_type, reason=reason, now=NOW
    )
