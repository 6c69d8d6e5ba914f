"""A published plan's word on a delivery: from where, by which carrier and vehicle, and when."""

from datetime import datetime

from django.db import transaction

from apps.accounts.actors import Actor
from apps.custody.canonical import format_time
from apps.deliveries.models import Delivery
from apps.deliveries.services.recording import record
from apps.facilities.models import Site


@transaction.atomic
def record_planned(
    *,
    actor: Actor,
    delivery: Delivery,
    route: str,
    stop: int,
    carrier: str,
    vehicle: str,
    arrival: datetime,
    now: datetime,
) -> None:
    """Append the custody event that says which carrier's vehicle was planned for the delivery."""
    record(
        "planned",
        delivery=delivery,
        actor=actor,
        now=now,
        details={
            "route": route,
            "stop": stop,
            "carrier": carrier,
            "vehicle": vehicle,
            "arrival": format_time(arrival),
        },
    )


@transaction.atomic
def ship_from(*, delivery: Delivery, origin: Site) -> None:
    """Let a delivery leave from another of the shipper's own sites that stocks its goods, as was planned.

    Its goods stay those of the consignment; the papers issued from now on name the new place.
    """
    if delivery.origin_id == origin.pk:
        return
    delivery.origin = origin
    delivery.version += 1
    delivery.save(update_fields=["origin", "version"])
