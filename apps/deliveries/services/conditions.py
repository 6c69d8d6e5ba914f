"""The goods' temperature on the way: readings typed or logged, each on record, held to their range."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments.models import Consignment
from apps.consignments.ranges import RangeUnreadable, read_range
from apps.core.errors import IllegalTransition
from apps.custody.canonical import format_time
from apps.deliveries.errors import RangeInvalid
from apps.deliveries.models import ConditionReading, Delivery
from apps.deliveries.selectors import temperature_limits
from apps.deliveries.services.recording import record
from apps.deliveries.services.transitions import lock
from apps.deliveries.states import State
from apps.deliveries.temperatures import Readings, as_readings
from apps.documents.models import Document

#: What stands as sensor where somebody read a thermometer.
BY_HAND = "read by hand"


def readings_of(delivery: Delivery, typed_mc: Sequence[int] = ()) -> list[tuple[Readings, bool]]:
    """Everything measured of a delivery and what is typed right now, each with whether it was in range."""
    known = [
        (Readings(row.start, row.end, row.readings, row.minimum_mc, row.maximum_mc), row.within_limits)
        for row in delivery.readings.all()
    ]
    if not typed_mc:
        return known
    now = as_readings(typed_mc, delivery.created_at)  # the moment does not matter for the range
    return [*known, (now, now.within(temperature_limits(delivery)))]


def note_typed(
    delivery: Delivery, temperatures_mc: Sequence[int], *, actor: Actor, at: datetime, now: datetime
) -> None:
    """Put on record what somebody read from a thermometer at ``at``."""
    _note(delivery, as_readings(temperatures_mc, at), BY_HAND, actor=actor, at=at, now=now)


def note_logged(
    delivery: Delivery, readings: Readings, log: Document, *, actor: Actor, now: datetime
) -> None:
    """Put on record what a logger's table says; the table itself lies with the papers."""
    file = {"sha256": log.sha256, "size": log.size, "media_type": log.media_type}
    _note(delivery, readings, log.number or log.file_name, actor=actor, at=now, now=now, file=file)


def note_sensed(delivery: Delivery, readings: Readings, sensor: str, *, actor: Actor, now: datetime) -> None:
    """Put on record what a sensor reported on the way, as one entry from its first to its last reading."""
    _note(delivery, readings, sensor, actor=actor, at=readings.end, now=now)


@transaction.atomic
def set_temperature_range(
    *, actor: Actor, delivery_id: UUID, consignment_id: UUID, text: str, now: datetime
) -> None:
    """Say what a consignment may see on its way; blank leaves it to its class.

    Readings are judged when they come, so nobody changes it once the goods are on the road. The change is on
    record with what it was before; the same range again changes nothing.

    Raises:
        PermissionRefused: only the shipper's planners may.
        RangeInvalid: it is no range.
        IllegalTransition: the goods have left.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    if delivery.state not in (State.OPEN, State.LOADED):
        raise IllegalTransition(
            f"{delivery.number} is “{State(delivery.state).label}”; its range is set before it leaves.",
            state=delivery.state,
        )
    try:
        lowest, highest = read_range(text)
    except RangeUnreadable as error:
        raise RangeInvalid(f"“{text[:40]}” {error}.") from error
    consignment = Consignment.objects.filter(pk=consignment_id, ride__delivery=delivery).first()
    if consignment is None or consignment.temperature_range == (lowest, highest):
        return
    before = consignment.temperature_range
    consignment.temperature_min_mc, consignment.temperature_max_mc = lowest, highest
    consignment.save(update_fields=["temperature_min_mc", "temperature_max_mc"])
    record(
        "temperature_range_set",
        delivery=delivery,
        actor=actor,
        now=now,
        only=consignment.number,
        details={
            "minimum_mc": lowest,
            "maximum_mc": highest,
            "minimum_before_mc": before[0],
            "maximum_before_mc": before[1],
        },
    )


def _note(
    delivery: Delivery,
    readings: Readings,
    sensor: str,
    *,
    actor: Actor,
    at: datetime,
    now: datetime,
    file: dict[str, Any] | None = None,
) -> None:
    within = readings.within(temperature_limits(delivery))
    ConditionReading.objects.create(
        delivery=delivery,
        sensor=sensor,
        start=readings.start,
        end=readings.end,
        readings=readings.count,
        minimum_mc=readings.minimum_mc,
        maximum_mc=readings.maximum_mc,
        within_limits=within,
        file_sha256=file["sha256"] if file else "",
        recorded_at=now,
    )
    record(
        "condition_reading",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=at,
        details={
            "sensor": sensor,
            "from": format_time(readings.start),
            "to": format_time(readings.end),
            "readings": readings.count,
            "minimum_mc": readings.minimum_mc,
            "maximum_mc": readings.maximum_mc,
            "within_limits": within,
            "file": file,
        },
    )
