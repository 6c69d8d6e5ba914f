"""The day as PyVRP sees it, and its answer read back.

The whole tariff is in the objective: fixed cost and what a kilometre and an hour cost are PyVRP's own. Where
stopping costs something too (stop, pallets, a change of the current plan), a profile's "distance" of an arc
is the money for its kilometres plus what stopping at its head costs. Waiting is dearer by the hour than
driving: the hour costs what waiting costs, and arcs are cheaper by the difference. Money is counted in 1/3600
cent, so that cents per hour over whole seconds stay exact. A visit with several openings is a group of
alternatives, a late one of smaller prize. What PyVRP cannot say (breaks, caps over several classes, minimum
charges) comes as ``Assumptions`` from round to round.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyvrp
from numpy.typing import NDArray
from pyvrp.constants import MAX_VALUE

from apps.routing.engine.candidate import RELOAD, Candidate, Order, RouteBook, openings, served, trips
from apps.routing.engine.penalties import Penalties
from apps.routing.engine.problem import Keep, Problem, TravelMatrix, VehicleClass

UNITS_PER_CENT = 3600
METRES_PER_KM = 1000
MONEY = 1
"""The rate of a class whose "distance" is money already."""

Tour = tuple[Order, int]
"""A sequence of visits and the vehicle class that drives it, both by number."""

LATE_BANDS = 3
"""Into so many equal parts lateness is cut for the search; each costs what its end does."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What one round of search takes for granted.

    ``available`` vehicles of each class; ``slow`` classes drive every leg longer by the share that breaks
    take (45 minutes on 4.5 hours), which is enough for breaks anywhere; ``duty`` bounds the seconds of a
    class's routes; ``dear`` classes pay their minimum charge up front.
    """

    available: tuple[int, ...]
    slow: frozenset[int] = frozenset()
    duty: tuple[tuple[int, int], ...] = ()
    dear: frozenset[int] = frozenset()


class Piece(NamedTuple):
    """One way to serve a visit: unloading starts from ``earliest`` to ``latest``, late for ``units``."""

    visit: int
    earliest: int
    latest: int
    units: int


@dataclass(frozen=True, slots=True)
class Model:
    """PyVRP's data, and what each of its numbers stands for.

    ``pieces`` are its clients, ``classes`` its vehicle types; ``prefix`` is what a class has to drive before
    what PyVRP decides; ``surplus`` are the prizes that no solution can collect, in PyVRP's units.
    """

    data: pyvrp.ProblemData
    pieces: tuple[Piece, ...]
    classes: tuple[int, ...]
    prefix: dict[int, Order]
    surplus: int
    penalties: Penalties

    def tours(self, solution: pyvrp.Solution) -> list[Tour]:
        """The routes of a solution."""
        return [self._tour(route) for route in solution.routes()]

    def _tour(self, route: pyvrp.Route) -> Tour:
        number = self.classes[route.vehicle_type()]
        middle = route.schedule()[1:-1]
        order = tuple(self.pieces[one.idx].visit if one.is_client() else RELOAD for one in middle)
        return _tidy((*self.prefix.get(number, ()), *order)), number

    def cents(self, solution: pyvrp.Solution) -> int:
        """What a solution costs."""
        units = (
            solution.distance_cost()
            + solution.duration_cost()
            + solution.fixed_vehicle_cost()
            + solution.uncollected_prizes()
            - self.surplus
        )
        return int(units) // UNITS_PER_CENT

    def solution(self, book: RouteBook, tours: Sequence[Tour]) -> pyvrp.Solution:
        """Tours that stand as a solution, feasible or not; classes and visits that the model doesn't have are
        left out."""
        types = {number: one for one, number in enumerate(self.classes)}
        clients: dict[int, list[int]] = {}
        for client, piece in enumerate(self.pieces):
            clients.setdefault(piece.visit, []).append(client)
        left = {one: self.data.vehicle_type(one).num_available for one in types.values()}
        found = []
        for order, number in tours:
            kind = types.get(number)
            if kind is None or not left[kind]:
                continue
            activities = list(self._activities(book, order, number, clients))
            if activities:
                left[kind] -= 1
                found.append(pyvrp.Route(self.data, activities, kind))
        return pyvrp.Solution(self.data, found)

    def _activities(
        self, book: RouteBook, order: Order, number: int, clients: dict[int, list[int]]
    ) -> Iterator[pyvrp.Activity]:
        reload = self.data.vehicle_type(self.classes.index(number)).reload_depots
        timed = book.candidate(order, number)
        starts = timed.timing.starts if isinstance(timed, Candidate) else (None,) * len(order)
        pending = begun = False
        for place, (visit, start) in enumerate(zip(order, starts, strict=True)):
            if place < len(self.prefix.get(number, ())):
                continue
            if visit == RELOAD:
                pending = begun and bool(reload)
            elif visit in clients:
                if pending:
                    yield pyvrp.Activity(pyvrp.ActivityType.DEPOT, reload[0])
                pending, begun = False, True
                yield pyvrp.Activity(pyvrp.ActivityType.CLIENT, self._way(clients[visit], start))

    def _way(self, ways: list[int], start: int | None) -> int:
        pieces = ((one, self.pieces[one]) for one in ways)
        fitting = [
            one for one, piece in pieces if start is not None and piece.earliest <= start <= piece.latest
        ]
        return (fitting or ways)[0]


def build(
    book: RouteBook,
    visits: Sequence[int],
    assumed: Assumptions,
    *,
    required: bool = False,
    loads_apart: bool = True,
) -> Model | None:
    """The PyVRP model of ``visits`` (by number) under ``assumed``, or ``None`` when no vehicle is to be had.

    Every visit is optional at the price of its penalty, unless all are ``required``. With ``loads_apart`` no
    class goes where the load alone is too much for it; else the search finds that out by its capacities. What
    has to begin a route is no part of it; what has to be one whole is neither.
    """
    problem = book.problem
    kept = {number: kept for number in range(len(problem.fleet)) if (kept := book.kept(number)) is not None}
    prefix = {number: order for number, (order, keep) in kept.items() if keep is Keep.FIRST and order}
    fixed = {visit for order, keep in kept.values() if keep is not Keep.VEHICLE for visit in served(order)}
    free = [visit for visit in visits if visit not in fixed]
    classes = tuple(
        number
        for number, count in enumerate(assumed.available)
        if count
        and not (number in kept and kept[number][1] is Keep.ROUTE)
        and any(book.allowed(visit, number) for visit in free)
    )
    if not classes:
        return None
    pieces = tuple(piece for visit in free for piece in _pieces(problem, visit))
    places = _Places(problem, free, [prefix[number][-1] for number in classes if number in prefix])
    dimensions = _dimensions(problem, free, classes)
    may = book.allowed if loads_apart else book.admitted
    profiles = _Profiles(book, free, places, assumed, may)
    depots = _Depots(book, places)
    vehicle_types = [
        _vehicle_type(book, number, assumed, profiles, dimensions, depots, prefix.get(number, ()))
        for number in classes
    ]
    groups, membership = _groups(pieces, required)
    clients = [
        _client(problem, piece, places, dimensions, membership.get(number), required)
        for number, piece in enumerate(pieces)
    ]
    data = pyvrp.ProblemData(
        locations=places.locations(),
        clients=clients,
        depots=depots.made,
        vehicle_types=vehicle_types,
        distance_matrices=profiles.ways,
        duration_matrices=profiles.seconds,
        groups=groups,
    )
    surplus = sum(one.prize for one in clients) - sum(
        problem.visits[visit].penalty_cents * UNITS_PER_CENT for visit in free
    )
    return Model(data, pieces, classes, prefix, surplus, Penalties.of(data))


def _tidy(order: Order) -> Order:
    """Without returns to the depot that load nothing."""
    parts = [part for part in trips(order) if part]
    joined: list[int] = []
    for part in parts:
        joined += [*([RELOAD] if joined else []), *part]
    return tuple(joined)


def _pieces(problem: Problem, visit: int) -> Iterator[Piece]:
    """The ways to serve a visit that its goods are ready for."""
    ready = problem.visits[visit].ready
    return (piece for piece in _all_pieces(problem, visit) if piece.latest >= ready)


def _all_pieces(problem: Problem, visit: int) -> Iterator[Piece]:
    for opening in openings(problem, visit):
        if opening.earliest <= opening.due:
            yield Piece(visit, opening.earliest, opening.due, 0)
        late = opening.latest - opening.due
        for band in range(LATE_BANDS if late else 0):
            begin = max(opening.due + 1 + late * band // LATE_BANDS, opening.earliest)
            end = opening.due + late * (band + 1) // LATE_BANDS
            if begin <= end:
                yield Piece(visit, begin, end, opening.price(end) * UNITS_PER_CENT)


def _groups(pieces: Sequence[Piece], required: bool) -> tuple[list[pyvrp.ClientGroup], dict[int, int]]:
    """A group for each visit with several pieces, and in which group a client is."""
    ways: dict[int, list[int]] = {}
    for number, piece in enumerate(pieces):
        ways.setdefault(piece.visit, []).append(number)
    several = [clients for clients in ways.values() if len(clients) > 1]
    groups = [pyvrp.ClientGroup(clients, required=required) for clients in several]
    return groups, {client: group for group, clients in enumerate(several) for client in clients}


class _Places:
    """The model's places: depots first, then the visits, then where begun routes go on from."""

    def __init__(self, problem: Problem, visits: Sequence[int], begun: Sequence[int]) -> None:
        self._problem, self._depots = problem, len(problem.depots)
        self._visits = [*visits, *begun]
        self.indices = [*range(self._depots), *(problem.place(visit) for visit in self._visits)]
        self._of = {visit: self._depots + place for place, visit in enumerate(self._visits)}

    def of(self, visit: int) -> int:
        return self._of[visit]

    def locations(self) -> list[pyvrp.Location]:
        problem = self._problem
        found = [pyvrp.Location(x=depot.lon, y=depot.lat) for depot in problem.depots]
        visits = (problem.visits[visit] for visit in self._visits)
        return found + [pyvrp.Location(x=visit.lon, y=visit.lat) for visit in visits]


