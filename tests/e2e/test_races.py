"""Two shippers want one dock at one time: the second is told at once, loses nothing and takes another."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from apps.accounts.actors import Actor
from apps.deliveries.models import Delivery
from tests.e2e.conftest import Visit

MESSAGE = "Cold goods, please be quick."


def test_who_comes_second_is_told_in_place_and_takes_an_alternative(
    visit: Visit, order: Callable[[Actor], Delivery], alice: Actor, bob: Actor
):
    first, second = visit("alice@acme.example", "acme"), visit("bob@globex.example", "globex")
    choose_nine(first, order(alice))
    choose_nine(second, order(bob))
    second.get_by_label("Message").fill(MESSAGE)

    first.get_by_role("button", name="Offer 1 slot").click()
    expect(first.get_by_text("Northern Hospital stores answers")).to_be_visible()
    with second.expect_response(lambda response: response.request.method == "POST") as answer:
        second.get_by_role("button", name="Offer 1 slot").click()

    assert answer.value.status == 409
    refusal = second.get_by_role("alert")
    expect(refusal).to_contain_text("taken")
    expect(second.get_by_label("Message")).to_have_value(MESSAGE)
    expect(refusal.get_by_role("button")).to_have_count(3)

    refusal.get_by_role("button").first.click()
    expect(second.get_by_label("Message")).to_have_value(MESSAGE)
    expect(second.get_by_role("heading", name="1 slot chosen")).to_be_visible()
    second.get_by_role("button", name="Offer 1 slot").click()
    expect(second.get_by_text("Northern Hospital stores answers")).to_be_visible()


def choose_nine(page: Page, delivery: Delivery) -> None:
    """Open the picker of a delivery and choose nine o'clock at Dock 1."""
    page.goto(f"/deliveries/{delivery.pk}/slots/")
    times = page.get_by_role("form", name="Times")
    times.get_by_role("button", name="09:00–").filter(has_text="Dock 1").click()
    expect(page.get_by_role("heading", name="1 slot chosen")).to_be_visible()
