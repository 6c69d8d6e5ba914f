"""What leaving a delivery out is priced at in a plan: by its priority, the day's tariffs and the ways."""

from collections.abc import Callable, Iterable

from apps.consignments.models import Priority
from apps.routing import engine
from apps.routing.visits import PlannedVisit

NORMAL_FACTOR = 10
"""A normal delivery is worth so many times the dearest route that could be driven for one alone."""

FIRST_FACTOR = 10
"""One that goes before others is worth so many normal ones."""

CAN_WAIT_PERCENT = 75
"""One that can wait goes where it adds less than this share of the cheapest route for it alone: along with
others, not with a vehicle of its own."""

DEAREST_CENTS = 1_000_000_000
DEAREST_FIRST_CENTS = 4_000_000_000
"""Above these, the solver's numbers could no longer tell a left-out delivery from a forbidden road."""


def penalties(
    planned: Iterable[PlannedVisit],
    fleet: Iterable[engine.VehicleClass],
    depots: Iterable[str],
    travel_of: Callable[[engine.VehicleClass], engine.TravelMatrix],
) -> dict[str, int]:
    """Cents for each delivery by number; ``planned`` and ``depots`` in the order of the places between which
    ``travel_of`` has a class's ways.

    So what can be served is served; of two plans the one that leaves out fewer is the better, and the one
    that leaves out none that goes before others the best. What can wait is left out where it costs more than
    it saves to bring it another day.
    """
    visits, classes = list(planned), list(fleet)
    at = {code: number for number, code in enumerate(depots)}
    normal = _normal(visits, classes, travel_of)
    found = {}
    for place, visit in enumerate(visits, start=len(at)):
        match visit.delivery.priority:
            case Priority.FIRST:
                found[visit.asked.id] = min(normal * FIRST_FACTOR, DEAREST_FIRST_CENTS)
            case Priority.CAN_WAIT:
                alone = (_alone(visit, one, at[one.depot_id], place, travel_of(one)) for one in classes)
                found[visit.asked.id] = min(normal, min(alone, default=normal) * CAN_WAIT_PERCENT // 100)
            case _:
                found[visit.asked.id] = normal
    return found


def _normal(
    visits: Iterable[PlannedVisit],
    classes: Iterable[engine.VehicleClass],
    travel_of: Callable[[engine.VehicleClass], engine.TravelMatrix],
) -> int:
    """Ten times the dearest route that could be driven for one delivery alone, whichever it is."""
    pallets = max((visit.asked.load.pallets for visit in visits), default=0)
    dearest = max(
        (_route(one.tariff, 2 * int(travel_of(one).metres.max()), 24 * 3600, pallets) for one in classes),
        default=0,
    )
    return min(max(engine.DEFAULT_PENALTY_CENTS, NORMAL_FACTOR * dearest), DEAREST_CENTS)


def _alone(
    visit: PlannedVisit, one: engine.VehicleClass, depot: int, place: int, travel: engine.TravelMatrix
) -> int:
    """A route of that class there and back, without breaks and waiting."""
    metres = int(travel.metres[depot, place] + travel.metres[place, depot])
    seconds = int(travel.seconds[depot, place] + travel.seconds[place, depot]) + visit.asked.service_seconds
    return _route(one.tariff, metres, seconds, visit.asked.load.pallets, waits=0)


def _route(tariff: engine.Tariff, metres: int, seconds: int, pallets: int, waits: int | None = None) -> int:
    """What a route with one stop costs; without ``waits`` all of its time is waiting as well."""
    waiting = seconds if waits is None else waits
    cost = (
        tariff.fixed_cents
        + tariff.per_km_cents * metres / 1000
        + (tariff.per_hour_cents * seconds + tariff.per_wait_hour_cents * waiting) / 3600
        + tariff.per_stop_cents
        + tariff.per_pallet_cents * pallets
    )
    return max(tariff.minimum_cents, int(cost))
