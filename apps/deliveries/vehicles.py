"""The largest vehicle that may come for a delivery: what docks limit, before a plan chooses one."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from apps.appointments.load import Load
from apps.carriers.models import Vehicle
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of


def vehicles_by_size() -> list[Vehicle]:
    """Every vehicle in use of the shipper's carriers, the largest first; 1 query."""
    return list(
        Vehicle.objects.filter(active=True, carrier__active=True).order_by("-length_m", "-gross_weight_kg")
    )


def largest_for(delivery: Delivery, vehicles: Sequence[Vehicle]) -> Vehicle | None:
    """The first of ``vehicles`` that can carry the delivery; None when none can."""
    return next(
        (
            vehicle
            for vehicle in vehicles
            if delivery.temperature_class in vehicle.temperature_classes
            and vehicle.capacity_pallets >= delivery.pallets
            and vehicle.capacity_kg >= delivery.weight_kg
        ),
        None,
    )


def load_with(delivery: Delivery, vehicle: Vehicle | None) -> Load:
    """The delivery's load as that vehicle would bring it; without one the docks' limits become conditions."""
    load = load_of(delivery)
    if vehicle is None:
        return load
    return replace(
        load,
        vehicle_length_m=vehicle.length_m,
        vehicle_height_m=vehicle.height_m,
        vehicle_weight_kg=Decimal(vehicle.gross_weight_kg),
        tail_lift=vehicle.tail_lift,
    )
