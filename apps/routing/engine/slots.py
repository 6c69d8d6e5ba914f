"""What one more visit would cost at each of several slots, on a plan that stands and without moving anybody.

Every place on every route is priced for every slot at once, without breaks, never above the truth;
then the cheapest places of each slot are timed with breaks until no other can be cheaper. The arithmetic of
routes put together from parts is that of time window segments (Vidal et al., 2013).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.candidate import (
    RELOAD,
    Candidate,
    Order,
    RouteBook,
    lateness,
    order_of,
    served,
    trips,
)
from apps.routing.engine.compat import refusals
from apps.routing.engine.frame import Frame, Opening, Timing
from apps.routing.engine.problem import Current, Keep, Load, Problem, Tariff, VehicleClass, Visit, Window
from apps.routing.engine.repair import split
from apps.routing.engine.result import Plan
from apps.routing.engine.tariffs import price
from apps.routing.engine.timing import quick_timing

TRIED = 12
"""So many places, the most promising, are timed with breaks for each slot."""

_LONG = 30 * 86_400
"""Seconds beyond any bound of time."""

Whole = NDArray[np.int64]
Ways = tuple[Whole, Whole]
"""Metres and seconds from each place of a problem to another place, or back."""


@dataclass(frozen=True, slots=True)
class SlotCost:
    """What serving the visit in ``slot`` would add to the plan's cost, in cents, and how.

    ``None`` cents: no vehicle can without moving another visit. ``vehicle_id`` names the vehicle that would
    come, already on a route (``on_route``) or still free, and unloading would begin at ``start``. ``route``
    is the number of that route among those that stand, from 1.
    """

    slot: Window
    cents: int | None
    class_id: str = ""
    vehicle_id: str = ""
    on_route: bool = False
    start: int | None = None
    route: int | None = None


@dataclass(frozen=True, slots=True)
class StandingRoute:
    """A route of the plan that stands: what is timed about it and what it costs, in cents."""

    order: Order
    vehicle: int
    vehicle_id: str
    frame: Frame
    metres: int
    cents: int


class _Span(NamedTuple):
    """A part of a route: its shortest duration, and when it may begin so that it takes no longer."""

    took: int
    earliest: int
    latest: int


class _Spans(NamedTuple):
    """Many parts at once, as columns of ``_Span``."""

    took: Whole
    earliest: Whole
    latest: Whole


@dataclass(frozen=True, slots=True)
class _Gap:
    """A place for the visit: on which route, before which of its stops, and whether the vehicle loads again
    before it or after it. ``head`` and ``tail`` are the route's parts on either side."""

    route: int
    position: int
    reload_before: bool
    reload_after: bool
    head: _Span
    tail: _Span
    source: int
    target: int
    metres: int
    driven: int
    worked: int
    room: Load


