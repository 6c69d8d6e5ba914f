"""The key pages before axe, light and dark, and at 320 px: WCAG 2.2 AA as far as a program can tell."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.carriers.models import Carrier, ComplianceDocument
from apps.deliveries import services
from apps.deliveries.models import Delivery, Discrepancy
from apps.deliveries.selectors import ssccs_of
from apps.deliveries.statement import Statement, UnitFinding
from apps.facilities.models import Site
from apps.figures.services import count, foresee
from apps.insights.models import DeliveryException
from apps.insights.services import watch
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit, sign_in
from tests.factories.places import make_terminal
from tests.portal.hub.test_drop import left_there

LEVELS = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
CONTRAST = {"type": "rule", "values": ["color-contrast"]}  # all that another scheme changes
#: A new scheme starts its transitions with the next frame; then what moves is at its end at once, for a
#: transition that waits out of sight never ends by itself.
SETTLED = """async () => {
    const frame = () => new Promise(requestAnimationFrame);
    await frame();
    await frame();
    document.getAnimations().forEach(animation => {
        const ends = animation.effect.getComputedTiming().endTime !== Infinity;
        ends ? animation.finish() : animation.cancel();
    });
}"""
TOO_WIDE = """width => [...document.querySelectorAll("main *")]
    .filter(element => element.getBoundingClientRect().right > width && !element.closest("[tabindex='0']"))
    .map(element => element.outerHTML.slice(0, 120))"""
PHONE = {"width": 320, "height": 640}


def test_sign_in_and_help_have_no_barrier(visit: Visit):
    assert barriers(visit(), "/account/login/", "/help/") == []


def test_the_hubs_pages_have_no_barrier(
    visit: Visit, asked: Appointment, unloading: Appointment, northern_site: Site, day: date
):
    pages = [
        "/",
        f"/appointments/{asked.pk}/",
        f"/appointments/{asked.pk}/counter/",
        f"/appointments/{unloading.pk}/",
        f"/appointments/{unloading.pk}/handover/",
        f"/sites/{northern_site.pk}/?day={day}",
        f"/sites/{northern_site.pk}/profile/",
        f"/sites/{northern_site.pk}/policies/every/",
        f"/sites/{northern_site.pk}/waiting/",
        "/calendars/",
        "/figures/",
        f"/figures/rounds/?first={day}&last={day}",
        f"/sites/{northern_site.pk}/setup/closures/",
        f"/sites/{northern_site.pk}/setup/hours/",
    ]

    assert barriers(visit("rita@northern.example"), *pages) == []


def test_what_was_left_with_a_code_has_no_barrier(
    visit: Visit, unloading: Appointment, acme: Shipper, northern_site: Site
):
    page = f"/appointments/{unloading.pk}/"
    with doorway.network():
        Site.objects.filter(pk=northern_site.pk).update(allows_unattended=True)
    with doorway.enter_shipper(acme):
        left_there(Delivery.objects.get(pk=unloading.delivery_id))

    assert barriers(visit("otto@northern.example"), page, f"{page}taken-out/") == []


def test_what_came_back_has_no_barrier(
    visit: Visit, unloading: Appointment, alice: Actor, otto: Actor, acme: Shipper
):
    """One unit of three, so that how much came back is not known; decided about, and before that."""
    delivery_id, now = unloading.delivery_id, timezone.now()
    with doorway.enter_shipper(acme):
        refused = ssccs_of(Delivery.objects.get(pk=delivery_id))[0]
        findings = [UnitFinding(Discrepancy.Kind.REFUSED, refused, reason="packaging")]
        statement = Statement(released_by="D. Driver", received_by="Otto Ono", findings=findings)
        services.hand_over(actor=otto, delivery_id=delivery_id, statement=statement, now=now)
        leg = services.take_back(actor=alice, delivery_id=delivery_id, now=now)
        services.receive_leg(
            actor=alice, delivery_id=leg.pk, came=[refused], released_by="D", received_by="T", now=now
        )
    page = visit("alice@acme.example", "acme")
    decide = f"/deliveries/{leg.pk}/returned/"
    before = barriers(page, "/deliveries/returned/", decide, f"/deliveries/{delivery_id}/")
    page.goto(decide)
    page.get_by_label("Put back to stock").fill("9")
    page.get_by_role("spinbutton", name="Written off (pack)").fill("1")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_role("alert")).to_contain_text("say why some of it is written off")
    assert list(barriers_on(page)) == []
    page.get_by_label("Why it is written off").select_option("damaged")
    page.get_by_role("button", name="Decide").click()
    expect(page.get_by_text("1 order line is decided.")).to_be_visible()

    assert before == []
    assert barriers(page, "/deliveries/returned/?show=decided", f"/deliveries/{leg.pk}/") == []


FOUND = "days=3&load_type=pallets&pallets=3&temperature_class=ambient"


def test_the_desks_pages_have_no_barrier(
    visit: Visit,
    asked: Appointment,
    unloading: Appointment,
    order: Callable[[Actor], Delivery],
    alice: Actor,
    acme: Shipper,
    day: date,
):
    unbooked, collected, passing = order(alice), order(alice), order(alice)
    with doorway.enter_shipper(acme):
        now = timezone.now()
        services.choose_format(actor=alice, delivery_id=collected.pk, format="pickup", now=now)
        services.ready_to_collect(actor=alice, delivery_id=collected.pk, now=now)
        terminal = make_terminal(acme)
        leg = services.send_via(actor=alice, delivery_id=passing.pk, terminal_id=terminal.pk, now=now)
        services.record_loading(actor=alice, delivery_id=leg.pk, now=now)
        services.record_departure(actor=alice, delivery_id=leg.pk, now=now)
        watch(now=asked.must_act_by - timedelta(hours=1))
        assert count(now=timezone.now()).is_complete
        foresee(now=timezone.now())
        found = DeliveryException.objects.filter(delivery_id=asked.delivery_id).get()
    pages = [
        "/",
        "/exceptions/",
        "/figures/",
        f"/figures/answer/?first={day}&last={day}",
        "/figures/causes/",
        f"/figures/causes/of/{unloading.delivery_id}/",
        "/figures/causes/rates/",
        "/figures/risks/",
        "/figures/demand/",
        "/figures/milestones/",
        "/figures/milestones/new/",
        f"/figures/pilots/?since={day}&load_type=pallets",
        f"/exceptions/{found.pk}/",
        "/import/",
        "/offers/",
        f"/deliveries/{asked.delivery_id}/",
        f"/deliveries/{unloading.delivery_id}/",
        f"/deliveries/{unbooked.pk}/slots/",
        f"/deliveries/{unbooked.pk}/waiting/",
        f"/deliveries/{unbooked.pk}/format/",
        f"/deliveries/{collected.pk}/",
        f"/deliveries/{collected.pk}/hand-out/",
        f"/deliveries/{collected.pk}/ready/",
        f"/deliveries/{unbooked.pk}/via/",
        f"/deliveries/{leg.pk}/",
        f"/deliveries/{leg.pk}/receive/",
        f"/deliveries/{leg.pk}/driver/",
        f"/slots/find/?{FOUND}&first_day={day}&site={unbooked.site_id}",
        "/policies/",
        f"/plan/?day={day}",
    ]

    assert barriers(visit("alice@acme.example", "acme"), *pages) == []


def test_the_audit_pages_have_no_barrier(visit: Visit, unloading: Appointment):
    moments = "moments/?at=2020-01-01T00:00&compare=2099-01-01T00:00"
    at_the_desk = [
        "/custody/?batch=none",
        f"/custody/deliveries/{unloading.delivery_id}/?verify=1",
        f"/custody/deliveries/{unloading.delivery_id}/{moments}",
        "/custody/accesses/",
        "/custody/exports/?scope=log",
        "/systems/",
    ]
    at_the_hub = [
        "/custody/",
        f"/appointments/{unloading.pk}/custody/",
        "/custody/exports/?shipper=",
        "/systems/",
    ]

    assert barriers(visit("arthur@acme.example", "acme"), *at_the_desk) == []
    assert barriers(visit("nadia@northern.example"), *at_the_hub) == []


def test_the_admins_pages_have_no_barrier(
    browser: Browser, live_server: LiveServer, fleet: None, acme: Shipper, day: date
):
    """Unfold's own style attributes, which the content policy blocks, are no matter here."""
    with doorway.enter_shipper(acme):
        carrier = Carrier.objects.get()
        ComplianceDocument.objects.create(carrier=carrier, kind="insurance", number="I-1", valid_until=day)
    context = browser.new_context(base_url=f"http://acme.localhost:{live_server.thread.port}")
    page = context.new_page()
    page.set_viewport_size(PHONE)
    sign_in(page, "alice@acme.example")

    def judged(page: Page) -> list[str]:
        page.evaluate(AXE_SCRIPT)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        return _violations(page, LEVELS)

    page.goto("/admin/carriers/compliancedocument/add/")
    found = judged(page)
    page.goto("/admin/carriers/compliancedocument/")
    found += judged(page)
    page.locator("input[name=_selected_action]").first.check()
    page.select_option("select[name=action]", "extend")
    with page.expect_navigation():
        page.evaluate("document.querySelector('select[name=action]').form.requestSubmit()")
    expect(page.get_by_role("heading", name="Valid for longer?")).to_be_visible()
    found += judged(page)

    context.close()
    assert found == []


