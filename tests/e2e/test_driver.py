"""A driver with a phone whose network goes away twice: every step is on record once, in its order."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import Page, expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.driving.models import DriverAction
from apps.driving.services import invite_driver
from apps.facilities.models import Site
from apps.routing.models import Route, RoutePlan
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on

PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True}
ON_THE_ROAD = ["loaded", "departed", "arrived", "unloading_started", "unloaded", "handover_accepted"]


@pytest.fixture
def token(
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    fleet: None,
    alice: Actor,
    rita: Actor,
    acme: Shipper,
    day: date,
    now: datetime,
    drain: Callable[[], int],
) -> str:
    """A published round with two stops, and the link to it."""
    with doorway.enter_shipper(acme):
        for slot in range(2):  # the first of the day, then the last
            delivery = order(alice)
            offer = ask(delivery).offers.get()
            services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=slot, now=now)
        request_plan(actor=alice, site=Site.objects.get(code="ACME-DC"), day=day, now=now)
        drain()
        publish_plan(actor=alice, plan_id=RoutePlan.objects.get().pk, now=now)
        drain()
        return invite_driver(actor=alice, route_id=Route.objects.get().pk, now=now)


def test_a_round_survives_two_cuts_of_the_network(visit: Visit, token: str, acme: Shipper):
    phone = visit(None, "acme", **PHONE)
    phone.goto(f"/drive/open/{token}/")
    phone.get_by_role("button", name="Open on this phone").tap()
    expect(phone.get_by_role("button", name="Loaded, set off")).to_be_visible()
    assert list(barriers_on(phone)) == []
    phone.get_by_role("button", name="Loaded, set off").tap()
    expect(phone.get_by_role("button", name="Arrived")).to_be_visible()
    assert list(barriers_on(phone)) == []
    phone.evaluate("navigator.serviceWorker.ready.then(() => null)")
    phone.reload()

    cut(phone)
    phone.get_by_role("button", name="Arrived").tap()
    expect(phone.locator("#sync")).to_contain_text("Saved on this phone, not sent yet: 1")
    phone.reload()
    expect(phone.locator("#sync")).to_contain_text("Saved on this phone, not sent yet: 1")
    hand_over(phone)
    expect(phone.locator("#sync")).to_contain_text("Saved on this phone, not sent yet: 2")
    restore(phone)
    expect(phone.get_by_role("listitem").filter(has_text="Delivered")).to_have_count(1)

    phone.get_by_role("button", name="Arrived").tap()
    expect(phone.get_by_role("button", name="At the dock, unloading")).to_be_visible()
    cut(phone)
    phone.get_by_role("button", name="At the dock, unloading").tap()
    hand_over(phone)
    expect(phone.get_by_role("button", name="At the dock, unloading")).to_be_disabled()
    expect(phone.locator("#sync")).to_contain_text("Saved on this phone, not sent yet: 2")
    restore(phone)

    expect(phone.get_by_role("heading", name="The round is done")).to_be_visible()
    with doorway.enter_shipper(acme):
        actions = list(DriverAction.objects.order_by("number").values_list("kind", "outcome"))
        recorded = [
            list(
                CustodyEvent.objects.filter(delivery_id=delivery_id, type__in=ON_THE_ROAD)
                .order_by("ordinal")
                .values_list("type", flat=True)
            )
            for delivery_id in Delivery.objects.values_list("pk", flat=True)
        ]
    assert [kind for kind, _ in actions] == [
        "set_off",
        "arrive",
        "hand_over",
        "arrive",
        "unload",
        "hand_over",
    ]
    assert {outcome for _, outcome in actions} == {"done"}
    assert recorded == [ON_THE_ROAD, ON_THE_ROAD]


def hand_over(phone: Page) -> None:
    section = phone.locator(".drive__hand")
    if section.get_attribute("open") is None:
        section.locator("summary").tap()
    phone.get_by_label("Received by").fill("Nomsa Nkosi")
    phone.get_by_role("button", name="State and hand over").tap()


def cut(phone: Page) -> None:
    phone.context.set_offline(True)


def restore(phone: Page) -> None:
    phone.context.set_offline(False)
    phone.evaluate("dispatchEvent(new Event('online'))")
