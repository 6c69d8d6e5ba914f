"""From a delivery's step to its custody event: which consignments and handling units it concerns."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, OfferedSlot
from apps.custody import services as custody
from apps.custody.canonical import format_time
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import consignments_of
from apps.facilities.models import Site


def record(
    event_type: str,
    *,
    delivery: Delivery,
    actor: Actor,
    now: datetime,
    details: Mapping[str, Any],
    event_time: datetime | None = None,
    refs: tuple[tuple[str, str], ...] = (),
    device: custody.Device | None = None,
    place: Site | None = None,
    only: str = "",
) -> None:
    """Append the custody event of one step of a delivery, in the caller's transaction.

    ``event_time`` is the moment that a device claims; without one it is ``now``, the server's. Where the
    ``device`` is known too, custody flags a clock that can't be right. ``place`` is where it was, where that
    is not the site of the visit; ``only`` is the consignment that it concerns, where not all of them.
    """
    custody.record(
        event_type,
        actor=actor,
        now=now,
        event_time=event_time or now,
        consignments={
            consignment.number: [unit.sscc for unit in consignment.handling_units.all()]
            for consignment in consignments_of(delivery)
            if only in ("", consignment.number)
        },
        delivery_id=delivery.pk,
        delivery=delivery.number,
        site=place or delivery.site,
        refs=refs,
        details=details,
        device=device,
    )


def slot_fact(slot: OfferedSlot) -> dict[str, str]:
    """An offered slot as the event schema writes it."""
    return {
        "dock": slot.dock.name,
        "start": format_time(slot.during.lower),
        "end": format_time(slot.during.upper),
    }


def agreed_fact(appointment: Appointment) -> dict[str, str]:
    """The agreed slot of an appointment as the event schema writes it."""
    assert appointment.dock is not None
    return {
        "dock": appointment.dock.name,
        "start": format_time(appointment.during.lower),
        "end": format_time(appointment.during.upper),
    }
