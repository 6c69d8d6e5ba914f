"""Between the engine's plan and its rows: written down in moments and keys, read back as the engine said it.

What is read back is what the independent checker judges before anything is stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, astuple, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.models import Appointment
from apps.routing import engine
from apps.routing.days import LocalDay
from apps.routing.models import Route, RoutePlan, Stop, Unassigned
from apps.routing.problems import DayProblem
from apps.routing.standing import copied
from apps.routing.visits import PlannedVisit
from apps.routing.ways import circles_of, detours, notes_on_ways


@dataclass(frozen=True)
class Rows:
    """A plan as rows: each route with its stops in order."""

    plan: RoutePlan
    routes: Sequence[tuple[Route, Sequence[Stop]]]
    unassigned: Sequence[Unassigned]

    def save(self) -> None:
        """Insert all of it; the caller has the transaction."""
        self.plan.save(force_insert=True)
        Route.objects.bulk_create(route for route, _ in self.routes)
        Stop.objects.bulk_create(stop for _, stops in self.routes for stop in stops)
        Unassigned.objects.bulk_create(self.unassigned)


def write_down(
    asked: DayProblem,
    answer: engine.Plan,
    *,
    job_id: UUID | None,
    planned_by: str,
    version: int,
    making: RoutePlan.Making = RoutePlan.Making.PLANNED,
    basis: RoutePlan | None = None,
) -> Rows:
    """The rows of ``answer``, unsaved, and behind them those of the routes that stay as they are.

    What was locked in ``basis`` is locked in them where it is the same vehicle's.
    """
    stays = asked.standing.routes
    plan = RoutePlan(
        site=asked.site,
        day=asked.day.day,
        version=version,
        job_id=job_id,
        planned_by=planned_by,
        making=making,
        basis=basis,
        seed=asked.problem.budget.seed,
        iterations=answer.iterations,
        is_finished=answer.finished,
        cost_cents=answer.route_cost + sum(kept.route.cost_cents for kept in stays),
        penalty_cents=answer.penalty_cost,
        shortfall_cents=answer.shortfall_cost,
        lower_bound_cents=answer.lower_bound + sum(kept.route.cost_cents for kept in stays),
        currency=_currency(asked, basis),
        distance_m=sum(route.metres for route in answer.routes)
        + sum(kept.route.distance_m for kept in stays),
        notes=_notes(asked, answer),
        problem_sha256=asked.sha256,
    )
    routes = [_route_with_stops(asked, plan, planned) for planned in answer.routes]
    further = [copied(kept, plan, number) for number, kept in enumerate(stays, start=len(routes) + 1)]
    _keep_locks(routes, basis)
    return Rows(
        plan=plan,
        routes=[*routes, *further],
        unassigned=[*_left_out_before(asked, plan), *_left_out_by_engine(asked, plan, answer)],
    )


def _currency(asked: DayProblem, basis: RoutePlan | None) -> str:
    """A day on which every vehicle is under way has no tariff left; its money is that of the plan before."""
    nothing_offered = not asked.problem.fleet and asked.standing.routes and basis is not None
    return basis.currency if nothing_offered and basis is not None else asked.problem.currency


def _keep_locks(routes: Iterable[tuple[Route, Sequence[Stop]]], basis: RoutePlan | None) -> None:
    """Stops that were locked on a vehicle stay locked on it."""
    before = {(stop.delivery_id, route.vehicle_id) for route, stop in _locked(basis)}
    for route, stops in routes:
        for stop in stops:
            stop.is_locked = (stop.delivery_id, route.vehicle_id) in before


def _locked(basis: RoutePlan | None) -> Iterable[tuple[Route, Stop]]:
    for route in basis.routes.all() if basis is not None else ():
        yield from ((route, stop) for stop in route.stops.all() if stop.is_locked)


def read_back(asked: DayProblem, rows: Rows) -> engine.Plan:
    """The rows as the engine's plan for the problem that they answer; routes that stay are no part of it."""
    plan, problem = rows.plan, asked.problem
    classes = {plate: offer for offer in problem.fleet for plate in offer.vehicle_ids}
    stays = sum(kept.route.cost_cents for kept in asked.standing.routes)
    on = {stop.delivery.number: route.vehicle.plate for route, stops in rows.routes for stop in stops}
    changed = tuple(visit for visit, plate in problem.vehicle_now.items() if on.get(visit) != plate)
    return engine.Plan(
        routes=tuple(
            _planned_route(asked.day, classes[route.vehicle.plate], route, stops)
            for route, stops in rows.routes
            if route.vehicle.plate in classes
        ),
        unassigned=tuple(
            engine.Unassigned(
                one.delivery.number, tuple(engine.Reason(one.code, text) for text in one.reasons)
            )
            for one in rows.unassigned
            if one.delivery.number in problem.visit_index
        ),
        route_cost=plan.cost_cents - stays,
        penalty_cost=plan.penalty_cents,
        lower_bound=plan.lower_bound_cents - stays,
        finished=plan.is_finished,
        iterations=plan.iterations,
        notes=tuple(plan.notes),
        shortfall_cost=plan.shortfall_cents,
        change_cost=len(changed) * problem.change_cents,
        changed=changed,
    )


def segments_of(route: Route, day: LocalDay) -> tuple[engine.Segment, ...]:
    """The route's activities in seconds since the day's start."""
    return tuple(
        engine.Segment(
            engine.Activity(one["activity"]),
            day.seconds(datetime.fromisoformat(one["start"])),
            day.seconds(datetime.fromisoformat(one["end"])),
            one["leg"],
        )
        for one in route.segments
    )


