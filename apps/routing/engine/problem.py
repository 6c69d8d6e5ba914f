"""What the engine is asked: one shipper's day as plain values.

Units, everywhere in the engine:

* times: whole seconds since the plan's ``day_start`` (an instant in UTC; local midnight of the depot is the
  natural choice), never negative; intervals are half-open ``[start, end)``;
* distances: whole metres; vehicle and dock dimensions: metres; weights: kilograms; volume: litres (1 m³ =
  1000 l), so that the three loads are integers and their sums exact;
* money: whole cents of one currency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
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

    ``window`` is hard: unloading starts inside it and is over by its end; for a booked slot it is the slot.
    A vehicle may arrive earlier and wait. Where no slot is agreed, ``windows`` are the site's receiving
    windows inside ``window``, in order and apart: unloading keeps to one of them, or ends up to
    ``late_seconds`` after it at ``late_cents_per_hour``. A limit of ``None`` means that the dock has none.
    ``zones`` are those the site lies in that a vehicle may be barred from, such as emission zones.
    ``origins`` names the depots that stock the goods; empty means any; no vehicle leaves with them before
    ``ready``. ``penalty_cents`` is what leaving this visit out costs, so a higher one is a higher priority.
    ``alternatives`` are slots that could be proposed to the recipient instead, should this one not be
    kept; where they are not known, any time is tried.
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
    zones: frozenset[str] = frozenset()
    windows: tuple[Window, ...] = ()
    late_seconds: int = 0
    late_cents_per_hour: int = 0
    ready: int = 0
    alternatives: tuple[Window, ...] = ()

    @property
    def latest_start(self) -> int:
        """The last second at which unloading may start so that it is over by the window's end."""
        return self.window.end - max(self.service_seconds, 1)


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a carrier charges for one route; hours count from leaving the depot until the return, breaks
    included. ``per_wait_hour_cents`` comes on top for hours of waiting until a dock takes the vehicle."""

    fixed_cents: int = 0
    per_km_cents: int = 0
    per_hour_cents: int = 0
    per_stop_cents: int = 0
    per_pallet_cents: int = 0
    minimum_cents: int = 0
    per_wait_hour_cents: int = 0


@dataclass(frozen=True, slots=True)
class VehicleClass:
    """Interchangeable vehicles of one carrier at one depot; each drives at most one route.

    ``shift`` bounds departure and return; ``max_duty_seconds`` the time between them. ``weight_kg`` is the
    laden weight that a dock's limit is held against. A route may have up to ``max_trips`` trips: between two
    of them the vehicle is back at its depot and loads for ``reload_seconds``. It enters none of
    ``barred_zones``: it serves nobody there, and drives around those whose land is known
    (``Problem.around``).
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
    barred_zones: frozenset[str] = frozenset()
    max_trips: int = 1
    reload_seconds: int = 0

    @property
    def label(self) -> str:
        """The name people use, or the id where there is none."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier and how many routes and pallets it takes on this day; ``None`` means as many as it has room
    for.

    It was promised ``committed_routes`` and ``committed_pallets``; each route short of that costs
    ``shortfall_cents``, each pallet ``pallet_shortfall_cents``.
    """

    id: str
    max_routes: int | None = None
    name: str = ""
    committed_routes: int = 0
    shortfall_cents: int = 0
    max_pallets: int | None = None
    committed_pallets: int = 0
    pallet_shortfall_cents: int = 0

    @property
    def bounds_nothing(self) -> bool:
        """Neither a cap nor a promise."""
        caps = self.max_routes is None and self.max_pallets is None
        return caps and not self.committed_routes and not self.committed_pallets

    def shortfall(self, routes: int, pallets: int) -> int:
        """What it costs in cents that it gets no more than that."""
        return (
            max(0, self.committed_routes - routes) * self.shortfall_cents
            + max(0, self.committed_pallets - pallets) * self.pallet_shortfall_cents
        )

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
    """How long to search, with how many ``workers`` (threads) side by side. Equal ``seed``, ``iterations``
    and ``workers`` give equal plans, provided ``seconds`` is not what ended it."""

    seed: int = 1
    iterations: int | None = 2_000
    seconds: float | None = None
    workers: int = 1


class Keep(StrEnum):
    """How much of a vehicle's route a new plan has to keep."""

    VEHICLE = "vehicle"
    """These visits stay on this vehicle, in any order, among others."""
    FIRST = "first"
    """These visits, in this order, are the first of this vehicle's route; others may follow."""
    ROUTE = "route"
    """These visits, in this order, are this vehicle's whole route."""


