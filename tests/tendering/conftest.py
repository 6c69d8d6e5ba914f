"""Acme's day in force with one route, and three carriers that could drive it at different prices."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import time_machine
from django.core import mail

from apps.accounts.actors import Actor
from apps.carriers.models import Carrier
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.routing.models import Route, RoutePlan
from apps.routing.services import publish_plan
from apps.tendering.models import Tender, Tendering
from tests.factories.cast import NOW
from tests.routing.conftest import (
    RIGID,
    agree,
    in_between,
    make_carrier,
    order,
    own_keys_and_store,
    planned,
    short_search,
    warehouse,
)

__all__ = ["agree", "in_between", "order", "own_keys_and_store", "planned", "short_search", "warehouse"]

FIRST, SECOND, THIRD = "Amber Lines", "Basalt Freight", "Cobalt Cargo"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    """The worker reads the clock: it stands at the tests' moment."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def carriers(warehouse: Site) -> dict[str, Carrier]:
    """Three carriers, the dearer the later in the alphabet, each with one rigid truck and a driver."""
    made = {}
    for name, per_route in ((FIRST, 80_000), (SECOND, 90_000), (THIRD, 100_000)):
        made[name] = make_carrier(name, RIGID, drivers=(f"{name} Driver",), per_route=per_route)
        Carrier.objects.filter(name=name).update(email=f"{name[:5].lower()}@carriers.example")
    return made


@pytest.fixture
def draft(
    carriers: dict[str, Carrier],
    northern_site: Site,
    order: Callable[..., Delivery],
    agree: Callable[..., Delivery],
    planned: Callable[[], RoutePlan],
) -> RoutePlan:
    """One delivery on one route, planned with the cheapest of the carriers."""
    agree(order(northern_site), "Dock 1", "09:00")
    return planned()


@dataclass
class Tendered:
    """A route in force, its search, and the tenders by carrier as they are now."""

    plan: RoutePlan
    route: Route

    @property
    def search(self) -> Tendering:
        return self.route.tenderings.order_by("-number")[0]

    def tender(self, name: str) -> Tender:
        return self.search.tenders.get(carrier__name=name)

    @property
    def states(self) -> dict[str, str]:
        rows = self.search.tenders.order_by("rank").values_list("carrier__name", "state")
        return dict(rows)

    def now(self) -> Route:
        return Route.objects.select_related("carrier", "vehicle", "driver").get(pk=self.route.pk)


@pytest.fixture
def tendered(draft: RoutePlan, alice: Actor, drain: Callable[[], int]) -> Tendered:
    """The plan is in force, the first carrier was asked and mailed."""
    plan = publish_plan(actor=alice, plan_id=draft.pk, now=NOW)
    mail.outbox.clear()
    drain()
    return Tendered(plan, plan.routes.get())


def links_of(address: str) -> list[str]:
    """The tokens of the links that were mailed to ``address``, the newest last."""
    bodies = [str(message.body) for message in mail.outbox if message.to == [address]]
    return [body.split("/tender/")[1].split("/")[0] for body in bodies if "/tender/" in body]


LATER = NOW + timedelta(minutes=61)
"""After the time to answer."""