class _Depots:
    """PyVRP's depots: the shipper's sites, and where vehicles load again or go on from."""

    def __init__(self, book: RouteBook, places: _Places) -> None:
        self._book, self._places = book, places
        self.made = [
            pyvrp.Depot(location=place, tw_early=depot.opens, tw_late=depot.closes)
            for place, depot in enumerate(book.problem.depots)
        ]
        self._reloads: dict[tuple[int, int], int] = {}

    def home(self, offer: VehicleClass) -> int:
        return self._book.problem.depot_index[offer.depot_id]

    def reloading(self, offer: VehicleClass) -> int:
        """Where ``offer`` loads again: its depot, with the time that takes."""
        home, takes = self.home(offer), offer.reload_seconds
        if (home, takes) not in self._reloads:
            depot = self._book.problem.depots[home]
            late = max(depot.opens, depot.closes - takes)
            self._reloads[home, takes] = self._add(home, depot.opens, late, takes)
        return self._reloads[home, takes]

    def going_on(self, number: int, prefix: Order) -> int:
        """Where a class is after what its route has to begin with."""
        begun = self._book.candidate(prefix, number)
        free = begun.timing.starts[-1] + begun.frame.service[-1] if isinstance(begun, Candidate) else 0
        return self._add(self._places.of(prefix[-1]), free, np.iinfo(np.int64).max, 0)

    def _add(self, place: int, early: int, late: int, takes: int) -> int:
        self.made.append(pyvrp.Depot(location=place, tw_early=early, tw_late=late, service_duration=takes))
        return len(self.made) - 1