class StandingPlan:
    """Routes that stand, prepared once, so that many visits and slots can be priced on them.

    Frozen routes and what has to come first on a route take nothing in. ``problem`` is the one that the
    routes answer, split (``repair.split``) where it has locks.
    """

    def __init__(self, problem: Problem, routes: Sequence[StandingRoute]) -> None:
        self.problem = problem
        self._legs, self._metres = problem.travel.seconds, problem.travel.metres
        self._closed = _closed(problem)
        self._routes = [*routes, *self._free(routes)]
        self._gaps = [gap for number in range(len(self._routes)) for gap in self._gaps_of(number)]
        self._table = _Table(self._gaps, self._routes, problem)

    @classmethod
    def of_plan(cls, problem: Problem, plan: Plan) -> StandingPlan:
        """The routes of ``plan``, an answer to ``problem``."""
        inside = split(problem)
        book = RouteBook(inside)
        found = []
        for route in plan.routes:
            ids = tuple(stop.visit_id for stop in route.stops)
            order = order_of(inside, Current(route.vehicle_id, ids, tuple(stop.trip for stop in route.stops)))
            number = inside.owner_of[route.vehicle_id]
            cents = route.cost.total + sum(stop.late_cents for stop in route.stops)
            frame = book.frame(order, number)
            found.append(StandingRoute(order, number, route.vehicle_id, frame, route.metres, cents))
        return cls(inside, found)

    @classmethod
    def of_current(cls, problem: Problem, routes: Sequence[Current]) -> StandingPlan:
        """Routes by vehicles and visits, timed anew; one that can't be driven as it is takes nothing."""
        inside = split(problem)
        book = RouteBook(inside)
        found = []
        for route in routes:
            order, number = order_of(inside, route), inside.owner_of[route.vehicle_id]
            timed = book.quick(order, number)
            if not isinstance(timed, Candidate):
                timed = book.candidate(order, number)
            if isinstance(timed, Candidate):
                cents = timed.cost.total + sum(timed.late_cents)
                found.append(StandingRoute(order, number, route.vehicle_id, timed.frame, timed.metres, cents))
            else:
                frame = book.frame(order, number)
                shut = replace(frame, back=frame.leaves - 1)
                found.append(StandingRoute(order, number, route.vehicle_id, shut, 0, 0))
        return cls(inside, found)

    @classmethod
    def of_candidates(cls, book: RouteBook, routes: Sequence[Candidate]) -> StandingPlan:
        """Routes that are not written down yet; vehicles of a class are all the same."""
        standing = [
            StandingRoute(
                one.order, one.vehicle, "", one.frame, one.metres, one.cost.total + sum(one.late_cents)
            )
            for one in routes
        ]
        return cls(book.problem, standing)

    def costs(self, visit: Visit, there: Ways, back: Ways, slots: Sequence[Window]) -> tuple[SlotCost, ...]:
        """What ``visit`` would cost in each of ``slots``, in their order; its own window is not looked at.

        ``there`` are metres and seconds from each place of the problem to the visit, ``back`` those from the
        visit to each place; places are numbered as in the travel matrix. A price is never below the truth:
        breaks are put where a pass over the route finds room.
        """
        bounds = self._table.lower_bounds(visit, there, back, slots)
        return tuple(self._cheapest(visit, there, back, slot, bounds[:, k]) for k, slot in enumerate(slots))

    def costs_of_known(self, number: int, slots: Sequence[Window]) -> tuple[SlotCost, ...]:
        """``costs`` for a visit of the problem itself that is on no route, by number."""
        place = self.problem.place(number)
        there = (self._metres[:, place], self._legs[:, place])
        back = (self._metres[place], self._legs[place])
        return self.costs(self.problem.visits[number], there, back, slots)

    def _free(self, routes: Sequence[StandingRoute]) -> Iterator[StandingRoute]:
        """An empty route for each class that has a vehicle left under its carrier's cap."""
        problem = self.problem
        used = Counter(one.vehicle for one in routes)
        named = {one.vehicle_id for one in routes}
        driven = Counter(problem.fleet[one.vehicle].carrier_id for one in routes)
        for number, offer in enumerate(problem.fleet):
            cap = problem.carrier_by_id[offer.carrier_id].max_routes
            left = [one for one in offer.vehicle_ids if one not in named]
            if used[number] >= len(offer.vehicle_ids) or (
                cap is not None and driven[offer.carrier_id] >= cap
            ):
                continue
            if number in self._closed:
                continue
            frame = Frame(
                legs=(0,),
                earliest=(),
                latest=(),
                service=(),
                leaves=_leaves(problem, offer),
                back=min(problem.depot_of(offer).closes, offer.shift.end),
                duty=_LONG if offer.max_duty_seconds is None else offer.max_duty_seconds,
                driving=problem.driving,
            )
            yield StandingRoute((), number, left[0] if left else "", frame, 0, 0)

    def _gaps_of(self, number: int) -> Iterator[_Gap]:
        route = self._routes[number]
        first = self._closed.get(route.vehicle, 0)
        if first is None:
            return
        frame, order, offer = route.frame, route.order, self.problem.fleet[route.vehicle]
        home = self.problem.depot_index[offer.depot_id]
        places = [home, *(home if one == RELOAD else self.problem.place(one) for one in order), home]
        heads, tails = _heads(frame), _tails(frame)
        driven, worked = sum(frame.legs), sum(frame.legs) + sum(frame.service)
        metres = [int(self._metres[a, b]) for a, b in pairwise(places)]
        rooms = _rooms(self.problem, order, offer.capacity)
        again = order.count(RELOAD) + 1 < offer.max_trips and bool(order)
        depot = self.problem.depot_of(offer)
        loading = _Span(
            offer.reload_seconds, depot.opens, max(depot.opens, depot.closes - offer.reload_seconds)
        )
        for position in range(first, len(order) + 1):
            head, tail = heads[position], tails[position]
            source, target = places[position], places[position + 1]
            leg = frame.legs[position]
            plain = _Gap(
                number,
                position,
                reload_before=False,
                reload_after=False,
                head=head,
                tail=tail,
                source=source,
                target=target,
                metres=route.metres - metres[position],
                driven=driven - leg,
                worked=worked - leg,
                room=rooms[position],
            )
            yield plain
            if not again:
                continue
            if position == len(order) or order[position] == RELOAD:
                way = int(self._legs[source, home])
                yield replace(
                    plain,
                    reload_before=True,
                    head=_join(head, way, loading),
                    source=home,
                    metres=plain.metres + int(self._metres[source, home]),
                    driven=plain.driven + way,
                    worked=plain.worked + way + offer.reload_seconds,
                    room=offer.capacity,
                )
            if position == 0:
                way = int(self._legs[home, target])
                leaves = _leaves(self.problem, offer)
                yield replace(
                    plain,
                    reload_after=True,
                    head=_Span(0, leaves, max(leaves, frame.back)),
                    tail=_join(loading, way, tail),
                    target=home,
                    metres=plain.metres + int(self._metres[home, target]),
                    driven=plain.driven + way,
                    worked=plain.worked + way + offer.reload_seconds,
                    room=offer.capacity,
                )

    def _cheapest(
        self,
        visit: Visit,
        there: Ways,
        back: Ways,
        slot: Window,
        bounds: NDArray[np.float64],
    ) -> SlotCost:
        possible = int(np.isfinite(bounds).sum())
        promising = np.argsort(bounds, kind="stable")[: min(possible, TRIED)]
        best, answer = np.inf, SlotCost(slot, None)
        for number in promising:
            if bounds[number] >= best:
                break
            gap = self._gaps[number]
            found = self._timed(visit, there, back, slot, gap)
            if found is not None and found[0] < best:
                best, start = found
                route = self._routes[gap.route]
                offer = self.problem.fleet[route.vehicle]
                answer = SlotCost(
                    slot,
                    best,
                    offer.id,
                    route.vehicle_id,
                    on_route=bool(route.order),
                    start=start,
                    route=gap.route + 1 if route.order else None,
                )
        return answer

    def _timed(
        self, visit: Visit, there: Ways, back: Ways, slot: Window, gap: _Gap
    ) -> tuple[int, int] | None:
        """Extra cents and the start of unloading, with breaks; None when the route can't be driven so."""
        route = self._routes[gap.route]
        offer = self.problem.fleet[route.vehicle]
        last_start = slot.end - max(visit.service_seconds, 1)
        pieces = [
            (int(there[1][gap.source]), Opening(slot.start, last_start, last_start), visit.service_seconds)
        ]
        last = int(back[1][gap.target])
        if gap.reload_before or gap.reload_after:
            depot, takes = self.problem.depot_of(offer), offer.reload_seconds
            closes = depot.closes - takes
            if gap.reload_before:
                opens = max(depot.opens, visit.ready - takes)
                way = int(self._legs[self._place_before(route, gap.position), gap.source])
                pieces = [(way, Opening(opens, closes, closes), takes), *pieces]
            else:
                ready = max(self.problem.visits[one].ready for one in trips(route.order)[0])
                opens = max(depot.opens, ready - takes)
                pieces = [*pieces, (last, Opening(opens, closes, closes), takes)]
                last = int(self._legs[gap.target, self._place_after(route, gap.position)])
        frame = _with_pieces(route.frame, gap.position, pieces, last)
        if gap.reload_after:
            frame = replace(frame, leaves=max(_leaves(self.problem, offer), visit.ready))
        elif not gap.reload_before and visit.ready:
            ready_frame = _ready_by(frame, route.order[: gap.position], visit.ready)
            if ready_frame is None:
                return None
            frame = ready_frame
        timing = quick_timing(frame)
        if not isinstance(timing, Timing):
            return None
        place = gap.position + gap.reload_before
        cents = self._price(route, visit, frame, timing, gap, there, back)
        return cents - route.cents, timing.starts[place]

    def _place_before(self, route: StandingRoute, position: int) -> int:
        home = self.problem.depot_index[self.problem.fleet[route.vehicle].depot_id]
        before = route.order[position - 1] if position else RELOAD
        return home if before == RELOAD else self.problem.place(before)

    def _place_after(self, route: StandingRoute, position: int) -> int:
        home = self.problem.depot_index[self.problem.fleet[route.vehicle].depot_id]
        after = route.order[position] if position < len(route.order) else RELOAD
        return home if after == RELOAD else self.problem.place(after)

    def _price(
        self,
        route: StandingRoute,
        visit: Visit,
        frame: Frame,
        timing: Timing,
        gap: _Gap,
        there: Ways,
        back: Ways,
    ) -> int:
        others = served(route.order)
        took = timing.end - timing.start
        working = sum(frame.legs) + sum(frame.service) + sum(pause.length for pause in timing.pauses)
        loads = (self.problem.visits[one].load.pallets for one in others)
        cost = price(
            self.problem.fleet[route.vehicle].tariff,
            metres=gap.metres + int(there[0][gap.source]) + int(back[0][gap.target]),
            seconds=took,
            stops=len(others) + 1,
            pallets=sum(loads) + visit.load.pallets,
            waiting=took - working,
        )
        return cost.total + sum(lateness(frame, timing)[1])


