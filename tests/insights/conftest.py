"""Acme's day as its control tower sees it, with the days of the delivery, routing and tendering tests."""

from tests.deliveries.conftest import (
    asked,
    confirmed,
    delivery,
    own_keys_and_store,
    secret_of_globex,
    unloading,
)
from tests.routing.conftest import agree, order, planned, short_search, warehouse
from tests.tendering.conftest import carriers, clock, draft, tendered

__all__ = [
    "agree",
    "asked",
    "carriers",
    "clock",
    "confirmed",
    "delivery",
    "draft",
    "order",
    "own_keys_and_store",
    "planned",
    "secret_of_globex",
    "short_search",
    "tendered",
    "unloading",
    "warehouse",
]
