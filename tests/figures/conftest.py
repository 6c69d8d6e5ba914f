"""Acme's deliveries as their figures tell them, with the days of the other rooms' tests."""

from datetime import timedelta

import pytest

from apps.deliveries import services as deliveries
from apps.deliveries.services import Statement
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


@pytest.fixture
def hand_over(unloading, confirmed, otto):
    """``hand_over(*findings)``: an hour after the vehicle came, in the window of what was agreed."""

    def make(*findings):
        statement = Statement(
            released_by="Dan Driver",
            received_by="Otto Ono",
            received_by_role="Dock operator",
            findings=list(findings),
        )
        end = confirmed.during.lower + timedelta(hours=1)
        deliveries.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=end)
        return unloading

    return make
