"""Places for one more stop on routes that stand, and what each would cost at least, all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from apps.routing.engine.candidate import RELOAD, Order, served, trips
from apps.routing.engine.compat import refusals
from apps.routing.engine.frame import Frame
from apps.routing.engine.problem import Load, Problem, Tariff, Visit, Window
from apps.routing.engine.spans import Span, Spans, Whole, heads, join, join_all, leaves_from, tails

LONG = 30 * 86_400
"""Seconds beyond any bound of time."""

Ways = tuple[Whole, Whole]
"""Metres and seconds from each place of a problem to another place, or back."""


class Reach:
    """The ways between the places of a problem and one further place, for each kind of vehicle, in the order
    of ``Problem.every_travel``: ``to`` the place and ``away`` from it, each metres and seconds, kinds ×
    places."""

    def __init__(self, kinds: Sequence[tuple[Ways, Ways]]) -> None:
        self.to, self.away = (
            (np.stack([one[way][0] for one in kinds]), np.stack([one[way][1] for one in kinds]))
            for way in (0, 1)
        )


@dataclass(frozen=True, slots=True)
class StandingRoute:
    """A route of the plan that stands: what is timed about it, how long it takes and what it costs."""

    order: Order
    vehicle: int
    vehicle_id: str
    frame: Frame
    metres: int
    cents: int
    took: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A place for the visit: on which route, before which of its stops, and whether the vehicle loads again
    before it or after it. ``head`` and ``tail`` are the route's parts on either side."""

    route: int
    position: int
    reload_before: bool
    reload_after: bool
    head: Span
    tail: Span
    source: int
    target: int
    metres: int
    driven: int
    worked: int
    room: Load


def gaps_of(problem: Problem, number: int, route: StandingRoute, first: int) -> Iterator[Gap]:
    """Every place on a route, the one with that number, from its stop ``first`` on."""
    frame, order, offer = route.frame, route.order, problem.fleet[route.vehicle]
    home = problem.depot_index[offer.depot_id]
    places = [home, *(home if one == RELOAD else problem.place(one) for one in order), home]
    befores, afters = heads(frame), tails(frame)
    driven, worked = sum(frame.legs), sum(frame.legs) + sum(frame.service)
    travel = problem.travel_of(offer)
    metres = [int(travel.metres[a, b]) for a, b in pairwise(places)]
    rooms = _rooms(problem, order, offer.capacity)
    again = order.count(RELOAD) + 1 < offer.max_trips and bool(order)
    depot = problem.depot_of(offer)
    loading = Span(offer.reload_seconds, depot.opens, max(depot.opens, depot.closes - offer.reload_seconds))
    for position in range(first, len(order) + 1):
        head, tail = befores[position], afters[position]
        source, target = places[position], places[position + 1]
        leg = frame.legs[position]
        plain = Gap(
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
            way = int(travel.seconds[source, home])
            yield replace(
                plain,
                reload_before=True,
                head=join(head, way, loading),
                source=home,
                metres=plain.metres + int(travel.metres[source, home]),
                driven=plain.driven + way,
                worked=plain.worked + way + offer.reload_seconds,
                room=offer.capacity,
            )
        if position == 0:
            way = int(travel.seconds[home, target])
            leaves = leaves_from(problem, offer)
            yield replace(
                plain,
                reload_after=True,
                head=Span(0, leaves, max(leaves, frame.back)),
                tail=join(loading, way, tail),
                target=home,
                metres=plain.metres + int(travel.metres[home, target]),
                driven=plain.driven + way,
                worked=plain.worked + way + offer.reload_seconds,
                room=offer.capacity,
            )


class Table:
    """The gaps as columns, so that all of them are priced at once."""

    def __init__(self, gaps: Sequence[Gap], routes: Sequence[StandingRoute], problem: Problem) -> None:
        self._fleet = problem.fleet
        of = [routes[gap.route] for gap in gaps]

        def column(values: Iterator[int]) -> Whole:
            return np.fromiter(values, dtype=np.int64, count=len(gaps))

        self._vehicle = column(one.vehicle for one in of)
        kinds = [problem.kind_of(offer) for offer in problem.fleet]
        self._kind = column(kinds[one.vehicle] for one in of)
        self._source = column(gap.source for gap in gaps)
        self._target = column(gap.target for gap in gaps)
        self._head = Spans(*(column(gap.head[part] for gap in gaps)[:, None] for part in range(3)))
        self._tail = Spans(*(column(gap.tail[part] for gap in gaps)[:, None] for part in range(3)))
        self._metres = column(gap.metres for gap in gaps)
        self._driven = column(gap.driven for gap in gaps)
        self._worked = column(gap.worked for gap in gaps)
        self._room = [column(gap.room.amounts[unit] for gap in gaps) for unit in range(3)]
        self._duty = column(min(one.frame.duty, LONG) for one in of)
        self._per_day = column(min(one.frame.driving.per_day, LONG) for one in of)
        self._before_break = column(min(one.frame.driving.before_break, LONG) for one in of)
        self._before = column(one.cents for one in of)
        self._stops = column(len(served(one.order)) + 1 for one in of)
        self._pallets = column(
            sum(problem.visits[visit].load.pallets for visit in served(one.order)) for one in of
        )
        self._tariff = {
            name: column(getattr(problem.fleet[one.vehicle].tariff, name) for one in of)
            for name in Tariff.__dataclass_fields__
        }

    def lower_bounds(self, visit: Visit, reach: Reach, slots: Sequence[Window]) -> NDArray[np.float64]:
        """Cents that each gap adds at least in each slot, gaps × slots; infinite where it is impossible."""
        to_metres, to = (ways[self._kind, self._source] for ways in reach.to)
        away_metres, away = (ways[self._kind, self._target] for ways in reach.away)
        takes = visit.service_seconds
        opens = np.array([[slot.start for slot in slots]], dtype=np.int64)
        shuts = np.array([[slot.end - max(takes, 1) for slot in slots]], dtype=np.int64)
        unloading = Spans(np.full_like(opens, takes), opens, shuts)
        whole = join_all(join_all(self._head, to[:, None], unloading), away[:, None], self._tail)
        took = whole.took
        fits = (whole.earliest <= whole.latest) & (took <= self._duty[:, None])
        fits &= (self._may(visit) & (self._driven + to + away <= self._per_day))[:, None]
        metres = self._metres + to_metres + away_metres
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


def _rooms(problem: Problem, order: Order, capacity: Load) -> list[Load]:
    """The room left on the trip of each position."""
    left = []
    for trip in trips(order):
        loads = [problem.visits[one].load.amounts for one in trip]
        taken = [sum(amounts) for amounts in zip(*loads, strict=True)] or [0, 0, 0]
        room = [have - used for have, used in zip(capacity.amounts, taken, strict=True)]
        left += [Load(*room)] * (len(trip) + 1)
    return left
