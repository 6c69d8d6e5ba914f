"""REST for telematics: batches of positions and sensor readings by a key, each row answered on its own."""

from collections import Counter
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import problem
from apps.core.errors import DomainError
from apps.integrations.api import HasScope, KeyAuthentication
from apps.integrations.models import ApiKey, Scope
from apps.tracking.models import Measure, RefusedPosition, Source
from apps.tracking.plausible import Doubt
from apps.tracking.services import Answer, Measured, Said, take_positions, take_readings

MOST_ROWS = 5_000
MOST_BYTES = 4 << 20
NAMED_BY = ("delivery", "sscc", "vehicle")
READING_REFUSED = {
    "future": "Its time lies ahead.",
    "too_old": "It is older than a week.",
    "impossible": "No sensor on a lorry measures that.",
    "unknown_load": "Nothing of that name is under way.",
    "unreadable": "It could not be read.",
}
EXAMPLE = {
    "positions": [
        {
            "id": "unit-17-48213",
            "vehicle": "ND 123 456",
            "at": "2026-03-04T08:15:00+02:00",
            "latitude": -26.18,
            "longitude": 28.04,
            "speed_kmh": 54,
            "heading": 270,
            "accuracy_m": 8,
        }
    ]
}


class BatchInvalid(DomainError):
    """The body is no batch; nothing of it was looked at."""

    code = "batch-invalid"


class BatchTooLarge(DomainError):
    """More rows or bytes than one batch takes; nothing of it was looked at."""

    code = "batch-too-large"
    status = 413


class BatchView(APIView):
    """What batches share: a key of the right scope, JSON, limits, problem documents."""

    authentication_classes = [KeyAuthentication]
    permission_classes = [HasScope]
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]
    scopes: ClassVar[dict[str, str]] = {}

    def get_exception_handler(self) -> Any:
        return problem

    def rows(self, request: Request, name: str) -> tuple[ApiKey, list[Any]]:
        """The key, and the rows that the body holds under ``name``.

        Raises:
            BatchInvalid: it holds no list there.
            BatchTooLarge: more than one batch takes.
        """
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > MOST_BYTES:
            raise BatchTooLarge(f"At most {MOST_BYTES} bytes are taken at once; send several batches.")
        body = request.data
        rows = body.get(name) if isinstance(body, dict) else None
        if not isinstance(rows, list) or not rows:
            raise BatchInvalid(f"The body is an object with a list of {name} that is not empty.")
        if len(rows) > MOST_ROWS:
            raise BatchTooLarge(f"At most {MOST_ROWS} rows are taken at once; send several batches.")
        assert isinstance(request.auth, ApiKey)  # HasScope let nobody else in
        return request.auth, rows


