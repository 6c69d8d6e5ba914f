"""Events of Acme's real log, recorded without the rooms above custody."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from apps.accounts.actors import Actor, actor_at_shipper
from apps.accounts.models import Person
from apps.custody import services as custody
from apps.custody.models import CustodyEvent
from apps.facilities.models import Site
from apps.tenancy.models import Shipper

SSCC = "106141411234567897"

Record = Callable[..., CustodyEvent]


@pytest.fixture(autouse=True)
def _own_store(settings: Any, tmp_path: Path) -> None:
    """No test finds the keys or papers of another."""
    settings.STORE_DIR, settings.CUSTODY_KEY_DIR = tmp_path / "store", tmp_path / "keys"


@pytest.fixture
def delivery_id() -> UUID:
    return uuid4()


@pytest.fixture
def record(at_acme: Shipper, alice: Actor, northern_site: Site, now: datetime, delivery_id: UUID) -> Record:
    """``record("departed")``: Alice records an event of consignment C-1, in delivery D000001 to Northern."""

    def append(event_type: str = "departed", **changes: Any) -> CustodyEvent:
        facts: dict[str, Any] = {
            "actor": alice,
            "now": now,
            "event_time": now,
            "consignments": {"C-1": [SSCC]},
            "details": {},
            "delivery_id": delivery_id,
            "delivery": "D000001",
            "site": northern_site,
        }
        return custody.record(event_type, **{**facts, **changes})

    return append


@pytest.fixture
def ada(db: None) -> Actor:
    """Administrator at Acme."""
    return _at_shipper("ada@acme.example", "acme")


@pytest.fixture
def gina(db: None) -> Actor:
    """Administrator at Globex."""
    return _at_shipper("gina@globex.example", "globex")


def _at_shipper(email: str, slug: str) -> Actor:
    actor = actor_at_shipper(Person.objects.get(email=email), Shipper.objects.get(slug=slug).pk)
    assert actor is not None
    return actor