@dataclass(frozen=True, slots=True)
class Stay:
    """What a new plan may not change about one vehicle's route: locked stops, or all of it (frozen).

    ``trips`` says for each visit on which trip it is; without it all are on the first. ``departed`` and
    ``done`` are facts: when the vehicle left its depot, and from when until when it unloaded at the first of
    ``visit_ids`` (not with ``VEHICLE``). Facts are taken over as they are, whatever windows or travel times
    say.
    """

    vehicle_id: str
    visit_ids: tuple[str, ...]
    keep: Keep = Keep.ROUTE
    trips: tuple[int, ...] = ()
    departed: int | None = None
    done: tuple[Window, ...] = ()


@dataclass(frozen=True, slots=True)
class Current:
    """A vehicle's route in the plan that stands: the search starts from it, and leaving it has a price.

    ``trips`` as in ``Stay``.
    """

    vehicle_id: str
    visit_ids: tuple[str, ...]
    trips: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, slots=True)
class TravelMatrix:
    """Metres and seconds from each place to each other, ``int64``, places × places, zero on the diagonal.

    Places are numbered depots first, then visits, in the problem's order. ``source`` says who computed them;
    ``by_road``: along roads whose course between two places is not known.
    """

    metres: NDArray[np.int64]
    seconds: NDArray[np.int64]
    source: str = "given"
    by_road: bool = False

    def between(self, places: Sequence[int]) -> TravelMatrix:
        """The ways between some of the places, in the order given."""
        square = np.ix_(places, places)
        return TravelMatrix(self.metres[square], self.seconds[square], self.source, self.by_road)


@dataclass(frozen=True, eq=False, slots=True)
class Around:
    """The ways of vehicles that may enter none of ``zones`` but every other zone whose land is known, between
    the same places as ``Problem.travel`` and in its stead."""

    zones: frozenset[str]
    travel: TravelMatrix


@dataclass(frozen=True, eq=False)
class Problem:
    """One shipper's day.

    No route leaves before ``now`` unless it has left already. ``current`` is the plan that stands, if any;
    each of its visits that comes to another vehicle or is left out costs ``change_cents``; ``stays`` may not
    change at all. ``day_start`` and ``zone`` only serve to say times in words as people on site read them.
    ``travel`` are the ways of vehicles that may go everywhere; ``around`` has those of the others, one for
    each set of zones with known land that some class is barred from. Ask ``travel_of`` for a vehicle's.
    """

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
    now: int = 0
    stays: tuple[Stay, ...] = ()
    current: tuple[Current, ...] = ()
    change_cents: int = 0
    around: tuple[Around, ...] = ()

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

    @cached_property
    def owner_of(self) -> Mapping[str, int]:
        """Number of the class of each vehicle."""
        return {one: number for number, offer in enumerate(self.fleet) for one in offer.vehicle_ids}

    @cached_property
    def vehicle_now(self) -> Mapping[str, str]:
        """On which vehicle each visit of the current plan is."""
        return {visit: route.vehicle_id for route in self.current for visit in route.visit_ids}

    @cached_property
    def every_travel(self) -> tuple[TravelMatrix, ...]:
        """The ways of each kind of vehicle: of those that may go everywhere, then those of ``around``."""
        return (self.travel, *(one.travel for one in self.around))

    @cached_property
    def _kinds(self) -> Mapping[frozenset[str], int]:
        return {frozenset(): 0} | {one.zones: kind for kind, one in enumerate(self.around, start=1)}

    @cached_property
    def _land(self) -> frozenset[str]:
        """Zones whose land is known."""
        return frozenset(zone for one in self.around for zone in one.zones)

    def knows_ways_of(self, vehicle: VehicleClass) -> bool:
        """Whether ``around`` has the ways of a class that is barred from zones with known land."""
        return vehicle.barred_zones & self._land in self._kinds

    def kind_of(self, vehicle: VehicleClass) -> int:
        """The number of the vehicle's ways in ``every_travel``."""
        return self._kinds[vehicle.barred_zones & self._land]

    def travel_of(self, vehicle: VehicleClass) -> TravelMatrix:
        """The ways that ``vehicle`` drives."""
        return self.every_travel[self.kind_of(vehicle)]

    def with_visits(self, numbers: Sequence[int]) -> Problem:
        """The problem with some of its visits only, by number, and the ways between them; what stays and what
        is current is not looked at."""
        places = [*range(len(self.depots)), *(self.place(number) for number in numbers)]
        return replace(
            self,
            visits=tuple(self.visits[number] for number in numbers),
            travel=self.travel.between(places),
            around=tuple(replace(one, travel=one.travel.between(places)) for one in self.around),
        )

    def place(self, visit: int) -> int:
        """Where visit number ``visit`` stands in the travel matrix."""
        return len(self.depots) + visit

    def depot_of(self, vehicle: VehicleClass) -> Depot:
        """The depot at which ``vehicle`` begins and ends."""
        return self.depots[self.depot_index[vehicle.depot_id]]
