"""Shipments as UBL 2.1: valid by the official schemas, saying what was found per handling unit."""

import json
from typing import Any

import pytest
from lxml import etree

from apps.custody.renditions import ubl
from apps.custody.renditions.shipments import Shipment, Shipments
from tests.custody.samples import DETAILS, SSCCS, SampleLog
from tests.standards import ubl_judge

SPACES = {"cac": ubl.CAC, "cbc": ubl.CBC}
ITEM = {
    "article": "Zidovudine 300 mg",
    "gtin": "09501101530003",
    "quantity": "40.000",
    "unit": "pack",
    "lot": "B-7",
    "expiry": "2027-01-31",
}


@pytest.fixture(scope="module")
def wrong() -> Any:
    """What the official schema of a document says against it."""
    return ubl_judge()


def _travelled(end: str, **details: Any) -> SampleLog:
    log = SampleLog()
    created = {"order": "PO-1", "ship_from": {"name": "Warehouse"}, "items": [ITEM, {**ITEM, "unit": "tray"}]}
    log.add("consignment_created", details=created)
    log.add("packed")
    log.add("planned")
    log.add("departed", details={"vehicle": "GP 1"})
    log.add(end, details={**DETAILS[end], **details})
    return log


def _shipment(log: SampleLog) -> Shipment:
    gathering = Shipments()
    for data in log.data:
        gathering.add(json.loads(data))
    (shipment,) = gathering.gathered()
    return shipment


def _said(document: bytes | None, path: str) -> list[str]:
    assert document is not None
    return etree.fromstring(document).xpath(f"{path}/text()", namespaces=SPACES)


ENDS = {
    "accepted": ("handover_accepted", {}),
    "short": (
        "handover_accepted_with_reservation",
        {"discrepancies": [{"kind": "short", "sscc": SSCCS["C-1"]}, {"kind": "over"}]},
    ),
    "damaged": (
        "handover_accepted_with_reservation",
        {"discrepancies": [{"kind": "damaged", "sscc": SSCCS["C-1"]}]},
    ),
    "by article": (
        "handover_accepted_with_reservation",
        {"discrepancies": [{"kind": "short", "article": "Zidovudine", "quantity": "2", "unit": "pack"}]},
    ),
    "refused": ("handover_refused", {"reason": "damage"}),
}


@pytest.mark.parametrize("end", ENDS)
def test_both_advices_are_valid_by_the_official_schemas(end, wrong):
    name, details = ENDS[end]
    shipment = _shipment(_travelled(name, **details))

    assert wrong(ubl.despatch_advice(shipment, shipper="Acme Medical")) == []
    assert wrong(ubl.receipt_advice(shipment, shipper="Acme Medical")) == []


def test_the_despatch_advice_names_goods_batches_and_who_brings_them():
    advice = ubl.despatch_advice(_shipment(_travelled("handover_accepted")), shipper="Acme Medical")

    lines = "cac:DespatchLine"
    assert _said(advice, f"{lines}/cbc:DeliveredQuantity") == ["40.000", "40.000"]
    assert etree.fromstring(advice).xpath(f"{lines}/cbc:DeliveredQuantity/@unitCode", namespaces=SPACES) == [
        "XPK",
        "ZZ",
    ]
    assert _said(advice, f"{lines}/cbc:Note") == ["Quantity in: tray"]
    assert (
        _said(advice, f"{lines}/cac:Item/cac:ItemInstance/cac:LotIdentification/cbc:LotNumberID")
        == ["B-7"] * 2
    )
    assert _said(advice, "cac:Shipment/cac:Consignment/cac:CarrierParty/cac:PartyName/cbc:Name") == [
        "Swift Haul"
    ]
    assert _said(advice, "cac:Shipment/cac:TransportHandlingUnit/cbc:ID") == [SSCCS["C-1"]]
    assert _said(advice, "cac:OrderReference/cbc:ID") == ["PO-1"]


def test_the_receipt_advice_says_what_was_found_of_each_unit():
    advice = ubl.receipt_advice(_shipment(_travelled(ENDS["short"][0], **ENDS["short"][1])), shipper="Acme")

    assert _said(advice, "cac:ReceiptLine/cbc:ReceivedQuantity") == ["0", "1"]
    assert _said(advice, "cac:ReceiptLine/cbc:ShortQuantity") == ["1"]
    assert _said(advice, "cac:ReceiptLine/cbc:OversupplyQuantity") == ["1"]
    assert _said(advice, "cac:Shipment/cac:TransportHandlingUnit/cac:Status/cbc:StatusReason") == ["Missing"]


def test_what_is_refused_is_received_by_nobody():
    advice = ubl.receipt_advice(
        _shipment(_travelled(*ENDS["refused"][:1], **ENDS["refused"][1])), shipper="Acme"
    )

    assert _said(advice, "cac:ReceiptLine/cbc:ReceivedQuantity") == ["0"]
    assert _said(advice, "cac:ReceiptLine/cbc:RejectedQuantity") == ["1"]
    assert _said(advice, "cac:ReceiptLine/cbc:RejectReasonCode") == ["1"]


def test_an_event_that_was_declared_wrong_tells_nothing():
    log = _travelled("handover_refused")
    refusal = log.data[-1].decode().partition('"event_id":"')[2][:36]
    log.add("correction", details={"corrects": refusal, "reason": "did_not_occur", "corrected_by": []})

    shipment = _shipment(log)

    assert shipment.handover is None
    assert ubl.receipt_advice(shipment, shipper="Acme") is None


def test_before_it_left_there_is_nothing_to_advise():
    log = SampleLog()
    log.add("consignment_created")
    log.add("planned")
    gathering = Shipments()
    for data in log.data:
        gathering.add(json.loads(data))

    assert list(gathering.gathered()) == []
