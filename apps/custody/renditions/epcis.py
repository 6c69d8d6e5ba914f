"""Custody events as EPCIS 2.0.1 JSON-LD (GS1, ISO/IEC 19987), with CBV 2.0 words. Pure.

One custody event is one EPCIS event, except ``packed``, which is one AggregationEvent per handling unit. What
EPCIS has no word for stands in extensions under ``dockside:``, so nothing is lost on the way; events about
the log itself have no EPCIS form. A correction is the standard's own: the event that was wrong, once more,
with an errorDeclaration. docs/evidence.md has the mapping as a table.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from apps.custody.events import EVENT_TYPES, Epcis

SCHEMA_VERSION = "2.0"
CONTEXT_URL = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
MEDIA_TYPE = "application/ld+json"
EXTENSION = "dockside"
#: CBV 2.0 section 7.3: the kinds of business transaction that have a word.
TRANSACTION_TYPES = frozenset(
    {
        "bol",
        "cert",
        "desadv",
        "inv",
        "pedigree",
        "po",
        "poc",
        "prodorder",
        "recadv",
        "rma",
        "testprd",
        "testres",
        "upevt",
    }
)
#: Which business transaction a paper stands for.
PAPER_TYPES: Mapping[str, str] = {
    "delivery_note": "desadv",
    "bol": "bol",
    "cmr": "bol",
    "coa": "testres",
    "pod": "recadv",
}
ERROR_REASONS = frozenset({"did_not_occur", "incorrect_data"})

Event = Mapping[str, Any]
EpcisEvent = dict[str, Any]
#: The event with this id, None where it is not at hand.
Find = Callable[[str], Event | None]


class Converter:
    """Tells events in the order of the log; remembers on which vehicle each delivery was loaded."""

    def __init__(self, log: str, find: Find = lambda event_id: None) -> None:
        self._log = log
        self._find = find
        self._vehicles: dict[str, str] = {}

    def convert(
        self, event: Event, *, index: int | None = None, leaf_hash: bytes | None = None
    ) -> list[EpcisEvent]:
        """The EPCIS events of one valid custody event; none for an event about the log itself.

        ``index`` and ``leaf_hash`` are its place in the log and what was signed there.
        """
        told = self._declared_wrong(event) if event["type"] == "correction" else self._told(event)
        for each in told:
            each[f"{EXTENSION}:type"] = event["type"]
            each[f"{EXTENSION}:event"] = event["event_id"]
            if index is not None:
                each[f"{EXTENSION}:logIndex"] = index
            if leaf_hash is not None:
                each[f"{EXTENSION}:leafHash"] = leaf_hash.hex()
        return told

    def _told(self, event: Event) -> list[EpcisEvent]:
        told = EVENT_TYPES[event["type"]].epcis
        if told is None:
            return []
        self._remember_vehicle(event)
        if event["type"] == "packed":
            return self._packed(event, told)
        answer = self._frame(event, told, _as_object(told))
        units = _units(event)
        vehicle = self._vehicles.get(event.get("delivery", ""))
        if told.event == "AggregationEvent" and units and vehicle:
            answer |= {
                "type": "AggregationEvent",
                "action": told.action,
                "parentID": vehicle,
                "childEPCs": units,
            }
        else:
            answer["epcList"] = units
        if event["type"].startswith("handover_"):
            answer |= self._parties(event)
        if "temperature_mc" in event["details"]:
            answer["sensorElementList"] = [_temperature(event)]
        return [answer]

    def remember(self, event: Event) -> None:
        """Take notice of an event before those that are told: on which vehicle its delivery was loaded."""
        self._remember_vehicle(event)

    def _remember_vehicle(self, event: Event) -> None:
        plate = event["details"].get("vehicle")
        if plate and event["type"] in {"loaded", "departed", "arrived"}:
            self._vehicles[event.get("delivery", "")] = self._own("vehicle", plate)

    def _packed(self, event: Event, told: Epcis) -> list[EpcisEvent]:
        """A handling unit contains what has a GTIN; of one without, only that it was packed is said."""
        answer = []
        units = event["details"]["handling_units"]
        for unit in units:
            contents = [_quantity(item) for item in unit.get("items", ()) if "gtin" in item]
            each = self._frame(event, told, _as_object(told))
            if contents:
                each |= {
                    "type": "AggregationEvent",
                    "action": told.action,
                    "parentID": sscc_uri(unit["sscc"]),
                }
                each |= {"childEPCs": [], "childQuantityList": contents}
            else:
                each["epcList"] = [sscc_uri(unit["sscc"])]
            if len(units) > 1:
                each["eventID"] = f"urn:uuid:{uuid5(UUID(event['event_id']), unit['sscc'])}"
            answer.append(each)
        return answer

    def _declared_wrong(self, correction: Event) -> list[EpcisEvent]:
        """The wrong event as it was told, with what was declared about it; else nothing can be told."""
        details = correction["details"]
        wrong = self._find(details["corrects"])
        if wrong is None or wrong["type"] == "correction":
            return []
        declaration = {
            "declarationTime": correction["event_time"],
            "reason": details["reason"]
            if details["reason"] in ERROR_REASONS
            else self._own("reason", details["reason"]),
            "correctiveEventIDs": [event_uri(each) for each in details["corrected_by"]],
        }
        return [each | {"errorDeclaration": declaration} for each in self._told(wrong)]

    def _frame(self, event: Event, told: Epcis, form: tuple[str, str]) -> EpcisEvent:
        why = event["why"]
        answer: EpcisEvent = {
            "type": form[0],
            "eventID": event_uri(event["event_id"]),
            "eventTime": event["event_time"],
            "recordTime": event["received_time"],
            "eventTimeZoneOffset": "+00:00",  # what stands in the log is UTC
            "action": form[1],
        }
        answer |= {"bizStep": why["biz_step"]} if "biz_step" in why else {}
        answer |= {"disposition": why["disposition"]} if "disposition" in why else {}
        answer |= self._places(event)
        answer["bizTransactionList"] = self._transactions(event)
        actor = event["actor"]
        answer[f"{EXTENSION}:actor"] = {
            f"{EXTENSION}:role": actor["role"],
            f"{EXTENSION}:organisation": actor["organisation"],
        }
        answer[f"{EXTENSION}:details"] = event["details"]
        return answer

    def _places(self, event: Event) -> EpcisEvent:
        """The site is where the goods are expected; where the device stood is the read point."""
        site, position = event.get("site"), event["details"].get("position")
        answer: EpcisEvent = {}
        if position:
            answer["readPoint"] = {"id": geo_uri(position)}
        if site:
            place = location_uri(site["gln"]) if "gln" in site else self._own("site", site["name"])
            answer["bizLocation"] = {"id": place}
            answer[f"{EXTENSION}:site"] = site["name"]
        return answer

    def _transactions(self, event: Event) -> list[dict[str, str]]:
        told = [
            {"bizTransaction": self._own("consignment", each["number"])} for each in event["consignments"]
        ]
        if event.get("delivery"):
            told.append({"type": "desadv", "bizTransaction": self._own("delivery", event["delivery"])})
        if order := event["details"].get("order"):
            told.append({"type": "po", "bizTransaction": self._own("order", order)})
        if event["type"] in ("document_issued", "document_received"):
            told.append(self._paper(event["details"]))
        told += [self._transaction(ref["type"], ref["id"]) for ref in event["why"]["refs"]]
        return told or [{"bizTransaction": event_uri(event["event_id"])}]

    def _paper(self, details: Mapping[str, Any]) -> dict[str, str]:
        kind = details["document_type"]
        return self._transaction(PAPER_TYPES.get(kind, kind), f"{kind}/{details['number']}")

    def _transaction(self, kind: str, identifier: str) -> dict[str, str]:
        standard = kind in TRANSACTION_TYPES
        return {
            "type": kind if standard else self._own("transaction-type", kind),
            "bizTransaction": self._own(kind, identifier),
        }

    def _parties(self, event: Event) -> EpcisEvent:
        """Possession goes from who released to who received; refused goods stay where they were."""
        releasing, receiving = (
            self._own("party", event["details"][side]["organisation"])
            for side in ("released_by", "received_by")
        )
        if event["type"] == "handover_refused":
            receiving = releasing
        return {
            "sourceList": [{"type": "possessing_party", "source": releasing}],
            "destinationList": [{"type": "possessing_party", "destination": receiving}],
        }

    def _own(self, kind: str, identifier: str) -> str:
        """An identifier that only this log gives, as the URI that CBV 2.0 section 8 allows."""
        return own_uri(self._log, kind, identifier)


def document_parts(log: str, created: str) -> tuple[bytes, bytes]:
    """What stands before and after the events of an EPCIS document, so that it can be written in one pass."""
    frame = document(log, created, [])
    before, after = json_bytes(frame).split(b'"eventList":[]')
    return before + b'"eventList":[', b"]" + after


def document(log: str, created: str, events: Iterable[EpcisEvent]) -> dict[str, Any]:
    """An EPCIS document of ``events``; ``created`` is a time as the log writes it."""
    return {
        "@context": context(log),
        "id": f"https://{log}/epcis/{quote(created, safe='')}",
        "type": "EPCISDocument",
        "schemaVersion": SCHEMA_VERSION,
        "creationDate": created,
        "epcisBody": {"eventList": list(events)},
    }


def query_document(
    log: str, created: str, query: str, events: Iterable[EpcisEvent], subscription: str = ""
) -> dict[str, Any]:
    """An EPCIS query document: the answer to the query of that name, or a report to a subscription."""
    about = {"queryName": query} | ({"subscriptionID": subscription} if subscription else {})
    return {
        "@context": context(log),
        "type": "EPCISQueryDocument",
        "schemaVersion": SCHEMA_VERSION,
        "creationDate": created,
        "epcisBody": {"queryResults": {**about, "resultsBody": {"eventList": list(events)}}},
    }


def write(events: Iterable[EpcisEvent], *, log: str, created: str) -> Iterator[bytes]:
    """The bytes of an EPCIS document, an event at a time; the same events give the same bytes."""
    before, after = document_parts(log, created)
    yield before
    for place, each in enumerate(events):
        yield (b",\n" if place else b"\n") + json_bytes(each)
    yield b"\n" + after + b"\n"


def context(log: str) -> list[Any]:
    """The standard's JSON-LD context and ours; details of events are JSON literals in it."""
    return [
        CONTEXT_URL,
        {
            EXTENSION: f"https://{log}/custody#",
            f"{EXTENSION}:details": {"@id": f"https://{log}/custody#details", "@type": "@json"},
        },
    ]


