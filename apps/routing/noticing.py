"""What a plan in force relies on that is no longer so, found by looking: whoever changed it, and however."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q

from apps.appointments.models import Appointment
from apps.appointments.states import State as Agreed
from apps.deliveries import selectors as deliveries
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import Visit
from apps.deliveries.states import State
from apps.routing.days import LocalDay
from apps.routing.depots import depots_of
from apps.routing.models import Disruption, Route, RoutePlan, Stop
from apps.routing.standing import HAS_LEFT, still_agreed, stops_of, vehicles_out

Kind = Disruption.Kind
GRACE = timedelta(minutes=15)
"""A departure is late from then on; before it nobody is asked to re-plan."""


@dataclass(frozen=True)
class Found:
    """One thing that is not as the plan has it."""

    kind: Disruption.Kind
    subject: str
    sentence: str
    delivery: Delivery | None = None
    vehicle_id: UUID | None = None


def look(plan: RoutePlan, now: datetime) -> Iterable[Found]:
    """Everything that is not as the plan has it, with routes and stops at hand; six queries."""
    day = LocalDay(plan.day, plan.site.time_zone)
    waiting = [stop for stop in stops_of(plan) if stop.delivery.state not in HAS_LEFT]
    left_out = {one.delivery_id: one for one in plan.unassigned.all()}
    rows = [*(stop.delivery for stop in waiting), *(one.delivery for one in left_out.values())]
    agreed = {visit.delivery.pk: visit for visit in deliveries.visits(rows)}
    for stop in waiting:
        yield from _appointment(stop, agreed[stop.delivery_id], day)
    for one in left_out.values():
        yield from _now_agreed(agreed[one.delivery_id], one.slot, day)
    planned = {*left_out, *(stop.delivery_id for stop in stops_of(plan))}
    yield from _new(plan, day, planned)
    out = vehicles_out(plan.day)
    for route in plan.routes.all():
        yield from _vehicle(route, out)
        yield from _late(route, day, now)


def _appointment(stop: Stop, visit: Visit, day: LocalDay) -> Iterable[Found]:
    if still_agreed(stop, visit):
        return
    delivery, appointment = stop.delivery, visit.appointment
    planned = f"{day.clock(stop.slot.lower)}–{day.clock(stop.slot.upper)}"
    if delivery.state == State.CANCELLED or appointment is None or appointment.state != Agreed.CONFIRMED:
        sentence = f"{delivery.number}: the appointment {planned} at {delivery.site.name} no longer stands."
        yield Found(Kind.APPOINTMENT_GONE, delivery.number, sentence, delivery)
    else:
        where = f", {appointment.dock.name}" if appointment.dock is not None else ""
        slot = _said(appointment, day)
        sentence = f"{delivery.number} at {delivery.site.name} was moved from {planned} to {slot}{where}."
        yield Found(Kind.APPOINTMENT_MOVED, delivery.number, sentence, delivery)


def _now_agreed(visit: Visit, before: object, day: LocalDay) -> Iterable[Found]:
    """A delivery that the plan left out: by now it has a slot, or another one than it had."""
    delivery, appointment = visit.delivery, visit.appointment
    if delivery.state != State.OPEN or appointment is None or appointment.state != Agreed.CONFIRMED:
        return
    if appointment.during == before or not day.start <= appointment.during.lower < day.end:
        return
    slot = _said(appointment, day)
    if before is None:
        sentence = f"{delivery.number} to {delivery.site.name} was agreed on since: {slot}."
        yield Found(Kind.DELIVERY_NEW, delivery.number, sentence, delivery)
    else:
        sentence = f"{delivery.number} at {delivery.site.name}, on no route, was moved to {slot}."
        yield Found(Kind.APPOINTMENT_MOVED, delivery.number, sentence, delivery)


def _new(plan: RoutePlan, day: LocalDay, planned: set[UUID]) -> Iterable[Found]:
    on_the_day = Appointment.objects.filter(
        state=Agreed.CONFIRMED, during__startswith__gte=day.start, during__startswith__lt=day.end
    ).values_list("delivery_id", flat=True)
    new = deliveries.deliveries().filter(
        Q(pk__in=[one for one in on_the_day if one not in planned]),
        origin__in=[site.pk for site in depots_of(plan.site).sites],
        state=State.OPEN,
    )
    for visit in deliveries.visits(new.order_by("number")):
        if visit.appointment is not None and visit.appointment.during is not None:
            delivery = visit.delivery
            slot = _said(visit.appointment, day)
            sentence = f"{delivery.number} to {delivery.site.name} is new on this day: {slot}."
            yield Found(Kind.DELIVERY_NEW, delivery.number, sentence, delivery)


def _vehicle(route: Route, out: frozenset[UUID]) -> Iterable[Found]:
    if all(stop.delivery.state in HAS_LEFT for stop in route.stops.all()):
        return
    if route.vehicle_id in out or not (route.vehicle.active and route.carrier.active):
        plate = route.vehicle.plate
        sentence = f"{plate} of {route.carrier.name} is out of service."
        yield Found(Kind.VEHICLE_OUT, plate, sentence, vehicle_id=route.vehicle_id)


def _late(route: Route, day: LocalDay, now: datetime) -> Iterable[Found]:
    """No departure is recorded although it is past its time, and leaving now would miss a slot."""
    stops = list(route.stops.all())
    delay = now - route.departs_at
    if delay < GRACE or any(stop.delivery.state in HAS_LEFT - {State.LOADED} for stop in stops):
        return
    missed = [
        f"{stop.delivery.number} ({day.clock(stop.slot.lower)}–{day.clock(stop.slot.upper)})"
        for stop in stops
        if stop.arrives_at + delay + (stop.departs_at - stop.starts_at) > stop.slot.upper
    ]
    if missed:
        sentence = (
            f"Route {route.number} ({route.vehicle.plate}) should have left at {day.clock(route.departs_at)} "
            f"and no departure is recorded. From now on it misses {', '.join(missed)}."
        )
        yield Found(Kind.LATE_DEPARTURE, route.vehicle.plate, sentence, vehicle_id=route.vehicle_id)


def _said(appointment: Appointment, day: LocalDay) -> str:
    during = appointment.during
    if day.start <= during.lower < day.end:
        return f"{day.clock(during.lower)}–{day.clock(during.upper)}"
    return day.date_and_clock(during.lower)
