"""A route on offer: the first carrier declines by its link, the next accepts, the planner sees who drives."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.carriers.models import Carrier
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from apps.tendering.models import Tender
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers, barriers_on
from tests.routing.conftest import RIGID, make_carrier
from tests.tendering.conftest import links_of

PHONE = {"viewport": {"width": 390, "height": 780}}
FIRST, SECOND = "Amber Lines", "Basalt Freight"


@pytest.fixture
def first(
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    work: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    alice: Actor,
    rita: Actor,
    acme: Shipper,
    day: date,
    now: datetime,
) -> Tender:
    """The tender of the cheaper of two carriers for a published route."""
    monkeypatch.setattr("apps.routing.problems.ITERATIONS", 60)
    with doorway.enter_shipper(acme):
        for name, per_route in ((FIRST, 80_000), (SECOND, 90_000)):
            made = make_carrier(name, RIGID, drivers=(f"{name} Driver",), per_route=per_route)
            Carrier.objects.filter(pk=made.pk).update(email=f"{name[:5].lower()}@carriers.example")
        delivery = order(alice)
        offer = ask(delivery).offers.get()
        services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=now)
        request_plan(actor=alice, site=Site.objects.get(code="ACME-DC"), day=day, now=now)
    work()
    with doorway.enter_shipper(acme):
        publish_plan(actor=alice, plan_id=RoutePlan.objects.get().pk, now=now)
    work()
    with doorway.enter_shipper(acme):
        return Tender.objects.select_related("carrier").get(rank=1)


def test_a_decline_by_link_goes_to_the_next_carrier_who_takes_the_route(
    visit: Visit, first: Tender, work: Callable[[], None]
) -> None:
    phone = visit(None, "acme", **PHONE)
    phone.goto(f"/tender/{links_of('amber@carriers.example')[-1]}/")
    assert list(barriers_on(phone)) == []
    phone.get_by_label("Reason").select_option(label="No vehicle on that day")
    phone.get_by_role("button", name="Decline the route").click()
    expect(phone.locator("main h1")).to_have_text("Declined")
    work()

    desk = visit("alice@acme.example", "acme")
    page = f"/tenders/{first.tendering_id}/"
    addresses = [page, "/tenders/", "/carriers/", f"/carriers/{first.carrier_id}/"]
    assert barriers(desk, *addresses) == []
    desk.goto(page)
    expect(desk.locator("main")).to_contain_text(f"{SECOND} answers until")

    phone.goto(f"/tender/{links_of('basal@carriers.example')[-1]}/")
    phone.get_by_role("button", name="Accept for").click()
    expect(phone.locator("main h1")).to_have_text("The route is yours")
    desk.reload()
    expect(desk.locator("main")).to_contain_text(f"{SECOND} has it")
    desk.get_by_role("link", name="Show on the plan").click()
    expect(desk.locator("main")).to_contain_text(SECOND)