class _Table:
    """The gaps as columns, so that all of them are priced at once."""

    def __init__(self, gaps: Sequence[_Gap], routes: Sequence[StandingRoute], problem: Problem) -> None:
        self._fleet = problem.fleet
        of = [routes[gap.route] for gap in gaps]

        def column(values: Iterator[int]) -> Whole:
            return np.fromiter(values, dtype=np.int64, count=len(gaps))

        self._vehicle = column(one.vehicle for one in of)
        self._source = column(gap.source for gap in gaps)
        self._target = column(gap.target for gap in gaps)
        self._head = _Spans(*(column(gap.head[part] for gap in gaps)[:, None] for part in range(3)))
        self._tail = _Spans(*(column(gap.tail[part] for gap in gaps)[:, None] for part in range(3)))
        self._metres = column(gap.metres for gap in gaps)
        self._driven = column(gap.driven for gap in gaps)
        self._worked = column(gap.worked for gap in gaps)
        self._room = [column(gap.room.amounts[unit] for gap in gaps) for unit in range(3)]
        self._duty = column(min(one.frame.duty, _LONG) for one in of)
        self._per_day = column(min(one.frame.driving.per_day, _LONG) for one in of)
        self._before_break = column(min(one.frame.driving.before_break, _LONG) for one in of)
        self._before = column(one.cents for one in of)
        self._stops = column(len(served(one.order)) + 1 for one in of)
        self._pallets = column(
            sum(problem.visits[visit].load.pallets for visit in served(one.order)) for one in of
        )
        self._tariff = {
            name: column(getattr(problem.fleet[one.vehicle].tariff, name) for one in of)
            for name in Tariff.__dataclass_fields__
        }

    def lower_bounds(
        self, visit: Visit, there: Ways, back: Ways, slots: Sequence[Window]
    ) -> NDArray[np.float64]:
        """Cents that each gap adds at least in each slot, gaps × slots; infinite where it is impossible."""
        to, away = there[1][self._source], back[1][self._target]
        takes = visit.service_seconds
        opens = np.array([[slot.start for slot in slots]], dtype=np.int64)
        shuts = np.array([[slot.end - max(takes, 1) for slot in slots]], dtype=np.int64)
        unloading = _Spans(np.full_like(opens, takes), opens, shuts)
        whole = _join_all(_join_all(self._head, to[:, None], unloading), away[:, None], self._tail)
        took = whole.took
        fits = (whole.earliest <= whole.latest) & (took <= self._duty[:, None])
        fits &= (self._may(visit) & (self._driven + to + away <= self._per_day))[:, None]
        metres = self._metres + there[0][self._source] + back[0][self._target]
        waiting = took - (self._worked + to + away + takes)[:, None]
        # A break while waiting is not paid as waiting.
        no_break = self._driven + to + away <= self._before_break
        charged = self._charges(visit, metres, took, np.maximum(waiting, 0) * no_break[:, None])
        return np.where(fits, charged - self._before[:, None], np.inf)

    def _may(self, visit: Visit) -> NDArray[np.bool_]:
        takes = np.array([not refusals(visit, offer) for offer in self._fleet], dtype=np.bool_)
        enough = np.ones(len(self._vehicle), dtype=np.bool_)
        for amount, room in zip(visit.load.amounts, self._room, strict=True):
            enough &= amount <= room
        return takes[self._vehicle] & enough if len(takes) else enough

    def _charges(self, visit: Visit, metres: Whole, took: Whole, waiting: Whole) -> Whole:
        """As ``tariffs.price``, for all at once."""
        rate = self._tariff
        flat = (
            rate["fixed_cents"]
            + (metres * rate["per_km_cents"] + 500) // 1000
            + self._stops * rate["per_stop_cents"]
            + (self._pallets + visit.load.pallets) * rate["per_pallet_cents"]
        )
        time = (took * rate["per_hour_cents"][:, None] + 1800) // 3600
        wait = (waiting * rate["per_wait_hour_cents"][:, None] + 1800) // 3600
        charged: Whole = np.maximum(flat[:, None] + time + wait, rate["minimum_cents"][:, None])
        return charged


