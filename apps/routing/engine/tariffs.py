"""What a route costs by a tariff, to the cent."""

from __future__ import annotations

from apps.routing.engine.problem import Tariff
from apps.routing.engine.result import Cost


def price(tariff: Tariff, *, metres: int, seconds: int, stops: int, pallets: int, waiting: int = 0) -> Cost:
    """The charge for one route; each part is rounded half up to the cent, then the minimum charge applies to
    the sum."""
    distance = (metres * tariff.per_km_cents + 500) // 1000
    time = (seconds * tariff.per_hour_cents + 1800) // 3600
    per_stop = stops * tariff.per_stop_cents
    per_pallet = pallets * tariff.per_pallet_cents
    wait = (waiting * tariff.per_wait_hour_cents + 1800) // 3600
    charged = tariff.fixed_cents + distance + time + per_stop + per_pallet + wait
    return Cost(
        fixed=tariff.fixed_cents,
        distance=distance,
        time=time,
        stops=per_stop,
        pallets=per_pallet,
        minimum=max(0, tariff.minimum_cents - charged),
        waiting=wait,
    )