class PositionsView(BatchView):
    """Positions of the shipper's vehicles."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.POSITIONS}

    @extend_schema(
        operation_id="report_positions",
        request=dict,
        responses=dict,
        tags=["telematics"],
        examples=[OpenApiExample("One position", value=EXAMPLE, request_only=True)],
    )
    def post(self, request: Request) -> Response:
        """Take a batch: each row is accepted, late, known or refused, and a refused row holds up no other.

        A row has ``id`` (yours, at most 64 characters; sent again it is known), ``vehicle`` (the plate),
        ``at`` (with its zone), ``latitude`` and ``longitude``, and may have ``speed_kmh``, ``heading`` and
        ``accuracy_m``.
        """
        key, rows = self.rows(request, "positions")
        said = [_said(row, place) for place, row in enumerate(rows)]
        answers = take_positions(said=said, source=Source.TELEMATICS, sender=key.pk, now=timezone.now())
        return Response(
            {
                "counts": Counter(answer.outcome for answer in answers),
                "answers": [_row(one, answer) for one, answer in zip(said, answers, strict=True)],
            }
        )


class ReadingsView(BatchView):
    """What sensors beside the shipper's goods measure."""

    scopes: ClassVar[dict[str, str]] = {"POST": Scope.CONDITIONS}

    @extend_schema(operation_id="report_readings", request=dict, responses=dict, tags=["telematics"])
    def post(self, request: Request) -> Response:
        """Take a batch: each row is accepted, known or refused, and a refused row holds up no other.

        A row has ``id`` (yours, at most 64 characters), one of ``delivery`` (its number), ``sscc`` and
        ``vehicle`` (its plate: then it is of all that is aboard), ``sensor``, ``measure`` (temperature in
        degrees Celsius, humidity in percent, shock in g), ``value`` and ``at`` with its zone.
        """
        key, rows = self.rows(request, "readings")
        said = [_measured(row, place) for place, row in enumerate(rows)]
        answers = take_readings(said=said, sender=key.pk, now=timezone.now())
        return Response(
            {
                "counts": Counter(answer.outcome for answer in answers),
                "answers": [
                    {"id": one.id, "outcome": answer.outcome}
                    | (
                        {"reason": answer.reason, "detail": READING_REFUSED[answer.reason]}
                        if answer.reason
                        else {}
                    )
                    for one, answer in zip(said, answers, strict=True)
                ],
            }
        )


def _measured(row: Any, place: int) -> Measured:
    """The row as a reading; what can't be read is doubted, under its place where it has no id."""
    if not isinstance(row, dict):
        row = {}
    name = row.get("id")
    key = name if isinstance(name, str) and 0 < len(name) <= 64 else ""
    named = [(by, row[by]) for by in NAMED_BY if isinstance(row.get(by), str) and row[by].strip()]
    sensor, measure, at = row.get("sensor"), row.get("measure"), _moment(row.get("at"))
    value = _number(row.get("value"), 1_000_000)
    is_readable = (
        key
        and len(named) == 1
        and isinstance(sensor, str)
        and 0 < len(sensor) <= 60
        and measure in Measure.values
        and at is not None
        and value is not None
    )
    if not is_readable or value is None:
        return Measured(key or f"row {place}", "", "", "", "", 0, None, doubt="unreadable")
    by, load = named[0]
    return Measured(key, by, load.strip(), str(sensor), str(measure), round(value * 1000), at)


def _row(said: Said, answer: Answer) -> dict[str, str]:
    row = {"id": said.id, "outcome": answer.outcome}
    if answer.reason:
        row["reason"] = answer.reason
        row["detail"] = f"{RefusedPosition.Reason(answer.reason).label}."
    return row


def _said(row: Any, place: int) -> Said:
    """The row as a position; what can't be read is doubted, under its place where it has no id."""
    if not isinstance(row, dict):
        return Said(f"row {place}", "", None, None, None, doubt=Doubt.UNREADABLE)
    name, plate = row.get("id"), row.get("vehicle")
    key = name if isinstance(name, str) and 0 < len(name) <= 64 else ""
    plate = plate.strip() if isinstance(plate, str) else ""
    at = _moment(row.get("at"))
    latitude, longitude = _number(row.get("latitude"), 90), _number(row.get("longitude"), 180)
    if not key or not plate or at is None or latitude is None or longitude is None:
        return Said(key or f"row {place}", plate, at, latitude, longitude, doubt=Doubt.UNREADABLE)
    return Said(
        key,
        plate,
        at,
        latitude,
        longitude,
        accuracy_m=_whole(row.get("accuracy_m"), 1_000_000),
        speed_kmh=_whole(row.get("speed_kmh"), 500),
        heading=_whole(row.get("heading"), 360),
    )


def _moment(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else None


def _number(value: Any, most: int) -> float | None:
    """A number between ``-most`` and ``most``, nothing else: NaN compares as false."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and -most <= value <= most else None


def _whole(value: Any, most: int) -> int | None:
    number = _number(value, most)
    return round(number) if number is not None and number >= 0 else None
