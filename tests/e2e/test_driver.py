"""A driver with a phone whose network goes away twice: every step is on record once, in its order."""

import re
from collections.abc import Callable
from datetime import date, datetime
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.custody.canonical import parse
from apps.custody.models import CustodyEvent, Disclosure
from apps.deliveries import services
from apps.deliveries.models import Delivery, Discrepancy
from apps.documents.models import Document
from apps.driving.models import DriverAction
from apps.driving.services import invite_driver
from apps.facilities.models import Site
from apps.routing.models import Route, RoutePlan
from apps.routing.services import publish_plan, request_plan
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on
from tests.e2e.test_scanning import CAMERA

PHONE = {
    "viewport": {"width": 390, "height": 740},
    "has_touch": True,
    "geolocation": {"latitude": -26.18, "longitude": 28.04, "accuracy": 9},
    "permissions": ["geolocation"],
}
ON_THE_ROAD = ["loaded", "departed", "arrived", "unloading_started", "unloaded"]
HANDED_OVER = ["handover_accepted", "handover_accepted_with_reservation"]


@pytest.fixture
def token(
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    fleet: None,
    alice: Actor,
    rita: Actor,
    acme: Shipper,
    day: date,
    now: datetime,
    drain: Callable[[], int],
) -> str:
    """A published round with two stops, and the link to it."""
    with doorway.enter_shipper(acme):
        for slot in range(2):  # the first of the day, then the last
            delivery = order(alice)
            offer = ask(delivery).offers.get()
            services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=slot, now=now)
        request_plan(actor=alice, site=Site.objects.get(code="ACME-DC"), day=day, now=now)
        drain()
        publish_plan(actor=alice, plan_id=RoutePlan.objects.get().pk, now=now)
        drain()
        return invite_driver(actor=alice, route_id=Route.objects.get().pk, now=now)


def test_a_round_survives_two_cuts_of_the_network(visit: Visit, token: str, acme: Shipper):
    phone = visit(None, "acme", **PHONE)
    phone.add_init_script(CAMERA)
    phone.goto(f"/drive/open/{token}/")
    phone.get_by_role("button", name="Open on this phone").tap()
    expect(phone.get_by_role("button", name="Loaded, set off")).to_be_visible()
    assert list(barriers_on(phone)) == []
    phone.get_by_role("button", name="Loaded, set off").tap()
    expect(phone.locator("[data-set-off]")).to_have_count(0)  # the page was loaded anew
    expect(phone.get_by_role("button", name="Arrived")).to_be_visible()
    assert list(barriers_on(phone)) == []
    phone.get_by_label("Say where this phone is").check()
    phone.evaluate("navigator.serviceWorker.ready.then(() => null)")
    phone.reload()

    cut(phone)
    tap(phone, "Arrived")
    saved(phone, 1)
    phone.reload()
    saved(phone, 1)
    tap(phone, "At the door")
    tap(phone, "Unloading")
    saved(phone, 3)
    photograph(phone)
    saved(phone, 4)
    state_damage(phone)
    phone.reload()  # what was typed and not signed is still there
    hand_over(phone)
    saved(phone, 5)
    tap(phone, "Arrived")  # at the second stop: the phone knows what comes next
    saved(phone, 6)
    restore(phone)
    expect(phone.get_by_role("listitem").filter(has_text="Delivered")).to_have_count(1)

    tap(phone, "At the door")
    expect(halt(phone).locator("[value=at_door]")).to_have_count(0)
    cut(phone)
    tap(phone, "Unloading")
    expect(phone.get_by_role("button", name="Unloading")).to_be_hidden()
    count_by_camera(phone)
    hand_over(phone)
    saved(phone, 2)
    expect(phone.get_by_role("heading", name="Every step is taken")).to_be_visible()
    assert list(barriers_on(phone)) == []
    restore(phone)

    expect(phone.get_by_role("heading", name="The round is done")).to_be_visible()
    with doorway.enter_shipper(acme):
        actions = list(DriverAction.objects.order_by("number").values_list("kind", "outcome"))
        recorded = [
            list(
                CustodyEvent.objects.filter(delivery_id=delivery_id, type__in=[*ON_THE_ROAD, *HANDED_OVER])
                .order_by("ordinal")
                .values_list("type", flat=True)
            )
            for delivery_id in Delivery.objects.values_list("pk", flat=True)
        ]
        found = Discrepancy.objects.get()
        photo = Document.objects.get(document_type="photo")
        stated = parse(bytes(CustodyEvent.objects.get(type=HANDED_OVER[1]).canonical))["details"]
        signed = Disclosure.objects.filter(path="/details/received_by/stroke").count()
    assert [kind for kind, _ in actions] == [
        "set_off",
        "arrive",
        "at_door",
        "unload",
        "photo",
        "hand_over",
        "arrive",
        "at_door",
        "unload",
        "hand_over",
    ]
    assert {outcome for _, outcome in actions} == {"done"}
    assert sorted(recorded) == sorted([*ON_THE_ROAD, kind] for kind in HANDED_OVER)
    assert (found.kind, found.reason, found.note) == ("damaged", "packaging", "Corner crushed")
    assert (photo.number, stated["discrepancies"][0]["photos"][0]["sha256"]) == (found.sscc, photo.sha256)
    assert (stated["position"]["accuracy_m"], stated.get("doubts"), signed) == (9, None, 2)


