"""What Northern's people find at the hub: Acme's delivery at any stage of its visit, by the tests' clock."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.actors import Actor
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Offer
from apps.appointments.selectors import find_slots
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries, load_of
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW

#: Wednesday after the tests' Monday.
DAY = (NOW + timedelta(days=2)).date()
HEAD = "consignment,order,site,date,line,article,quantity,unit,batch,weight_kg,pallets"


@pytest.fixture(autouse=True)
def own_keys_and_store(settings, tmp_path: Path) -> None:
    """Each test signs with keys of its own and keeps papers apart."""
    settings.CUSTODY_KEY_DIR = tmp_path / "keys"
    settings.STORE_DIR = tmp_path / "store"


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch, settings) -> Callable[[datetime], None]:
    """The pages' clock stands at the tests' moment; ``clock(moment)`` moves it and ends no session."""
    settings.SESSION_COOKIE_AGE = 30 * 86400

    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    set_to(NOW)
    return set_to


@pytest.fixture
def rita_at_hub(browse: Callable[..., Client]) -> Client:
    """Northern's receiving manager."""
    return browse("rita@northern.example")


@pytest.fixture
def otto_at_hub(browse: Callable[..., Client]) -> Client:
    """Northern's dock operator."""
    return browse("otto@northern.example")


@pytest.fixture
def sam_at_hub(browse: Callable[..., Client]) -> Client:
    """Southern's receiving manager: nothing of Northern's is theirs."""
    return browse("sam@southern.example")


@pytest.fixture
def ask(acme: Shipper, alice: Actor) -> Callable[..., Appointment]:
    """``ask()`` has Acme ask Northern for two slots that don't overlap, for a delivery of three pallets."""
    asked = 0

    def order_and_ask(site: str = "NH1") -> Appointment:
        nonlocal asked
        asked += 1
        row = f"C-{asked},PO-{asked},{site},{DAY},1,Zidovudine 300 mg,40,pack,B-7,300,3"
        with doorway.enter_shipper(acme):
            content = f"{HEAD}\n{row}".encode()
            services.import_orders(actor=alice, file_name=f"orders-{asked}.csv", content=content, now=NOW)
            (delivery,) = services.group_consignments(actor=alice, now=NOW)
            return services.ask_for_slots(
                actor=alice, delivery=delivery, slots=two_slots(delivery), message="The first suits.", now=NOW
            )

    return order_and_ask


def two_slots(delivery: Delivery) -> list[Slot]:
    """The first start at the preferred dock, and the next there that does not overlap it."""
    found = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW)
    first = found.slots[0]
    return [first, next(s for s in found.slots if s.dock_id == first.dock_id and s.start >= first.end)]


@pytest.fixture
def asked(ask: Callable[..., Appointment]) -> Appointment:
    """Acme asked; Northern has to answer."""
    return ask()


@pytest.fixture
def offer(asked: Appointment) -> Offer:
    return asked.offers.get()


@pytest.fixture
def confirmed(asked: Appointment, offer: Offer, acme: Shipper, rita: Actor) -> Appointment:
    """Northern accepted the first slot."""
    with doorway.enter_shipper(acme):
        delivery = deliveries().get()
        services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=NOW)
    return Appointment.objects.get(pk=asked.pk)


@pytest.fixture
def on_the_way(
    confirmed: Appointment, acme: Shipper, alice: Actor, drain: Callable[[], int], clock: Callable[..., None]
) -> Appointment:
    """The papers are issued, the vehicle set off, and it is the start of the slot."""
    drain()
    start = confirmed.during.lower
    with doorway.enter_shipper(acme):
        moved = {"actor": alice, "delivery_id": confirmed.delivery_id, "vehicle": "GP 1"}
        services.record_loading(**moved, now=start - timedelta(hours=2))
        services.record_departure(**moved, now=start - timedelta(hours=1))
    clock(start)
    return confirmed


@pytest.fixture
def unloading(on_the_way: Appointment, acme: Shipper, otto: Actor) -> Appointment:
    """The vehicle stands at the dock and is being unloaded."""
    start = on_the_way.during.lower
    with doorway.enter_shipper(acme):
        services.record_arrival(actor=otto, delivery_id=on_the_way.delivery_id, vehicle="GP 1", now=start)
        services.start_unloading(actor=otto, delivery_id=on_the_way.delivery_id, now=start)
    return on_the_way


@pytest.fixture
def at_southern(ask: Callable[..., Appointment]) -> Appointment:
    """Acme asked Southern: what Northern's people must never see."""
    return ask("SC1")
