"""What rides inside a delivery's PDFs: advices and events that other systems can read, and nothing else."""

import io
import json
import time
from datetime import UTC, timedelta

import pikepdf
import pytest
from lxml import etree

from apps.custody.renditions import ubl
from apps.deliveries import services
from apps.deliveries.services import Statement
from apps.deliveries.services.attached import attachments
from apps.documents import rendering, store
from apps.documents.models import Document
from tests.factories.cast import NOW
from tests.standards import epcis_judge, ubl_judge

pytestmark = pytest.mark.papers

SPACES = {"cac": ubl.CAC, "cbc": ubl.CBC}
LATER = NOW + timedelta(days=2)


def _inside(document_type: str) -> dict[str, bytes]:
    pdf = store.read(Document.objects.filter(document_type=document_type).latest("version").path)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return {name: bytes(file.get_file().read_bytes()) for name, file in opened.attachments.items()}


def _said(advice: bytes, path: str) -> list[str]:
    return [str(each) for each in etree.fromstring(advice).xpath(f"{path}/text()", namespaces=SPACES)]


def test_the_delivery_note_announces_the_goods_and_the_slot(confirmed, drain):
    drain()

    inside = _inside("delivery_note")

    assert (
        {"despatch-advice.xml", "epcis.jsonld"}
        <= set(inside)
        <= {
            "despatch-advice.xml",
            "epcis.jsonld",
            "checkpoint.note",
        }
    )
    advice = inside["despatch-advice.xml"]
    assert _said(advice, "//cac:DespatchLine/cac:Item/cbc:Name") == ["Zidovudine 300 mg", "Nevirapine 200 mg"]
    start = confirmed.during.lower.astimezone(UTC)
    assert _said(advice, "//cac:PromisedDeliveryPeriod/cbc:StartDate") == [f"{start:%Y-%m-%d}"]
    assert _said(advice, "//cac:PromisedDeliveryPeriod/cbc:StartTime") == [f"{start:%H:%M:%S}Z"]
    assert _said(advice, "//cbc:ActualDespatchDate") == []
    assert len(_said(advice, "//cac:TransportHandlingUnit/cbc:ID")) == 3
    assert ubl_judge()(advice) == []


def test_it_tells_what_happened_to_the_goods_and_not_what_was_bargained_over(confirmed, drain):
    drain()

    told = json.loads(_inside("delivery_note")["epcis.jsonld"])

    kinds = {each["dockside:type"] for each in told["epcisBody"]["eventList"]}
    assert "packed" in kinds
    assert not [kind for kind in kinds if kind.startswith(("slots_", "offer_", "appointment_", "document_"))]
    assert epcis_judge()(told) == []


def test_the_proof_of_delivery_holds_both_advices(unloading, otto, drain):
    statement = Statement(released_by="Dan Driver", received_by="Otto Ono", received_by_role="Dock operator")
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=LATER)
    drain()

    inside = _inside("pod")

    judge = ubl_judge()
    assert judge(inside["despatch-advice.xml"]) == judge(inside["receipt-advice.xml"]) == []
    assert _said(inside["despatch-advice.xml"], "//cbc:ActualDespatchDate") != []
    assert epcis_judge()(json.loads(inside["epcis.jsonld"])) == []


def test_the_same_record_gives_the_same_bytes(confirmed, delivery, drain):
    drain()

    def laid_out() -> bytes:
        return rendering.html_to_pdf(
            "<p>Paper</p>", "paper.css", attachments=attachments(delivery, at=NOW), at=NOW
        )

    first = laid_out()
    time.sleep(1.01)  # identifiers made from the clock count seconds

    assert laid_out() == first


@pytest.mark.usefixtures("confirmed", "secret_of_globex")
def test_another_shippers_goods_are_in_none_of_it(drain):
    drain()

    everything = b"".join(_inside("delivery_note").values())

    assert b"Zidovudine" in everything
    assert b"globex" not in everything.lower()
    assert b"SECRET" not in everything.upper()
