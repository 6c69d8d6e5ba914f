"""Moving a delivery by hand: to another vehicle or place on its route, checked before it is stored."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.core.errors import IllegalTransition
from apps.routing import engine
from apps.routing.errors import MoveRefused, UnknownPlan
from apps.routing.models import RoutePlan, Unassigned
from apps.routing.problems import DayProblem, gather
from apps.routing.selectors import plan_by_id
from apps.routing.services.running import next_version
from apps.routing.standing import copy_of
from apps.routing.stored import read_back, write_down
from apps.routing.wording import counted, listed

MOST_WAYS = 3
"""So many places that would work are named when one does not."""

Orders = dict[str, tuple[str, ...]]
Trips = tuple[int, ...]


@dataclass(frozen=True)
class Weighed:
    """What a move comes to: the stop's number on its new route, and what the day costs more."""

    position: int
    extra_cents: int


@dataclass(frozen=True)
class Choices:
    """Where a delivery can be moved to: plates with how many stops they have without it."""

    number: str
    plate_now: str | None
    stops: Mapping[str, int]
    labels: Mapping[str, str]


def move_choices(*, actor: Actor, plan_id: UUID, delivery_id: UUID, now: datetime) -> Choices:
    """The vehicles that a delivery could be put on, those with a route first.

    Raises: as ``move_delivery``.
    """
    day = _Day(actor, plan_id, delivery_id, now, rule="routing.price")
    others = [plate for plate in day.asked.vehicles if plate not in day.orders]
    plates = [*day.orders, *others]
    return Choices(
        number=day.number,
        plate_now=day.plate_now,
        stops={plate: len(day.without.get(plate, ())) for plate in plates},
        labels={plate: day.asked.vehicles[plate].carrier.name for plate in plates},
    )


def weigh_move(
    *, actor: Actor, plan_id: UUID, delivery_id: UUID, plate: str, position: int | None, now: datetime
) -> Weighed:
    """What moving a delivery to that vehicle would come to; nothing is changed.

    Without a ``position`` (from 1) it is the place that costs least.

    Raises: as ``move_delivery``.
    """
    return _Day(actor, plan_id, delivery_id, now, rule="routing.price").weigh(plate, position)


@transaction.atomic
def move_delivery(
    *, actor: Actor, plan_id: UUID, delivery_id: UUID, plate: str, position: int | None, now: datetime
) -> RoutePlan:
    """Put a delivery on that vehicle as stop number ``position``, as a new draft; all else stays as it is.

    The engine times and prices the routes anew, its checker judges them.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such plan in this schema, or the delivery is not in it.
        IllegalTransition: the plan was replaced.
        MoveRefused: the vehicle can't take it there; says why, and where it would fit.
    """
    day = _Day(actor, plan_id, delivery_id, now)
    weighed = day.weigh(plate, position)
    return day.store(plate, weighed.position, actor)


