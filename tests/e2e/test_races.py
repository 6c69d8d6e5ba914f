"""Two shippers want one dock at one time: the second is told at once, loses nothing and takes another."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from apps.accounts.actors import Actor
from apps.deliveries.models import Delivery
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on

MESSAGE = "Cold goods, please be quick."


def test_who_comes_second_is_told_in_place_and_takes_an_alternative(
    visit: Visit, order: Callable[[Actor], Delivery], alice: Actor, bob: Actor
):
    first, second = visit("alice@acme.example", "acme"), visit("bob@globex.example", "globex")
    for page, planner in ((first, alice), (second, bob)):
        page.goto(f"/deliveries/{order(planner).pk}/slots/")
    choose(second, "13:00")
    second.get_by_label("Message").fill(MESSAGE)

    choose(first, "09:00")
    expect(first.get_by_role("heading", name="1 slot chosen")).to_be_visible()
    expect(first.get_by_text(re.compile(r"^(9|10):\d\d left$"))).to_be_visible()
    assert list(barriers_on(first, "choosing")) == []
    with second.expect_response(lambda response: response.request.method == "POST") as answer:
        choose(second, "09:00")

    assert answer.value.status == 409
    refusal = second.get_by_role("alert")
    expect(refusal).to_contain_text("taken")
    expect(second.get_by_label("Message")).to_have_value(MESSAGE)
    expect(refusal.get_by_role("button")).to_have_count(3)

    refusal.get_by_role("button").first.click()
    expect(second.get_by_label("Message")).to_have_value(MESSAGE)
    expect(second.get_by_role("heading", name="2 slots chosen")).to_be_visible()
    second.get_by_role("button", name="Offer 2 slots").click()
    expect(second.get_by_text("Northern Hospital stores answers")).to_be_visible()


def choose(page: Page, clock: str) -> None:
    """Click on a time at Dock 1 on the picker's page as it stands."""
    times = page.get_by_role("group", name="Times")
    times.get_by_role("button", name=f"{clock}–").filter(has_text="Dock 1").click()
