"""One shipper site and day as the engine is asked: gathers what the shipper's schema and the network know.

Reads only; everything the answer needs to be stored again is kept beside the question.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings

from apps.carriers.models import EmissionZone, Vehicle
from apps.facilities.models import Site
from apps.routing import engine
from apps.routing.days import LocalDay
from apps.routing.depots import Depots, depots_of
from apps.routing.fleet import Fleet, gather_fleet
from apps.routing.models import RoutePlan
from apps.routing.roads import travel_provider
from apps.routing.selectors import published_plan
from apps.routing.standing import NOTHING_STANDS, Standing, current_of, locked_stops, standing
from apps.routing.visits import LeftOut, PlannedVisit, Visits, gather_visits
from apps.routing.ways import arounds
from apps.routing.worth import penalties

ITERATIONS = 2_000
"""Of each round; see ``benchmarks.routing`` for how long a day of 50 deliveries takes."""

SECONDS_AT_MOST = 100.0
"""Far more than the iterations of most days need; a search that hits it says so in its notes. A day of 1,000
has its plan, checked, within two minutes."""


@dataclass(frozen=True)
class DayProblem:
    """The question to the engine, and what its names stand for: visits by number, vehicles by plate, depots
    by their sites' codes.

    ``shut`` are the emission zones that a vehicle may not enter and that ways of the day would lead through,
    by its plate. ``also`` are the ways to the site that was asked about besides and back from it, for each
    kind of vehicle as in ``Problem.every_travel``.
    """

    site: Site
    day: LocalDay
    problem: engine.Problem
    visits: Mapping[str, PlannedVisit]
    vehicles: Mapping[str, Vehicle]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]
    standing: Standing = NOTHING_STANDS
    zones: Mapping[UUID, frozenset[str]] = field(default_factory=dict)
    depots: Mapping[str, Site] = field(default_factory=dict)
    shut: Mapping[str, tuple[EmissionZone, ...]] = field(default_factory=dict)
    also: tuple[tuple[engine.Ways, engine.Ways], ...] = ()

    @property
    def sha256(self) -> str:
        """Hex digest of the question: equal for equal questions, whoever asks and whenever."""
        return problem_sha256(self.problem)


def gather(
    *,
    site: Site,
    day: date,
    seed: int = 1,
    now: datetime | None = None,
    basis: RoutePlan | None = None,
    repairs: bool = False,
    also: tuple[Site, frozenset[str]] | None = None,
    travel: engine.TravelProvider | None = None,
) -> DayProblem:
    """The routing problem of one of the shipper's own sites, and of those planned with it, and a day in that
    site's zone; 25 queries, 7 more with several sites, 7 more where routes may stay.

    Ids in the problem are what people call things: deliveries' numbers, plates, carriers' names, the site's
    code. ``travel`` knows distances; without it the router does, or great circles. Routes under way
    in the plan in force, and routes locked in ``basis``, are no part of the question; stops locked in it stay
    on their vehicles. With ``repairs`` the search starts from ``basis``, and what comes to another vehicle
    has a price. Nobody leaves before ``now``. ``also`` is a site, with classes of dangerous goods, that the
    fleet has to be fit to be asked about though nothing goes there yet.

    Raises:
        CurrenciesMixed: the day's tariffs are in several currencies.
    """
    depots = depots_of(site)
    site = depots.lead
    local = LocalDay(day, site.time_zone)
    stays = standing(published_plan(site=site, day=day), basis)
    visits = gather_visits(depots, local, stays.deliveries, now)
    adr = frozenset(one for visit in visits.planned for one in visit.asked.adr)
    to = {visit.delivery.site_id: visit.delivery.site for visit in visits.planned}
    if also is not None:
        to[also[0].pk], adr = also[0], adr | also[1]
    fleet = gather_fleet(depots, local, adr, stays, to.values())
    opens = 0 if now is None else min(max(0, local.seconds(now)), local.seconds(local.end) - 1)
    problem, beyond = _problem(
        depots, local, opens, visits, fleet, seed, travel or travel_provider(), also and also[0]
    )
    locked, unlocked = locked_stops(basis, stays, problem)
    return DayProblem(
        site=site,
        day=local,
        problem=replace(problem, stays=locked, **(_repair_of(basis, stays, problem) if repairs else {})),
        visits={visit.asked.id: visit for visit in visits.planned},
        vehicles=fleet.by_plate,
        left_out=visits.left_out,
        notes=(*stays.notes, *unlocked, *visits.notes, *fleet.notes),
        standing=stays,
        zones=fleet.zones,
        depots={one.code: one for one in depots.sites},
        shut=fleet.shut,
        also=beyond,
    )


def _problem(
    depots: Depots,
    day: LocalDay,
    opens: int,
    visits: Visits,
    fleet: Fleet,
    seed: int,
    travel: engine.TravelProvider,
    also: Site | None,
) -> tuple[engine.Problem, tuple[tuple[engine.Ways, engine.Ways], ...]]:
    """The problem, and the ways between its places and ``also``."""
    points = [engine.Point(site.latitude, site.longitude) for site in depots.sites]
    points += [engine.Point(visit.asked.lat, visit.asked.lon) for visit in visits.planned]
    inside = range(len(points))
    if also is not None:
        points.append(engine.Point(also.latitude, also.longitude))
    matrix = travel.matrix(points)
    around = arounds(matrix, points, fleet.classes, fleet.shut)
    large = len(visits.planned) > engine.LARGE
    problem = engine.Problem(
        depots=tuple(_depot(site, depots, day, opens) for site in depots.sites),
        visits=tuple(
            replace(visit.asked, zones=fleet.zones.get(visit.delivery.site_id, frozenset()))
            for visit in visits.planned
        ),
        fleet=fleet.classes,
        carriers=fleet.carriers,
        travel=matrix.between(inside),
        around=tuple(replace(one, travel=one.travel.between(inside)) for one in around),
        budget=engine.Budget(
            seed=seed,
            iterations=ITERATIONS,
            seconds=SECONDS_AT_MOST,
            workers=settings.ROUTING_WORKERS if large else 1,
        ),
        day_start=day.start,
        zone=day.zone,
        currency=fleet.currency,
    )
    codes = [site.code for site in depots.sites]
    worth = penalties(visits.planned, fleet.classes, codes, problem.travel_of)
    priced = tuple(replace(one, penalty_cents=worth[one.id]) for one in problem.visits)
    kinds = [matrix, *(one.travel for one in around)] if also is not None else []
    return replace(problem, visits=priced), tuple(_to_the_last(one) for one in kinds)


def _to_the_last(travel: engine.TravelMatrix) -> tuple[engine.Ways, engine.Ways]:
    """The ways from every other place to the last one, and back."""
    return (
        (travel.metres[:-1, -1], travel.seconds[:-1, -1]),
        (travel.metres[-1, :-1], travel.seconds[-1, :-1]),
    )


def _depot(site: Site, depots: Depots, day: LocalDay, opens: int) -> engine.Depot:
    """A site with the hours that were entered for it; nobody leaves before ``opens``."""
    first, last = depots.hours.get(site.pk, (None, None))
    own = LocalDay(day.day, site.time_zone)
    closes = day.seconds(day.end if last is None else own.at(last))
    earliest = 0 if first is None else max(0, day.seconds(own.at(first)))
    return engine.Depot(
        id=site.code,
        lat=site.latitude,
        lon=site.longitude,
        opens=min(max(opens, earliest), closes - 1),
        closes=closes,
        name=site.name,
    )


def _repair_of(basis: RoutePlan | None, stays: Standing, problem: engine.Problem) -> dict[str, Any]:
    """The plan that is repaired as the engine's current one, and what a change of vehicle is priced at.

    A delivery comes to another vehicle where that saves more than what one delivery costs in that plan.
    """
    if basis is None:
        return {}
    routes = [one for one in basis.routes.all() if one.vehicle_id not in stays.vehicles]
    now = [current_of(route, problem) for route in routes if route.vehicle.plate in problem.owner_of]
    served = sum(len(route.stops.all()) for route in basis.routes.all())
    return {
        "current": tuple(one for one in now if one.visit_ids),
        "change_cents": basis.cost_cents // served if served else 0,
    }


def problem_sha256(problem: engine.Problem) -> str:
    """SHA-256 of the problem as JSON without blanks; keys and sets are sorted, moments in ISO 8601."""
    text = json.dumps(_plain(problem), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """``value`` in JSON's types."""
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, datetime):
        return value.isoformat()
    return value
