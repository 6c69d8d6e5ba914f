"""The vehicle that may come for a delivery: by default the largest that can carry it, else as typed."""

from dataclasses import replace
from typing import Any

from apps.appointments.load import Load
from apps.deliveries.models import Delivery
from apps.deliveries.vehicles import largest_for, vehicles_by_size
from apps.portal.forms_desk import VehicleForm


def vehicle_default(delivery: Delivery) -> dict[str, Any]:
    """The largest vehicle of the shipper's carriers that can carry the delivery; nothing when none can."""
    largest = largest_for(delivery, vehicles_by_size())
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
