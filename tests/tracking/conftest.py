"""Acme's vehicles on the road: the round of the drivers' tests, with the deliveries' own keys and papers."""

from datetime import timedelta
from uuid import UUID

import pytest

from apps.tracking.models import Source
from apps.tracking.services import Said, take_positions
from tests.driving.conftest import phone, route, stops, take, token
from tests.factories.cast import NOW
from tests.routing.conftest import (
    RIGID,
    agree,
    make_carrier,
    order,
    own_keys_and_store,
    planned,
    short_search,
    warehouse,
)

__all__ = [
    "agree",
    "order",
    "own_keys_and_store",
    "phone",
    "planned",
    "route",
    "short_search",
    "stops",
    "take",
    "token",
    "warehouse",
]

SENDER = UUID("00000000-0000-7000-8000-000000000001")
#: On the road from Acme's warehouse to Northern.
ON_THE_WAY = (-26.15, 28.12)


@pytest.fixture
def vehicle(warehouse):
    """Acme's truck, without a plan."""
    return make_carrier("Swift", RIGID).vehicles.get()


@pytest.fixture
def report():
    """``report("SWI1", minutes, place)``: where it is so many minutes from now; what became of that."""

    def send(plate, minutes=0, place=ON_THE_WAY, *, id="", at=None, now=None, **others):
        when = at or NOW + timedelta(minutes=minutes)
        said = Said(id or f"{plate} {when}", plate, when, *place, **others)
        (answer,) = take_positions(said=[said], source=Source.TELEMATICS, sender=SENDER, now=now or when)
        return answer

    return send
