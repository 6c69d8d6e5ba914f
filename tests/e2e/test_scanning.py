"""The camera as a scanner: what it reads goes where a hand scanner types, and it is off when nobody scans."""

from collections.abc import Callable
from datetime import datetime

from playwright.sync_api import Page, expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on

#: A camera that shows nothing and a reader that finds one of ``window.codes`` at each look.
CAMERA = """
    window.codes = [];
    window.BarcodeDetector = class {
        static async getSupportedFormats() { return ["qr_code", "code_128", "aztec"]; }
        async detect() { return window.codes.splice(0, 1).map(rawValue => ({ rawValue })); }
    };
    navigator.mediaDevices.getUserMedia = async () => {
        const canvas = document.createElement("canvas");
        canvas.getContext("2d").fillRect(0, 0, 9, 9);
        return window.stream = canvas.captureStream(5);
    };
"""
REFUSED = (
    CAMERA
    + 'navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", "NotAllowedError"); };'
)
IS_OFF = "window.stream.getTracks().every(track => track.readyState === 'ended')"


def scanned(page: Page, *codes: str) -> None:
    page.evaluate("codes => window.codes.push(...codes)", list(codes))


def test_a_vehicle_is_found_by_the_code_on_its_paper(visit: Visit, northern_site: Site):
    window = visit("otto@northern.example")
    address = f"/sites/{northern_site.pk}/gate/"
    window.goto(address)
    expect(window.get_by_label("Scan or type")).to_be_visible()
    assert window.get_by_role("button", name="Scan with the camera").count() == 0  # this browser can't
    window.add_init_script(CAMERA)
    window.goto(address)

    window.get_by_role("button", name="Scan with the camera").press("Enter")
    dialog = window.get_by_role("dialog", name="Scan with the camera")
    expect(dialog).to_contain_text("Hold a label in front of the camera.")
    assert list(barriers_on(window)) == []
    scanned(window, "K7Q-4TX D000001")

    window.wait_for_url("**/gate/find/?code=K7Q-4TX+D000001")


def test_units_are_counted_and_the_camera_ends_with_the_dialog(
    visit: Visit,
    order: Callable[[Actor], Delivery],
    ask: Callable[[Delivery], Appointment],
    work: Callable[[], None],
    acme: Shipper,
    alice: Actor,
    rita: Actor,
    otto: Actor,
    now: datetime,
):
    delivery = order(alice)
    appointment = ask(delivery)
    with doorway.enter_shipper(acme):
        offer = appointment.offers.get()
        services.accept_offer(actor=rita, delivery=delivery, offer_id=offer.pk, slot_index=0, now=now)
    work()
    with doorway.enter_shipper(acme):
        services.record_arrival(actor=otto, delivery_id=delivery.pk, vehicle="SWI1", now=now, undeclared=True)
        services.start_unloading(actor=otto, delivery_id=delivery.pk, now=now)
    window = visit("otto@northern.example")
    window.add_init_script(CAMERA)
    window.goto(f"/appointments/{appointment.pk}/handover/")
    window.get_by_text("Count by scanning").click()
    window.get_by_role("button", name="Scan with the camera").click()
    dialog = window.get_by_role("dialog", name="Scan with the camera")

    scanned(window, "00106141411234567897", "00106141411234567897", "]C100106141411234567903")
    expect(dialog.get_by_role("status")).to_contain_text("]C100106141411234567903")
    dialog.get_by_role("button", name="Done").click()

    expect(dialog).to_be_hidden()
    field = window.locator("textarea[name$=scanned]")
    expect(field).to_have_value("00106141411234567897\n]C100106141411234567903\n")
    assert window.evaluate(IS_OFF)


def test_a_refused_camera_says_what_works_instead(visit: Visit, northern_site: Site):
    window = visit("otto@northern.example")
    window.add_init_script(REFUSED)
    window.goto(f"/sites/{northern_site.pk}/gate/")

    window.get_by_role("button", name="Scan with the camera").click()
    dialog = window.get_by_role("dialog", name="Scan with the camera")
    expect(dialog.get_by_role("status")).to_contain_text("Allow it in the browser’s settings")
    dialog.get_by_role("button", name="Close").click()

    expect(dialog).to_be_hidden()
    expect(window.get_by_label("Scan or type")).to_be_visible()
