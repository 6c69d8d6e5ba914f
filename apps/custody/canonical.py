"""The canonical bytes of a custody event: the closed schema enforced, then RFC 8785. Pure.

What is hashed into the log is exactly what `canonical_bytes` returns; `parse` is its strict inverse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID

import rfc8785

from apps.custody.events import EVENT_TYPES, STRUCTURES, VERSION, EventType, why

MAX_INTEGER = 2**53 - 1
MAX_TEXT = 2000
TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"

Event = Mapping[str, object]


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
    return json_bytes(event)


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
    for _ in _walk(event):
        pass
    type_name = str(event["type"])
    _check_required(event, EVENT_TYPES[type_name])
    _check_consignments(event)
    _check_why(event, type_name)
    _check_counts(event["details"])


def commitments(event: Event) -> dict[str, str]:
    """The commitments of a valid event by JSON pointer: the fields whose values are kept apart."""
    return {path: str(value) for path, kind, value in _walk(event) if kind == "commitment"}


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
    return moment.astimezone(UTC).strftime(TIME_FORMAT)


def _walk(event: Event) -> Iterator[tuple[str, str, object]]:
    """Check every field and yield the scalars as (path, kind, value)."""
    type_name = event.get("type")
    if not isinstance(type_name, str) or type_name not in EVENT_TYPES:
        raise EventInvalid("/type", "unknown event type")
    envelope = {key: value for key, value in event.items() if key != "details"}
    yield from _structure(envelope, STRUCTURES["event"], "")
    if "details" not in event:
        raise EventInvalid("/details", "missing")
    yield from _structure(event["details"], EVENT_TYPES[type_name].details, "/details")


def _structure(value: object, fields: Mapping[str, str], path: str) -> Iterator[tuple[str, str, object]]:
    if not isinstance(value, Mapping):
        raise EventInvalid(path, "must be an object")
    for name in value:
        if name not in fields:
            raise EventInvalid(f"{path}/{name}", "unknown field")
    for name, spec in fields.items():
        if name in value:
            yield from _field(value[name], spec.removesuffix("?"), f"{path}/{name}")
        elif not spec.endswith("?"):
            raise EventInvalid(f"{path}/{name}", "missing")


def _field(value: object, spec: str, path: str) -> Iterator[tuple[str, str, object]]:
    if spec.endswith("]"):
        if not isinstance(value, list):
            raise EventInvalid(path, "must be a list")
        if spec.endswith("[+]") and not value:
            raise EventInvalid(path, "must not be empty")
        for position, element in enumerate(value):
            yield from _field(element, spec[: spec.index("[")], f"{path}/{position}")
    elif spec in STRUCTURES:
        yield from _structure(value, STRUCTURES[spec], path)
    else:
        matches, description = _KINDS[spec]
        if not matches(value):
            raise EventInvalid(path, f"must be {description}")
        yield path, spec, value


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


def _is_text(value: object) -> bool:
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_TEXT
        and not any(c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff" for c in value)
    )


def _is_integer(low: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= MAX_INTEGER


def _is(pattern: str) -> Callable[[object], bool]:
    matches = re.compile(pattern, re.ASCII).fullmatch
    return lambda value: isinstance(value, str) and matches(value) is not None


def _is_gs1(digits: int) -> Callable[[object], bool]:
    """A GS1 key: its digits weighted 1, 3, 1, … from the right add up to a multiple of ten."""
    has_digits = _is(rf"[0-9]{{{digits}}}")

    def check(value: object) -> bool:
        if not isinstance(value, str) or not has_digits(value):
            return False
        return sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(reversed(value))) % 10 == 0

    return check


def _is_origin(value: object) -> bool:
    return (
        _is_text(value) and isinstance(value, str) and "+" not in value and not any(map(str.isspace, value))
    )


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _is_time(value: object) -> bool:
    # strptime alone takes unpadded numbers; the pattern makes the form unique.
    if not _TIME(value):
        return False
    try:
        datetime.strptime(str(value), TIME_FORMAT)
    except ValueError:
        return False
    return True


def _is_date(value: object) -> bool:
    if not _DATE(value):
        return False
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


_TIME = _is(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
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
