"""EPCIS events of partners in the words of the custody schema, or why they can't be. No queries; pure.

What an own step says is taken: loading, departing, arriving, unloading, and what a sensor measured. What
needs both sides (a handover), our own calendar or an administrator (a correction) is refused with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import unquote

from apps.custody import canonical
from apps.integrations.errors import EventRefused

EVENT_TYPES = (
    "ObjectEvent",
    "AggregationEvent",
    "TransactionEvent",
    "TransformationEvent",
    "AssociationEvent",
)
#: The custody type of a business step, with the class and action in which it is told.
STEPS: Mapping[str, tuple[str, frozenset[tuple[str, str]]]] = {
    "loading": ("loaded", frozenset({("AggregationEvent", "ADD"), ("ObjectEvent", "OBSERVE")})),
    "departing": ("departed", frozenset({("ObjectEvent", "OBSERVE")})),
    "arriving": ("arrived", frozenset({("ObjectEvent", "OBSERVE")})),
    "unloading": ("unloaded", frozenset({("AggregationEvent", "DELETE"), ("ObjectEvent", "OBSERVE")})),
    "sensor_reporting": ("condition_reading", frozenset({("ObjectEvent", "OBSERVE")})),
}
NOT_HERE: Mapping[str, str] = {
    "accepting": "A handover is one statement that both parties sign; made at the dock or on the phone.",
    "receiving": "Receiving is recorded by the recipient's handover, not captured.",
    "packing": "Handling units and their contents come with the order; pack them there.",
}
FUTURE = timedelta(minutes=5)
CBV = re.compile(r"(?:urn:epcglobal:cbv:bizstep:|https?://ref\.gs1\.org/cbv/BizStep-|cbv:BizStep-)")
_SSCC_LINK = re.compile(r"https?://[^/]+/(?:.*/)?00/(\d{18})/?")
_SSCC_URN = re.compile(r"urn:epc:id:sscc:(\d+)\.(\d)(\d+)")
_GLN_LINK = re.compile(r"https?://[^/]+/(?:.*/)?414/(\d{13})(?:/.*)?")
_GLN_URN = re.compile(r"urn:epc:id:sgln:(\d+)\.(\d*)\..*")
_GEO = re.compile(r"geo:(-?\d{1,2}(?:\.\d+)?),(-?\d{1,3}(?:\.\d+)?)(?:,[-\d.]+)?(?:;.*)?")
_OFFSET = re.compile(r"([+-])(\d\d):(\d\d)")
_VEHICLE = re.compile(r"https://.+/vehicle/([^/]+)")


@dataclass(frozen=True)
class Reading:
    """An EPCIS event as custody may record it: a type, when, of which handling units, where, and details."""

    type: str
    event_time: datetime
    ssccs: tuple[str, ...]
    gln: str
    details: Mapping[str, Any] = field(default_factory=dict)
    epcis_id: str = ""


def read(event: Any, *, now: datetime) -> Reading:
    """What ``event``, one member of an eventList, says in custody's words.

    Raises:
        EventRefused: it is no EPCIS event, or custody has no event that says it.
    """
    if not isinstance(event, dict):
        raise EventRefused("An event is a JSON object.")
    kind, action = event.get("type"), event.get("action")
    if kind not in EVENT_TYPES:
        raise EventRefused(f"type is one of {', '.join(EVENT_TYPES)}.")
    if "errorDeclaration" in event:
        raise EventRefused("Events are taken back by the shipper's administrators, as corrections.")
    step = CBV.sub("", _text(event, "bizStep"))
    if step in NOT_HERE:
        raise EventRefused(NOT_HERE[step])
    event_type, forms = STEPS.get(step, ("", frozenset()))
    if (kind, action) not in forms:
        said = f"{kind} {action or ''} {step or 'without a bizStep'}"
        raise EventRefused(f"No custody event says {said}; taken are {', '.join(STEPS)}.")
    at = _event_time(event)
    if at > now + FUTURE:
        raise EventRefused("eventTime lies in the future; set the clock of the system that captured it.")
    details = _measured(event, at) if event_type == "condition_reading" else _moved(event, event_type)
    return Reading(event_type, at, _ssccs(event), _gln(event), details, _text(event, "eventID"))


def _event_time(event: Mapping[str, Any]) -> datetime:
    if not _OFFSET.fullmatch(_text(event, "eventTimeZoneOffset")):
        raise EventRefused("eventTimeZoneOffset is missing or no offset like +02:00.")
    return _time(_text(event, "eventTime"), "eventTime")


def _time(text: str, name: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = datetime.min
    if at.tzinfo is None:
        raise EventRefused(f"{name} is missing or no time with its zone, as 2026-03-02T08:00:00+02:00.")
    return at.astimezone(UTC)


def _ssccs(event: Mapping[str, Any]) -> tuple[str, ...]:
    named = event.get("childEPCs" if event["type"] == "AggregationEvent" else "epcList") or []
    if not isinstance(named, list) or not named:
        raise EventRefused("It names no handling unit: give SSCCs in epcList or childEPCs.")
    return tuple(dict.fromkeys(sscc_of(each) for each in named))


def sscc_of(uri: Any) -> str:
    """The SSCC that a GS1 Digital Link or an EPC URN names.

    Raises:
        EventRefused: it names none, or its check digit is wrong.
    """
    text = uri if isinstance(uri, str) else ""
    if found := _SSCC_LINK.fullmatch(text):
        sscc = found[1]
    elif (found := _SSCC_URN.fullmatch(text)) and len("".join(found.groups())) == 17:
        body = found[2] + found[1] + found[3]
        sscc = body + check_digit(body)
    else:
        raise EventRefused(f"“{text[:100]}” is no SSCC as a GS1 Digital Link or EPC URN.")
    if not canonical.is_kind("sscc", sscc):
        raise EventRefused(f"The check digit of SSCC {sscc} is wrong.")
    return sscc


def check_digit(body: str) -> str:
    """The check digit of a GS1 key without it (GS1 General Specifications, section 7.9)."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def _gln(event: Mapping[str, Any]) -> str:
    """The GLN of bizLocation, empty where it is none or has none."""
    place = event.get("bizLocation")
    text = _text(place, "id") if isinstance(place, dict) else ""
    if found := _GLN_LINK.fullmatch(text):
        return found[1]
    if (found := _GLN_URN.fullmatch(text)) and len(found[1] + found[2]) == 12:
        return found[1] + found[2] + check_digit(found[1] + found[2])
    return ""


