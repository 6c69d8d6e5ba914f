"""What sensors and receivers say: goods outside their limits, and data that can't be right."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min

from apps.deliveries.models import ConditionReading
from apps.deliveries.states import State
from apps.insights.detecting_road import planned
from apps.insights.finding import Finding
from apps.insights.kinds import Kind, Severity
from apps.tracking.conditions import excursions, stuck_sensors
from apps.tracking.models import Measure, RefusedPosition
from apps.tracking.services.readings import ABOARD

#: So many positions refused within the hour are a fault of the receiver.
REFUSED, WITHIN = 5, timedelta(hours=1)


def _excursions(now: datetime) -> Iterator[Finding]:
    """Goods under way see what they may not; what is tolerated ends at the harm."""
    for one in excursions(now=now):
        harm = one.start if one.measure == Measure.SHOCK else one.start + one.tolerated
        yield Finding(
            one.delivery_id,
            Kind.EXCURSION,
            Severity.URGENT if now >= harm else Severity.WARNING,
            cause_at=one.start,
            harm_at=harm,
            subject=f"{one.measure} {one.sensor}"[:60],
            facts={
                "sensor": one.sensor,
                "measure": one.measure,
                "from": one.start.isoformat(),
                "to": one.end.isoformat(),
                "minimum": one.minimum,
                "maximum": one.maximum,
                "low": one.low,
                "high": one.high,
            },
        )


def _logged(now: datetime) -> Iterator[Finding]:
    """A logger's table or a thermometer told of temperatures outside the range, before the handover."""
    for row in ConditionReading.objects.filter(within_limits=False, delivery__state__in=ABOARD):
        yield Finding(
            row.delivery_id,
            Kind.EXCURSION,
            Severity.URGENT,
            cause_at=row.recorded_at,
            harm_at=row.recorded_at,
            subject=f"{Measure.TEMPERATURE} {row.sensor}"[:60],
            facts={
                "sensor": row.sensor,
                "measure": Measure.TEMPERATURE.value,
                "from": row.start.isoformat(),
                "to": row.end.isoformat(),
                "minimum": row.minimum_mc,
                "maximum": row.maximum_mc,
                "low": None,
                "high": None,
            },
        )


def _stuck(now: datetime) -> Iterator[Finding]:
    """A sensor repeats one value: what the goods see is not known."""
    for one in stuck_sensors(now=now):
        yield Finding(
            one.delivery_id,
            Kind.DATA_FAULT,
            Severity.WARNING,
            cause_at=one.at,
            harm_at=one.at,
            subject=f"stuck {one.sensor}"[:60],
            facts={"fault": "stuck", "sensor": one.sensor, "value": one.value},
        )


def _refused(now: datetime) -> Iterator[Finding]:
    """Positions of a vehicle under way are refused again and again: where it is is not known."""
    lately = RefusedPosition.objects.filter(received_at__gt=now - WITHIN, received_at__lte=now)
    counted = (
        lately.exclude(vehicle=None)
        .values("vehicle_id", "vehicle__plate")
        .annotate(n=Count("pk"), first=Min("received_at"), reason=Max("reason"))
        .filter(n__gte=REFUSED)
    )
    faults = {row["vehicle_id"]: row for row in counted}
    if not faults:
        return
    under_way = planned().filter(route__vehicle__in=faults, delivery__state=State.IN_TRANSIT)
    for stop in under_way:
        row = faults[stop.route.vehicle_id]
        yield Finding(
            stop.delivery_id,
            Kind.DATA_FAULT,
            Severity.NOTICE,
            cause_at=row["first"],
            harm_at=stop.slot.lower,
            subject=f"positions {row['vehicle__plate']}"[:60],
            facts={
                "fault": "positions",
                "plate": row["vehicle__plate"],
                "n": row["n"],
                "reason": row["reason"],
            },
            group=f"positions {stop.route_id}",
        )


OF_THE_DATA: tuple[Callable[[datetime], Iterator[Finding]], ...] = (_excursions, _logged, _stuck, _refused)
