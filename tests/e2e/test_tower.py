"""The control tower in a browser: a planner acts with one click; a recipient follows a delivery by a link."""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from apps.accounts.actors import Actor
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Expected
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.insights.models import DeliveryException
from apps.insights.services import watch, weigh
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on

PHONE = {"viewport": {"width": 390, "height": 844}}
#: Where pictures go for somebody to look at; none are taken where it is not set.
PICTURES = os.environ.get("PICTURES", "")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{scheme}.png"), full_page=True)
        page.emulate_media(color_scheme="light")


def test_a_planner_acts_with_one_click_and_the_recipient_follows_it(
    visit: Visit,
    asked: Appointment,
    acme: Shipper,
    alice: Actor,
    rita: Actor,
    now: datetime,
    work: Callable[[], None],
):
    with doorway.enter_shipper(acme):
        delivery = Delivery.objects.select_related("site").get(pk=asked.delivery_id)
        first = asked.offers.get().slots.order_by("during")[0]
        later = first.during.lower + timedelta(hours=2)
        slot = Slot(first.dock_id, later, later + timedelta(minutes=30))
        services.counter_offer(actor=rita, delivery=delivery, appointment_id=asked.pk, slots=[slot], now=now)
        due = Appointment.objects.get(pk=asked.pk).must_act_by
        assert due is not None
        at = due - timedelta(hours=1)
        watch(now=at)
        weigh(now=at)
        _goods_outside(delivery, at)
        answer = DeliveryException.objects.get(kind="offer_unanswered")
        outside = DeliveryException.objects.get(kind="excursion")
    page = visit("alice@acme.example", "acme")

    page.goto("/exceptions/")
    assert list(barriers_on(page, "the list")) == []
    picture(page, "list")
    page.set_viewport_size(PHONE["viewport"])
    picture(page, "list-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    for exception, name in ((answer, "offer"), (outside, "excursion")):
        page.goto(f"/exceptions/{exception.pk}/")
        assert list(barriers_on(page, name)) == []
        picture(page, name)
    page.get_by_label("Cause", exact=True).select_option(label="Door open too long")
    page.get_by_label("What becomes of the goods", exact=True).select_option(label="Quarantine")
    page.get_by_role("button", name="Decide and close it").click()
    expect(page.get_by_text("it is on the custody record")).to_be_visible()

    page.get_by_role("button", name="Accept").click()
    expect(page.get_by_text("The slot is accepted.")).to_be_visible()
    work()
    with doorway.enter_shipper(acme):
        agreed = Appointment.objects.get(pk=asked.pk)
        assert (agreed.state, agreed.during.lower if agreed.during else None) == ("confirmed", later)
        Expected.objects.create(
            appointment=agreed,
            expected_at=later,
            earliest=later - timedelta(minutes=10),
            latest=later + timedelta(minutes=20),
            basis="position",
            told_at=now,
        )

    page.goto(f"/deliveries/{delivery.pk}/")
    page.get_by_role("link", name="Let the recipient follow it").click()
    page.get_by_label("For whom").fill("Rita's store")
    page.get_by_label("Whom they call with questions").fill("Alice Adams, 011 555 0100")
    page.get_by_role("button", name="Make a link").click()
    address = page.locator(".drive__address").inner_text()
    assert list(barriers_on(page, "the links")) == []
    picture(page, "links")

    phone = visit(None, "acme", **PHONE)
    phone.goto("/track/" + address.partition("/track/")[2])
    expect(phone.locator("main h1")).to_have_text(f"{delivery.number} to {delivery.site.name}")
    expect(phone.get_by_text("Alice Adams, 011 555 0100")).to_be_visible()
    assert list(barriers_on(phone, "the tracking link")) == []
    picture(phone, "track-phone")
    with phone.expect_download() as download:
        phone.get_by_role("link", name="Download Delivery note").click()
    assert download.value.suggested_filename.endswith(".pdf")


def _goods_outside(delivery: Delivery, at: datetime) -> None:
    """An excursion as the worker finds it."""
    DeliveryException.objects.create(
        delivery=delivery,
        kind="excursion",
        subject="temperature T-7",
        severity="3",
        cause_at=at,
        harm_at=at,
        detected_at=at,
        facts={
            "sensor": "T-7",
            "measure": "temperature",
            "from": at.isoformat(),
            "to": at.isoformat(),
            "minimum": 8600,
            "maximum": 9400,
            "low": 2000,
            "high": 8000,
        },
    )
