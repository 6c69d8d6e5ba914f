"""A day at the desk: planned, published, its tender declined, repaired, moved by hand, published again."""

from collections.abc import Callable
from datetime import date, datetime

import pytest
from django.core import mail
from playwright.sync_api import expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.carriers.models import Carrier, Vehicle
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on
from tests.routing.conftest import RIGID, make_carrier
from tests.tendering.conftest import links_of

PHONE = {"viewport": {"width": 390, "height": 780}}


@pytest.fixture
def to_plan(
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    monkeypatch: pytest.MonkeyPatch,
    acme: Shipper,
    alice: Actor,
    rita: Actor,
    now: datetime,
) -> Delivery:
    """One delivery whose slot is agreed; Amber's truck is free, Basalt's and the own one are not yet."""
    monkeypatch.setattr("apps.routing.problems.ITERATIONS", 60)
    mail.outbox.clear()
    with doorway.enter_shipper(acme):
        for name, per_route in (("Amber Lines", 80_000), ("Basalt Freight", 90_000), ("Cobalt", 300_000)):
            make_carrier(name, RIGID, drivers=(f"{name} Driver",), per_route=per_route)
        Carrier.objects.filter(name="Amber Lines").update(email="amber@carriers.example")
        Vehicle.objects.exclude(plate="AMB1").update(active=False)
        delivery = order(alice)
        offer = ask(delivery).offers.get()
        services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=now)
    return delivery


def test_a_day_is_planned_declined_repaired_and_published(
    visit: Visit, to_plan: Delivery, work: Callable[[], None], acme: Shipper, day: date
):
    page = visit("alice@acme.example", "acme")
    page.goto(f"/plan/?day={day}")
    page.get_by_role("button", name="Plan this day").click()
    work()
    page.goto(f"/plan/?day={day}")
    page.get_by_role("button", name="Publish version 1").click()
    expect(page.get_by_text("Version 1 is published.")).to_be_visible()
    work()

    phone = visit(None, "acme", **PHONE)
    phone.goto(f"/tender/{links_of('amber@carriers.example')[-1]}/")
    phone.get_by_label("Reason").select_option(label="No vehicle on that day")
    phone.get_by_role("button", name="Decline the route").click()
    expect(phone.locator("main h1")).to_have_text("Declined")
    with doorway.enter_shipper(acme):
        Vehicle.objects.update(active=True)

    page.goto(f"/plan/?day={day}")
    expect(page.get_by_text("Amber Lines declined route 1 (AMB1).")).to_be_visible()
    assert list(barriers_on(page, "the plan in force")) == []
    page.get_by_role("button", name="Repair with as little change as possible").click()
    work()
    page.goto(f"/plan/?day={day}")
    changed = page.get_by_role("table").filter(has_text="Another vehicle")
    expect(changed).to_contain_text("AMB1")
    expect(changed).to_contain_text("BAS1")
    assert list(barriers_on(page, "the draft")) == []

    page.get_by_role("link", name=f"Move {to_plan.number}").click()
    dialog = page.get_by_role("dialog", name="Move a delivery")
    dialog.get_by_label("Vehicle").select_option(label="COB1, Cobalt (not used yet)")
    expect(dialog.get_by_text("It fits as stop 1, ZAR")).to_be_visible()
    assert list(barriers_on(page, "the dialog")) == []
    dialog.get_by_role("button", name=f"Move {to_plan.number}").click()
    expect(page.get_by_text("nobody is told before version 3 is published")).to_be_visible()
    page.get_by_role("link", name="Version 2").click()
    page.get_by_role("button", name="Publish version 2").click()

    expect(page.get_by_text("Version 2 is published.")).to_be_visible()
    expect(page.get_by_role("heading", name="Needs re-planning")).to_have_count(0)
