"""A day at Acme, made through the services: vehicles with tariffs, deliveries with agreed slots."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.accounts.actors import Actor
from apps.appointments.load import Load, Slot
from apps.carriers.models import Carrier, Driver, EmissionZone, Tariff, Vehicle, ZoneArea
from apps.deliveries import services as deliveries
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of
from apps.facilities.models import Site
from apps.routing.models import RoutePlan
from apps.routing.selectors import plan_of_job, plans
from apps.routing.services import request_plan
from tests.factories.cast import NOW

#: Wednesday after the tests' Monday.
DAY = (NOW + timedelta(days=2)).date()
ZONE = ZoneInfo("Africa/Johannesburg")

RIGID = {
    "vehicle_class": "rigid",
    "length_m": Decimal("7.5"),
    "height_m": Decimal("3.4"),
    "gross_weight_kg": 12_000,
    "capacity_pallets": 10,
    "capacity_kg": 6_000,
    "capacity_m3": Decimal(40),
    "tail_lift": True,
    "temperature_classes": ["ambient"],
}
LONG = {
    **RIGID,
    "vehicle_class": "articulated",
    "length_m": Decimal("16.5"),
    "gross_weight_kg": 40_000,
    "capacity_pallets": 33,
    "capacity_kg": 25_000,
    "capacity_m3": Decimal(90),
}
PRICES = {"per_route": 80_000, "per_km": 1_200, "per_hour": 18_000, "per_stop": 5_000, "per_pallet": 700}


def local(clock: str, day: date = DAY) -> datetime:
    """``local("08:15")``: that time of the day in Johannesburg, as UTC."""
    return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=ZONE).astimezone(UTC)


def make_carrier(
    name: str, *vehicles: dict[str, Any], drivers: tuple[str, ...] = (), cap: int | None = None, **tariff: Any
) -> Carrier:
    """A carrier with these vehicles, plates ``NAM1``, ``NAM2``, …, and one tariff for all their classes."""
    carrier = Carrier.objects.create(name=name, routes_per_day=cap)
    for number, facts in enumerate(vehicles, start=1):
        Vehicle.objects.create(carrier=carrier, plate=f"{name[:3].upper()}{number}", **facts)
    for driver in drivers:
        Driver.objects.create(carrier=carrier, name=driver)
    for vehicle_class in sorted({facts["vehicle_class"] for facts in vehicles}):
        valid = DateRange(date(2026, 1, 1), None)
        Tariff.objects.create(
            carrier=carrier, vehicle_class=vehicle_class, valid=valid, **{**PRICES, **tariff}
        )
    return carrier


@pytest.fixture(autouse=True)
def own_keys_and_store(settings: Any, tmp_path: Path) -> None:
    """Each test signs with keys of its own and keeps papers apart."""
    settings.CUSTODY_KEY_DIR = tmp_path / "keys"
    settings.STORE_DIR = tmp_path / "store"


@pytest.fixture(autouse=True)
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days of a few stops need no long search."""
    monkeypatch.setattr("apps.routing.problems.ITERATIONS", 60)


@pytest.fixture
def warehouse(alice: Actor, rita: Actor, sam: Actor, at_acme: Any) -> Site:
    """Acme's own site; the test works in Acme's schema."""
    return Site.objects.get(code="ACME-DC")


@pytest.fixture
def order(alice: Actor) -> Callable[..., Delivery]:
    """``order(site, pallets=3)``: a delivery of Acme to that site on ``DAY``, without a slot."""
    numbers = count(1)

    def make(site: Site, *, pallets: int = 3, day: date = DAY, actor: Actor = alice) -> Delivery:
        number = next(numbers)
        head = "consignment,site,date,line,article,quantity,weight_kg,pallets"
        row = f"C-{number},{site.code},{day},1,Zidovudine 300 mg,40,{100 * pallets},{pallets}"
        deliveries.import_orders(
            actor=actor, file_name=f"{number}.csv", content=f"{head}\n{row}".encode(), now=NOW
        )
        return deliveries.group_consignments(actor=actor, now=NOW)[0]

    return make


@pytest.fixture
def agree(alice: Actor, rita: Actor, sam: Actor) -> Callable[..., Delivery]:
    """``agree(delivery, "Dock 1", "09:00", 30)``: both sides agree on that slot of so many minutes."""

    def make(
        delivery: Delivery,
        dock: str,
        clock: str,
        minutes: int = 30,
        *,
        actor: Actor = alice,
        load: Load | None = None,
        day: date = DAY,
    ) -> Delivery:
        start = local(clock, day)
        slot = Slot(delivery.site.docks.get(name=dock).pk, start, start + timedelta(minutes=minutes))
        appointment = deliveries.ask_for_slots(
            actor=actor, delivery=delivery, slots=[slot], now=NOW, load=load or load_of(delivery)
        )
        manager = rita if delivery.site.code == "NH1" else sam
        offer_id = appointment.offers.get().pk
        deliveries.accept_offer(actor=manager, delivery=delivery, offer_id=offer_id, slot_index=0, now=NOW)
        return delivery

    return make


@pytest.fixture
def planned(warehouse: Site, alice: Actor, drain: Callable[[], int]) -> Callable[[], RoutePlan]:
    """``planned()``: the day is planned in the background; the plan that came of it."""

    def make() -> RoutePlan:
        job = request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
        drain()
        job.refresh_from_db()
        made = plan_of_job(job)
        assert made is not None, job.message
        return plans().get(pk=made.pk)

    return make


@pytest.fixture
def in_between(warehouse: Site, southern_site: Site) -> EmissionZone:
    """A zone of 2 km around the middle between the warehouse and Southern Clinic, in no other way."""
    valid = DateRange(date(2026, 1, 1), None)
    made = EmissionZone.objects.create(name="In between", least_class="euro_6", valid=valid)
    middle = {
        name: (getattr(warehouse, name) + getattr(southern_site, name)) / 2
        for name in ("latitude", "longitude")
    }
    ZoneArea.objects.create(zone=made, radius_km=2, **middle)
    return made