def _dimensions(problem: Problem, visits: Sequence[int], classes: Sequence[int]) -> tuple[int, ...]:
    """The capacities that can bind at all; the search need not look at the others."""
    total = [sum(problem.visits[visit].load.amounts[unit] for visit in visits) for unit in range(3)]
    room = [
        min((problem.fleet[one].capacity.amounts[unit] for one in classes), default=0) for unit in range(3)
    ]
    return tuple(unit for unit in range(3) if total[unit] > room[unit])


def _client(
    problem: Problem,
    piece: Piece,
    places: _Places,
    dimensions: tuple[int, ...],
    group: int | None,
    required: bool,
) -> pyvrp.Client:
    one = problem.visits[piece.visit]
    return pyvrp.Client(
        location=places.of(piece.visit),
        delivery=[one.load.amounts[unit] for unit in dimensions],
        service_duration=one.service_seconds,
        tw_early=piece.earliest,
        tw_late=piece.latest,
        release_time=one.ready,
        prize=max(0, one.penalty_cents * UNITS_PER_CENT - piece.units),
        required=required and group is None,
        group=group,
    )


def _vehicle_type(
    book: RouteBook,
    number: int,
    assumed: Assumptions,
    profiles: _Profiles,
    dimensions: tuple[int, ...],
    depots: _Depots,
    prefix: Order,
) -> pyvrp.VehicleType:
    offer, tariff = book.problem.fleet[number], book.problem.fleet[number].tariff
    duties = [dict(assumed.duty).get(number), offer.max_duty_seconds]
    fixed = max(tariff.fixed_cents, tariff.minimum_cents) if number in assumed.dear else tariff.fixed_cents
    carried = book.load(trips(prefix)[-1]).amounts
    hourly = tariff.per_hour_cents + tariff.per_wait_hour_cents
    again = offer.max_trips - len(trips(prefix))
    return pyvrp.VehicleType(
        num_available=assumed.available[number],
        capacity=[max(0, offer.capacity.amounts[unit] - carried[unit]) for unit in dimensions],
        start_depot=depots.going_on(number, prefix) if prefix else depots.home(offer),
        end_depot=depots.home(offer),
        fixed_cost=0 if prefix else fixed * UNITS_PER_CENT,
        tw_early=offer.shift.start if prefix else max(offer.shift.start, book.problem.now),
        tw_late=max(offer.shift.end, book.problem.now),
        shift_duration=min((duty for duty in duties if duty is not None), default=np.iinfo(np.int64).max),
        unit_distance_cost=profiles.rate(offer),
        unit_duration_cost=hourly * UNITS_PER_CENT // 3600,
        profile=profiles.of(number),
        reload_depots=[depots.reloading(offer)] if again > 0 else [],
        max_reloads=max(0, again),
        name=offer.id,
    )


