"""The vehicle that may come for a delivery: by default the largest that can carry it, else as typed."""

from dataclasses import replace
from typing import Any

from django.db.models import Q

from apps.appointments.load import Load
from apps.carriers.models import Vehicle
from apps.deliveries.models import Delivery
from apps.portal.forms_desk import VehicleForm


def vehicle_default(delivery: Delivery) -> dict[str, Any]:
    """The largest vehicle of the shipper's carriers that can carry the delivery; nothing when none can."""
    suitable = Vehicle.objects.filter(
        Q(temperature_classes__contains=[delivery.temperature_class]),
        active=True,
        carrier__active=True,
        capacity_pallets__gte=delivery.pallets,
        capacity_kg__gte=delivery.weight_kg,
    )
    largest = suitable.order_by("-length_m", "-gross_weight_kg").first()
    if largest is None:
        return {}
    return {
        "length": largest.length_m,
        "height": largest.height_m,
        "weight": largest.gross_weight_kg,
        "tail_lift": "on" if largest.tail_lift else "",
    }


def with_vehicle(load: Load, form: VehicleForm) -> Load:
    """The load with the vehicle as far as it was typed in readable numbers."""
    form.is_valid()
    vehicle = getattr(form, "cleaned_data", {})
    return replace(
        load,
        vehicle_length_m=vehicle.get("length"),
        vehicle_height_m=vehicle.get("height"),
        vehicle_weight_kg=vehicle.get("weight"),
        tail_lift=bool(vehicle.get("tail_lift")),
    )