def _moved(event: Mapping[str, Any], event_type: str) -> dict[str, Any]:
    details: dict[str, Any] = {}
    parent = _text(event, "parentID")
    if parent and event_type == "loaded":
        found = _VEHICLE.fullmatch(parent)
        details["vehicle"] = unquote(found[1]) if found else parent
    place = event.get("readPoint")
    found = _GEO.fullmatch(_text(place, "id")) if isinstance(place, dict) else None
    if found and event_type != "unloaded":
        latitude, longitude = (int(Decimal(each) * 10**7) for each in found.groups())
        details["position"] = {"lat_e7": latitude, "lon_e7": longitude, "accuracy_m": 0, "source": "epcis"}
    return details


def _measured(event: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """Temperatures of one sensor: least and greatest, between the first and last time that is given."""
    elements = event.get("sensorElementList")
    if not isinstance(elements, list) or not all(isinstance(each, dict) for each in elements):
        raise EventRefused("sensor_reporting needs a sensorElementList.")
    values, times, sensors, alarmed = [], [at], set(), False
    for element in elements:
        about = element.get("sensorMetadata") if isinstance(element.get("sensorMetadata"), dict) else {}
        times += [_time(about[name], name) for name in ("startTime", "endTime", "time") if name in about]
        for report in element.get("sensorReport") or []:
            if not isinstance(report, dict) or report.get("type") not in ("Temperature", "gs1:Temperature"):
                raise EventRefused("Custody records temperatures; another measurement is not taken.")
            if report.get("uom") != "CEL":
                raise EventRefused("Temperatures are given in CEL, degrees Celsius.")
            read = [report[name] for name in ("value", "minValue", "maxValue") if name in report]
            values += [_millidegrees(each) for each in read]
            sensors.add(_text(report, "deviceID") or _text(about, "deviceID"))
            alarmed = alarmed or "exception" in report
    if not values or len(sensors) != 1 or not (sensor := sensors.pop()):
        raise EventRefused("Give at least one temperature, all of one sensor with its deviceID.")
    return {
        "sensor": sensor,
        "from": canonical.format_time(min(times)),
        "to": canonical.format_time(max(times)),
        "readings": len(values),
        "minimum_mc": min(values),
        "maximum_mc": max(values),
        "within_limits": not alarmed,
    }


def _millidegrees(value: Any) -> int:
    try:
        celsius = Decimal(str(value))
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(celsius) < 1000:
            return int(celsius * 1000)
    except InvalidOperation:
        pass
    raise EventRefused("A temperature is a number of degrees Celsius.")


def _text(holder: Mapping[str, Any], name: str) -> str:
    value = holder.get(name, "")
    return value[:300] if isinstance(value, str) else ""
