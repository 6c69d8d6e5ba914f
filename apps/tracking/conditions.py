"""What goods may see on the way and what sensors say they saw: runs outside the limits, and stuck sensors."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from apps.consignments.ranges import NO_RANGE, narrowed
from apps.deliveries.models import Delivery
from apps.deliveries.temperatures import RANGES
from apps.tracking.models import ConditionLimits, Measure
from apps.tracking.services.readings import ABOARD

#: One reading outside is noise, two in a row are not; a shock is one by its nature.
IN_A_ROW = 2
TOLERATED = timedelta(minutes=15)
#: A sensor that says the same to the thousandth so often and for so long is stuck.
STUCK_READINGS, STUCK_FOR = 30, timedelta(hours=3)
LOOKED_BACK = timedelta(days=2)

OUTSIDE = """
WITH limits AS (
    SELECT *
      FROM unnest(%(deliveries)s::uuid[], %(measures)s::text[], %(lows)s::int[], %(highs)s::int[])
        AS l(delivery_id, measure, low, high)
), judged AS (
    SELECT r.delivery_id, r.sensor, r.measure, r.at, r.value,
           coalesce(r.value < l.low, false) OR coalesce(r.value > l.high, false) AS outside,
           l.low, l.high
      FROM tracking_sensorreading r JOIN limits l USING (delivery_id, measure)
     WHERE r.at > %(since)s
), runs AS (
    SELECT *, count(*) FILTER (WHERE NOT outside AND measure <> 'shock')
                       OVER (PARTITION BY delivery_id, sensor, measure ORDER BY at) AS run
      FROM judged
)
SELECT DISTINCT ON (delivery_id, sensor, measure)
       delivery_id, sensor, measure, min(at), max(at), min(value), max(value), min(low), max(high)
  FROM runs
 WHERE outside
 GROUP BY delivery_id, sensor, measure, run
HAVING measure = 'shock' OR count(*) >= %(in_a_row)s
 ORDER BY delivery_id, sensor, measure, run DESC
"""
STUCK = """
SELECT delivery_id, sensor, max(at), min(value)
  FROM (SELECT delivery_id, sensor, at, value,
               row_number() OVER (PARTITION BY delivery_id, sensor ORDER BY at DESC) AS place
          FROM tracking_sensorreading
         WHERE delivery_id = ANY(%(deliveries)s::uuid[]) AND measure = 'temperature'
           AND at > %(since)s) newest
 WHERE place <= %(readings)s
 GROUP BY delivery_id, sensor
HAVING count(*) = %(readings)s AND min(value) = max(value) AND max(at) - min(at) >= %(stuck_for)s
"""


@dataclass(frozen=True)
class Limits:
    """What one delivery's goods may see, by measure, in thousandths of the unit; None where no limit is."""

    temperature: tuple[int | None, int | None] = (None, None)
    humidity: tuple[int | None, int | None] = (None, None)
    shock: tuple[int | None, int | None] = (None, None)
    tolerated: timedelta = TOLERATED


@dataclass(frozen=True)
class Excursion:
    """The last readings of one sensor outside the limits with none between them inside, over or not."""

    delivery_id: UUID
    sensor: str
    measure: str
    start: datetime
    end: datetime
    minimum: int
    maximum: int
    low: int | None
    high: int | None
    tolerated: timedelta


@dataclass(frozen=True)
class Stuck:
    """A sensor that says the same again and again."""

    delivery_id: UUID
    sensor: str
    at: datetime
    value: int


def limits_of(deliveries: Iterable[Delivery]) -> dict[UUID, Limits]:
    """What the goods of each may see: their own range, else the shipper's limits or the range of their class.

    Goods of several consignments keep to the narrowest. ``deliveries`` come with rides and consignments.
    """
    by_class = {row.temperature_class: row for row in ConditionLimits.objects.all()}
    return {
        delivery.pk: _limits(delivery, by_class.get(delivery.temperature_class)) for delivery in deliveries
    }


def excursions(*, now: datetime) -> list[Excursion]:
    """What the goods under way see that they may not, or saw and somebody has to decide about; 4 queries."""
    limits = limits_of(Delivery.objects.filter(state__in=ABOARD).prefetch_related("rides__consignment"))
    known = [
        (delivery_id, measure.value, *getattr(each, measure.value))
        for delivery_id, each in limits.items()
        for measure in Measure
        if getattr(each, measure.value) != (None, None)
    ]
    columns = [list(column) for column in zip(*known, strict=True)] or [[], [], [], []]
    names = ("deliveries", "measures", "lows", "highs")
    asked: dict[str, Any] = dict(zip(names, columns, strict=True))
    asked |= {"since": now - LOOKED_BACK, "in_a_row": IN_A_ROW}
    with connection.cursor() as cursor:
        cursor.execute(OUTSIDE, asked)
        rows = cursor.fetchall()
    told = [field.name for field in fields(Excursion) if field.name != "tolerated"]
    return [
        Excursion(tolerated=limits[row[0]].tolerated, **dict(zip(told, row, strict=True))) for row in rows
    ]


def stuck_sensors(*, now: datetime) -> list[Stuck]:
    """The sensors beside goods under way that repeat one temperature; 2 queries."""
    asked: dict[str, Any] = {
        "deliveries": list(Delivery.objects.filter(state__in=ABOARD).values_list("pk", flat=True)),
        "since": now - LOOKED_BACK,
        "readings": STUCK_READINGS,
        "stuck_for": STUCK_FOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(STUCK, asked)
        return [Stuck(*row) for row in cursor.fetchall()]


def _limits(delivery: Delivery, said: ConditionLimits | None) -> Limits:
    of_class = RANGES.get(delivery.temperature_class, NO_RANGE)
    if said is not None and (said.lowest_celsius, said.highest_celsius) != NO_RANGE:
        of_class = (_milli(said.lowest_celsius), _milli(said.highest_celsius))
    own = [ride.consignment.temperature_range for ride in delivery.rides.all()]
    temperature = narrowed([each if each != NO_RANGE else of_class for each in own] or [of_class])
    if said is None:
        return Limits(temperature=temperature)
    return Limits(
        temperature=temperature,
        humidity=(None, _milli(said.highest_humidity)),
        shock=(None, _milli(said.highest_shock)),
        tolerated=timedelta(minutes=said.tolerated_minutes),
    )


def _milli(value: Decimal | int | None) -> int | None:
    return None if value is None else int(value * 1000)
