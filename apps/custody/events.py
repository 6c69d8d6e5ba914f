"""What a custody event is: its fields, its types and what each type means in EPCIS 2.0. Data alone; pure.

The schema is closed: a field or type that is not in these tables is refused, by `canonical` when an event
is written and by `verify` when it is read. A new type or an optional field leaves every written event valid;
any other change of a table means a new ``VERSION``, and old events keep the tables they were written with.

A field is described by the name of its kind or of a structure, with a suffix: ``[]`` a list, ``[+]`` a list
of at least one, ``?`` may be absent (it is then left out, never null). The kinds are

==============  =====================================================================================
``text``        1-2000 characters without control characters
``code``        a word: letters, digits, underscores
``origin``      a log's name: no spaces, no plus
``uuid``        lower case, with hyphens
``time``        UTC with microseconds, ``2026-11-20T08:00:00.000000Z``
``date``        ``2026-11-20``
``count``       whole number from 0 to 2^53 - 1
``positive``    whole number from 1
``integer``     whole number of either sign, within 2^53 - 1
``boolean``     true or false
``decimal``     an exact quantity as a string, ``"12.50"``
``sscc gln gtin``  GS1 keys as digits with a right check digit
``sha256``      64 lower-case hex digits
``commitment``  the same, hiding a personal value (see `commitments`)
``pointer``     JSON pointer to a field of an event
``version``     the number of this schema
==============  =====================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

VERSION = 1

Fields = Mapping[str, str]

STRUCTURES: Mapping[str, Fields] = {
    "event": {
        "v": "version",
        "log": "origin",
        "shipper": "text",
        "event_id": "uuid",
        "type": "code",
        "consignments": "consignment[]",
        "delivery": "text?",
        "site": "site?",
        "actor": "actor",
        "device": "device?",
        "event_time": "time",
        "received_time": "time",
        "why": "why",
    },
    # What a device said of itself: its own running number, its zone, and how far its clock was off the
    # server's when it last spoke to it (device minus server).
    "device": {"id": "text", "seq": "positive", "offset_minutes": "integer?", "skew_ms": "integer?"},
    # cseq numbers the events of one consignment from 1 without gaps, so that an omitted event shows.
    "consignment": {"number": "text", "cseq": "positive", "sscc": "sscc[]"},
    "site": {"gln": "gln?", "name": "text"},
    "actor": {"id": "text", "role": "code", "organisation": "text", "name": "commitment?"},
    "why": {"biz_step": "code?", "disposition": "code?", "refs": "ref[]"},
    "ref": {"type": "code", "id": "text"},
    "item": {
        "article": "text",
        "description": "text?",
        "gtin": "gtin?",
        "quantity": "decimal",
        "unit": "text",
        "lot": "text?",
        "expiry": "date?",
    },
    "handling_unit": {"sscc": "sscc", "package": "text", "gross_weight_g": "count?", "items": "item[]?"},
    "load": {"pallets": "count", "weight_g": "count", "volume_cm3": "count"},
    "slot": {"dock": "text", "start": "time", "end": "time"},
    "position": {"lat_e7": "integer", "lon_e7": "integer", "accuracy_m": "count", "source": "code"},
    # stroke is a drawn signature. assurance: captured (typed or drawn on somebody else's device), absent,
    # captured_with_code (and confirmed by a one-time code that the person got), signed (with an own key).
    "signatory": {
        "organisation": "text",
        "name": "commitment?",
        "role": "commitment?",
        "stroke": "commitment?",
        "assurance": "code",
        "key": "text?",
        "signature": "text?",
    },
    "discrepancy": {
        "kind": "code",
        "sscc": "sscc?",
        "article": "text?",
        "quantity": "decimal?",
        "unit": "text?",
        "reason": "code?",
        "note": "commitment?",
        "photos": "file[]?",
    },
    # In units or handling units: received (sound) + short + damaged + refused = expected + over.
    "counts": {
        "expected": "count",
        "over": "count",
        "received": "count",
        "short": "count",
        "damaged": "count",
        "refused": "count",
    },
    "file": {"sha256": "sha256", "size": "count", "media_type": "text"},
    "erasure": {"event_id": "uuid", "paths": "pointer[+]"},
}


@dataclass(frozen=True, slots=True)
class Epcis:
    """How a type is told in EPCIS 2.0: event class, action, and the CBV words that go into ``why``."""

    event: str
    action: str
    biz_step: str | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class EventType:
    """One type: the fields of ``details``, the fields of the event it can't be without, and its EPCIS form.

    ``epcis`` is None for events about the log itself, which EPCIS has no words for.
    """

    details: Fields
    requires: frozenset[str]
    epcis: Epcis | None


def _negotiation(action: str) -> Epcis:
    return Epcis("TransactionEvent", action)


_LOG: frozenset[str] = frozenset()
_GOODS = frozenset({"consignments"})
_DELIVERY = frozenset({"consignments", "delivery"})
_VISIT = frozenset({"consignments", "delivery", "site"})

_OFFER: Fields = {
    "offer": "text",
    "party": "code",
    "slots": "slot[+]",
    "expires": "time",
    "note": "commitment?",
}
_PAPER: Fields = {
    "document_type": "code",
    "number": "text",
    "media_type": "text",
    "sha256": "sha256",
    "size": "count",
}
_HANDOVER: Fields = {
    "statement": "sha256?",
    "released_by": "signatory",
    "received_by": "signatory",
    "counts": "counts?",
    "seals": "text[]?",  # as they were found
    "seals_out": "text[]?",  # as the vehicle had left with them
    "seals_after": "text[]?",  # put on for the way on
    "temperature_mc": "integer?",
    "condition": "code?",
    "attempt": "positive?",
    "doubts": "code[]?",  # what the statement's own facts speak against
    "position": "position?",
    "photos": "file[]?",
    "place": "text?",  # where at the site: a locker, a dock
}

EVENT_TYPES: Mapping[str, EventType] = {
    "consignment_created": EventType(
        {"order": "text?", "ship_from": "site?", "items": "item[+]"}, _GOODS, _negotiation("ADD")
    ),
    "packed": EventType(
        {"handling_units": "handling_unit[+]"},
        _GOODS,
        Epcis("AggregationEvent", "ADD", "packing", "container_closed"),
    ),
    "delivery_grouped": EventType({"load": "load?"}, _DELIVERY, _negotiation("ADD")),
    "slots_offered": EventType(_OFFER, _VISIT, _negotiation("OBSERVE")),
    "slots_countered": EventType({**_OFFER, "answers": "text"}, _VISIT, _negotiation("OBSERVE")),
    "appointment_confirmed": EventType(
        {"appointment": "text", "offer": "text?", "slot": "slot", "confirmation_number": "text"},
        _VISIT,
        _negotiation("ADD"),
    ),
    "appointment_rescheduled": EventType(
        {
            "appointment": "text",
            "offer": "text?",
            "instead_of": "slot",
            "slot": "slot",
            "confirmation_number": "text",
        },
        _VISIT,
        _negotiation("OBSERVE"),
    ),
    "appointment_declined": EventType(
        {"offer": "text", "reason": "code", "note": "commitment?"}, _VISIT, _negotiation("DELETE")
    ),
    # cutoff: the last moment to cancel without the other side's consent, where it was over.
    "appointment_cancelled": EventType(
        {"appointment": "text", "reason": "code", "cutoff": "time?", "note": "commitment?"},
        _VISIT,
        _negotiation("DELETE"),
    ),
    "offer_expired": EventType({"offer": "text", "expired_at": "time"}, _VISIT, _negotiation("DELETE")),
    "planned": EventType(
        {
            "route": "text",
            "stop": "positive?",
            "carrier": "text",
            "vehicle": "text",
            "driver": "commitment?",
            "arrival": "time?",
        },
        _VISIT,
        _negotiation("OBSERVE"),
    ),
    "document_issued": EventType(_PAPER, _GOODS, _negotiation("ADD")),
    "document_received": EventType({**_PAPER, "party": "code"}, _GOODS, _negotiation("ADD")),
    "document_waived": EventType(
        {"document_type": "code", "note": "commitment"}, _VISIT, _negotiation("OBSERVE")
    ),
    "loaded": EventType(
        {"vehicle": "text?", "seals": "text[]?", "position": "position?"},
        _DELIVERY,
        Epcis("AggregationEvent", "ADD", "loading", "in_progress"),
    ),
    "departed": EventType(
        {"vehicle": "text?", "position": "position?"},
        _DELIVERY,
        Epcis("ObjectEvent", "OBSERVE", "departing", "in_transit"),
    ),
    "arrived": EventType(
        {"vehicle": "text?", "dock": "text?", "seals": "text[]?", "position": "position?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "arriving", "in_progress"),
    ),
    "unloading_started": EventType(
        {"dock": "text?"}, _VISIT, Epcis("ObjectEvent", "OBSERVE", "unloading", "in_progress")
    ),
    "unloaded": EventType(
        {"dock": "text?"}, _VISIT, Epcis("AggregationEvent", "DELETE", "unloading", "in_progress")
    ),
    "handover_accepted": EventType(
        _HANDOVER, _VISIT, Epcis("ObjectEvent", "OBSERVE", "accepting", "completeness_verified")
    ),
    "handover_accepted_with_reservation": EventType(
        {**_HANDOVER, "discrepancies": "discrepancy[]", "reservation": "commitment?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "accepting", "non_conformant"),
    ),
    "handover_partly_refused": EventType(
        {**_HANDOVER, "discrepancies": "discrepancy[+]", "reservation": "commitment?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "accepting", "non_conformant"),
    ),
    # Put down where agreed while nobody was there to receive it: who released it says so.
    "handover_unattended": EventType(
        {**_HANDOVER, "discrepancies": "discrepancy[]?", "note": "commitment?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "storing", "completeness_inferred"),
    ),
    "handover_refused": EventType(
        {**_HANDOVER, "reason": "code", "discrepancies": "discrepancy[]?", "note": "commitment?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "void_shipping", "returned"),
    ),
    # Goods came to a site of the shipper's own, as to a terminal where they change vehicles.
    "handover_own_site": EventType(
        {**_HANDOVER, "discrepancies": "discrepancy[]?", "reservation": "commitment?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "receiving", "in_progress"),
    ),
    # The recipient collects: the goods stand ready at the site that is named, which is the shipper's.
    "pickup_ready": EventType(
        {"dock": "text?"}, _VISIT, Epcis("ObjectEvent", "OBSERVE", "staging_outbound", "available")
    ),
    # What was left unattended was taken out by the recipient's people, who say what they found there.
    "drop_emptied": EventType(
        {
            "received_by": "signatory",
            "place": "text?",
            "counts": "counts",
            "discrepancies": "discrepancy[]?",
            "note": "commitment?",
        },
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "receiving"),
    ),
    "delivery_failed": EventType(
        {"reason": "code", "note": "commitment?", "position": "position?", "photos": "file[]?"},
        _VISIT,
        Epcis("ObjectEvent", "OBSERVE", "transporting", "in_transit"),
    ),
    "seals_checked": EventType(
        {"seals": "text[+]", "intact": "boolean", "position": "position?"},
        _DELIVERY,
        Epcis("ObjectEvent", "OBSERVE", "inspecting"),
    ),
    # A logger's readings between two moments; the file itself lies in the store.
    "condition_reading": EventType(
        {
            "sensor": "text",
            "calibration": "text?",
            "from": "time",
            "to": "time",
            "readings": "positive",
            "minimum_mc": "integer",
            "maximum_mc": "integer",
            "within_limits": "boolean",
            "file": "file?",
        },
        _GOODS,
        Epcis("ObjectEvent", "OBSERVE", "sensor_reporting"),
    ),
    # What goods may see on their way, in thousandths of a degree Celsius; an end that is absent has no limit.
    "temperature_range_set": EventType(
        {
            "minimum_mc": "integer?",
            "maximum_mc": "integer?",
            "minimum_before_mc": "integer?",
            "maximum_before_mc": "integer?",
        },
        _DELIVERY,
        _negotiation("OBSERVE"),
    ),
    # Goods saw what they may not: why, and what was decided. Measures in thousandths of their unit.
    "excursion_decided": EventType(
        {
            "sensor": "text",
            "measure": "code",
            "from": "time",
            "to": "time",
            "minimum": "integer",
            "maximum": "integer",
            "cause": "code",
            "decision": "code",
            "note": "commitment?",
        },
        _GOODS,
        Epcis("ObjectEvent", "OBSERVE", "inspecting"),
    ),
    # EPCIS errorDeclaration: reason did_not_occur | incorrect_data, and the events that say it right.
    "correction": EventType(
        {"corrects": "uuid", "reason": "code", "corrected_by": "uuid[]", "note": "commitment?"},
        _GOODS,
        Epcis("ObjectEvent", "OBSERVE"),
    ),
    # A device whose clock or running number can't be right: skew, future, rewind, gap, fork.
    "clock_anomaly": EventType(
        {
            "device": "text",
            "seq": "positive",
            "kind": "code",
            "event_id": "uuid?",
            "difference_ms": "integer?",
        },
        _LOG,
        None,
    ),
    "access_viewed": EventType({"what": "text", "purpose": "text?"}, _LOG, None),
    "access_exported": EventType({"purpose": "text?", "checkpoint_size": "count?"}, _LOG, None),
    # grant is the id of what was handed out: a system's key, a subscription; scopes what it is good for.
    "access_granted": EventType(
        {"grant": "uuid", "what": "text", "scopes": "text[]", "until": "time?"}, _LOG, None
    ),
    "access_revoked": EventType({"grant": "uuid", "what": "text"}, _LOG, None),
    "key_rotated": EventType({"old_key": "text", "new_key": "text"}, _LOG, None),
    "pii_erased": EventType({"erased": "erasure[+]", "legal_basis": "text"}, _LOG, None),
    # From the log's events [first, end), of one UTC day: which consignments bear which marks (`registers`).
    "register_closed": EventType(
        {"day": "date", "first": "count", "end": "positive", "salt": "sha256", "root": "sha256"}, _LOG, None
    ),
}


def why(event_type: str, refs: Iterable[tuple[str, str]] = ()) -> dict[str, object]:
    """The ``why`` of an event: its type's CBV words and ``refs``, pairs of CBV transaction type and id.

    Raises:
        KeyError: there is no such type.
    """
    answer: dict[str, object] = {"refs": [{"type": kind, "id": identifier} for kind, identifier in refs]}
    epcis = EVENT_TYPES[event_type].epcis
    if epcis and epcis.biz_step:
        answer["biz_step"] = epcis.biz_step
    if epcis and epcis.disposition:
        answer["disposition"] = epcis.disposition
    return answer
