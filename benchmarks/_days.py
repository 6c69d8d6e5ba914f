"""Days made up from a fixed seed around Johannesburg, so that they need no file."""

from __future__ import annotations

import numpy as np

from apps.routing import engine

SEED = 7
HOUR = 3600


def day_of(deliveries: int, vehicles: int, budget: engine.Budget, *, slot: int = HOUR // 2) -> engine.Problem:
    """That many deliveries with slots of ``slot`` seconds, two carriers, one of them capped.

    In half-hour slots they are large and take all of it to unload, in longer ones they are one pallet each
    and take ten minutes.
    """
    random = np.random.default_rng(SEED)
    places = random.normal((-26.2, 28.1), 0.2, (deliveries, 2)).round(4).tolist()
    hours = random.integers(7 * 2, 15 * 2, deliveries).tolist()
    pallets = random.integers(1, 6, deliveries).tolist() if slot <= HOUR // 2 else [1] * deliveries
    takes = HOUR // 2 if slot <= HOUR // 2 else HOUR // 6
    visits = tuple(
        engine.Visit(
            id=f"D{number:02d}",
            lat=lat,
            lon=lon,
            load=engine.Load(pallets=count, kg=300 * count, litres=1000 * count),
            window=engine.Window(half * HOUR // 2, half * HOUR // 2 + slot),
            service_seconds=takes,
        )
        for number, ((lat, lon), half, count) in enumerate(zip(places, hours, pallets, strict=True))
    )
    depot = engine.Depot("depot", -26.14, 28.2)
    points = [engine.Point(depot.lat, depot.lon), *(engine.Point(one.lat, one.lon) for one in visits)]
    own = max(1, vehicles // 6)
    return engine.Problem(
        depots=(depot,),
        visits=visits,
        fleet=(_vehicles("own", own, 90_000, slot), _vehicles("hired", vehicles - own, 120_000, slot)),
        carriers=(engine.Carrier("own", max_routes=max(1, own - 1)), engine.Carrier("hired")),
        travel=engine.GreatCircle().matrix(points),
        budget=budget,
        currency="ZAR",
    )


def _vehicles(carrier: str, count: int, fixed_cents: int, slot: int) -> engine.VehicleClass:
    capacity = engine.Load(12, 8000, 40_000) if slot <= HOUR // 2 else engine.Load(33, 24_000, 90_000)
    return engine.VehicleClass(
        id=carrier,
        carrier_id=carrier,
        depot_id="depot",
        vehicle_ids=tuple(f"{carrier}-{number}" for number in range(count)),
        capacity=capacity,
        tariff=engine.Tariff(fixed_cents=fixed_cents, per_km_cents=1200, per_hour_cents=18_000),
        shift=engine.Window(5 * HOUR, 18 * HOUR),
    )
