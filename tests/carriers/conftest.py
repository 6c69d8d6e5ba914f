"""Two shippers whose carriers have EQUAL keys, and names that must not be seen next door."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import Carrier, Driver, Tariff, Vehicle
from apps.consignments.models import StockedArticle
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper

CARRIER, VEHICLE, DRIVER, TARIFF = (UUID(int=n) for n in (1, 2, 3, 4))


def make_carrier(name: str, plate: str, driver: str, **fields: Any) -> Carrier:
    carrier = Carrier.objects.create(id=CARRIER, name=name, **fields)
    Vehicle.objects.create(id=VEHICLE, carrier=carrier, plate=plate, **VEHICLE_FACTS)
    Driver.objects.create(id=DRIVER, carrier=carrier, name=driver)
    Tariff.objects.create(
        id=TARIFF, carrier=carrier, vehicle_class="rigid", valid=DateRange(None, None), per_route=100_000
    )
    return carrier


VEHICLE_FACTS = {
    "vehicle_class": "rigid",
    "length_m": 9,
    "height_m": 3,
    "gross_weight_kg": 15_000,
    "capacity_pallets": 12,
    "capacity_kg": 8_000,
    "capacity_m3": 40,
    "temperature_classes": ["ambient"],
}


@pytest.fixture
def fleets(acme: Shipper, globex: Shipper) -> None:
    """Acme's and Globex's carrier, vehicle, driver and tariff, row for row with the same keys."""
    with doorway.enter_shipper(acme):
        make_carrier("Acme Haulage", "ACM 111 GP", "Andile Acme")
    with doorway.enter_shipper(globex):
        make_carrier("Globex Secret Lines", "GLX 999 GP", "Gugu Globex")
        StockedArticle.objects.create(site=Site.objects.get(code="GLX-DC"), article="Secret salve")


@pytest.fixture
def inside() -> Callable[[str], Any]:
    """``with inside("acme"):`` works in that shipper's schema."""

    @contextmanager
    def enter(slug: str) -> Iterator[Shipper]:
        with doorway.network():
            shipper = Shipper.objects.get(slug=slug)
        with doorway.enter_shipper(shipper):
            yield shipper

    return enter


@pytest.fixture(autouse=True)
def own_store(settings, tmp_path):
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    return tmp_path
