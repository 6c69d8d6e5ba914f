"""A planner has slots looked for, leaves one out, sends the rest; the desk then says who answers."""

from collections.abc import Callable
from datetime import date

from playwright.sync_api import expect

from apps.accounts.actors import Actor
from apps.deliveries.models import BulkRequest, Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers


def test_a_planner_books_a_day_at_once(
    visit: Visit,
    order: Callable[[Actor], Delivery],
    work: Callable[[], None],
    alice: Actor,
    acme: Shipper,
    day: date,
) -> None:
    for _ in range(3):
        order(alice)
    desk = visit("alice@acme.example", "acme")
    desk.get_by_role("link", name="Slots for many").click()
    desk.get_by_role("link", name=f"{day:%a} {day.day} {day:%b}").click()
    desk.get_by_label("Slots in each offer").fill("2")
    desk.get_by_role("button", name="Look for slots").click()
    expect(desk.locator(".job")).to_contain_text("Looking for slots")
    work()  # the page asks every two seconds and goes on by itself
    expect(desk.locator("main")).to_contain_text("3 deliveries with slots")

    desk.get_by_role("checkbox").first.uncheck()
    desk.get_by_role("button", name="Send the chosen offers").click()
    work()
    expect(desk.locator("main")).to_contain_text("2 offers are sent.")
    with doorway.enter_shipper(acme):
        asked = BulkRequest.objects.get()
    assert barriers(desk, f"/slots/?day={day}", f"/slots/{asked.pk}/") == []
    desk.goto("/")
    expect(desk.locator("main")).to_contain_text("1 delivery to book.")
