"""Acme's goods on their way to Northern Hospital, at any stage of the journey."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries, load_of
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW
from tests.factories.places import make_terminal

#: Wednesday after the tests' Monday.
DAY = (NOW + timedelta(days=2)).date()


def order_file(*rows: str) -> bytes:
    """A CSV of orders for Northern's site on ``DAY``."""
    head = "consignment,order,site,date,line,article,quantity,unit,batch,weight_kg,pallets"
    return "\n".join([head, *rows]).encode()


ORDERS = order_file(
    f"C-1,PO-1,NH1,{DAY},1,Zidovudine 300 mg,40,pack,B-7,300,2",
    f"C-2,PO-2,NH1,{DAY},1,Nevirapine 200 mg,10,pack,,80,1",
)


@pytest.fixture(autouse=True)
def own_keys_and_store(settings, tmp_path: Path) -> None:
    """Each test signs with keys of its own and keeps papers apart."""
    settings.CUSTODY_KEY_DIR = tmp_path / "keys"
    settings.STORE_DIR = tmp_path / "store"


@pytest.fixture
def delivery(at_acme, alice: Actor) -> Delivery:
    """Acme's delivery of three pallets to Northern on ``DAY``; the test works in Acme's schema."""
    services.import_orders(actor=alice, file_name="orders.csv", content=ORDERS, now=NOW)
    services.group_consignments(actor=alice, now=NOW)
    return deliveries().get()


@pytest.fixture
def terminal(acme: Shipper) -> Site:
    """Acme's cross-dock."""
    return make_terminal(acme)


@pytest.fixture
def asked(delivery: Delivery, alice: Actor) -> Appointment:
    """Acme asked for the first two slots that fit."""
    found = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW)
    return services.ask_for_slots(actor=alice, delivery=delivery, slots=found.slots[:2], now=NOW)


@pytest.fixture
def confirmed(asked: Appointment, delivery: Delivery, rita: Actor) -> Appointment:
    """Northern accepted the first of them."""
    offer = asked.offers.get()
    return services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=NOW)


@pytest.fixture
def unloading(
    confirmed: Appointment, delivery: Delivery, alice: Actor, otto: Actor, drain: Callable[[], int]
) -> Delivery:
    """The vehicle stands at Northern's dock and is being unloaded."""
    drain()
    start = confirmed.during.lower
    services.record_loading(
        actor=alice, delivery_id=delivery.pk, vehicle="GP 1", now=start - timedelta(hours=2)
    )
    services.record_departure(
        actor=alice, delivery_id=delivery.pk, vehicle="GP 1", now=start - timedelta(hours=1)
    )
    services.record_arrival(actor=otto, delivery_id=delivery.pk, vehicle="GP 1", now=start)
    return services.start_unloading(actor=otto, delivery_id=delivery.pk, now=start)


@pytest.fixture
def secret_of_globex(globex, bob: Actor) -> Appointment:
    """Globex negotiates at Northern too: something that could leak."""
    with doorway.enter_shipper(globex):
        services.import_orders(
            actor=bob,
            file_name="globex.csv",
            content=order_file(f"SECRET-9,PO-9,NH1,{DAY},1,Secret article of Globex,5,pack,,50,1"),
            now=NOW,
        )
        services.group_consignments(actor=bob, now=NOW)
        theirs = deliveries().get()
        found = find_slots(site=theirs.site, load=load_of(theirs), first_day=DAY, days=1, now=NOW)
        return services.ask_for_slots(
            actor=bob, delivery=theirs, slots=found.slots[-1:], message="Secret message of Globex", now=NOW
        )