def _closed(problem: Problem) -> dict[int, int | None]:
    """Before which stop of a vehicle, by number of its class, nothing may be put in; None: nowhere at all."""
    found: dict[int, int | None] = {}
    for stay in problem.stays:
        if stay.keep is not Keep.VEHICLE:
            number = problem.owner_of[stay.vehicle_id]
            found[number] = None if stay.keep is Keep.ROUTE else len(order_of(problem, stay))
    return found


def _leaves(problem: Problem, offer: VehicleClass) -> int:
    """The first moment at which a vehicle that has not left may leave with goods that are ready."""
    return max(problem.depot_of(offer).opens, offer.shift.start, problem.now)


def _heads(frame: Frame) -> list[_Span]:
    """The route up to each stop, that stop included; first the departure alone."""
    latest = frame.back if frame.departed is None else frame.departed
    spans = [_Span(0, frame.leaves, max(latest, frame.leaves))]
    for leg, *stop in zip(frame.legs, frame.service, frame.earliest, frame.latest, strict=False):
        spans.append(_join(spans[-1], leg, _Span(*stop)))
    return spans


def _tails(frame: Frame) -> list[_Span]:
    """The route from each stop on; last the return alone."""
    spans = [_Span(0, frame.leaves, frame.back)]
    stops = list(zip(frame.legs[1:], frame.service, frame.earliest, frame.latest, strict=True))
    for leg, *stop in reversed(stops):
        spans.append(_join(_Span(*stop), leg, spans[-1]))
    return spans[::-1]


