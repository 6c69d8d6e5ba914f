"""Which vehicle may serve which visit, and in one sentence why not. Time is not a matter for this module."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.problem import Load, Problem, VehicleClass, Visit
from apps.routing.engine.rules import Rule
from apps.routing.engine.wording import listing


class Refusal(NamedTuple):
    """A rule that keeps a vehicle from a visit, and the sentence that says so."""

    rule: Rule
    sentence: str


def refusals(visit: Visit, vehicle: VehicleClass) -> tuple[Refusal, ...]:
    """Every rule by which ``vehicle`` may not serve ``visit``; empty when it may."""
    return tuple(
        Refusal(rule, sentence) for rule, says in _RULES if (sentence := says(visit, vehicle)) is not None
    )


def compatible(problem: Problem) -> NDArray[np.bool_]:
    """Whether each visit may be served by each vehicle class, visits × classes."""
    return np.array(
        [[not refusals(visit, vehicle) for vehicle in problem.fleet] for visit in problem.visits],
        dtype=np.bool_,
    ).reshape(len(problem.visits), len(problem.fleet))


def excess(load: Load, capacity: Load) -> str:
    """What is too much about ``load``, as ``14 pallets on 10``; empty when it fits."""
    pairs = zip(load.amounts, capacity.amounts, ("pallets", "kg", "litres"), strict=True)
    too_much = [f"{amount} {unit} on {limit}" for amount, limit, unit in pairs if amount > limit]
    return listing(too_much) if too_much else ""


def _length(visit: Visit, vehicle: VehicleClass) -> str | None:
    if visit.max_length_m is None or vehicle.length_m <= visit.max_length_m:
        return None
    return f"vehicle is {vehicle.length_m:.1f} m long, the dock takes at most {visit.max_length_m:.1f} m"


def _height(visit: Visit, vehicle: VehicleClass) -> str | None:
    if visit.max_height_m is None or vehicle.height_m <= visit.max_height_m:
        return None
    return f"vehicle is {vehicle.height_m:.1f} m high, the dock takes at most {visit.max_height_m:.1f} m"


def _weight(visit: Visit, vehicle: VehicleClass) -> str | None:
    if visit.max_weight_kg is None or vehicle.weight_kg <= visit.max_weight_kg:
        return None
    return f"vehicle weighs up to {vehicle.weight_kg} kg, the dock takes at most {visit.max_weight_kg} kg"


def _tail_lift(visit: Visit, vehicle: VehicleClass) -> str | None:
    if not visit.needs_tail_lift or vehicle.tail_lift:
        return None
    return "vehicle has no tail-lift, the dock needs one"


def _temperature(visit: Visit, vehicle: VehicleClass) -> str | None:
    if visit.temperature is None or visit.temperature in vehicle.temperatures:
        return None
    return f"goods are {visit.temperature}, vehicle carries {_named(vehicle.temperatures)}"


def _adr(visit: Visit, vehicle: VehicleClass) -> str | None:
    return _missing("goods are of ADR class", visit.adr, "vehicle is approved for", vehicle.adr)


def _equipment(visit: Visit, vehicle: VehicleClass) -> str | None:
    return _missing("the dock needs", visit.equipment, "vehicle has", vehicle.equipment)


def _origin(visit: Visit, vehicle: VehicleClass) -> str | None:
    if not visit.origins or vehicle.depot_id in visit.origins:
        return None
    return f"vehicle starts at {vehicle.depot_id}, the goods are at {_named(visit.origins)}"


def _zone(visit: Visit, vehicle: VehicleClass) -> str | None:
    barred = visit.zones & vehicle.barred_zones
    return f"vehicle may not enter the zone {_named(barred)}" if barred else None


def _capacity(visit: Visit, vehicle: VehicleClass) -> str | None:
    too_much = excess(visit.load, vehicle.capacity)
    return f"the load alone is too much for the vehicle: {too_much}" if too_much else None


def _missing(need: str, wanted: Collection[str], offer: str, present: Collection[str]) -> str | None:
    if set(wanted) <= set(present):
        return None
    return f"{need} {_named(wanted)}, {offer} {_named(present)}"


def _named(words: Collection[str]) -> str:
    return listing(sorted(words)) if words else "none"


_RULES: tuple[tuple[Rule, Callable[[Visit, VehicleClass], str | None]], ...] = (
    (Rule.LENGTH, _length),
    (Rule.HEIGHT, _height),
    (Rule.WEIGHT, _weight),
    (Rule.TAIL_LIFT, _tail_lift),
    (Rule.TEMPERATURE, _temperature),
    (Rule.ADR, _adr),
    (Rule.EQUIPMENT, _equipment),
    (Rule.ORIGIN, _origin),
    (Rule.ZONE, _zone),
    (Rule.CAPACITY, _capacity),
)
