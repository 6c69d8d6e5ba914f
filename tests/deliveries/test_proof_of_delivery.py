"""The proof of delivery: issued once by the worker, signed by who has a key, on record, for both sides."""

import io
from datetime import timedelta
from decimal import Decimal

import pikepdf
import pypdfium2
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from apps.core.errors import IllegalTransition
from apps.custody.models import CustodyEvent
from apps.custody.selectors import entries, events_of_delivery
from apps.custody.services import sequence
from apps.deliveries import services
from apps.deliveries.models import Discrepancy, Handover
from apps.deliveries.services import Statement, UnitFinding
from apps.documents import signing_keys, store
from apps.documents.models import Document
from apps.tenancy import doorway
from tests.documents.test_signing import assert_is_pdf_a_3b
from tests.factories.cast import NOW


@pytest.fixture
def northerns_key(northern):
    """Northern entrusted its key."""
    signing_keys.entrust(northern, signing_keys.new_pem(northern.name, now=NOW))


@pytest.fixture
def handed_over(unloading, otto, drain):
    """Northern took the goods, one unit damaged; the worker has done what was promised."""
    unit = unloading.rides.first().consignment.handling_units.first()
    finding = UnitFinding(kind=Discrepancy.Kind.DAMAGED, sscc=unit.sscc, note="Corner crushed")
    of_a_line = UnitFinding(
        Discrepancy.Kind.SHORT, item="C-1/1", quantity=Decimal(3), reason=Discrepancy.Reason.EXPIRY
    )
    statement = Statement(
        released_by="Dan Driver",
        received_by="Otto Ono",
        received_by_role="Dock operator",
        findings=[finding, of_a_line],
        condition="wet",
        seals=("S-1",),
        temperatures_mc=(4_500,),
        received_strokes="100,100 300,120 500,90;120,200 600,210",
    )
    while sequence(now=NOW):
        pass
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=NOW + timedelta(days=2))
    drain()
    return unloading


def _proof() -> Document:
    return Document.objects.get(document_type="pod")


def _words(data: bytes) -> str:
    """The text of a PDF, without what breaks its lines."""
    with pypdfium2.PdfDocument(data) as document:
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


def _signatures(document: Document) -> list[str]:
    signed = PdfFileReader(io.BytesIO(store.read(document.path)))
    return [each.field_name for each in signed.embedded_signatures]


@pytest.mark.papers
def test_it_says_what_was_stated_and_where_that_is_on_record(handed_over):
    data = store.read(_proof().path)

    event = CustodyEvent.objects.get(type="handover_accepted_with_reservation")
    expected = [
        "Proof of delivery",
        handed_over.number,
        "Accepted with reservation",
        "Dan Driver",
        "Otto Ono",
        "Corner crushed",
        "3 pack Zidovudine 300 mg",
        "Expired or too short dated",
        "Seals found",
        "4.5 – 4.5 °C (read by hand)",
        "Zidovudine 300 mg",
        Handover.objects.get().statement_sha256,
        str(event.pk),
        bytes(event.leaf_hash).hex(),
    ]
    words = _words(data)
    assert [said for said in expected if "".join(said.split()) not in words] == []
    assert_is_pdf_a_3b(data, {"checkpoint.note", "despatch-advice.xml", "epcis.jsonld", "receipt-advice.xml"})
    with pikepdf.open(io.BytesIO(data)) as document:
        note = document.attachments["checkpoint.note"].get_file().read_bytes()
    assert note.startswith(b"localhost/acme\n")


def test_the_shipper_signs_it(handed_over):
    assert _signatures(_proof()) == ["Shipper"]


@pytest.mark.usefixtures("northerns_key")
def test_a_recipient_that_entrusted_a_key_signs_it_too(handed_over):
    assert _signatures(_proof()) == ["Shipper", "Recipient"]


def test_it_is_issued_once_and_put_on_record(handed_over, alice, drain):
    again = services.issue_proof_of_delivery(actor=alice, delivery=handed_over, now=NOW + timedelta(days=3))

    proof = _proof()
    (event,) = (
        each
        for each in entries(events_of_delivery(handed_over.pk))
        if each.details.get("document_type") == "pod"
    )
    assert again == proof
    assert (event.details["sha256"], event.details["size"]) == (proof.sha256, proof.size)


def test_without_a_handover_there_is_nothing_to_prove(unloading, alice):
    with pytest.raises(IllegalTransition):
        services.issue_proof_of_delivery(actor=alice, delivery=unloading, now=NOW)

    assert not Document.objects.filter(document_type="pod").exists()


def test_both_parties_open_it_and_nobody_else(handed_over, confirmed, browse, acme):
    proof = _proof()
    desk, hub = f"/documents/{proof.pk}/", f"/appointments/{confirmed.pk}/documents/{proof.pk}/"

    with doorway.network():
        answers = {
            "alice": browse("alice@acme.example", "acme").get(desk).status_code,
            "rita": browse("rita@northern.example").get(hub).status_code,
            "bob": browse("bob@globex.example", "globex").get(desk).status_code,
            "sam": browse("sam@southern.example").get(hub).status_code,
        }

    assert answers == {"alice": 200, "rita": 200, "bob": 404, "sam": 404}