def _join(head: _Span, leg: int, tail: _Span) -> _Span:
    """One part after another. A part that begins between its bounds takes its shortest duration; one that
    begins before them waits. Where ``earliest`` is above ``latest`` the two can't follow each other."""
    before = head.took + leg
    wait = max(0, tail.earliest - (head.latest + before))
    earliest = max(tail.earliest - before, head.earliest) - wait
    latest = min(tail.latest - before, head.latest)
    if head.earliest + before > tail.latest or head.earliest > head.latest or tail.earliest > tail.latest:
        latest = earliest - 1
    return _Span(before + wait + tail.took, earliest, latest)


def _join_all(head: _Spans, legs: Whole, tail: _Spans) -> _Spans:
    """``_join`` for columns of parts."""
    before = head.took + legs
    wait = np.maximum(0, tail.earliest - (head.latest + before))
    earliest = np.maximum(tail.earliest - before, head.earliest) - wait
    latest = np.minimum(tail.latest - before, head.latest)
    broken = (head.earliest + before > tail.latest) | (head.earliest > head.latest)
    latest = np.where(broken | (tail.earliest > tail.latest), earliest - 1, latest)
    return _Spans(before + wait + tail.took, earliest, latest)


def _rooms(problem: Problem, order: Order, capacity: Load) -> list[Load]:
    """The room left on the trip of each position."""
    left = []
    for trip in trips(order):
        loads = [problem.visits[one].load.amounts for one in trip]
        taken = [sum(amounts) for amounts in zip(*loads, strict=True)] or [0, 0, 0]
        room = [have - used for have, used in zip(capacity.amounts, taken, strict=True)]
        left += [Load(*room)] * (len(trip) + 1)
    return left


