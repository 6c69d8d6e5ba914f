"""The canonical bytes of a custody event: the closed schema enforced, then RFC 8785. Pure.

What is hashed into the log is exactly what `canonical_bytes` returns; `parse` is its strict inverse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cache, lru_cache
from typing import Any, cast

import rfc8785

from apps.custody.events import EVENT_TYPES, STRUCTURES, VERSION, EventType, why

MAX_INTEGER = 2**53 - 1
MAX_TEXT = 2000
_NO_PLACE = MAX_INTEGER + 1

Event = Mapping[str, object]

#: Checks a value at a path, and notes the commitments that it comes across by theirs.
_Check = Callable[[object, str, dict[str, str]], None]
_in_order = json.JSONEncoder(
    ensure_ascii=False, separators=(",", ":"), allow_nan=False, sort_keys=True
).encode


class EventInvalid(ValueError):
    """An event does not fit the schema; ``path`` is the JSON pointer of the field, ``reason`` says why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path or '/'}: {reason}")
        self.path = path
        self.reason = reason


def canonical_bytes(event: Event) -> bytes:
    """The bytes of ``event`` that are hashed, stored and exported.

    Raises:
        EventInvalid: the event does not fit the schema of its version and type.
    """
    validate(event)
    return encode(event)


def encode(part: object) -> bytes:
    """RFC 8785 of a valid event or a part of one.

    The standard library's encoder writes it: the closed schema has neither floats nor large numbers, and its
    field names sort the same as code points and as UTF-16. A test holds it to `json_bytes`.
    """
    return _in_order(part).encode()


def encode_in_parts(event: Event) -> list[str]:
    """RFC 8785 of a valid event, cut behind each ``"cseq":`` of its consignments: those numbers come last.

    One part more than there are consignments. No text can hold the mark: its quotes would be escaped.
    """
    consignments = cast(list[dict[str, object]], event["consignments"])
    marked = [{**each, "cseq": _NO_PLACE} for each in consignments]
    *parts, tail = _in_order({**event, "consignments": marked}).split(f'"cseq":{_NO_PLACE}')
    return [*(f'{part}"cseq":' for part in parts), tail]


def json_bytes(value: object) -> bytes:
    """RFC 8785 of text, numbers, booleans, lists and objects.

    Raises:
        CanonicalizationError: (of rfc8785) there is no canonical form.
    """
    return rfc8785.dumps(cast(Any, value))


def parse(data: bytes) -> dict[str, object]:
    """The event in canonical bytes.

    Raises:
        EventInvalid: not JSON, not canonical, or not a valid event.
    """
    try:
        event = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise EventInvalid("", "not JSON") from error
    if not isinstance(event, dict):
        raise EventInvalid("", "an event is an object")
    if canonical_bytes(event) != data:
        raise EventInvalid("", "the bytes are not canonical")
    return event


def validate(event: Event) -> None:
    """Check an event against the closed schema.

    Raises:
        EventInvalid: at the first field that does not fit.
    """
    _commitments(event)
    type_name = str(event["type"])
    _check_required(event, EVENT_TYPES[type_name])
    _check_consignments(event)
    _check_why(event, type_name)
    _check_counts(event["details"])


def commitments(event: Event) -> dict[str, str]:
    """The commitments of a valid event by JSON pointer: the fields whose values are kept apart."""
    return _commitments(event)


def is_kind(kind: str, value: object) -> bool:
    """Whether ``value`` is of a scalar kind of the schema, as ``gln``."""
    return _KINDS[kind][0](value)


