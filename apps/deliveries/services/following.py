"""What follows a handover in which goods stayed on the vehicle: another delivery that brings them again."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments.models import HandlingUnit
from apps.consignments.services import take_numbers
from apps.deliveries.errors import NothingToFollow
from apps.deliveries.models import Delivery, DeliveryConsignment, Discrepancy, Handover
from apps.deliveries.returned import put_away
from apps.deliveries.selectors import consignments_of
from apps.deliveries.services.recording import record
from apps.deliveries.services.transitions import lock

#: Findings with which a unit is not the recipient's: it is still to come, or was turned away.
STAYED = (Discrepancy.Kind.SHORT, Discrepancy.Kind.REFUSED, Discrepancy.Kind.WRONG)


def not_taken(delivery: Delivery) -> list[HandlingUnit]:
    """The handling units that the recipient did not take at the handover; none before it."""
    handover = Handover.objects.filter(delivery=delivery).first()
    if handover is None:
        return []
    units = [unit for each in consignments_of(delivery) for unit in each.handling_units.all()]
    if handover.outcome == Handover.Outcome.REFUSED:
        return units
    stayed = set(handover.discrepancies.filter(kind__in=STAYED).values_list("handling_unit_id", flat=True))
    return [unit for unit in units if unit.pk in stayed]


def still_to_come(delivery: Delivery) -> list[HandlingUnit]:
    """Of what was not taken, the units that can be brought again: not those that were put away."""
    units = not_taken(delivery)
    away = put_away(delivery) if units else set()
    return [unit for unit in units if unit.sscc not in away]


@transaction.atomic
def bring_again(*, actor: Actor, delivery_id: UUID, now: datetime) -> Delivery:
    """Make another delivery of what was not taken, from tomorrow on; its slot is negotiated as any other.

    Asked for twice it is the same one. What came back and was put back to stock or written off stays out.

    Raises:
        PermissionRefused: only the shipper's planners may.
        NothingToFollow: there was no handover, or everything was taken or put away.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    again = Delivery.objects.filter(follows=delivery).first()
    if again is not None:
        return again
    units = still_to_come(delivery)
    if not units:
        raise NothingToFollow(
            f"Nothing of {delivery.number} stayed behind, so there is nothing to bring again."
        )
    (number,) = take_numbers("delivery", 1)
    again = Delivery.objects.create(
        number=f"D{number:06d}",
        origin=delivery.origin,
        site=delivery.site,
        day=now.astimezone(ZoneInfo(delivery.site.time_zone)).date() + timedelta(days=1),
        load_type=delivery.load_type,
        temperature_class=delivery.temperature_class,
        priority=delivery.priority,
        pallets=len(units),
        weight_kg=sum(unit.weight_kg for unit in units),
        volume_m3=sum(unit.volume_m3 for unit in units),
        follows=delivery,
    )
    by_consignment: dict[UUID, list[str]] = {}
    for unit in units:
        by_consignment.setdefault(unit.consignment_id, []).append(unit.sscc)
    DeliveryConsignment.objects.bulk_create(
        DeliveryConsignment(delivery=again, consignment_id=consignment_id, ssccs=ssccs)
        for consignment_id, ssccs in by_consignment.items()
    )
    load = {
        "pallets": again.pallets,
        "weight_g": int(again.weight_kg * 1000),
        "volume_cm3": int(again.volume_m3 * 1_000_000),
    }
    record("delivery_grouped", delivery=again, actor=actor, now=now, details={"load": load})
    return again