@pytest.fixture
def unloading(
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    fleet: None,
    work: Callable[[], None],
    acme: Shipper,
    alice: Actor,
    rita: Actor,
    otto: Actor,
    day: date,
    now: datetime,
) -> Appointment:
    """A delivery on a published route, whose vehicle is being unloaded at Northern."""
    delivery = order(alice)
    appointment = ask(delivery)
    with doorway.enter_shipper(acme):
        offer = appointment.offers.get()
        services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=now)
        request_plan(actor=alice, site=Site.objects.get(code="ACME-DC"), day=day, now=now)
    work()
    with doorway.enter_shipper(acme):
        publish_plan(actor=alice, plan_id=RoutePlan.objects.get().pk, now=now)
        services.record_loading(actor=alice, delivery_id=delivery.pk, vehicle="SWI1", now=now)
        services.record_departure(actor=alice, delivery_id=delivery.pk, vehicle="SWI1", now=now)
        services.record_arrival(actor=otto, delivery_id=delivery.pk, vehicle="SWI1", now=now)
        services.start_unloading(actor=otto, delivery_id=delivery.pk, now=now)
    work()
    return appointment


def barriers(page: Page, *addresses: str) -> list[str]:
    """What keeps somebody out of these pages, each with where it is."""
    return [found for address in addresses for found in _barriers_of(page, address)]


def _barriers_of(page: Page, address: str) -> Iterator[str]:
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200, address
    yield from barriers_on(page, address)


def barriers_on(page: Page, address: str = "") -> Iterator[str]:
    """What keeps somebody out of the page that is open."""
    page.evaluate(AXE_SCRIPT)
    yield from (f"{address}: {found}" for found in _violations(page, LEVELS))
    page.emulate_media(color_scheme="dark")
    yield from (f"{address}, dark: {found}" for found in _violations(page, CONTRAST))
    page.emulate_media(color_scheme="light")
    desktop = page.viewport_size
    page.set_viewport_size(PHONE)
    if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
        yield f"{address}: too wide for a phone: {page.evaluate(TOO_WIDE, PHONE['width'])}"
    page.set_viewport_size(desktop)


def _violations(page: Page, rules: dict[str, Any]) -> list[str]:
    page.evaluate(SETTLED)
    options = {"runOnly": rules, "resultTypes": ["violations"]}
    violations = page.evaluate("options => axe.run(options)", options)["violations"]
    return [
        f"{found['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for found in violations
        for node in found["nodes"]
    ]
