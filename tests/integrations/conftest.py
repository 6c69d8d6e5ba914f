"""A partner's system with a key at Acme, and a delivery of Acme's that it may speak of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.accounts.actors import Actor, actor_at_shipper
from apps.accounts.models import Person
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import consignments_of
from apps.integrations.services import issue_key
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import asked, confirmed, delivery, own_keys_and_store
from tests.factories.cast import NOW

__all__ = ["asked", "confirmed", "delivery", "own_keys_and_store"]

BASE = "/api/epcis/2.0"


@dataclass
class System:
    """Another system: asks and sends with its token at one host."""

    client: Client

    def get(self, path: str, query: dict[str, Any] | None = None) -> Any:
        return self.client.get(path if path.startswith("http") else f"{BASE}{path}", query)

    def post(self, path: str, body: Any, **headers: str) -> Any:
        return self.client.post(f"{BASE}{path}", body, content_type="application/json", headers=headers)


@pytest.fixture(autouse=True)
def at_the_moment() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def system(acme: Shipper, globex: Shipper) -> Callable[..., System]:
    """``system("epcis.query")``: a system with a new key of Acme's for these scopes, at Acme's host."""
    administrators = {"acme": "ada@acme.example", "globex": "gina@globex.example"}

    def make(*scopes: str, of: str = "acme", at: str | None = None) -> System:
        shipper = {"acme": acme, "globex": globex}[of]
        with doorway.network():
            actor = actor_at_shipper(Person.objects.get(email=administrators[of]), shipper.pk)
        assert actor is not None
        with doorway.enter_shipper(shipper):
            _, token = issue_key(
                actor=actor,
                name="Swift TMS",
                scopes=scopes,
                now=NOW - timedelta(days=1),
                valid_for=timedelta(days=30),
            )
        host = at if at is not None else f"{of}.localhost"
        return System(Client(SERVER_NAME=host, headers={"authorization": f"Bearer {token}"}))

    return make


@pytest.fixture
def ada(acme: Shipper) -> Actor:
    """Administrator at Acme."""
    with doorway.network():
        actor = actor_at_shipper(Person.objects.get(email="ada@acme.example"), acme.pk)
    assert actor is not None
    return actor


@pytest.fixture
def ssccs(delivery: Delivery, at_acme: Shipper, alice: Actor) -> list[str]:
    """The SSCCs of the delivery's handling units."""
    return [unit.sscc for each in consignments_of(delivery) for unit in each.handling_units.all()]
