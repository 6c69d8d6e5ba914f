"""A shipper's deliveries as rows, tiles and sentences of the desk."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.models import Appointment
from apps.appointments.states import State as AppointmentState
from apps.consignments.models import Priority
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import Visit
from apps.deliveries.standing import ON_THE_ROAD, Standing
from apps.deliveries.states import State

#: How the badge looks where the standing alone decides.
BADGES = {
    Standing.TO_BOOK: "draft",
    Standing.WAITING: "offered",
    Standing.TO_ANSWER: "countered",
    Standing.CONFIRMED: "confirmed",
    Standing.ON_THE_WAY: "departed",
    Standing.DELIVERED: "delivered",
    Standing.STOPPED: "failed",
}
#: On the ground the delivery's own state says more than the standing.
GROUND = {
    State.LOADED: "loading",
    State.IN_TRANSIT: "departed",
    State.ARRIVED: "arrived",
    State.UNLOADING: "in_progress",
    State.DELIVERED: "delivered",
    State.REFUSED: "refused",
    State.FAILED: "failed",
    State.CANCELLED: "cancelled",
}


@dataclass(frozen=True)
class Turn:
    """Who has to do what next, and by when where there is a deadline."""

    who: str
    what: str
    by: datetime | None = None


def badge(delivery: Delivery, appointment: Appointment | None, standing: Standing) -> tuple[str, str]:
    """State and words of the badge: the ground's where the goods have moved, else the negotiation's."""
    state = State(delivery.state)
    if state in GROUND:
        return GROUND[state], str(state.label)
    if delivery.format == Delivery.Format.PICKUP and state == State.OPEN:
        return "confirmed", _("Ready to be collected") if delivery.ready_at else _("To be made ready")
    if appointment is not None and standing in (Standing.TO_BOOK, Standing.STOPPED):
        ended = AppointmentState(appointment.state)
        return ended.value, str(ended.label)
    return BADGES[standing], str(standing.label)


def turn(
    delivery: Delivery, appointment: Appointment | None, standing: Standing, *, shipper: str
) -> Turn | None:
    """Whose turn it is; None when nothing is left to do."""
    if delivery.leg:
        return _turn_of_leg(delivery, shipper)
    if delivery.format == Delivery.Format.PICKUP and delivery.state == State.OPEN:
        is_ready = delivery.ready_at is not None
        return (
            Turn(recipient_of(delivery), _("Collect it"), delivery.kept_until)
            if is_ready
            else Turn(shipper, _("Make it ready"))
        )
    recipient = recipient_of(delivery)
    by = appointment.must_act_by if appointment else None
    return {
        Standing.TO_BOOK: Turn(shipper, _("Offer slots")),
        Standing.WAITING: Turn(recipient, _("Answer the offer"), by),
        Standing.TO_ANSWER: Turn(shipper, _("Answer the counter-offer"), by),
        Standing.CONFIRMED: Turn(shipper, _("Depart") if delivery.state == State.LOADED else _("Load")),
        Standing.ON_THE_WAY: Turn(
            recipient, _("Hand over") if delivery.state != State.IN_TRANSIT else _("Check in")
        ),
    }.get(standing)


def _turn_of_leg(delivery: Delivery, shipper: str) -> Turn | None:
    steps = {State.OPEN: _("Load"), State.LOADED: _("Depart")}
    if delivery.state in ON_THE_ROAD:
        return Turn(shipper, _("Receive"))
    return Turn(shipper, steps[State(delivery.state)]) if delivery.state in steps else None


def row(visit: Visit, standing: Standing, *, shipper: str) -> dict[str, Any]:
    """One line of the table of deliveries; ``slot`` is the agreed one, in the site's ``zone``."""
    delivery, appointment = visit.delivery, visit.appointment
    state, label = badge(delivery, appointment, standing)
    agreed = appointment if appointment is not None and visit.is_confirmed else None
    return {
        "url": reverse("desk:delivery", args=[delivery.pk]),
        "number": delivery.number,
        "recipient": recipient_of(delivery),
        "site": delivery.site.name,
        "city": delivery.site.city,
        "day": delivery.day,
        "matters": delivery.get_priority_display() if delivery.priority != Priority.NORMAL else "",
        "zone": delivery.site.time_zone,
        "pallets": delivery.pallets,
        "weight_kg": delivery.weight_kg,
        "temperature": delivery.get_temperature_class_display()
        if delivery.temperature_class != "ambient"
        else "",
        "state": state,
        "state_label": label,
        "slot": {
            "start": agreed.during.lower,
            "end": agreed.during.upper,
            "dock": agreed.dock.name if agreed.dock else "",
        }
        if agreed
        else None,
        "turn": turn(delivery, appointment, standing, shipper=shipper),
    }


def tiles(counts: Mapping[Standing, int], kept: Mapping[str, str]) -> list[dict[str, Any]]:
    """A tile per standing that a planner works through; each filters the list and keeps ``kept``."""
    shown = [standing for standing in Standing if standing != Standing.STOPPED or counts[standing]]
    return [
        {
            "label": str(standing.label),
            "value": counts[standing],
            "url": "?" + urlencode({**kept, "standing": standing.value}),
        }
        for standing in shown
    ]


def needs(counts: Mapping[Standing, int], waiting_goods: int, returned_goods: int = 0) -> str:
    """What needs doing, in one sentence."""
    parts = []
    if count := counts[Standing.TO_ANSWER]:
        parts.append(
            ngettext("%(count)d counter-offer to answer", "%(count)d counter-offers to answer", count)
            % {"count": count}
        )
    if count := counts[Standing.TO_BOOK]:
        parts.append(
            ngettext("%(count)d delivery to book", "%(count)d deliveries to book", count) % {"count": count}
        )
    if waiting_goods:
        parts.append(
            ngettext("%(count)d consignment to group", "%(count)d consignments to group", waiting_goods)
            % {"count": waiting_goods}
        )
    if returned_goods:
        parts.append(
            ngettext(
                "%(count)d returned line to decide", "%(count)d returned lines to decide", returned_goods
            )
            % {"count": returned_goods}
        )
    return ", ".join(parts) + "." if parts else _("Nothing waits here.")


def recipient_of(delivery: Delivery) -> str:
    """The name of the party that receives."""
    return delivery.site.recipient.name if delivery.site.recipient else delivery.site.name


def link_to(delivery_id: UUID) -> str:
    return reverse("desk:delivery", args=[delivery_id])