class _Day:
    """One plan with one delivery in hand: the orders of its vehicles with and without it."""

    def __init__(
        self, actor: Actor, plan_id: UUID, delivery_id: UUID, now: datetime, *, rule: str = "routing.plan"
    ) -> None:
        require(actor, rule)
        self.basis = plan_by_id(plan_id)
        if self.basis.state == RoutePlan.State.REPLACED:
            raise IllegalTransition(
                f"Version {self.basis.version} was replaced; move in the version in force or a draft.",
                state=self.basis.state,
            )
        self.asked = gather(
            site=self.basis.site, day=self.basis.day, seed=self.basis.seed, now=now, basis=self.basis
        )
        stays = self.asked.standing
        self.number, self.plate_now, locked = self._find(delivery_id)
        if delivery_id in stays.deliveries:
            raise MoveRefused(
                f"{self.number} is on a route that is locked or under way. Let a locked route go first; "
                "what is under way stays."
            )
        if locked:
            raise MoveRefused(f"{self.number} is locked on {self.plate_now}. Let it go first.")
        self.orders: Orders = {
            route.vehicle.plate: tuple(stop.delivery.number for stop in route.stops.all())
            for route in self.basis.routes.all()
            if route.vehicle_id not in stays.vehicles
        }
        self.trips: dict[str, float] = {
            stop.delivery.number: stop.trip for route in self.basis.routes.all() for stop in route.stops.all()
        }
        self.without: Orders = {
            plate: tuple(one for one in order if one != self.number) for plate, order in self.orders.items()
        }
        self._require_current()
        self.driver = engine.Driver(self.asked.problem)

    def weigh(self, plate: str, position: int | None) -> Weighed:
        before = self.without.get(plate, ())
        if position is not None and not 1 <= position <= len(before) + 1:
            raise MoveRefused(f"{plate} would have {counted(len(before) + 1, 'stop')}; choose one of them.")
        if plate not in self.asked.vehicles:
            raise MoveRefused(f"{plate} can't be used on this day.{self._ways()}")
        self._require_caps(plate, further_route=not before)
        places = [position] if position is not None else range(1, len(before) + 2)
        weighed = [(best[0], place) for place in places if (best := self._best(plate, place)) is not None]
        if not weighed:
            place = position or len(before) + 1
            why = self.driver.obstacle(plate, self._with(plate, place), self._ways_to_load(plate, place)[0])
            raise MoveRefused(f"{why}{self._ways()}")
        cents, place = min(weighed)
        return Weighed(place, self._cost({**self.without, plate: self._with(plate, place)}, cents, plate))

    def store(self, plate: str, position: int, actor: Actor) -> RoutePlan:
        orders = {**self.without, plate: self._with(plate, position)}
        orders = {one: order for one, order in orders.items() if order}
        best = self._best(plate, position)
        trips = {one: self._trips_of(order) for one, order in orders.items() if one != plate}
        trips |= {plate: best[1]} if best is not None else {}
        asked = _only(self.asked, orders)
        try:
            answer = engine.drive(asked.problem, orders, trips)
        except engine.InvalidProblem as error:
            raise MoveRefused(" ".join(error.faults)) from error
        except engine.EngineFault as error:
            raise MoveRefused(f"The check of the plan refuses it: {error}.") from error
        said = f"{actor.name} moved {self.number} to {plate}, stop {position}" + (
            f", from {self.plate_now}." if self.plate_now else "; it was on no route."
        )
        rows = write_down(
            asked,
            replace(answer, notes=(said, answer.notes[0])),
            job_id=None,
            planned_by=actor.name,
            version=next_version(self.basis.site, self.basis.day),
            making=RoutePlan.Making.MOVED,
            basis=self.basis,
        )
        violations = engine.check(asked.problem, read_back(asked, rows))
        if violations:
            raise MoveRefused(f"The check of the plan refuses it: {violations[0].sentence}.")
        outside = [one for one in self.asked.visits if one not in asked.visits]
        penalty = {visit.id: visit.penalty_cents for visit in self.asked.problem.visits}
        rows.plan.penalty_cents = sum(penalty[one] for one in outside)
        rows = replace(rows, unassigned=[*rows.unassigned, *self._left_out(rows.plan, outside)])
        rows.save()
        return rows.plan

    def _find(self, delivery_id: UUID) -> tuple[str, str | None, bool]:
        for route in self.basis.routes.all():
            for stop in route.stops.all():
                if stop.delivery_id == delivery_id:
                    return stop.delivery.number, route.vehicle.plate, stop.is_locked
        for one in self.basis.unassigned.all():
            if one.delivery_id == delivery_id:
                return one.delivery.number, None, False
        raise UnknownPlan("There is no such delivery in this plan.")

    def _require_current(self) -> None:
        """What the plan relies on still holds, or the engine would be asked about another day."""
        if self.number not in self.asked.visits:
            why = [one.sentence for one in self.asked.left_out if one.delivery.number == self.number]
            raise MoveRefused(" ".join([f"{self.number} can't be put on a route.", *why]))
        gone = [one for order in self.orders.values() for one in order if one not in self.asked.visits]
        lost = [plate for plate, order in self.without.items() if order and plate not in self.asked.vehicles]
        if gone or lost:
            raise MoveRefused(
                f"What version {self.basis.version} relies on has changed ({listed([*gone, *lost])}). "
                "Repair it first, then move."
            )

    def _require_caps(self, plate: str, *, further_route: bool) -> None:
        problem = self.asked.problem
        carrier = problem.carrier_by_id[problem.fleet[problem.owner_of[plate]].carrier_id]
        mine = [
            order
            for one, order in self.without.items()
            if order and problem.fleet[problem.owner_of[one]].carrier_id == carrier.id
        ]
        takes = ""
        if further_route and carrier.max_routes is not None and len(mine) >= carrier.max_routes:
            takes = counted(carrier.max_routes, "route")
        brought = [self.number, *(one for order in mine for one in order)]
        pallets = sum(problem.visits[problem.visit_index[one]].load.pallets for one in brought)
        if carrier.max_pallets is not None and pallets > carrier.max_pallets:
            takes = counted(carrier.max_pallets, "pallet")
        if takes:
            raise MoveRefused(f"{carrier.name} takes {takes} on this day.{self._ways()}")

    def _with(self, plate: str, position: int) -> tuple[str, ...]:
        before = self.without.get(plate, ())
        return (*before[: position - 1], self.number, *before[position - 1 :])

    def _best(self, plate: str, place: int) -> tuple[int, Trips] | None:
        """What the route costs with the delivery at that place, on the trip that costs least; and its
        trips."""
        order = self._with(plate, place)
        found = [
            (cents, trips)
            for trips in self._ways_to_load(plate, place)
            if (cents := self.driver.cents(plate, order, trips)) is not None
        ]
        return min(found, default=None)

    def _ways_to_load(self, plate: str, place: int) -> list[Trips]:
        """The trips of a route with the delivery at that place: on the trip before it, on the one after it,
        or, between two trips, on one of its own."""
        before = [self.trips[one] for one in self.without.get(plate, ())]
        around = list(dict.fromkeys([*before[place - 2 : place - 1], *before[place - 1 : place]] or [1.0]))
        if before and (len(around) == 2 or place in (1, len(before) + 1)):
            around.append(around[0] - 0.5 if place == 1 else around[0] + 0.5)
        return [_numbered([*before[: place - 1], trip, *before[place - 1 :]]) for trip in around]

    def _trips_of(self, order: Sequence[str]) -> Trips:
        return _numbered([self.trips[one] for one in order])

    def _cost(self, orders: Orders, cents: int, plate: str) -> int:
        """How much more the routes that change cost than they do now."""
        now = sum(self._cents(one, self.orders) for one in {plate, self.plate_now})
        left = self._cents(self.plate_now, orders) if self.plate_now not in (None, plate) else 0
        return cents + left - now

    def _cents(self, plate: str | None, orders: Orders) -> int:
        """What one vehicle's route costs; nothing where it has none."""
        order = orders.get(plate, ()) if plate is not None else ()
        if plate is None or not order:
            return 0
        return self.driver.cents(plate, order, self._trips_of(order)) or 0

    def _ways(self) -> str:
        """Where it would fit, the cheapest first, as a sentence; says so when nowhere."""
        fits = sorted(
            (placed[0] - self._cents(plate, self.without), plate, place)
            for plate, order in self.without.items()
            if order or plate == self.plate_now
            for place in range(1, len(order) + 2)
            if self._with(plate, place) != self.orders[plate]
            and (placed := self._best(plate, place)) is not None
        )
        best: dict[str, int] = {}
        for _, other, place in fits:
            best.setdefault(other, place)
        named = [f"{other} as stop {place}" for other, place in best.items()][:MOST_WAYS]
        if named:
            return f" It would fit on {listed(named, 'or')}."
        return " It fits nowhere else on the routes as they are."

    def _left_out(self, plan: RoutePlan, outside: Iterable[str]) -> Iterable[Unassigned]:
        """What the engine was not asked about: as the version before says it, or agreed on since."""
        before = {one.delivery.number: one for one in self.basis.unassigned.all()}
        for number in outside:
            if number in before:
                yield copy_of(before[number], plan=plan, delivery=before[number].delivery)
            else:
                yield Unassigned(
                    plan=plan,
                    delivery=self.asked.visits[number].delivery,
                    slot=self.asked.visits[number].appointment.during,
                    code="agreed-since",
                    reasons=[
                        f"It was agreed on after version {self.basis.version} was planned. "
                        "Move it onto a route, or repair the plan."
                    ],
                )


def _numbered(trips: Sequence[float]) -> Trips:
    """Trips in their order, counted from 1."""
    known = sorted(set(trips))
    return tuple(known.index(one) + 1 for one in trips)


def _only(asked: DayProblem, orders: Orders) -> DayProblem:
    """The question without the deliveries that are on none of ``orders``."""
    problem = asked.problem
    kept = {one for order in orders.values() for one in order}
    numbers = [number for number, visit in enumerate(problem.visits) if visit.id in kept]
    return replace(
        asked,
        problem=replace(problem.with_visits(numbers), stays=(), current=(), change_cents=0),
        visits={number: visit for number, visit in asked.visits.items() if number in kept},
    )
