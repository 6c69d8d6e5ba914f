"""Taking sensor readings: each row of a batch is stored with its loads, known already, or refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid5

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import SYSTEM
from apps.deliveries.models import ConditionReading, Delivery, DeliveryConsignment
from apps.deliveries.services import note_sensed
from apps.deliveries.states import State
from apps.deliveries.temperatures import Readings
from apps.routing.models import RoutePlan, Stop
from apps.tracking.models import Measure, SensorReading
from apps.tracking.plausible import AHEAD, OLDEST
from apps.tracking.services.positions import Answer, Outcome

#: Deliveries whose goods are under way or at a dock.
ABOARD = (State.LOADED, State.IN_TRANSIT, State.ARRIVED, State.UNLOADING)
#: What no sensor of these measures can say, in thousandths of the unit.
POSSIBLE = {
    Measure.TEMPERATURE: (-200_000, 100_000),
    Measure.HUMIDITY: (0, 100_000),
    Measure.SHOCK: (0, 1_000_000),
}


class Measured(NamedTuple):
    """One reading as it was sent: the sender's id, what names the load, the sensor, what it measured when.

    ``named_by`` is ``delivery`` (its number), ``sscc`` or ``vehicle`` (its plate). ``value`` is in
    thousandths of the unit. ``doubt`` is why the edge could not read it.
    """

    id: str
    named_by: str
    name: str
    sensor: str
    measure: str
    value: int
    at: datetime | None
    doubt: str = ""


@transaction.atomic
def take_readings(*, said: Sequence[Measured], sender: UUID, now: datetime) -> list[Answer]:
    """Store what can be believed of a batch and say of each row, in its order, what became of it.

    Refused are: ``unreadable``, ``future``, ``too_old``, ``impossible`` (no lorry has such a value) and
    ``unknown_load`` (nothing of that name is under way at this shipper).
    """
    loads = _loads(said)
    doubts = [_doubt(row, loads, now) for row in said]
    rows: dict[UUID, SensorReading] = {}
    keys: list[list[UUID]] = []
    for row, doubt in zip(said, doubts, strict=True):
        mine = [] if doubt else loads[row.named_by, row.name]
        keys.append([uuid5(sender, f"{row.id} {delivery_id}") for delivery_id in mine])
        for key, delivery_id in zip(keys[-1], mine, strict=True):
            rows.setdefault(key, _reading(key, delivery_id, row, now))
    known = set(SensorReading.objects.filter(pk__in=rows).values_list("pk", flat=True))
    SensorReading.objects.bulk_create(
        [row for key, row in rows.items() if key not in known], ignore_conflicts=True
    )
    answers, seen = [], known
    for doubt, mine_keys in zip(doubts, keys, strict=True):
        if doubt:
            answers.append(Answer(Outcome.REFUSED, doubt))
        else:
            answers.append(Answer(Outcome.KNOWN if seen.issuperset(mine_keys) else Outcome.ACCEPTED))
            seen = seen | set(mine_keys)
    return answers


@transaction.atomic
def settle_readings(*, now: datetime) -> int:
    """Put on the custody record what sensors measured on the way, once the goods are at the dock.

    One entry for each sensor of temperature, from its first to its last reading; how many there were.
    """
    there = Delivery.objects.filter(state__in=(State.ARRIVED, State.UNLOADING))
    noted = set(ConditionReading.objects.filter(delivery__in=there).values_list("delivery_id", "sensor"))
    measured: dict[tuple[UUID, str], list[tuple[datetime, int]]] = {}
    found = SensorReading.objects.filter(delivery__in=there, measure=Measure.TEMPERATURE).order_by("at")
    for delivery_id, sensor, at, value in found.values_list("delivery_id", "sensor", "at", "value"):
        if (delivery_id, sensor) not in noted:
            measured.setdefault((delivery_id, sensor), []).append((at, value))
    deliveries = there.select_related("site").in_bulk([delivery_id for delivery_id, _sensor in measured])
    for (delivery_id, sensor), series in measured.items():
        values = [value for _at, value in series]
        readings = Readings(series[0][0], series[-1][0], len(series), min(values), max(values))
        note_sensed(deliveries[delivery_id], readings, sensor, actor=SYSTEM, now=now)
    return len(measured)


def _doubt(row: Measured, loads: dict[tuple[str, str], list[UUID]], now: datetime) -> str:
    if row.doubt or row.at is None:
        return row.doubt or "unreadable"
    if row.at > now + AHEAD:
        return "future"
    if row.at < now - OLDEST:
        return "too_old"
    low, high = POSSIBLE[Measure(row.measure)]
    if not low <= row.value <= high:
        return "impossible"
    return "" if loads.get((row.named_by, row.name)) else "unknown_load"


def _reading(key: UUID, delivery_id: UUID, row: Measured, now: datetime) -> SensorReading:
    assert row.at is not None  # without a time it is refused
    return SensorReading(
        id=key,
        delivery_id=delivery_id,
        sensor=row.sensor,
        measure=row.measure,
        value=row.value,
        at=row.at,
        received_at=now,
    )


def _loads(said: Sequence[Measured]) -> dict[tuple[str, str], list[UUID]]:
    """The deliveries under way that each name in the batch means; 3 queries."""
    names: dict[str, set[str]] = {"delivery": set(), "sscc": set(), "vehicle": set()}
    for row in said:
        if not row.doubt:
            names[row.named_by].add(row.name)
    found: dict[tuple[str, str], list[UUID]] = {}
    numbered = Delivery.objects.filter(number__in=names["delivery"], state__in=ABOARD)
    for number, delivery_id in numbered.values_list("number", "pk"):
        found["delivery", number] = [delivery_id]
    rides = DeliveryConsignment.objects.filter(
        Q(ssccs=None) | Q(ssccs__overlap=sorted(names["sscc"])),
        consignment__handling_units__sscc__in=names["sscc"],
        delivery__state__in=ABOARD,
    )
    for sscc, delivery_id in rides.values_list("consignment__handling_units__sscc", "delivery_id"):
        found["sscc", sscc] = [delivery_id]
    stops = Stop.objects.filter(
        route__plan__state=RoutePlan.State.PUBLISHED,
        route__vehicle__plate__in=names["vehicle"],
        delivery__state__in=ABOARD,
    )
    for plate, delivery_id in stops.values_list("route__vehicle__plate", "delivery_id"):
        found.setdefault(("vehicle", plate), []).append(delivery_id)
    return found
