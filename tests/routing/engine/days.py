"""Days on a straight road, where one kilometre takes one minute, so that every answer can be worked out by
hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from apps.routing.engine import (
    Budget,
    Carrier,
    Depot,
    Load,
    Plan,
    Problem,
    Tariff,
    TravelMatrix,
    VehicleClass,
    Visit,
    Window,
)

MINUTE, HOUR = 60, 3600
PER_KM = Tariff(per_km_cents=100)
WHOLE_DAY = Window(0, 24 * HOUR)


def at(hour: int, minute: int = 0) -> int:
    """A time of day in seconds."""
    return hour * HOUR + minute * MINUTE


def visit(
    id: str,
    *,
    pallets: int = 1,
    window: Window = WHOLE_DAY,
    unload: int = 10 * MINUTE,
    **more: object,
) -> Visit:
    """A visit; where it is along the road is told to ``day``."""
    return Visit(id, 0.0, 0.0, Load(pallets), window, unload, **more)  # type: ignore[arg-type]  # free keywords


def vehicles(
    id: str,
    *,
    carrier: str = "swift",
    count: int = 1,
    pallets: int = 10,
    tariff: Tariff = PER_KM,
    **more: object,
) -> VehicleClass:
    """``count`` equal vehicles of a carrier at the depot."""
    ids = tuple(f"{id}-{number}" for number in range(1, count + 1))
    capacity = Load(pallets, 100_000, 100_000)
    return VehicleClass(id, carrier, "depot", ids, capacity, tariff, **more)  # type: ignore[arg-type]  # free keywords


def day(
    kms: Sequence[int],
    visits: Sequence[Visit],
    fleet: Sequence[VehicleClass],
    *,
    caps: dict[str, int] | None = None,
    opens: int = 0,
    closes: int = 24 * HOUR,
    seed: int = 1,
    iterations: int = 60,
) -> Problem:
    """A day with the depot at kilometre 0 and the visits at ``kms`` along the road (negative ones the other
    way)."""
    road = np.array([0, *kms])
    apart = np.abs(road[:, None] - road[None, :])
    names = dict.fromkeys(one.carrier_id for one in fleet)
    return Problem(
        depots=(Depot("depot", 0.0, 0.0, opens, closes),),
        visits=tuple(replace(one, lon=km / 111) for one, km in zip(visits, kms, strict=True)),
        fleet=tuple(fleet),
        carriers=tuple(Carrier(name, (caps or {}).get(name)) for name in names),
        travel=TravelMatrix(apart * 1000, apart * MINUTE, "a straight road"),
        budget=Budget(seed=seed, iterations=iterations),
        day_start=datetime(2026, 3, 2, tzinfo=UTC),
    )


def routes_of(plan: Plan) -> list[tuple[str, tuple[str, ...]]]:
    """Each route as vehicle class and visits in order."""
    return sorted((route.class_id, tuple(stop.visit_id for stop in route.stops)) for route in plan.routes)


def left_out(plan: Plan) -> dict[str, list[str]]:
    """The codes of the reasons for each visit left out."""
    return {one.visit_id: [reason.code for reason in one.reasons] for one in plan.unassigned}