def _notes(asked: DayProblem, answer: engine.Plan) -> list[str]:
    if asked.problem.visits:
        ways = notes_on_ways(asked.problem, answer.routes, asked.shut)
        return [*answer.notes, *ways, *asked.notes]
    return ["There is nothing to plan: no delivery has a confirmed slot on this day.", *asked.notes]


def _route_with_stops(
    asked: DayProblem, plan: RoutePlan, planned: engine.PlannedRoute
) -> tuple[Route, list[Stop]]:
    moment = asked.day.moment
    vehicle = asked.vehicles[planned.vehicle_id]
    route = Route(
        plan=plan,
        number=planned.number,
        carrier=vehicle.carrier,
        vehicle=vehicle,
        depot=asked.depots[planned.depot_id],
        departs_at=moment(planned.start),
        returns_at=moment(planned.end),
        distance_m=planned.metres,
        cost_cents=planned.cost.total,
        cost_parts=asdict(planned.cost),
        segments=[_segment(asked.day, one) for one in planned.segments],
        around=_around(asked, planned),
    )
    stops = [_stop(asked, route, position, one) for position, one in enumerate(planned.stops, start=1)]
    for before, stop in pairwise(stops):
        if stop.trip > before.trip:
            stop.empty_m = _way_back(asked.problem, planned, before.delivery.number)
    return route, stops


def _way_back(problem: engine.Problem, planned: engine.PlannedRoute, visit_id: str) -> int:
    """Metres from a visit to the depot where the vehicle loads its next trip."""
    places = problem.place(problem.visit_index[visit_id]), problem.depot_index[planned.depot_id]
    offer = problem.fleet[problem.owner_of[planned.vehicle_id]]
    return int(problem.travel_of(offer).metres[places])


def _around(asked: DayProblem, planned: engine.PlannedRoute) -> list[dict[str, Any]]:
    """As ``Route`` says."""
    shut = asked.shut.get(planned.vehicle_id, ())
    return [
        {
            "leg": one.leg,
            "to_depot": one.to_depot,
            "zones": [zone.name for zone in one.zones],
            "land": [[astuple(circle) for circle in circles_of(zone)] for zone in one.zones],
            "metres": one.metres,
            "seconds": one.seconds,
            "bends": [list(bend) for bend in one.bends],
        }
        for one in (detours(asked.problem, planned, shut) if shut else ())
    ]


def _segment(day: LocalDay, one: engine.Segment) -> dict[str, Any]:
    return {
        "activity": one.activity.value,
        "start": day.moment(one.start).isoformat(),
        "end": day.moment(one.end).isoformat(),
        "leg": one.leg,
    }


def _stop(asked: DayProblem, route: Route, position: int, planned: engine.PlannedStop) -> Stop:
    visit, moment = asked.visits[planned.visit_id], asked.day.moment
    return Stop(
        route=route,
        position=position,
        delivery=visit.delivery,
        appointment_id=visit.appointment.pk,
        dock=visit.dock,
        slot=_slot(visit.appointment),
        arrives_at=moment(planned.arrival),
        starts_at=moment(planned.start),
        departs_at=moment(planned.end),
        distance_m=planned.metres,
        trip=planned.trip,
    )


def _slot(appointment: Appointment | None) -> DateTimeTZRange | None:
    if appointment is None or appointment.during is None:
        return None
    return DateTimeTZRange(appointment.during.lower, appointment.during.upper)


def _left_out_before(asked: DayProblem, plan: RoutePlan) -> Iterable[Unassigned]:
    for one in asked.left_out:
        yield Unassigned(
            plan=plan,
            delivery=one.delivery,
            slot=_slot(one.appointment),
            code=one.code,
            reasons=[one.sentence],
        )


def _left_out_by_engine(asked: DayProblem, plan: RoutePlan, answer: engine.Plan) -> Iterable[Unassigned]:
    for one in answer.unassigned:
        visit = asked.visits[one.visit_id]
        yield Unassigned(
            plan=plan,
            delivery=visit.delivery,
            slot=_slot(visit.appointment),
            code=one.reasons[0].code,
            reasons=[reason.sentence for reason in one.reasons],
            details=[*(line for reason in one.reasons for line in reason.details), *visit.promised],
            remedies=[_remedy(asked, visit, remedy) for remedy in one.remedies],
        )


def _remedy(asked: DayProblem, visit: PlannedVisit, one: engine.Remedy) -> dict[str, Any]:
    """As ``Unassigned`` says."""
    classes = {offer.id: offer.label for offer in asked.problem.fleet}
    return {
        "kind": one.kind.value,
        "extra_cents": one.extra_cents,
        "sentence": one.sentence,
        "route": one.route,
        "vehicle": classes.get(one.class_id, one.class_id),
        "seconds": one.seconds,
        "slot": one.slot
        and {
            "dock": str(visit.dock.pk),
            "start": asked.day.moment(one.slot.start).isoformat(),
            "end": asked.day.moment(one.slot.end).isoformat(),
        },
    }


def _planned_route(
    day: LocalDay, offer: engine.VehicleClass, route: Route, stops: Sequence[Stop]
) -> engine.PlannedRoute:
    return engine.PlannedRoute(
        number=route.number,
        carrier_id=route.carrier.name,
        class_id=offer.id,
        vehicle_id=route.vehicle.plate,
        depot_id=offer.depot_id,
        start=day.seconds(route.departs_at),
        end=day.seconds(route.returns_at),
        stops=tuple(
            engine.PlannedStop(
                stop.delivery.number,
                day.seconds(stop.arrives_at),
                day.seconds(stop.starts_at),
                day.seconds(stop.departs_at),
                stop.distance_m,
                stop.trip,
            )
            for stop in stops
        ),
        segments=segments_of(route, day),
        metres=route.distance_m,
        return_metres=route.distance_m - sum(stop.distance_m for stop in stops),
        cost=engine.Cost(**route.cost_parts),
    )
