"""A published plan's word on a delivery: which carrier and vehicle brings it, and when."""

from datetime import datetime

from django.db import transaction

from apps.accounts.actors import Actor
from apps.custody.canonical import format_time
from apps.deliveries.models import Delivery
from apps.deliveries.services.recording import record


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
