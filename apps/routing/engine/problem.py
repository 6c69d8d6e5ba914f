"""What the engine is asked: one shipper's day as plain values, and whether the question makes sense.

Units, everywhere in the engine:

* times: whole seconds since the plan's ``day_start`` (an instant in UTC; local midnight of the depot is the
natural
  choice), never negative; intervals are half-open ``[start, end)``;
* distances: whole metres; vehicle and dock dimensions: metres; weights: kilograms; volume: litres (1 m³ =
1000 l), so
  that the three loads are integers and their sums exact;
* money: whole cents of one currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

DAY = 24 * 3600
DEFAULT_PENALTY_CENTS = 10_000_000
"""Cost of leaving out a delivery that nobody ranked: far above any day of one lorry, so that it is served if
it can be."""


class InvalidProblem(ValueError):
    """The question makes no sense; ``faults`` says why, one sentence each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Window:
    """``[start, end)`` in seconds."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Load:
    """What a visit brings, or what a vehicle can carry, in the three capacities."""

    pallets: int = 0
    kg: int = 0
    litres: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(self.pallets + other.pallets, self.kg + other.kg, self.litres + other.litres)

    def fits(self, capacity: Load) -> bool:
        """Whether this load is within ``capacity`` in every dimension."""
        return self.pallets <= capacity.pallets and self.kg <= capacity.kg and self.litres <= capacity.litres

    @property
    def amounts(self) -> tuple[int, int, int]:
        """Pallets, kg and litres, in this order."""
        return (self.pallets, self.kg, self.litres)


@dataclass(frozen=True, slots=True)
class Depot:
    """A shipper's site where routes begin and end; nobody leaves before ``opens`` or returns after
    ``closes``."""

    id: str
    lat: float
    lon: float
    opens: int = 0
    closes: int = DAY
    name: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One delivery as the engine sees it: where, what, when, and what the dock accepts.

    ``window`` is the booked slot and hard: unloading starts inside it and is over by its end. A vehicle may
    arrive earlier and wait. A limit of ``None`` means that the dock has none. ``origins`` names the depots
    that stock the goods; empty means any. ``penalty_cents`` is what leaving this visit out costs, so a higher
    one is a higher priority.
    """

    id: str
    lat: float
    lon: float
    load: Load
    window: Window
    service_seconds: int
    max_length_m: float | None = None
    max_height_m: float | None = None
    max_weight_kg: int | None = None
    needs_tail_lift: bool = False
    temperature: str | None = None
    adr: frozenset[str] = frozenset()
    equipment: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    penalty_cents: int = DEFAULT_PENALTY_CENTS
    name: str = ""

    @property
    def latest_start(self) -> int:
        """The last second at which unloading may start so that it is over by the window's end."""
        return self.window.end - max(self.service_seconds, 1)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a carrier charges for one route; hours count from leaving the depot until the return, breaks
    included."""

    fixed_cents: int = 0
    per_km_cents: int = 0
    per_hour_cents: int = 0
    per_stop_cents: int = 0
    per_pallet_cents: int = 0
    minimum_cents: int = 0


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """Interchangeable vehicles of one carrier at one depot; each drives at most one route.

    ``shift`` bounds departure and return; ``max_duty_seconds`` the time between them. ``weight_kg`` is the
    laden weight that a dock's limit is held against.
    """

    id: str
    carrier_id: str
    depot_id: str
    vehicle_ids: tuple[str, ...]
    capacity: Load
    tariff: Tariff
    shift: Window = Window(0, DAY)
    max_duty_seconds: int | None = None
    length_m: float = 0.0
    height_m: float = 0.0
    weight_kg: int = 0
    tail_lift: bool = False
    temperatures: frozenset[str] = frozenset()
    adr: frozenset[str] = frozenset()
    equipment: frozenset[str] = frozenset()
    name: str = ""

    @property
    def label(self) -> str:
        """The name people use, or the id where there is none."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier and how many routes it takes on this day; ``None`` means as many as it has vehicles."""

    id: str
    max_routes: int | None = None
    name: str = ""

    @property
    def label(self) -> str:
        """The name people use, or the id where there is none."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class DrivingRules:
    """A driver's limits within one day. The defaults are Regulation (EC) No 561/2006, Articles 6(1) and 7.

    After ``before_break`` seconds at the wheel a break of ``full_break`` is due; it may be split into
    ``first_part`` and then ``second_part``. ``per_day`` bounds the driving of the whole route.
    """

    before_break: int = 16_200
    full_break: int = 2_700
    first_part: int = 900
    second_part: int = 1_800
    per_day: int = 32_400


@dataclass(frozen=True, slots=True)
class Budget:
    """How long to search. Equal ``seed`` and ``iterations`` give equal plans, provided ``seconds`` is not
    what ended it."""

    seed: int = 1
    iterations: int | None = 2_000
    seconds: float | None = None


@dataclass(frozen=True, eq=False, slots=True)
class TravelMatrix:
    """Metres and seconds from each place to each other, ``int64``, places × places, zero on the diagonal.

    Places are numbered depots first, then visits, in the problem's order. ``source`` says who computed them.
    """

    metres: NDArray[np.int64]
    seconds: NDArray[np.int64]
    source: str = "given"


@dataclass(frozen=True, eq=False)
class Problem:
    """One shipper's day. ``day_start`` and ``zone`` only serve to say times in words as people on site read
    them."""

    depots: tuple[Depot, ...]
    visits: tuple[Visit, ...]
    fleet: tuple[VehicleClass, ...]
    carriers: tuple[Carrier, ...]
    travel: TravelMatrix
    driving: DrivingRules = DrivingRules()
    budget: Budget = Budget()
    day_start: datetime = field(default=datetime(1970, 1, 1, tzinfo=UTC))
    zone: str = "UTC"
    currency: str = "EUR"

    @cached_property
    def depot_index(self) -> Mapping[str, int]:
        """Number of each depot, which is its place in the travel matrix too."""
        return {depot.id: number for number, depot in enumerate(self.depots)}

    @cached_property
    def visit_index(self) -> Mapping[str, int]:
        """Number of each visit among the visits."""
        return {visit.id: number for number, visit in enumerate(self.visits)}

    @cached_property
    def carrier_by_id(self) -> Mapping[str, Carrier]:
        """Each carrier by its id."""
        return {carrier.id: carrier for carrier in self.carriers}

    def place(self, visit: int) -> int:
        """Where visit number ``visit`` stands in the travel matrix."""
        return len(self.depots) + visit

    def depot_of(self, vehicle: VehicleClass) -> Depot:
        """The depot at which ``vehicle`` begins and ends."""
        return self.depots[self.depot_index[vehicle.depot_id]]


def validate(problem: Problem) -> None:
    """Refuse a problem that cannot be meant.

    Raises:
        InvalidProblem: with one sentence for every fault found.
    """
    faults = tuple(_faults(problem))
    if faults:
        raise InvalidProblem(faults)


def _faults(problem: Problem) -> Iterator[str]:
    yield from _identity_faults(problem)
    yield from _travel_faults(problem)
    for depot in problem.depots:
        if not 0 <= depot.opens < depot.closes:
            yield f"Depot {depot.id} closes before it opens."
    for visit in problem.visits:
        yield from _visit_faults(visit)
    for vehicle in problem.fleet:
        yield from _vehicle_faults(problem, vehicle)
    for carrier in problem.carriers:
        if carrier.max_routes is not None and carrier.max_routes < 0:
            yield f"Carrier {carrier.id} has a negative number of routes."
    budget = problem.budget
    if budget.iterations is None and budget.seconds is None:
        yield "The budget names neither iterations nor seconds, so the search would never end."


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
        for repeated in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"{word} {repeated} is named twice."


def _travel_faults(problem: Problem) -> Iterator[str]:
    places = len(problem.depots) + len(problem.visits)
    for word, matrix in (("distances", problem.travel.metres), ("travel times", problem.travel.seconds)):
        if matrix.shape != (places, places):
            yield f"The matrix of {word} is {matrix.shape}, but there are {places} places."
        elif (matrix < 0).any():
            yield f"The matrix of {word} has negative entries."
        elif np.diagonal(matrix).any():
            yield f"The matrix of {word} is not zero on its diagonal."


def _visit_faults(visit: Visit) -> Iterator[str]:
    if not (-90 <= visit.lat <= 90 and -180 <= visit.lon <= 180):
        yield f"Visit {visit.id} has no usable coordinates."
    if not 0 <= visit.window.start < visit.window.end:
        yield f"The window of visit {visit.id} ends before it starts."
    if visit.service_seconds < 0:
        yield f"Visit {visit.id} has a negative unloading time."
    if min(visit.load.amounts) < 0:
        yield f"Visit {visit.id} has a negative load."
    if visit.penalty_cents < 0:
        yield f"Visit {visit.id} has a negative penalty."


def _vehicle_faults(problem: Problem, vehicle: VehicleClass) -> Iterator[str]:
    if vehicle.depot_id not in problem.depot_index:
        yield f"Vehicle class {vehicle.id} stands at the unknown depot {vehicle.depot_id}."
    if vehicle.carrier_id not in problem.carrier_by_id:
        yield f"Vehicle class {vehicle.id} belongs to the unknown carrier {vehicle.carrier_id}."
    if not vehicle.vehicle_ids:
        yield f"Vehicle class {vehicle.id} has no vehicle."
    if vehicle.capacity.pallets <= 0 or min(vehicle.capacity.amounts) < 0:
        yield f"Vehicle class {vehicle.id} has no capacity."
    if not 0 <= vehicle.shift.start < vehicle.shift.end:
        yield f"The shift of vehicle class {vehicle.id} ends before it starts."
    tariff = vehicle.tariff
    if min(tariff.fixed_cents, tariff.per_km_cents, tariff.per_hour_cents) < 0 or (
        min(tariff.per_stop_cents, tariff.per_pallet_cents, tariff.minimum_cents) < 0
    ):
        yield f"The tariff of vehicle class {vehicle.id} has a negative price."
