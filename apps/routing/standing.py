"""What stays as it is when a day is planned again: routes under way, and locked ones that can still go.

They keep their vehicles and deliveries out of the question to the engine and are copied into the answer.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar
from uuid import UUID

from apps.appointments.states import State as Agreed
from apps.deliveries import selectors as deliveries
from apps.deliveries.selectors import Visit
from apps.deliveries.states import State
from apps.routing import engine
from apps.routing.models import Disruption, Route, RoutePlan, Stop, Unassigned

Row = TypeVar("Row", Route, Stop, Unassigned)

HAS_LEFT = frozenset(State) - {State.OPEN, State.CANCELLED}
"""Goods in these states are on a vehicle or were; where they are, no plan can change any more."""


@dataclass(frozen=True)
class Kept:
    """A route that stays, with the stops that stay on it, in order."""

    route: Route
    stops: tuple[Stop, ...]
    under_way: bool


@dataclass(frozen=True)
class Standing:
    """All that stays; ``notes`` say which locks could not be kept and why."""

    routes: tuple[Kept, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def deliveries(self) -> frozenset[UUID]:
        """Ids of the deliveries that the engine is not asked about."""
        return frozenset(stop.delivery_id for kept in self.routes for stop in kept.stops)

    @property
    def vehicles(self) -> dict[UUID, UUID]:
        """Vehicles that are taken, each with its carrier."""
        return {kept.route.vehicle_id: kept.route.carrier_id for kept in self.routes}


NOTHING_STANDS = Standing()


def standing(published: RoutePlan | None, basis: RoutePlan | None) -> Standing:
    """Routes of ``published`` that are under way, and those locked in ``basis``; four queries.

    A route is under way once goods of it are loaded. Its stops that are not loaded and no longer agreed, or
    whose vehicle is out of service, are freed.
    """
    plans = [plan for plan in (published, basis) if plan is not None]
    rows = {stop.delivery_id: stop.delivery for plan in plans for stop in stops_of(plan)}
    agreed = {visit.delivery.pk: visit for visit in deliveries.visits(rows.values())}
    out = vehicles_out(plans[0].day) if plans else frozenset()
    declined = vehicles_declined(plans[0].day) if plans else frozenset()
    kept = [*_under_way(published, agreed, out)] if published is not None else []
    notes: list[str] = []
    for route in basis.routes.all() if basis is not None else ():
        if not route.is_locked or route.vehicle_id in {one.route.vehicle_id for one in kept}:
            continue
        taken = {stop.delivery_id for one in kept for stop in one.stops}
        why = _why_not(route, agreed, out, declined, taken)
        if why:
            notes.append(f"Route {route.number} was locked and can't stay: {why}.")
        else:
            kept.append(Kept(route, tuple(route.stops.all()), under_way=False))
    return Standing(tuple(kept), tuple(notes))


def locked_stops(
    basis: RoutePlan | None, stays: Standing, problem: engine.Problem
) -> tuple[tuple[engine.Stay, ...], tuple[str, ...]]:
    """Stops locked in ``basis`` as what the engine keeps on their vehicles, and which locks can't be kept.

    Of routes that stay as a whole nothing is said.
    """
    kept: list[engine.Stay] = []
    notes: list[str] = []
    for route in basis.routes.all() if basis is not None else ():
        numbers = [stop.delivery.number for stop in route.stops.all() if stop.is_locked]
        if not numbers or route.vehicle_id in stays.vehicles:
            continue
        plate = route.vehicle.plate
        if plate not in problem.owner_of:
            notes.append(f"{', '.join(numbers)} can't stay on {plate}, which can't be used on this day.")
            continue
        asked = tuple(one for one in numbers if one in problem.visit_index)
        if asked:
            kept.append(engine.Stay(plate, asked, engine.Keep.VEHICLE))
    return tuple(kept), tuple(notes)


def current_of(route: Route, problem: engine.Problem, *, without: str = "") -> engine.Current:
    """A route as it stands, of the deliveries that the problem is about; trips are numbered anew."""
    stops = [
        stop
        for stop in route.stops.all()
        if stop.delivery.number in problem.visit_index and stop.delivery.number != without
    ]
    trips = sorted({stop.trip for stop in stops})
    return engine.Current(
        route.vehicle.plate,
        tuple(stop.delivery.number for stop in stops),
        tuple(trips.index(stop.trip) + 1 for stop in stops),
    )


def vehicles_out(day: date) -> frozenset[UUID]:
    """Vehicles that were reported out of service for a day, at any of the shipper's sites; one query."""
    reports = Disruption.objects.filter(kind=Disruption.Kind.VEHICLE_OUT, plan__day=day)
    return frozenset(reports.filter(vehicle__isnull=False).values_list("vehicle_id", flat=True))


