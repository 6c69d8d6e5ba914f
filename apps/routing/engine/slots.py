"""What one more visit would cost at each of several slots, on a plan that stands and without moving anybody.

Every place on every route is priced for every slot at once, without breaks, never above the truth;
then the cheapest places of each slot are timed with breaks until no other can be cheaper.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.candidate import (
    RELOAD,
    Candidate,
    RouteBook,
    lateness,
    order_of,
    served,
    trips,
)
from apps.routing.engine.frame import Frame, Opening, Timing
from apps.routing.engine.gaps import LONG, Gap, Reach, StandingRoute, Table, Ways, gaps_of
from apps.routing.engine.insertion import full_carriers
from apps.routing.engine.problem import Current, Keep, Problem, Visit, Window
from apps.routing.engine.repair import split
from apps.routing.engine.result import Plan
from apps.routing.engine.spans import (
    leaves_from,
    ready_by,
    with_stops,
)
from apps.routing.engine.tariffs import price
from apps.routing.engine.timing import quick_timing

TRIED = 12
"""So many places, the most promising, are timed with breaks for each slot."""


@dataclass(frozen=True, slots=True)
class SlotCost:
    """What serving the visit in ``slot`` would add to the plan's cost, in cents, and how.

    ``None`` cents: no vehicle can without moving another visit. ``vehicle_id`` names the vehicle that would
    come, already on a route (``on_route``) or still free, and unloading would begin at ``start``; its route
    gets ``seconds`` longer. ``route`` is the number of that route among those that stand, from 1.
    """

    slot: Window
    cents: int | None
    class_id: str = ""
    vehicle_id: str = ""
    on_route: bool = False
    start: int | None = None
    route: int | None = None
    seconds: int = 0


class StandingPlan:
    """Routes that stand, prepared once, so that many visits and slots can be priced on them.

    Frozen routes and what has to come first on a route take nothing in. ``problem`` is the one that the
    routes answer, split (``repair.split``) where it has locks.
    """

    def __init__(self, problem: Problem, routes: Sequence[StandingRoute]) -> None:
        self.problem = problem
        self._closed = _closed(problem)
        self._routes = [*routes, *self._free(routes)]
        self._gaps = [
            gap
            for number, route in enumerate(self._routes)
            if (first := self._closed.get(route.vehicle, 0)) is not None
            for gap in gaps_of(problem, number, route, first)
        ]
        self._table = Table(self._gaps, self._routes, problem)
        self._loaded = [
            (one.vehicle, sum(problem.visits[visit].load.pallets for visit in served(one.order)))
            for one in routes
        ]

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
            took = route.end - route.start
            found.append(StandingRoute(order, number, route.vehicle_id, frame, route.metres, cents, took))
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
                took = timed.timing.end - timed.timing.start
                found.append(
                    StandingRoute(order, number, route.vehicle_id, timed.frame, timed.metres, cents, took)
                )
            else:
                frame = book.frame(order, number)
                shut = replace(frame, back=frame.leaves - 1)
                found.append(StandingRoute(order, number, route.vehicle_id, shut, 0, 0, 0))
        return cls(inside, found)

    @classmethod
    def of_candidates(cls, book: RouteBook, routes: Sequence[Candidate]) -> StandingPlan:
        """Routes that are not written down yet; vehicles of a class are all the same."""
        standing = [
            StandingRoute(
                one.order,
                one.vehicle,
                "",
                one.frame,
                one.metres,
                one.cost.total + sum(one.late_cents),
                one.timing.end - one.timing.start,
            )
            for one in routes
        ]
        return cls(book.problem, standing)

    def costs(
        self,
        visit: Visit,
        there: Ways,
        back: Ways,
        slots: Sequence[Window],
        around: Sequence[tuple[Ways, Ways]] = (),
    ) -> tuple[SlotCost, ...]:
        """What ``visit`` would cost in each of ``slots``, in their order; its own window is not looked at.

        ``there`` are metres and seconds from each place of the problem to the visit, ``back`` those from the
        visit to each place; places are numbered as in the travel matrix. ``around`` are the same two for each
        of the problem's ``around``. A price is never below the truth: breaks are put where a pass over the
        route finds room.
        """
        kinds = [(there, back), *around]
        if len(kinds) != len(self.problem.every_travel):
            raise ValueError("the ways to the visit are not those of every kind of vehicle")
        return self._costs(visit, Reach(kinds), slots)

    def _costs(self, visit: Visit, reach: Reach, slots: Sequence[Window]) -> tuple[SlotCost, ...]:
        bounds = self._table.lower_bounds(visit, reach, slots)
        full = full_carriers(self.problem, self._loaded, visit.load.pallets)
        if full:
            bounds[[self._carrier_of(gap) in full for gap in self._gaps]] = np.inf
        return tuple(self._cheapest(visit, reach, slot, bounds[:, k]) for k, slot in enumerate(slots))

    def costs_of_known(self, number: int, slots: Sequence[Window]) -> tuple[SlotCost, ...]:
        """``costs`` for a visit of the problem itself that is on no route, by number."""
        place = self.problem.place(number)
        kinds = [
            ((one.metres[:, place], one.seconds[:, place]), (one.metres[place], one.seconds[place]))
            for one in self.problem.every_travel
        ]
        return self._costs(self.problem.visits[number], Reach(kinds), slots)

    def _carrier_of(self, gap: Gap) -> str:
        return self.problem.fleet[self._routes[gap.route].vehicle].carrier_id

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
                leaves=leaves_from(problem, offer),
                back=min(problem.depot_of(offer).closes, offer.shift.end),
                duty=LONG if offer.max_duty_seconds is None else offer.max_duty_seconds,
                driving=problem.driving,
            )
            yield StandingRoute((), number, left[0] if left else "", frame, 0, 0, 0)

    def _cheapest(
        self,
        visit: Visit,
        reach: Reach,
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
            found = self._timed(visit, reach, slot, gap)
            if found is not None and found[0] < best:
                best, start, longer = found
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
                    seconds=longer,
                )
        return answer

    def _timed(self, visit: Visit, reach: Reach, slot: Window, gap: Gap) -> tuple[int, int, int] | None:
        """Extra cents, start of unloading and extra seconds, with breaks; None when it can't be driven."""
        route = self._routes[gap.route]
        offer = self.problem.fleet[route.vehicle]
        kind = self.problem.kind_of(offer)
        legs = self.problem.every_travel[kind].seconds
        last_start = slot.end - max(visit.service_seconds, 1)
        first = int(reach.to[1][kind, gap.source])
        pieces = [(first, Opening(slot.start, last_start, last_start), visit.service_seconds)]
        last = int(reach.away[1][kind, gap.target])
        if gap.reload_before or gap.reload_after:
            depot, takes = self.problem.depot_of(offer), offer.reload_seconds
            closes = depot.closes - takes
            if gap.reload_before:
                opens = max(depot.opens, visit.ready - takes)
                way = int(legs[self._place_before(route, gap.position), gap.source])
                pieces = [(way, Opening(opens, closes, closes), takes), *pieces]
            else:
                ready = max(self.problem.visits[one].ready for one in trips(route.order)[0])
                opens = max(depot.opens, ready - takes)
                pieces = [*pieces, (last, Opening(opens, closes, closes), takes)]
                last = int(legs[gap.target, self._place_after(route, gap.position)])
        frame = with_stops(route.frame, gap.position, pieces, last)
        if gap.reload_after:
            frame = replace(frame, leaves=max(leaves_from(self.problem, offer), visit.ready))
        elif not gap.reload_before and visit.ready:
            ready_frame = ready_by(frame, route.order[: gap.position], visit.ready)
            if ready_frame is None:
                return None
            frame = ready_frame
        timing = quick_timing(frame)
        if not isinstance(timing, Timing):
            return None
        place = gap.position + gap.reload_before
        metres = gap.metres + int(reach.to[0][kind, gap.source]) + int(reach.away[0][kind, gap.target])
        cents = self._price(route, visit, frame, timing, metres)
        return cents - route.cents, timing.starts[place], timing.end - timing.start - route.took

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
        metres: int,
    ) -> int:
        others = served(route.order)
        took = timing.end - timing.start
        working = sum(frame.legs) + sum(frame.service) + sum(pause.length for pause in timing.pauses)
        loads = (self.problem.visits[one].load.pallets for one in others)
        cost = price(
            self.problem.fleet[route.vehicle].tariff,
            metres=metres,
            seconds=took,
            stops=len(others) + 1,
            pallets=sum(loads) + visit.load.pallets,
            waiting=took - working,
        )
        return cost.total + sum(lateness(frame, timing)[1])


def _closed(problem: Problem) -> dict[int, int | None]:
    """Before which stop of a vehicle, by number of its class, nothing may be put in; None: nowhere at all."""
    found: dict[int, int | None] = {}
    for stay in problem.stays:
        if stay.keep is not Keep.VEHICLE:
            number = problem.owner_of[stay.vehicle_id]
            found[number] = None if stay.keep is Keep.ROUTE else len(order_of(problem, stay))
    return found