def halt(phone: Page) -> Locator:
    """The visit that the phone shows."""
    return phone.locator("[data-halt]:not([hidden])")


def tap(phone: Page, verb: str) -> None:
    phone.get_by_role("button", name=verb).tap()


def saved(phone: Page, steps: int) -> None:
    expect(phone.locator("#sync")).to_contain_text(f"Saved on this phone, not sent yet: {steps}")


def count_by_camera(phone: Page) -> None:
    """Every label is held before the camera."""
    unfold(phone, ".drive__hand")
    units = [each.get_attribute("name")[5:] for each in halt(phone).locator("select[name^=kind-]").all()]
    halt(phone).get_by_text("Count by scanning").tap()
    halt(phone).get_by_role("button", name="Scan with the camera").tap()
    dialog = phone.get_by_role("dialog", name="Scan with the camera")
    phone.evaluate("codes => window.codes.push(...codes)", [f"]C100{sscc}" for sscc in units])
    expect(dialog.get_by_role("status")).to_contain_text(units[-1])
    dialog.get_by_role("button", name="Done").tap()
    expect(halt(phone).locator("textarea[name=scanned]")).to_have_value(re.compile(units[-1]))


def photograph(phone: Page) -> None:
    """A photo of the first unit, larger than what is sent of it."""
    unfold(phone, ".drive__photo")
    file = BytesIO()
    Image.effect_noise((2400, 1800), 60).convert("RGB").save(file, "JPEG")
    form = halt(phone).locator(".drive__photo form")
    form.get_by_label("The photo shows").select_option(index=1)
    photo = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    form.get_by_label("Photo", exact=True).set_input_files(photo)
    form.get_by_role("button", name="Keep the photo").tap()


def state_damage(phone: Page) -> None:
    unfold(phone, ".drive__hand")
    unit = halt(phone).locator(".drive__units li").first
    unit.locator("select").first.select_option("damaged")
    unit.get_by_label("Reason for").select_option("packaging")
    unit.get_by_label("Note on").fill("Corner crushed")


def hand_over(phone: Page) -> None:
    """Both read the statement and sign it by hand."""
    unfold(phone, ".drive__hand")
    halt(phone).get_by_label("Received by").fill("Nomsa Nkosi")
    phone.get_by_role("button", name="Read the statement").tap()
    expect(halt(phone).locator("[data-statement]")).to_contain_text("Nomsa Nkosi")
    for field in halt(phone).locator(".signature__field").all():
        sign(phone, field)
    assert list(barriers_on(phone)) == []
    phone.get_by_role("button", name="Sign and hand over").tap()


def sign(phone: Page, field: Locator) -> None:
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box is not None
    phone.mouse.move(box["x"] + 20, box["y"] + 40)
    phone.mouse.down()
    phone.mouse.move(box["x"] + 120, box["y"] + 20, steps=4)
    phone.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
    phone.mouse.up()


def unfold(phone: Page, part: str) -> None:
    section = halt(phone).locator(part)
    if section.get_attribute("open") is None:
        section.locator("summary").first.tap()


def cut(phone: Page) -> None:
    phone.context.set_offline(True)


def restore(phone: Page) -> None:
    phone.context.set_offline(False)
    phone.evaluate("dispatchEvent(new Event('online'))")