def vehicles_declined(day: date) -> frozenset[UUID]:
    """Vehicles that were asked for in tenders of a day which nobody took and nothing settled; one query."""
    declines = Disruption.objects.filter(kind=Disruption.Kind.TENDER_DECLINED, plan__day=day, settled_at=None)
    return frozenset(declines.filter(vehicle__isnull=False).values_list("vehicle_id", flat=True))


def stops_of(plan: RoutePlan) -> Iterable[Stop]:
    """Every stop of a plan, route by route."""
    return (stop for route in plan.routes.all() for stop in route.stops.all())


def still_agreed(stop: Stop, visit: Visit) -> bool:
    """Whether the appointment is what the stop was planned for."""
    appointment = visit.appointment
    return (
        appointment is not None
        and appointment.state == Agreed.CONFIRMED
        and appointment.pk == stop.appointment_id
        and appointment.dock_id == stop.dock_id
        and (appointment.during.lower, appointment.during.upper) == (stop.slot.lower, stop.slot.upper)
    )


def copied(kept: Kept, plan: RoutePlan, number: int) -> tuple[Route, list[Stop]]:
    """New rows that say the same in ``plan``; a stop that no longer stays is driven past as planned."""
    route = copy_of(
        kept.route, plan=plan, number=number, carrier=kept.route.carrier, vehicle=kept.route.vehicle
    )
    before = list(kept.route.stops.all())
    staying = {stop.pk for stop in kept.stops}
    gone = [leg for leg, stop in enumerate(before) if stop.pk not in staying]
    route.segments = _without(route.segments, gone)
    route.around = [
        {**one, "leg": one["leg"] - sum(leg < one["leg"] for leg in gone)} for one in route.around
    ]
    stops: list[Stop] = []
    passed = 0
    for stop in before:
        if stop.pk in staying:
            stops.append(
                copy_of(
                    stop,
                    route=route,
                    delivery=stop.delivery,
                    position=len(stops) + 1,
                    distance_m=stop.distance_m + passed,
                )
            )
            passed = 0
        else:
            passed += stop.distance_m
    return route, stops


def copy_of(row: Row, **changed: object) -> Row:
    """An unsaved row with the same facts, under a key of its own."""
    facts = {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in {"id", "created_at", *changed}
    }
    return type(row)(**facts, **changed)


def _without(segments: Sequence[dict[str, object]], legs: Sequence[int]) -> list[dict[str, object]]:
    """The segments without the services of ``legs``: the vehicle passes, the legs around them become one."""
    told = []
    for one in segments:
        leg = int(str(one["leg"]))
        is_service = one["activity"] == "service"
        changed = {**one, "leg": leg - sum(gone < leg for gone in legs)}
        told.append({**changed, "activity": "wait"} if is_service and leg in legs else changed)
    return told


def _under_way(published: RoutePlan, agreed: dict[UUID, Visit], out: frozenset[UUID]) -> Iterable[Kept]:
    for route in published.routes.all():
        stops = list(route.stops.all())
        if not any(stop.delivery.state in HAS_LEFT for stop in stops):
            continue
        staying = [
            stop
            for stop in stops
            if stop.delivery.state in HAS_LEFT
            or (route.vehicle_id not in out and still_agreed(stop, agreed[stop.delivery_id]))
        ]
        yield Kept(route, tuple(staying), under_way=True)


def _why_not(
    route: Route,
    agreed: dict[UUID, Visit],
    out: frozenset[UUID],
    declined: frozenset[UUID],
    taken: set[UUID],
) -> str:
    if route.vehicle_id in out:
        return f"{route.vehicle.plate} is out of service"
    if route.vehicle_id in declined:
        return f"{route.carrier.name} did not take it with {route.vehicle.plate}"
    if not (route.vehicle.active and route.carrier.active):
        return f"{route.vehicle.plate} of {route.carrier.name} is no longer active"
    gone = [
        stop.delivery.number
        for stop in route.stops.all()
        if stop.delivery_id in taken or not still_agreed(stop, agreed[stop.delivery_id])
    ]
    return f"what was agreed for {', '.join(gone)} has changed" if gone else ""
