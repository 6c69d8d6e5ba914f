"""What the planned routes would pay for each start, as minutes that the search weighs against lateness.

How a stop is priced is the routing room's to know; whoever runs the search hands it in.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from apps.accounts.actors import Actor
from apps.appointments.bulk import Ask
from apps.appointments.bulk.options import options_of
from apps.appointments.load import Load, Slot
from apps.appointments.ranking import OFF_THE_ROUTE, ROUTE_MINUTES, RouteCost
from apps.deliveries.models import Delivery

#: The routes' prices of each delivery that has any, by start.
Prices = Mapping[UUID, Mapping[int, RouteCost]]


class Pricing(Protocol):
    """What each of several slots for a delivery would cost on the plan of its day, in their order."""

    def __call__(
        self, *, actor: Actor, delivery: Delivery, load: Load, slots: Sequence[Slot], now: datetime
    ) -> Sequence[RouteCost]: ...


def prices_of(
    asks: Iterable[Ask],
    deliveries: Mapping[UUID, Delivery],
    loads: Mapping[UUID, Load],
    *,
    pricing: Pricing,
    actor: Actor,
    now: datetime,
) -> Prices:
    """The price of every start of every ask whose day is planned, at the dock that the site prefers then."""
    found: dict[UUID, dict[int, RouteCost]] = {}
    for ask in asks:
        slots = _starts(ask)
        costs = pricing(
            actor=actor, delivery=deliveries[ask.id], load=loads[ask.id], slots=list(slots.values()), now=now
        )
        priced = {start: cost for start, cost in zip(slots, costs, strict=True) if cost.planned}
        if priced:
            found[ask.id] = priced
    return found


def weighed(ask: Ask, priced: Mapping[int, RouteCost]) -> Ask:
    """The ask with its routes' prices as minutes: nothing for the cheapest start, an hour for the dearest.

    A start that no planned vehicle can serve comes after all that one can: the slot picker's own scale
    (``ranking``), so both put the same slot first.
    """
    known = [cost.cents for cost in priced.values() if cost.cents is not None]
    cheapest, spread = min(known, default=0), max(known, default=0) - min(known, default=0)

    def minutes(cost: RouteCost) -> int:
        if cost.cents is None:
            return round(OFF_THE_ROUTE)
        return round(ROUTE_MINUTES * (cost.cents - cheapest) / spread) if spread else 0

    return replace(ask, extra={start: minutes(cost) for start, cost in priced.items()})


def _starts(ask: Ask) -> dict[int, Slot]:
    """One slot for each start that the ask could have, in order of time."""
    (options,), _ = options_of([ask])
    first: dict[int, Slot] = {}
    for place in sorted((option.place for option in options), key=lambda place: (place.start, place.lane)):
        moments = (datetime.fromtimestamp(moment, UTC) for moment in (place.start, place.end))
        first.setdefault(place.start, Slot(place.dock_id, *moments))
    return first