def _with_pieces(frame: Frame, position: int, pieces: Sequence[tuple[int, Opening, int]], last: int) -> Frame:
    """``frame`` with further stops before its stop ``position``, ``last`` being the way on from them."""
    head, tail = slice(None, position), slice(position, None)
    openings = tuple((one,) for _, one, _ in pieces)
    return replace(
        frame,
        legs=(*frame.legs[head], *(leg for leg, _, _ in pieces), last, *frame.legs[position + 1 :]),
        earliest=(*frame.earliest[head], *(one.earliest for _, one, _ in pieces), *frame.earliest[tail]),
        latest=(*frame.latest[head], *(one.latest for _, one, _ in pieces), *frame.latest[tail]),
        service=(*frame.service[head], *(takes for _, _, takes in pieces), *frame.service[tail]),
        openings=(*frame.openings[head], *openings, *frame.openings[tail]) if frame.openings else (),
    )


def _ready_by(frame: Frame, before: Order, ready: int) -> Frame | None:
    """``frame`` leaving or loading for the trip no sooner than its new goods are ready; None when it has
    left."""
    if RELOAD not in before:
        if frame.departed is not None:
            return frame if frame.departed >= ready else None
        return replace(frame, leaves=max(frame.leaves, ready))
    loads = len(before) - 1 - before[::-1].index(RELOAD)
    earliest = list(frame.earliest)
    earliest[loads] = max(earliest[loads], ready - frame.service[loads])
    if earliest[loads] > frame.latest[loads]:
        return None
    openings = list(frame.openings)
    if openings:
        openings[loads] = tuple(
            replace(one, earliest=max(one.earliest, earliest[loads])) for one in openings[loads]
        )
    return replace(frame, earliest=tuple(earliest), openings=tuple(openings))
