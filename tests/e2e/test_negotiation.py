"""Both sides negotiate over three rounds and agree; then another time, which replaces the agreed one."""

import re
from collections.abc import Callable
from datetime import date

from playwright.sync_api import Page, expect

from apps.accounts.actors import Actor
from apps.deliveries.models import Delivery
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on


def test_three_rounds_end_in_an_agreement_and_another_time_in_a_new_one(
    visit: Visit, order: Callable[[Actor], Delivery], alice: Actor, day: date
):
    delivery = order(alice)
    desk, hub = visit("alice@acme.example", "acme"), visit("rita@northern.example")

    desk.goto(f"/deliveries/{delivery.pk}/")
    desk.get_by_role("link", name="Offer slots").click()
    choose(desk, "09:00")
    desk.get_by_role("button", name="Offer 1 slot").click()
    counter_at_hub(hub, "11:00", "No crew before eleven.")
    counter_at_desk(desk, "10:00", "The driver has to be back by noon.")
    counter_at_hub(hub, "10:30", "Half an hour later then.")
    number = accept_at_desk(desk, "10:30")

    assert rounds(desk) == ["09:00", "11:00", "10:00", "10:30"]

    hub.reload()
    hub.get_by_role("link", name="Reschedule…").click()
    expect(hub.get_by_role("region", name="What stands")).to_contain_text(number)
    choose(hub, "13:00")
    assert list(barriers_on(hub, "reschedule at the hub")) == []
    hub.get_by_role("link", name="Review the offer of 1 slot").click()
    expect(hub.get_by_role("button", name="Move now, without asking")).to_be_visible()
    assert list(barriers_on(hub, "review of a reschedule")) == []
    hub.get_by_role("button", name="Offer 1 slot").click()
    expect(hub.get_by_role("button", name="Withdraw the proposal")).to_be_visible()
    expect(hub.get_by_role("region", name="Agreed slot")).to_contain_text("10:30")
    assert list(barriers_on(hub, "a proposed move at the hub")) == []

    desk.reload()
    expect(desk.get_by_role("main")).to_contain_text("the agreed slot stands until then")
    assert list(barriers_on(desk, "a proposed move at the desk")) == []
    desk.get_by_role("button", name="Accept 13:00").click()
    agreed = desk.get_by_role("region", name="The agreed slot")
    expect(agreed).to_contain_text(number)
    expect(agreed).to_contain_text("13:00")
    desk.get_by_role("link", name="Reschedule…").click()
    choose(desk, "12:00")
    assert list(barriers_on(desk, "reschedule at the desk")) == []
    desk.get_by_role("button", name="Move now, without asking").click()
    expect(desk.get_by_role("region", name="The agreed slot")).to_contain_text("12:00")


def choose(page: Page, clock: str) -> None:
    """Take the first dock's start at that time."""
    page.get_by_role("group", name="Times").get_by_role("button", name=re.compile(f"^{clock}")).first.click()
    expect(page.get_by_role("heading", name="1 slot chosen")).to_be_visible()


def counter_at_hub(hub: Page, clock: str, message: str) -> None:
    """Open what waits in the inbox and propose another time."""
    hub.goto("/")
    hub.get_by_role("region", name="Waits for your answer").get_by_role("link", name="Look").click()
    hub.get_by_role("link", name="Propose other times").click()
    choose(hub, clock)
    hub.get_by_role("link", name="Review the offer of 1 slot").click()
    hub.get_by_label("Message").fill(message)
    hub.get_by_role("button", name="Offer 1 slot").click()
    expect(hub.get_by_role("heading", name="Counter-offer of Northern Hospital")).to_be_visible()


def counter_at_desk(desk: Page, clock: str, message: str) -> None:
    """Compare what the recipient proposes with what was asked, and answer with another time."""
    desk.reload()
    expect(desk.get_by_role("columnheader", name="Northern Hospital stores proposes")).to_be_visible()
    desk.get_by_role("link", name="Propose other slots").click()
    choose(desk, clock)
    desk.get_by_label("Message").fill(message)
    desk.get_by_role("button", name="Offer 1 slot").click()
    expect(desk.get_by_text("Northern Hospital stores answers")).to_be_visible()


def accept_at_desk(desk: Page, clock: str) -> str:
    """Accept what the recipient proposes; returns the confirmation number."""
    desk.reload()
    desk.get_by_role("button", name=f"Accept {clock}").click()
    return desk.get_by_role("region", name="The agreed slot").locator("dd.mono").inner_text()


def rounds(page: Page) -> list[str]:
    """When each offer of the one thread that both sides read begins."""
    entries = page.get_by_role("region", name="What happened").get_by_role("listitem").all_inner_texts()
    return [found.group(1) for entry in entries if (found := re.search(r"(\d\d:\d\d)–\d\d:\d\d", entry))]
