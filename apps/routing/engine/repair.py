"""Planning from a plan that stands: vehicles that are somebody in particular, and what differs afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from apps.routing.engine.problem import Problem, VehicleClass
from apps.routing.engine.result import Change, ChangeKind, Plan, PlannedStop


def split(problem: Problem) -> Problem:
    """``problem`` with a class of its own for each vehicle that has to keep something or whose visits cost
    something to move; the classes of the others keep their names."""
    named = {stay.vehicle_id for stay in problem.stays}
    if problem.change_cents:
        named |= {route.vehicle_id for route in problem.current}
    if not named:
        return problem
    return replace(problem, fleet=tuple(part for offer in problem.fleet for part in _parts(offer, named)))


def _parts(offer: VehicleClass, named: set[str]) -> Iterator[VehicleClass]:
    rest = tuple(one for one in offer.vehicle_ids if one not in named)
    if rest:
        yield replace(offer, vehicle_ids=rest)
    for one in offer.vehicle_ids:
        if one in named:
            yield replace(offer, id=f"{offer.id} · {one}", vehicle_ids=(one,), name=offer.label)


def changed(problem: Problem, plan: Plan) -> tuple[str, ...]:
    """Visits of the current plan that ``plan`` has on another vehicle, or on none."""
    after = {stop.visit_id: route.vehicle_id for route in plan.routes for stop in route.stops}
    return tuple(visit for visit, vehicle in problem.vehicle_now.items() if after.get(visit) != vehicle)


def diff(before: Plan, after: Plan) -> tuple[Change, ...]:
    """Every visit whose vehicle or time of unloading differs, in the order of the visits' ids."""
    was, now = _places(before), _places(after)
    changes = []
    for visit in sorted(was.keys() | now.keys()):
        one, other = was.get(visit), now.get(visit)
        if one is None or other is None:
            kind = ChangeKind.ADDED if one is None else ChangeKind.REMOVED
        elif one[0] != other[0]:
            kind = ChangeKind.MOVED
        elif one[1].start != other[1].start:
            kind = ChangeKind.SHIFTED
        else:
            continue
        changes.append(
            Change(
                kind,
                visit,
                one[0] if one else None,
                other[0] if other else None,
                one[1].start if one else None,
                other[1].start if other else None,
            )
        )
    return tuple(changes)


def _places(plan: Plan) -> dict[str, tuple[str, PlannedStop]]:
    return {stop.visit_id: (route.vehicle_id, stop) for route in plan.routes for stop in route.stops}
