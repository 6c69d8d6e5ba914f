"""Whether a question makes sense: what can't be meant at all is refused, a faulty delivery or vehicle is put
aside with the reason, so that one of them doesn't cost everybody the day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite

import numpy as np

from apps.routing.engine.problem import (
    Current,
    InvalidProblem,
    Keep,
    Problem,
    Stay,
    VehicleClass,
    Visit,
)
from apps.routing.engine.result import Reason, Unassigned

DEAREST_CENTS = 4_000_000_000
"""Above it the solver's numbers could no longer tell a visit left out from a forbidden way."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What can be planned of a problem; the visits put aside, each with its reasons; notes about vehicles."""

    problem: Problem
    left_out: tuple[Unassigned, ...]
    notes: tuple[str, ...]


def sort_out(problem: Problem) -> Sound:
    """``problem`` without its faulty visits and vehicle classes.

    Raises:
        InvalidProblem: with one sentence for every fault that makes the whole question meaningless.
    """
    faults = tuple(_faults(problem))
    if faults:
        raise InvalidProblem(faults)
    left_out = [
        Unassigned(visit.id, reasons)
        for visit in problem.visits
        if (reasons := tuple(_visit_faults(problem, visit)))
    ]
    refused = {offer.id: found for offer in problem.fleet if (found := tuple(_vehicle_faults(offer)))}
    bound = {problem.fleet[problem.owner_of[stay.vehicle_id]].id for stay in problem.stays}
    stuck = tuple(
        f"{one} has locked stops, but {' '.join(refused[one])}" for one in sorted(bound & refused.keys())
    )
    if stuck:
        raise InvalidProblem(stuck)
    names = {offer.id: offer.label for offer in problem.fleet}
    notes = [f"{names[one]} stays out: {' '.join(found)}" for one, found in refused.items()]
    return Sound(
        _without(problem, {one.visit_id for one in left_out}, refused), tuple(left_out), tuple(notes)
    )


def _without(problem: Problem, visits: set[str], classes: dict[str, tuple[str, ...]]) -> Problem:
    if not visits and not classes:
        return problem
    kept = [number for number, visit in enumerate(problem.visits) if visit.id not in visits]
    fleet = tuple(offer for offer in problem.fleet if offer.id not in classes)
    vehicles = {one for offer in fleet for one in offer.vehicle_ids}
    return replace(
        problem.with_visits(kept),
        fleet=fleet,
        stays=tuple(_stay_without(stay, visits) for stay in problem.stays if stay.vehicle_id in vehicles),
        current=tuple(
            _current_without(route, visits) for route in problem.current if route.vehicle_id in vehicles
        ),
    )


def _stay_without(stay: Stay, visits: set[str]) -> Stay:
    kept = [number for number, one in enumerate(stay.visit_ids) if one not in visits]
    return replace(
        stay,
        visit_ids=tuple(stay.visit_ids[number] for number in kept),
        trips=tuple(stay.trips[number] for number in kept) if stay.trips else (),
        done=tuple(stay.done[number] for number in kept if number < len(stay.done)),
    )


def _current_without(route: Current, visits: set[str]) -> Current:
    kept = [number for number, one in enumerate(route.visit_ids) if one not in visits]
    trips = tuple(route.trips[number] for number in kept) if route.trips else ()
    return replace(route, visit_ids=tuple(route.visit_ids[number] for number in kept), trips=trips)


def _faults(problem: Problem) -> Iterator[str]:
    yield from _identity_faults(problem)
    yield from _travel_faults(problem)
    for depot in problem.depots:
        if not 0 <= depot.opens < depot.closes:
            yield f"Depot {depot.id} closes before it opens."
        if not _usable(depot.lat, depot.lon):
            yield f"Depot {depot.id} has no usable coordinates."
    for vehicle in problem.fleet:
        if vehicle.depot_id not in problem.depot_index:
            yield f"Vehicle class {vehicle.id} stands at the unknown depot {vehicle.depot_id}."
        if vehicle.carrier_id not in problem.carrier_by_id:
            yield f"Vehicle class {vehicle.id} belongs to the unknown carrier {vehicle.carrier_id}."
    for carrier in problem.carriers:
        numbers = (carrier.max_routes, carrier.max_pallets, carrier.committed_routes)
        prices = (carrier.committed_pallets, carrier.shortfall_cents, carrier.pallet_shortfall_cents)
        if any((one or 0) < 0 for one in (*numbers, *prices)):
            yield f"Carrier {carrier.id} has a negative number of routes or pallets, or price."
    budget = problem.budget
    if budget.iterations is None and budget.seconds is None:
        yield "The budget names neither iterations nor seconds, so the search would never end."
    if budget.workers < 1:
        yield "The budget names no worker."
    if problem.change_cents < 0:
        yield "A change has a negative price."
    yield from _stay_faults(problem)


def _identity_faults(problem: Problem) -> Iterator[str]:
    if not problem.depots:
        yield "There is no depot."
    for word, ids in (
        ("Depot", [depot.id for depot in problem.depots]),
        ("Visit", [visit.id for visit in problem.visits]),
        ("Vehicle class", [vehicle.id for vehicle in problem.fleet]),
        ("Carrier", [carrier.id for carrier in problem.carriers]),
        ("Vehicle", [one for vehicle in problem.fleet for one in vehicle.vehicle_ids]),
    ):
        for repeated in sorted(one for one, count in Counter(ids).items() if count > 1):
            yield f"{word} {repeated} is named twice."


