"""Shipments as UBL 2.1 (ISO/IEC 19845): DespatchAdvice of what left, ReceiptAdvice of what came. Pure.

What was not as expected is told per handling unit, as the handover's statement does. Reason codes are those
of Peppol's logistics lists (rejection: 1 broken, 3 wrong item, 99 other; handling unit: 2 missing, 4 damaged,
5 good condition). No Peppol profile is claimed: its business rules are not checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

from apps.custody.renditions.shipments import Goods, Shipment

_BASE = "urn:oasis:names:specification:ubl:schema:xsd:"
CAC, CBC = f"{_BASE}CommonAggregateComponents-2", f"{_BASE}CommonBasicComponents-2"
#: UN/ECE recommendation 20, packages of recommendation 21 with an X in front.
UNIT_CODES: Mapping[str, str] = {
    "each": "EA",
    "piece": "H87",
    "unit": "C62",
    "pack": "XPK",
    "box": "XBX",
    "carton": "XCT",
    "case": "XCS",
    "bottle": "XBO",
    "vial": "XVI",
    "bag": "XBG",
    "drum": "XDR",
    "pallet": "XPX",
    "parcel": "XPC",
    "kg": "KGM",
    "g": "GRM",
    "l": "LTR",
    "m3": "MTQ",
}
MUTUALLY_DEFINED = "ZZ"
REJECTIONS: Mapping[str, str] = {"damaged": "1", "damage": "1", "wrong_item": "3"}
UNIT_REASONS: Mapping[str, tuple[str, str]] = {
    "short": ("2", "Missing"),
    "damaged": ("4", "Damaged"),
    "": ("5", "Good_condition"),
}


def despatch_advice(shipment: Shipment, *, shipper: str) -> bytes | None:
    """The DespatchAdvice of a delivery that left, or that is announced; ``shipper`` is its name.

    Before it left, no despatch is told but the slot as the promised period. None where nothing is known.
    """
    left = shipment.despatch
    announced = left or shipment.announced
    lines = [(goods, item) for goods in shipment.goods for item in goods.items]
    if announced is None or not lines:
        return None
    root = _root("DespatchAdvice", shipment.number, announced)
    _note_orders(root, shipment)
    _party(root, "DespatchSupplierParty", shipper, _origin(shipment).get("gln"))
    _party(root, "DeliveryCustomerParty", _site_name(shipment), shipment.site.get("gln"))
    told = _shipment(root, shipment)
    if left is not None:
        despatch = _add(_add(told, CAC, "Delivery"), CAC, "Despatch")
        _moment(despatch, "ActualDespatch", left["event_time"])
    elif "slot" in announced["details"]:
        period = _add(_add(told, CAC, "Delivery"), CAC, "PromisedDeliveryPeriod")
        _moment(period, "Start", announced["details"]["slot"]["start"])
        _moment(period, "End", announced["details"]["slot"]["end"])
    for sscc in shipment.ssccs:
        _handling_unit(told, sscc, shipment)
    for number, (goods, item) in enumerate(lines, start=1):
        _despatch_line(root, number, goods, item)
    return _bytes(root)


def receipt_advice(shipment: Shipment, *, shipper: str) -> bytes | None:
    """The ReceiptAdvice of a delivery that was handed over or refused; None before that."""
    end = shipment.handover
    if end is None:
        return None
    root = _root("ReceiptAdvice", f"{shipment.number}-R", end)
    _note_orders(root, shipment)
    reference = _add(root, CAC, "DespatchDocumentReference")
    _text(reference, "ID", shipment.number)
    _party(root, "DeliveryCustomerParty", _site_name(shipment), shipment.site.get("gln"))
    _party(root, "DespatchSupplierParty", shipper, _origin(shipment).get("gln"))
    told = _shipment(root, shipment)
    _moment(_add(told, CAC, "Delivery"), "ActualDelivery", end["event_time"])
    findings = {each.get("sscc", ""): each for each in end["details"].get("discrepancies", ())}
    refused = end["type"] == "handover_refused"
    expected = dict.fromkeys(shipment.ssccs)
    for sscc in expected:
        _handling_unit(told, sscc, shipment, findings.get(sscc, {}).get("kind", ""))
    lines = [(sscc, findings.get(sscc)) for sscc in expected]
    lines += [(each.get("sscc", ""), each) for each in _beside(end, expected)]
    for number, (sscc, finding) in enumerate(lines or [("", None)], start=1):
        _receipt_line(root, number, sscc, finding, end["details"] if refused else None)
    return _bytes(root)


def _beside(end: Mapping[str, Any], expected: Mapping[str, None]) -> list[Mapping[str, Any]]:
    """Findings about what was not expected, or about an article instead of a handling unit."""
    return [each for each in end["details"].get("discrepancies", ()) if each.get("sscc") not in expected]


def _root(kind: str, number: str, event: Mapping[str, Any]) -> Element:
    root = etree.Element(
        etree.QName(f"{_BASE}{kind}-2", kind), nsmap={None: f"{_BASE}{kind}-2", "cac": CAC, "cbc": CBC}
    )
    _text(root, "UBLVersionID", "2.1")
    _text(root, "ID", number)
    _text(root, "UUID", event["event_id"])
    _moment(root, "Issue", event["event_time"])
    return root


def _note_orders(root: Element, shipment: Shipment) -> None:
    _text(root, "Note", "Told from the custody record; the UUID is that of its event.")
    for order in dict.fromkeys(goods.order for goods in shipment.goods if goods.order):
        _text(_add(root, CAC, "OrderReference"), "ID", order)


def _party(root: Element, role: str, name: str, gln: str | None) -> None:
    party = _add(_add(root, CAC, role), CAC, "Party")
    if gln:
        _text(_add(party, CAC, "PartyIdentification"), "ID", gln, schemeID="0088")
    _text(_add(party, CAC, "PartyName"), "Name", name)


def _shipment(root: Element, shipment: Shipment) -> Element:
    told = _add(root, CAC, "Shipment")
    _text(told, "ID", shipment.number)
    weight = sum(unit.get("gross_weight_g", 0) for goods in shipment.goods for unit in goods.units)
    if weight:
        _text(told, "GrossWeightMeasure", f"{weight / 1000:g}", unitCode="KGM")
    _text(told, "TotalTransportHandlingUnitQuantity", str(len(shipment.ssccs)))
    for goods in shipment.goods:
        consignment = _add(told, CAC, "Consignment")
        _text(consignment, "ID", goods.number)
        if shipment.carrier:
            carrier = _add(consignment, CAC, "CarrierParty")
            _text(_add(carrier, CAC, "PartyName"), "Name", shipment.carrier)
    if shipment.vehicle:
        means = _add(_add(told, CAC, "ShipmentStage"), CAC, "TransportMeans")
        _text(_add(means, CAC, "RoadTransport"), "LicensePlateID", shipment.vehicle)
    return told


def _handling_unit(told: Element, sscc: str, shipment: Shipment, found: str | None = None) -> None:
    """A unit of a shipment; what was ``found`` is said on receipt alone."""
    unit = _add(told, CAC, "TransportHandlingUnit")
    _text(unit, "ID", sscc, schemeID="SSCC")
    kinds = {each["sscc"]: each["package"] for goods in shipment.goods for each in goods.units}
    if sscc in kinds:
        code = UNIT_CODES.get(kinds[sscc], MUTUALLY_DEFINED).removeprefix("X")
        _text(unit, "TransportHandlingUnitTypeCode", code)
    if found is not None and found in UNIT_REASONS:
        status = _add(unit, CAC, "Status")
        code, reason = UNIT_REASONS[found]
        _text(status, "StatusReasonCode", code)
        _text(status, "StatusReason", reason)


def _despatch_line(root: Element, number: int, goods: Goods, item: Mapping[str, Any]) -> None:
    line = _add(root, CAC, "DespatchLine")
    _text(line, "ID", str(number))
    code = UNIT_CODES.get(item["unit"].lower(), MUTUALLY_DEFINED)
    if code == MUTUALLY_DEFINED:
        _text(line, "Note", f"Quantity in: {item['unit']}")
    _text(line, "DeliveredQuantity", item["quantity"], unitCode=code)
    reference = _add(line, CAC, "OrderLineReference")
    _text(reference, "LineID", str(goods.items.index(item) + 1))
    if goods.order:
        _text(_add(reference, CAC, "OrderReference"), "ID", goods.order)
    told = _add(line, CAC, "Item")
    if "description" in item:
        _text(told, "Description", item["description"])
    _text(told, "Name", item["article"])
    if "gtin" in item:
        _text(_add(told, CAC, "StandardItemIdentification"), "ID", item["gtin"], schemeID="0160")
    if "lot" in item or "expiry" in item:
        instance = _add(told, CAC, "ItemInstance")
        lot = _add(instance, CAC, "LotIdentification")
        if "lot" in item:
            _text(lot, "LotNumberID", item["lot"])
        if "expiry" in item:
            _text(lot, "ExpiryDate", item["expiry"])


def _receipt_line(
    root: Element,
    number: int,
    sscc: str,
    finding: Mapping[str, Any] | None,
    refusal: Mapping[str, Any] | None,
) -> None:
    """One handling unit, or one finding about something else, as it was received."""
    line = _add(root, CAC, "ReceiptLine")
    _text(line, "ID", str(number))
    kind = "refused" if refusal is not None else finding["kind"] if finding else ""
    quantity, unit = "1", MUTUALLY_DEFINED
    if finding and "quantity" in finding:
        quantity, unit = finding["quantity"], finding.get("unit", "")
        unit = UNIT_CODES.get(unit.lower(), MUTUALLY_DEFINED)
    if kind:
        _text(line, "Note", f"Finding: {kind}")
    is_whole = finding is None or not ("quantity" in finding and "sscc" in finding)
    received = quantity if kind in {"", "damaged", "over"} else "0"
    if is_whole:
        _text(line, "ReceivedQuantity", received, unitCode=unit)
    if kind == "short":
        _text(line, "ShortQuantity", quantity, unitCode=unit)
    elif kind in {"refused", "wrong_item"}:
        cause = (refusal or finding or {}).get("reason", kind)
        _text(line, "RejectedQuantity", quantity, unitCode=unit)
        _text(line, "RejectReasonCode", REJECTIONS.get(cause, "99"))
        _text(line, "RejectReason", cause)
    elif kind == "over":
        _text(line, "OversupplyQuantity", quantity, unitCode=unit)
    told = _add(line, CAC, "Item")
    article = finding.get("article") if finding else None
    _text(told, "Name", article or (f"Handling unit {sscc}" if sscc else "Goods without SSCC"))


def _site_name(shipment: Shipment) -> str:
    return str(shipment.site.get("name", "–"))


def _origin(shipment: Shipment) -> Mapping[str, Any]:
    return next((goods.ship_from for goods in shipment.goods if goods.ship_from), {})


def _moment(parent: Element, name: str, time: str) -> None:
    """Date and time of a moment as the log writes it, to the second, in UTC."""
    _text(parent, f"{name}Date", time[:10])
    _text(parent, f"{name}Time", f"{time[11:19]}Z")


def _add(parent: Element, space: str, name: str) -> Element:
    return etree.SubElement(parent, etree.QName(space, name))


def _text(parent: Element, name: str, text: str, **attributes: str) -> None:
    etree.SubElement(parent, etree.QName(CBC, name), attributes).text = text


def _bytes(root: Element) -> bytes:
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))
