"""From a file of orders to deliveries: import, then one delivery per origin, site, day and temperature."""

from datetime import date, datetime
from itertools import groupby
from typing import Any

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.consignments import services as consignments
from apps.consignments.models import Consignment, Import, Priority
from apps.consignments.ranges import written_range
from apps.consignments.selectors import consignments as find_consignments
from apps.custody import services as custody
from apps.deliveries.errors import NothingToGroup
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.deliveries.services.recording import record
from apps.facilities.models import DockRule, Site


@transaction.atomic
def import_orders(*, actor: Actor, file_name: str, content: bytes, now: datetime) -> Import:
    """Bring a file of orders in, as ``consignments.services`` does; what is created goes on record."""
    brought_in = consignments.import_consignments(actor=actor, file_name=file_name, content=content, now=now)
    created = brought_in.consignments.select_related("origin", "site").prefetch_related(
        "items", "handling_units"
    )
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

    One delivery takes consignments of one origin, site, day, temperature class and range, and load type, in
    the order of their numbers, and no more pallets than the site takes per visit; a consignment that is
    larger by itself rides alone, and the slot search says what is in its way. A delivery matters as much as
    that of its consignments which matters most.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        NothingToGroup: no consignment waits.
    """
    require(actor, "deliveries.plan")
    waiting = find_consignments(day=day, grouped=False).prefetch_related("items", "handling_units")
    ordered = sorted(waiting, key=_visit_key)
    if not ordered:
        raise NothingToGroup("Every consignment rides in a delivery already; import orders first.")
    loads = [
        load
        for _, group in groupby(ordered, key=lambda consignment: _visit_key(consignment)[:-1])
        for load in _split(list(group))
    ]
    numbers = consignments.take_numbers("delivery", len(loads))
    return [_make_delivery(number, load, actor, now) for number, load in zip(numbers, loads, strict=True)]


def _visit_key(consignment: Consignment) -> tuple[str, ...]:
    return (
        str(consignment.requested_date),
        str(consignment.origin_id),
        str(consignment.site_id),
        consignment.temperature_class,
        written_range(consignment.temperature_range),
        consignment.load_type,
        consignment.number,
    )


def _split(group: list[Consignment]) -> list[list[Consignment]]:
    """The group in its order, cut where the next consignment would exceed the site's pallets per visit."""
    limit = pallets_per_visit(group[0].site)
    loads: list[list[Consignment]] = [[]]
    pallets = 0
    for consignment in group:
        own = len(consignment.handling_units.all())
        if loads[-1] and limit is not None and pallets + own > limit:
            loads.append([])
            pallets = 0
        loads[-1].append(consignment)
        pallets += own
    return loads


def pallets_per_visit(site: Site) -> int | None:
    """The most pallets that some dock of the site takes in one visit; None when nothing limits them."""
    rules = DockRule.objects.filter(site=site, kind=DockRule.Kind.MAX_PALLETS)
    of_site = next((rule.limit for rule in rules if rule.dock_id is None), None)
    of_docks = {rule.dock_id: rule.limit for rule in rules if rule.dock_id and rule.limit is not None}
    free_docks = site.docks.filter(active=True).exclude(pk__in=of_docks).exists()
    largest = None if free_docks or not of_docks else max(of_docks.values())
    limits = [limit for limit in (of_site, largest) if limit is not None]
    return int(min(limits)) if limits else None


def _make_delivery(number: int, group: list[Consignment], actor: Actor, now: datetime) -> Delivery:
    first = group[0]
    units = [unit for consignment in group for unit in consignment.handling_units.all()]
    items = [item for consignment in group for item in consignment.items.all()]
    delivery = Delivery.objects.create(
        number=f"D{number:06d}",
        origin=first.origin,
        site=first.site,
        day=first.requested_date,
        load_type=first.load_type,
        temperature_class=first.temperature_class,
        priority=min((each.priority for each in group), key=Priority.values.index),
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