def _travel_faults(problem: Problem) -> Iterator[str]:
    places = len(problem.depots) + len(problem.visits)
    known = [*range(len(problem.depots))]
    known += [
        problem.place(number) for number, visit in enumerate(problem.visits) if _usable(visit.lat, visit.lon)
    ]
    for travel in problem.every_travel:
        for word, matrix in (("distances", travel.metres), ("travel times", travel.seconds)):
            if matrix.shape != (places, places):
                yield f"The matrix of {word} is {matrix.shape}, but there are {places} places."
            elif (matrix[np.ix_(known, known)] < 0).any():
                yield f"The matrix of {word} has negative entries."
            elif np.diagonal(matrix)[known].any():
                yield f"The matrix of {word} is not zero on its diagonal."
    named = Counter(one.zones for one in problem.around)
    if any(count > 1 or not zones for zones, count in named.items()):
        yield "The ways around the same zones, or around none, are given twice."
    for vehicle in problem.fleet:
        if not problem.knows_ways_of(vehicle):
            yield f"How vehicle class {vehicle.id} drives around its zones is not known."


def _stay_faults(problem: Problem) -> Iterator[str]:
    vehicles = Counter(stay.vehicle_id for stay in problem.stays)
    visits = Counter(one for stay in problem.stays for one in stay.visit_ids)
    planned = Counter(one for route in problem.current for one in route.visit_ids)
    known = {visit.id for visit in problem.visits}
    for stay in problem.stays:
        yield from _facts(stay)
    routes: list[Stay | Current] = [*problem.stays, *problem.current]
    for route in routes:
        if route.trips and (
            len(route.trips) != len(route.visit_ids) or [*route.trips] != sorted(route.trips)
        ):
            yield f"The trips of vehicle {route.vehicle_id} are not numbered in the order of its stops."
    for one in sorted(one for one in vehicles if one not in problem.owner_of):
        yield f"Stops are locked to the unknown vehicle {one}."
    for one in sorted(one for one, count in vehicles.items() if count > 1):
        yield f"Vehicle {one} has two sets of locked stops."
    for one in sorted(one for one in visits.keys() | planned.keys() if one not in known):
        yield f"The unknown visit {one} is locked or in the current plan."
    for one in sorted(one for one in visits.keys() | planned.keys() if max(visits[one], planned[one]) > 1):
        yield f"Visit {one} is locked or currently planned twice."


def _facts(stay: Stay) -> Iterator[str]:
    moments = [] if stay.departed is None else [stay.departed]
    moments += [moment for one in stay.done for moment in (one.start, one.end)]
    if any(later < sooner for sooner, later in pairwise(moments)):
        yield f"What vehicle {stay.vehicle_id} has done is not in the order of time."
    if len(stay.done) > len(stay.visit_ids) or (stay.done and stay.departed is None):
        yield f"Vehicle {stay.vehicle_id} has done more than it had to, or without leaving."
    if stay.departed is not None and stay.keep is Keep.VEHICLE:
        yield f"What vehicle {stay.vehicle_id} has done has to be the beginning of its route or all of it."


def _visit_faults(problem: Problem, visit: Visit) -> Iterator[Reason]:
    if not _usable(visit.lat, visit.lon):
        yield Reason("no-coordinates", "Its site has no usable coordinates, so no way there can be planned.")
    if visit.window.end <= 0:
        yield Reason("past", "Its appointment lies before this day.")
    elif not 0 <= visit.window.start < visit.window.end:
        yield Reason("impossible-slot", "Its slot ends before it starts.")
    if any(one.end <= one.start for one in visit.windows):
        yield Reason("impossible-slot", "One of its receiving windows ends before it starts.")
    if any(later.start < sooner.end for sooner, later in pairwise(visit.windows)):
        yield Reason("impossible-slot", "Its receiving windows overlap.")
    if visit.service_seconds < 0 or visit.late_seconds < 0:
        yield Reason("impossible-time", "Its unloading time is negative.")
    if min(visit.load.amounts) < 0:
        yield Reason("impossible-load", "Its load is negative.")
    if min(visit.penalty_cents, visit.late_cents_per_hour) < 0:
        yield Reason("impossible-price", "Its price of being late or left out is negative.")
    if visit.penalty_cents > DEAREST_CENTS:
        yield Reason("impossible-price", "Its price of being left out is too high to reckon with.")


def _vehicle_faults(vehicle: VehicleClass) -> Iterator[str]:
    if not vehicle.vehicle_ids:
        yield "there is no vehicle of it."
    if vehicle.capacity.pallets <= 0 or min(vehicle.capacity.amounts) < 0:
        yield "it has no capacity."
    if not 0 <= vehicle.shift.start < vehicle.shift.end:
        yield "its shift ends before it starts."
    if vehicle.max_duty_seconds is not None and vehicle.max_duty_seconds <= 0:
        yield "its longest duty is nothing."
    if vehicle.max_trips < 1 or vehicle.reload_seconds < 0:
        yield "it makes no trip."
    tariff = vehicle.tariff
    if (
        min(
            tariff.fixed_cents,
            tariff.per_km_cents,
            tariff.per_hour_cents,
            tariff.per_stop_cents,
            tariff.per_pallet_cents,
            tariff.minimum_cents,
            tariff.per_wait_hour_cents,
        )
        < 0
    ):
        yield "its tariff has a negative price."


def _usable(lat: float, lon: float) -> bool:
    return isfinite(lat) and isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180
