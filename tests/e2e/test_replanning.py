"""A planner whose truck breaks down: the plan says so, is repaired as a draft, compared and published."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from playwright.sync_api import expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on
from tests.routing.conftest import RIGID, make_carrier


@pytest.fixture
def in_force(
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    fleet: None,
    work: Callable[[], None],
    acme: Shipper,
    alice: Actor,
    rita: Actor,
    day: date,
    now: datetime,
) -> RoutePlan:
    """One delivery on Swift's truck, published; Rapid has another truck, which is dearer."""
    with doorway.enter_shipper(acme):
        make_carrier("Rapid", RIGID, drivers=("R. Driver",), per_route=400_000)
        delivery = order(alice)
        offer = ask(delivery).offers.get()
        services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=now)
        request_plan(actor=alice, site=Site.objects.get(code="ACME-DC"), day=day, now=now)
    work()
    with doorway.enter_shipper(acme):
        return publish_plan(actor=alice, plan_id=RoutePlan.objects.get().pk, now=now)


def test_a_breakdown_is_repaired_compared_and_published(
    visit: Visit, in_force: RoutePlan, work: Callable[[], None], day: date
):
    page = visit("alice@acme.example", "acme")
    page.goto(f"/plan/?day={day}")

    page.get_by_role("link", name="Can’t drive").click()
    page.get_by_label("What happened").fill("gearbox")
    page.get_by_role("button", name="Report the breakdown").click()
    expect(page.get_by_text("SWI1 of Swift is out of service: gearbox.")).to_be_visible()
    assert list(barriers_on(page, "the plan in force")) == []
    page.get_by_role("button", name="Repair with as little change as possible").click()
    work()
    page.goto(f"/plan/?day={day}")
    changed = page.get_by_role("table").filter(has_text="Another vehicle")
    expect(changed).to_contain_text("SWI1")
    expect(changed).to_contain_text("RAP1")
    assert list(barriers_on(page, "the draft")) == []
    page.get_by_role("button", name="Publish version 2").click()

    expect(page.get_by_text("Version 2 is published.")).to_be_visible()
    expect(page.get_by_role("heading", name="Needs re-planning")).to_have_count(0)
