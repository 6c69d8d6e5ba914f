"""From a file of orders to deliveries: import, then one delivery per origin, site, day and temperature class."""

from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments import services as consignments
from apps.consignments.models import Consignment, Import
from apps.custody import services as custody
from apps.deliveries.errors import NothingToGroup
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.deliveries.selectors import ungrouped_consignments
from apps.deliveries.services.recording import record


@transaction.atomic
def import_orders(*, actor: Actor, file_name: str, content: bytes, now: datetime) -> Import:
    """Bring a file of orders in; what is created goes on the custody record. See ``consignments.services``."""
    brought_in = consignments.import_consignments(actor=actor, file_name=file_name, content=content, now=now)
    created = brought_in.consignments.select_related("origin", "site").prefetch_related("items", "handling_units")
    for consignment in created:
        _record_creation(consignment, actor, now)
    return brought_in


def _record_creation(consignment: Consignment, actor: Actor, now: datetime) -> None:
    units = list(consignment.handling_units.all())
    facts: dict[str, Any] = {
        "actor": actor,
        "now": now,
        "event_time": now,
        "consignments": {consignment.number: [unit.sscc for unit in units]},
        "site": consignment.site,
    }
    custody.record(
        "consignment_created",
        **facts,
        details={
            "order": consignment.order_reference or consignment.number,
            "ship_from": custody.site_fact(consignment.origin),
            "items": [
                {
                    "article": item.article,
                    "quantity": f"{item.quantity:f}",
                    "unit": item.unit,
                    **({"gtin": item.gtin} if item.gtin else {}),
                    **({"lot": item.batch} if item.batch else {}),
                    **({"expiry": item.expires_on.isoformat()} if item.expires_on else {}),
                }
                for item in consignment.items.all()
            ],
        },
    )
    if units:
        custody.record(
            "packed",
            **facts,
            details={
                "handling_units": [
                    {"sscc": unit.sscc, "package": unit.kind, "gross_weight_g": int(unit.weight_kg * 1000)}
                    for unit in units
                ]
            },
        )


@transaction.atomic
def group_consignments(*, actor: Actor, now: datetime, day: date | None = None) -> list[Delivery]:
    """Group what rides in no delivery yet (of one requested day, or of all) into deliveries.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        NothingToGroup: no consignment waits.
    """
    require(actor, "deliveries.plan")
    waiting = ungrouped_consignments().prefetch_related("items", "handling_units")
    if day is not None:
        waiting = waiting.filter(requested_date=day)
    ordered = sorted(waiting, key=_visit_key)
    if not ordered:
        raise NothingToGroup("Every consignment rides in a delivery already; import orders first.")
    return [_make_delivery(list(group), actor, now) for _, group in groupby(ordered, key=_visit_key)]


def _visit_key(consignment: Consignment) -> tuple[str, ...]:
    return (
        str(consignment.requested_date),
        str(consignment.origin_id),
        str(consignment.site_id),
        consignment.temperature_class,
        consignment.load_type,
    )


def _make_delivery(group: list[Consignment], actor: Actor, now: datetime) -> Delivery:
    first = group[0]
    units = [unit for consignment in group for unit in consignment.handling_units.all()]
    items = [item for consignment in group for item in consignment.items.all()]
    delivery = Delivery.objects.create(
        number=f"D{consignments.take_number('delivery'):06d}",
        origin=first.origin,
        site=first.site,
        day=first.requested_date,
        load_type=first.load_type,
        temperature_class=first.temperature_class,
        pallets=len(units),
        weight_kg=sum(unit.weight_kg for unit in units),
        volume_m3=sum(unit.volume_m3 for unit in units),
        lines=len(items),
    )
    DeliveryConsignment.objects.bulk_create(
        DeliveryConsignment(delivery=delivery, consignment=consignment) for consignment in group
    )
    record(
        "delivery_grouped",
        delivery=delivery,
        actor=actor,
        now=now,
        details={
            "load": {
                "pallets": delivery.pallets,
                "weight_g": int(delivery.weight_kg * 1000),
                "volume_cm3": int(delivery.volume_m3 * 1_000_000),
            }
        },
    )
    return delivery