class _Profiles:
    """One pair of matrices for all classes that drive the same ways at the same speed to the same docks.

    A class that pays for kilometres and hours alone has metres for its "distance" and a rate for them, so
    that classes of other prices share its matrix; those of nine classes, 200 × 200 each, made a search slower
    by half.
    """

    def __init__(
        self,
        book: RouteBook,
        visits: Sequence[int],
        places: _Places,
        assumed: Assumptions,
        may: Callable[[int, int], bool],
    ) -> None:
        self._book, self._visits, self._assumed, self._may = book, visits, assumed, may
        self._here = places.indices
        self._between: dict[int, TravelMatrix] = {}
        self._slow: dict[int, NDArray[np.int64]] = {}
        rates = (self.rate(offer) for offer in book.problem.fleet)
        self._lowest = min((rate for rate in rates if rate > MONEY), default=MONEY)
        self._known: dict[tuple[object, ...], int] = {}
        self.ways: list[Any] = []  # arrays of int64; PyVRP's stubs ask for a type that NumPy does not have
        self.seconds: list[Any] = []

    def rate(self, offer: VehicleClass) -> int:
        """What PyVRP is to charge for a metre; ``MONEY`` where stopping costs something too, or where it
        would be a fraction: then "distance" is what the way costs."""
        tariff = offer.tariff
        units = tariff.per_km_cents * UNITS_PER_CENT
        for_stops = tariff.per_stop_cents or tariff.per_pallet_cents or tariff.per_wait_hour_cents
        whole = units > 0 and units % METRES_PER_KM == 0
        return units // METRES_PER_KM if whole and not for_stops and not self._moving else MONEY

    @property
    def _moving(self) -> int:
        return self._book.problem.change_cents

    def of(self, number: int) -> int:
        """The profile of a vehicle class, made when it is the first of its kind."""
        offer = self._book.problem.fleet[number]
        depots = len(self._book.problem.depots)
        allowed = np.ones(len(self._here), dtype=np.bool_)
        for place, visit in enumerate(self._visits, start=depots):
            allowed[place] = self._may(visit, number)
        moves = self._moves(offer)
        tariff, slow = offer.tariff, number in self._assumed.slow
        kind = self._book.problem.kind_of(offer)
        price = (
            tariff.per_km_cents,
            tariff.per_stop_cents,
            tariff.per_pallet_cents,
            tariff.per_wait_hour_cents,
        )
        by_metres = self.rate(offer) > MONEY
        key = (kind, allowed.tobytes(), moves.tobytes(), slow, None if by_metres else price)
        if key not in self._known:
            self._known[key] = len(self.ways)
            between = self._ways_between(kind)
            seconds = self._with_breaks(kind) if slow else between.seconds
            ways = between.metres.copy() if by_metres else self._costs(offer, moves, between.metres, seconds)
            ways[:, ~allowed] = ways[~allowed, :] = -(-MAX_VALUE // self._lowest) if by_metres else MAX_VALUE
            np.fill_diagonal(ways, 0)
            self.ways.append(ways)
            self.seconds.append(seconds)
        return self._known[key]

    def _moves(self, offer: VehicleClass) -> NDArray[np.int64]:
        """What each visit costs for being the current plan's on another vehicle, in cents."""
        problem = self._book.problem
        if not problem.change_cents:
            return np.zeros(len(self._visits), dtype=np.int64)
        now = (problem.vehicle_now.get(problem.visits[visit].id) for visit in self._visits)
        moved = [vehicle is not None and vehicle not in offer.vehicle_ids for vehicle in now]
        return np.array(moved, dtype=np.int64) * problem.change_cents

    def _costs(
        self,
        offer: VehicleClass,
        moves: NDArray[np.int64],
        metres: NDArray[np.int64],
        seconds: NDArray[np.int64],
    ) -> NDArray[np.int64]:
        """What each way costs with the stop at its head."""
        problem, tariff = self._book.problem, offer.tariff
        visits = [problem.visits[visit] for visit in self._visits]
        costs: NDArray[np.int64] = metres * (tariff.per_km_cents * UNITS_PER_CENT) // METRES_PER_KM
        stops = [tariff.per_stop_cents + tariff.per_pallet_cents * one.load.pallets for one in visits]
        heads = slice(len(problem.depots), len(problem.depots) + len(visits))
        costs[:, heads] += (np.array(stops, dtype=np.int64) + moves) * UNITS_PER_CENT
        if tariff.per_wait_hour_cents:
            per_second = tariff.per_wait_hour_cents * UNITS_PER_CENT // 3600
            costs -= seconds * per_second
            costs[:, heads] -= np.array([one.service_seconds for one in visits], dtype=np.int64) * per_second
            np.maximum(costs, 0, out=costs)
        return costs

    def _ways_between(self, kind: int) -> TravelMatrix:
        """The ways of one kind of vehicle between the model's places."""
        if kind not in self._between:
            self._between[kind] = self._book.problem.every_travel[kind].between(self._here)
        return self._between[kind]

    def _with_breaks(self, kind: int) -> NDArray[np.int64]:
        if kind not in self._slow:
            driving = self._book.problem.driving
            share = 1 + driving.full_break / driving.before_break
            self._slow[kind] = np.ceil(self._ways_between(kind).seconds * share).astype(np.int64)
        return self._slow[kind]
