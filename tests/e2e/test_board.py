"""A vehicle gets another dock on the day board: by keyboard, by dragging, by the dialog; and back again."""

import re
from datetime import date

import pytest
from playwright.sync_api import Locator, Page, expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries import services
from apps.deliveries.selectors import delivery_by_id
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers


@pytest.fixture
def agreed(asked: Appointment, acme: Shipper, rita: Actor, now) -> Appointment:
    """Northern accepted the first slot: a vehicle on the board of Dock 1."""
    with doorway.enter_shipper(acme):
        services.accept_offer(
            actor=rita,
            delivery=delivery_by_id(asked.delivery_id),
            offer_id=asked.offers.get().pk,
            slot_index=0,
            now=now,
        )
    return Appointment.objects.get(pk=asked.pk)


def row(page: Page, dock: str) -> Locator:
    return page.locator("[data-place]").filter(has_text=dock)


def card_in(page: Page, dock: str) -> Locator:
    return row(page, dock).locator("[data-card]")


def test_a_vehicle_moves_by_keyboard_by_dragging_and_by_the_dialog_and_a_move_is_undone(
    visit: Visit, agreed: Appointment, northern_site: Site, day: date
):
    page = visit("otto@northern.example")
    page.goto(f"/sites/{northern_site.pk}/?day={day}")

    card_in(page, "Dock 1").focus()
    page.keyboard.press("m")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".dock-card__says")).to_contain_text("Dock 2")
    page.keyboard.press("Enter")
    expect(card_in(page, "Dock 2")).to_have_count(1)
    page.get_by_role("button", name="Undo").or_(page.get_by_role("link", name="Undo")).click()
    expect(card_in(page, "Dock 1")).to_have_count(1)

    card_in(page, "Dock 1").drag_to(row(page, "Dock 2").locator(".board__track"))
    expect(card_in(page, "Dock 2")).to_have_count(1)

    page.get_by_role("link", name=re.compile("^Move .*…$")).first.click()
    page.get_by_role("radio", name=re.compile("Dock 1")).check()
    page.get_by_role("button", name="Move the vehicle").click()
    expect(card_in(page, "Dock 1")).to_have_count(1)


def test_the_boards_pages_have_no_barrier(visit: Visit, agreed: Appointment, northern_site: Site, day: date):
    site = f"/sites/{northern_site.pk}"

    assert (
        barriers(
            visit("otto@northern.example"),
            f"{site}/?day={day}&density=compact",
            f"{site}/gate/?day={day}",
            f"{site}/walk-in/",
            f"{site}/blocks/?day={day}",
            f"/appointments/{agreed.pk}/move/",
        )
        == []
    )
