"""Without a mouse, and without script: what every page promises to whoever has neither."""

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries.models import Delivery
from tests.e2e.conftest import Visit
from tests.factories.cast import PASSWORD


def test_from_sign_in_past_the_skip_link_to_a_confirmed_slot_by_keyboard_alone(
    visit: Visit, asked: Appointment
):
    page = visit()
    page.goto("/account/login/")
    tab_to(page, page.get_by_label(re.compile("e-?mail", re.IGNORECASE)))
    page.keyboard.type("rita@northern.example")
    tab_to(page, page.get_by_label("Password"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Inbox")).to_be_visible()

    skip_link = page.get_by_role("link", name="Skip to the page's content")
    page.keyboard.press("Tab")
    expect(skip_link).to_be_focused()
    expect(skip_link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()

    tab_to(page, page.get_by_role("button", name=re.compile("^Accept ")), most=5)
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Confirmed "))).to_be_visible()


def test_the_theme_is_chosen_and_kept_without_script(visit: Visit):
    page = visit("rita@northern.example", java_script_enabled=False)

    page.get_by_label(re.compile("^Menu of")).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.goto("/help/")

    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_slots_are_offered_and_accepted_without_script(
    visit: Visit, order: Callable[[Actor], Delivery], alice: Actor
):
    delivery = order(alice)
    planner = visit("alice@acme.example", "acme", java_script_enabled=False)
    planner.goto(f"/deliveries/{delivery.pk}/slots/")
    planner.get_by_role("group", name="Times").get_by_role("button").first.click()
    planner.get_by_role("button", name="Offer 1 slot").click()
    expect(planner.get_by_text("Northern Hospital stores answers")).to_be_visible()

    manager = visit("rita@northern.example", java_script_enabled=False)
    manager.get_by_role("button", name=re.compile("^Accept ")).click()

    expect(manager.get_by_text(re.compile("^Confirmed "))).to_be_visible()


def tab_to(page: Page, goal: Locator, *, most: int = 20) -> None:
    """Press Tab until the goal has the focus, as somebody without a mouse does."""
    for _ in range(most):
        if goal.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(goal).to_be_focused()
