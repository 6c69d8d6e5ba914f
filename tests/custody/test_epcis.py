"""Custody events as EPCIS 2.0.1: valid by the official schema, corrections as the standard has them."""

import json
from typing import Any

import pytest

from apps.custody.events import EVENT_TYPES
from apps.custody.renditions import epcis
from tests.custody.samples import DETAILS, ORIGIN, SSCCS, SampleLog
from tests.standards import STANDARDS, epcis_judge

CREATED = "2026-11-20T18:00:00.000000Z"


@pytest.fixture(scope="module")
def wrong() -> Any:
    """What the official schema says against a document, formats included."""
    return epcis_judge()


def _told(log: SampleLog, **options: Any) -> list[dict[str, Any]]:
    converter = epcis.Converter(ORIGIN, **options)
    return [
        each
        for data in log.data
        for each in converter.convert(json.loads(data), index=3, leaf_hash=b"\1" * 32)
    ]


@pytest.mark.parametrize("name", sorted(EVENT_TYPES))
def test_every_type_of_event_is_valid_by_the_official_schema(name, wrong):
    log = SampleLog()
    log.add("loaded", details={"vehicle": "GP 1"})
    log.add(name)
    by_id = {each["event_id"]: each for each in map(json.loads, log.data)}

    told = _told(log, find=by_id.get)

    assert wrong(epcis.document(ORIGIN, CREATED, told)) == []
    assert wrong(epcis.query_document(ORIGIN, CREATED, "SimpleEventQuery", told)) == []
    expected = 1 + (EVENT_TYPES[name].epcis is not None)
    assert len(told) == expected


def test_the_schema_that_we_check_with_refuses_what_upstream_calls_invalid(wrong):
    samples = sorted((STANDARDS / "epcis" / "invalid_openepcis").glob("*.json"))

    assert [path.name for path in samples if not wrong(json.loads(path.read_text()))] == []
    assert len(samples) > 5


def test_loading_and_unloading_tie_the_units_to_the_vehicle():
    log = SampleLog()
    log.add("loaded", details={"vehicle": "GP 1"})
    log.add("unloaded")

    loaded, unloaded = _told(log)

    units = [f"https://id.gs1.org/00/{SSCCS['C-1']}"]
    vehicle = f"https://{ORIGIN}/vehicle/GP%201"
    assert (loaded["type"], loaded["action"], loaded["bizStep"]) == ("AggregationEvent", "ADD", "loading")
    assert (unloaded["type"], unloaded["action"], unloaded["bizStep"]) == (
        "AggregationEvent",
        "DELETE",
        "unloading",
    )
    assert [loaded["parentID"], unloaded["parentID"]] == [vehicle, vehicle]
    assert [loaded["childEPCs"], unloaded["childEPCs"]] == [units, units]


def test_a_vehicle_that_nobody_named_is_not_made_up():
    log = SampleLog()
    log.add("loaded")

    (told,) = _told(log)

    assert (told["type"], told["action"], "parentID" in told) == ("ObjectEvent", "OBSERVE", False)


def test_packing_says_which_articles_and_batches_each_unit_holds():
    item = {"article": "Zidovudine", "gtin": "09501101530003", "quantity": "40", "unit": "pack", "lot": "B 7"}
    unit = {"sscc": SSCCS["C-1"], "package": "pallet", "items": [item]}
    empty = {"sscc": SSCCS["C-2"], "package": "pallet"}
    log = SampleLog()
    log.add("packed", details={"handling_units": [unit, empty]})

    first, second = _told(log)

    assert first["parentID"] == f"https://id.gs1.org/00/{SSCCS['C-1']}"
    assert first["childQuantityList"] == [
        {"epcClass": "https://id.gs1.org/01/09501101530003/10/B%207", "quantity": 40}
    ]
    assert (second["type"], second["epcList"]) == ("ObjectEvent", [f"https://id.gs1.org/00/{SSCCS['C-2']}"])
    assert first["eventID"] != second["eventID"]


def test_a_correction_is_the_wrong_event_with_an_error_declaration():
    log = SampleLog()
    wrong = log.add("departed")
    right = log.add("departed")
    details = {"corrects": wrong["event_id"], "reason": "incorrect_data", "corrected_by": [right["event_id"]]}
    correction = log.add("correction", details=details)
    by_id = {each["event_id"]: each for each in (wrong, right)}

    told = _told(log, find=by_id.get)

    assert told[2]["eventID"] == told[0]["eventID"] == f"urn:uuid:{wrong['event_id']}"
    assert told[2]["errorDeclaration"] == {
        "declarationTime": correction["event_time"],
        "reason": "incorrect_data",
        "correctiveEventIDs": [f"urn:uuid:{right['event_id']}"],
    }
    assert "errorDeclaration" not in told[0]


def test_possession_passes_with_a_handover_and_stays_with_a_refusal():
    log = SampleLog()
    signatory = {"organisation": "Northern", "assurance": "captured"}
    for name in ("handover_accepted", "handover_refused"):
        log.add(name, details={**DETAILS[name], "received_by": signatory})

    accepted, refused = _told(log)

    shipper, recipient = (f"https://{ORIGIN}/party/{name}" for name in ("Acme%20Medical", "Northern"))
    assert accepted["sourceList"] == [{"type": "possessing_party", "source": shipper}]
    assert accepted["destinationList"] == [{"type": "possessing_party", "destination": recipient}]
    assert refused["destinationList"] == [{"type": "possessing_party", "destination": shipper}]
    assert accepted["sensorElementList"][0]["sensorReport"] == [
        {"type": "Temperature", "value": -18.5, "uom": "CEL"}
    ]


def test_a_document_written_in_one_pass_is_the_document():
    log = SampleLog()
    for name in ("consignment_created", "departed", "arrived"):
        log.add(name)
    told = _told(log)

    written = b"".join(epcis.write(iter(told), log=ORIGIN, created=CREATED))

    assert json.loads(written) == epcis.document(ORIGIN, CREATED, told)
    assert json.loads(b"".join(epcis.write([], log=ORIGIN, created=CREATED)))["epcisBody"] == {
        "eventList": []
    }


def test_the_place_in_the_log_goes_along():
    log = SampleLog()
    event = log.add("departed")

    (told,) = _told(log)

    assert told["dockside:event"] == event["event_id"]
    assert (told["dockside:logIndex"], told["dockside:leafHash"]) == (3, "01" * 32)
    assert told["readPoint"] == {"id": "geo:-26.2041000,28.0473000"}
    assert told["bizLocation"] == {"id": "https://id.gs1.org/414/9501101530003"}
