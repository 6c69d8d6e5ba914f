"""Proposing to the recipient what would bring a left-out delivery onto a route: other slots at its dock."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.models import Appointment
from apps.appointments.states import State as Agreed
from apps.core.errors import IllegalTransition
from apps.deliveries import selectors as deliveries
from apps.deliveries.services import propose_move
from apps.routing.days import LocalDay
from apps.routing.errors import NothingToPropose, UnknownPlan
from apps.routing.models import RoutePlan, Unassigned


@transaction.atomic
def propose_slots(*, actor: Actor, plan_id: UUID, delivery_id: UUID, now: datetime) -> Appointment:
    """Offer the recipient the slots that the plan found would admit a delivery, the cheapest first.

    The agreed slot stands until the recipient accepts another; what the routes cost is not said to them.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such plan in this schema, or it doesn't leave out that delivery.
        IllegalTransition: the plan was replaced; one that came after says what would work now.
        NothingToPropose: no other slot was found, or what is agreed has changed since.
        SlotRefused, SlotTaken, TooLate: as ``appointments.services.propose_move``; nothing has changed.
    """
    require(actor, "routing.plan")
    one = (
        Unassigned.objects.select_related("plan__site", "delivery__site")
        .filter(plan=plan_id, delivery=delivery_id)
        .first()
    )
    if one is None:
        raise UnknownPlan("There is no such delivery on no route in this plan.")
    if one.plan.state == RoutePlan.State.REPLACED:
        raise IllegalTransition(
            f"Version {one.plan.version} was replaced; propose from the version in force or a draft.",
            state=one.plan.state,
        )
    slots = slots_to_propose(one)
    if not slots:
        raise NothingToPropose(
            f"No other slot was found that would bring {one.delivery.number} onto a route; "
            "its reasons say what else would."
        )
    (visit,) = deliveries.visits([one.delivery])
    appointment = visit.appointment
    if appointment is None or appointment.state != Agreed.CONFIRMED or appointment.during != one.slot:
        raise NothingToPropose(
            f"What was agreed for {one.delivery.number} has changed since version {one.plan.version} was "
            "planned. Plan or repair the day, then propose."
        )
    return propose_move(
        actor=actor,
        delivery=one.delivery,
        appointment_id=appointment.pk,
        slots=slots,
        message=_message(one),
        now=now,
    )


def slots_to_propose(one: Unassigned) -> list[Slot]:
    """The slots among the changes that would admit a delivery, the cheapest first; none overlaps another."""
    apart: list[Slot] = []
    for remedy in one.remedies:
        told = remedy["slot"] if remedy["kind"] == "slot" else None
        if told is None:
            continue
        start, end = datetime.fromisoformat(told["start"]), datetime.fromisoformat(told["end"])
        if all(end <= other.start or other.end <= start for other in apart):
            apart.append(Slot(UUID(told["dock"]), start, end))
    return apart


def _message(one: Unassigned) -> str:
    day = LocalDay(one.plan.day, one.delivery.site.time_zone)
    agreed = f"{day.clock(one.slot.lower)}–{day.clock(one.slot.upper)}"
    return f"No route of this day can keep {agreed}. At any of these times a vehicle could come."