def json_bytes(value: object) -> bytes:
    """JSON with sorted names and no blanks: one form for one content."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def event_uri(event_id: str) -> str:
    return f"urn:uuid:{event_id}"


def own_uri(log: str, kind: str, identifier: str) -> str:
    """An identifier that only this log gives, as the URI that CBV 2.0 section 8 allows."""
    return f"https://{log}/{quote(kind, safe='')}/{quote(identifier, safe='')}"


def geo_uri(position: Mapping[str, Any]) -> str:
    """Where a device said it was (RFC 5870)."""
    return f"geo:{position['lat_e7'] / 1e7:.7f},{position['lon_e7'] / 1e7:.7f}"


def sscc_uri(sscc: str) -> str:
    """A handling unit as GS1 Digital Link, application identifier 00."""
    return f"https://id.gs1.org/00/{sscc}"


def location_uri(gln: str) -> str:
    """A place as GS1 Digital Link, application identifier 414."""
    return f"https://id.gs1.org/414/{gln}"


def class_uri(gtin: str, lot: str | None = None) -> str:
    """An article, with its batch where it has one: application identifiers 01 and 10."""
    return f"https://id.gs1.org/01/{gtin}" + (f"/10/{quote(lot, safe='')}" if lot else "")


def _as_object(told: Epcis) -> tuple[str, str]:
    """The form of an event that aggregates nothing: what is not known to hold something is observed."""
    return (told.event, told.action) if told.event != "AggregationEvent" else ("ObjectEvent", "OBSERVE")


def _units(event: Event) -> list[str]:
    return list(dict.fromkeys(sscc_uri(sscc) for each in event["consignments"] for sscc in each["sscc"]))


def _quantity(item: Mapping[str, Any]) -> dict[str, Any]:
    quantity = float(item["quantity"])
    return {
        "epcClass": class_uri(item["gtin"], item.get("lot")),
        "quantity": int(quantity) if quantity.is_integer() else quantity,
    }


def _temperature(event: Event) -> dict[str, Any]:
    value = event["details"]["temperature_mc"] / 1000
    return {
        "sensorMetadata": {"time": event["event_time"]},
        "sensorReport": [{"type": "Temperature", "value": value, "uom": "CEL"}],
    }