def format_time(moment: datetime) -> str:
    """An aware moment as the schema writes it: UTC with microseconds.

    Raises:
        ValueError: ``moment`` has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment needs its time zone")
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _commitments(event: Event) -> dict[str, str]:
    """Check every field; answers the commitments by path."""
    type_name = event.get("type")
    if not isinstance(type_name, str) or type_name not in EVENT_TYPES:
        raise EventInvalid("/type", "unknown event type")
    found: dict[str, str] = {}
    _structure("event")({key: value for key, value in event.items() if key != "details"}, "", found)
    if "details" not in event:
        raise EventInvalid("/details", "missing")
    _details(type_name)(event["details"], "/details", found)
    return found


@cache
def _details(type_name: str) -> _Check:
    return _fields(EVENT_TYPES[type_name].details)


@cache
def _structure(name: str) -> _Check:
    return _fields(STRUCTURES[name])


def _fields(fields: Mapping[str, str]) -> _Check:
    """The check of an object with these fields and no other."""
    specs = {name: spec.removesuffix("?") for name, spec in fields.items()}
    # Most fields are scalars that leave nothing behind: they are checked on the spot, without their path.
    scalars = {name: _KINDS[spec] for name, spec in specs.items() if spec in _KINDS and spec != "commitment"}
    checks = {name: _value(spec) for name, spec in specs.items() if name not in scalars}
    needed = {name for name, spec in fields.items() if not spec.endswith("?")}

    def check(value: object, path: str, found: dict[str, str]) -> None:
        if not isinstance(value, dict):
            raise EventInvalid(path, "must be an object")
        for name, each in value.items():
            if name in scalars:
                matches, description = scalars[name]
                if not matches(each):
                    raise EventInvalid(f"{path}/{name}", f"must be {description}")
            elif name in checks:
                checks[name](each, f"{path}/{name}", found)
            else:
                raise EventInvalid(f"{path}/{name}", "unknown field")
        if not needed <= value.keys():
            raise EventInvalid(f"{path}/{min(needed - value.keys())}", "missing")

    return check


def _value(spec: str) -> _Check:
    """The check of one value, made from its description in `events` once."""
    if spec.endswith("]"):
        return _list(_value(spec[: spec.index("[")]), may_be_empty=spec.endswith("[]"))
    if spec in STRUCTURES:
        return _structure(spec)
    matches, description = _KINDS[spec]
    is_commitment = spec == "commitment"

    def check(value: object, path: str, found: dict[str, str]) -> None:
        if not matches(value):
            raise EventInvalid(path, f"must be {description}")
        if is_commitment:
            found[path] = str(value)

    return check


def _list(each_is: _Check, *, may_be_empty: bool) -> _Check:
    def check(value: object, path: str, found: dict[str, str]) -> None:
        if not isinstance(value, list):
            raise EventInvalid(path, "must be a list")
        if not value and not may_be_empty:
            raise EventInvalid(path, "must not be empty")
        for position, element in enumerate(value):
            each_is(element, f"{path}/{position}", found)

    return check


def _check_required(event: Event, event_type: EventType) -> None:
    for name in sorted(event_type.requires):
        if not event.get(name):
            raise EventInvalid(f"/{name}", f"an event of type {event['type']} needs it")


def _check_consignments(event: Event) -> None:
    consignments = event["consignments"]
    assert isinstance(consignments, list)
    numbers = [consignment["number"] for consignment in consignments]
    if numbers != sorted(set(numbers)):
        raise EventInvalid("/consignments", "must be sorted by number, each once")


def _check_why(event: Event, type_name: str) -> None:
    given, expected = event["why"], why(type_name)
    assert isinstance(given, Mapping)
    for name in ("biz_step", "disposition"):
        if given.get(name) != expected.get(name):
            raise EventInvalid(f"/why/{name}", f"an event of type {type_name} has {expected.get(name)}")


def _check_counts(details: object) -> None:
    counts = details.get("counts") if isinstance(details, Mapping) else None
    if counts is None:
        return
    came = sum(counts[name] for name in ("received", "short", "damaged", "refused"))
    if came != counts["expected"] + counts["over"]:
        raise EventInvalid(
            "/details/counts", "received, short, damaged and refused must add up to expected and over"
        )


_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and not _UNPRINTABLE.search(value)


def _is_integer(low: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= MAX_INTEGER


def _is(pattern: str) -> Callable[[object], bool]:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def _is_gs1(digits: int) -> Callable[[object], bool]:
    """A GS1 key: its digits weighted 1, 3, 1, … from the right add up to a multiple of ten."""
    has_digits = _is(rf"[0-9]{{{digits}}}")

    @lru_cache(maxsize=4096)  # a handling unit comes with each of its events
    def adds_up(value: str) -> bool:
        return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(reversed(value))) % 10 == 0

    return lambda value: isinstance(value, str) and has_digits(value) and adds_up(value)


def _is_origin(value: object) -> bool:
    return isinstance(value, str) and _is_text(value) and value.isprintable() and not set(" +") & set(value)


def _is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _is_time(value: object) -> bool:
    return isinstance(value, str) and _TIME(value[10:]) and _is_date(value[:10])


def _is_date(value: object) -> bool:
    return isinstance(value, str) and _DATE(value) and _is_in_calendar(value)


@lru_cache(maxsize=1024)
def _is_in_calendar(day: str) -> bool:
    try:
        date.fromisoformat(day)
    except ValueError:
        return False
    return True


_TIME = _is(r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z")
_DATE = _is(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HASH = _is(r"[0-9a-f]{64}")

_KINDS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "text": (_is_text, f"text of 1 to {MAX_TEXT} characters without control characters"),
    "code": (_is(r"[A-Za-z][A-Za-z0-9_]{0,63}"), "a code of letters, digits and underscores"),
    "origin": (_is_origin, "a log's name without spaces and plus"),
    "uuid": (_is_uuid, "a UUID in lower case"),
    "time": (_is_time, "a UTC time with microseconds"),
    "date": (_is_date, "a date"),
    "count": (_is_integer(0), "a whole number from 0"),
    "positive": (_is_integer(1), "a whole number from 1"),
    "integer": (_is_integer(-MAX_INTEGER), "a whole number"),
    "boolean": (lambda value: value is True or value is False, "true or false"),
    "decimal": (_is(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?"), "a decimal number as a string"),
    "sscc": (_is_gs1(18), "an SSCC of 18 digits with its check digit"),
    "gln": (_is_gs1(13), "a GLN of 13 digits with its check digit"),
    "gtin": (_is_gs1(14), "a GTIN of 14 digits with its check digit"),
    "sha256": (_HASH, "a SHA-256 as 64 hex digits"),
    "commitment": (_HASH, "a commitment as 64 hex digits"),
    "pointer": (_is(r"(/[a-z0-9_]+)+"), "a JSON pointer to a field"),
    "version": (lambda value: type(value) is int and value == VERSION, f"{VERSION}"),
}
