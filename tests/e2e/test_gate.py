"""The gate of a day in a browser: who reports, who is found, what each case is told, until one leaves."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, DockOccupancy
from apps.appointments.selectors import find_slots
from apps.appointments.services.self_reports import make_poster
from apps.core.ids import new_id
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of
from apps.facilities.models import DocumentRequirement, DocumentType, ReceivingWindow, Site, Step
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import barriers_on

PHONE = {"viewport": {"width": 390, "height": 740}, "has_touch": True}
#: So many minutes from now each visit's slot begins; all on one dock, one after the other.
STARTS = {"on time": -10, "lacks a paper": 20, "early": 55}
NOON = 12


@pytest.fixture
def gate(northern_site: Site, now: datetime) -> Site:
    """Northern's site in a time zone where it is noon now, open every day: no visit is on another day."""
    hours = NOON - now.astimezone(UTC).hour
    Site.objects.filter(pk=northern_site.pk).update(time_zone=f"Etc/GMT{-hours:+d}")
    for weekday in (6, 7):
        ReceivingWindow.objects.create(site=northern_site, weekday=weekday, opens=time(7), closes=time(15))
    DocumentRequirement.objects.create(
        site=northern_site,
        document_type=DocumentType.CERTIFICATE_OF_ANALYSIS,
        step=Step.ARRIVAL,
        temperature_class="chilled",
    )
    northern_site.refresh_from_db()
    return northern_site


@pytest.fixture
def expected(
    gate: Site,
    order: Callable[[Actor], Delivery],
    alice: Actor,
    rita: Actor,
    acme: Shipper,
    day: date,
    now: datetime,
    work: Callable[[], None],
) -> dict[str, Appointment]:
    """Visits that were agreed on as usual, then brought forward to this hour."""
    agreed = {}
    with doorway.enter_shipper(acme):
        for name, minutes in STARTS.items():
            delivery = order(alice)
            if name == "lacks a paper":
                Delivery.objects.filter(pk=delivery.pk).update(temperature_class="chilled")
            found = find_slots(site=delivery.site, load=load_of(delivery), first_day=day, days=1, now=now)
            offered = services.ask_for_slots(actor=alice, delivery=delivery, slots=found.slots[:1], now=now)
            key = offered.offers.get().pk
            services.accept_offer(actor=rita, delivery=delivery, offer_id=key, slot_index=0, now=now)
            agreed[name] = _begins(offered, now + timedelta(minutes=minutes))
    work()
    return agreed


def _begins(appointment: Appointment, start: datetime) -> Appointment:
    """Have an agreed visit begin at another time, with all that follows from it."""
    appointment = Appointment.objects.get(pk=appointment.pk)
    during = DateTimeTZRange(start, start + (appointment.during.upper - appointment.during.lower))
    half = timedelta(minutes=30)
    window = DateTimeTZRange(start - half, start + half)
    Appointment.objects.filter(pk=appointment.pk).update(during=during, arrival_window=window)
    DockOccupancy.objects.filter(appointment=appointment).update(during=during)
    return Appointment.objects.select_related("dock").get(pk=appointment.pk)


@pytest.fixture
def annex(gate: Site) -> Site:
    """Another site of Northern's."""
    annex = Site.objects.get(pk=gate.pk)
    annex.id, annex.code, annex.name = new_id(), "NH2", "Northern annex"
    annex._state.adding = True
    annex.save()
    return annex


def test_a_day_at_the_gate(
    visit: Visit,
    expected: dict[str, Appointment],
    gate: Site,
    annex: Site,
    rita: Actor,
    acme: Shipper,
    now: datetime,
):
    first, lacking, early = expected["on time"], expected["lacks a paper"], expected["early"]
    Appointment.objects.filter(pk=lacking.pk).update(plate="GP77ZZ")
    token, _until = make_poster(actor=rita, site=gate, now=now)
    otto, phone = visit("otto@northern.example"), visit(None, **PHONE)
    found: list[str] = []

    report(phone, token, first, found)
    otto.goto(f"/sites/{gate.pk}/gate/")
    expect(row(otto, first)).to_contain_text("by the driver’s own word")
    found += barriers_on(otto, "gate list")

    scan(otto, f"{first.confirmation_number} {first.reference}")
    expect(otto.get_by_text("On time")).to_be_visible()
    found += barriers_on(otto, "check-in")
    check_in(otto, "GP 12-AB")
    expect(row(otto, first)).to_contain_text("Waits for door")
    phone.get_by_role("link", name="Look again").click()
    expect(phone.get_by_role("heading", name="Checked in")).to_be_visible()

    scan(otto, early.reference)
    expect(otto.get_by_text("before its arrival window")).to_be_visible()
    check_in(otto, "GP 55-ER")

    at_the_wrong_gate(otto, annex, lacking)
    otto.goto(f"/sites/{gate.pk}/gate/")
    scan(otto, "NOBODY 1")
    expect(otto.get_by_text("Nobody is known by that")).to_be_visible()
    found += barriers_on(otto, "nobody found")
    without_its_paper(otto, visit("rita@northern.example"), gate, found)
    expect(row(otto, lacking)).to_contain_text("Waits for door")

    give_another_dock(otto, early, "Dock 2")
    otto.goto(f"/sites/{gate.pk}/gate/")
    expect(row(otto, early)).to_contain_text("Dock 2")
    take(otto, first, "Call to dock")
    phone.get_by_role("link", name="Look again").click()
    expect(phone.get_by_role("heading", name=f"Go to {first.dock}")).to_be_visible()
    take(otto, first, "Start unloading")
    take(otto, first, "End unloading")
    expect(row(otto, first)).to_contain_text("Paperwork")
    hand_over(otto, first, gate)
    take(otto, first, "Check out")
    expect(otto.get_by_text(f"{first.confirmation_number} has left.")).to_be_visible()

    assert found == []
    steps = first.events.order_by("at", "id").values_list("step", flat=True)
    assert list(steps)[2:] == [
        "at_gate",
        "checking_in",
        "arrived",
        "called",
        "in_progress",
        "unloaded",
        "completed",
        "checked_out",
    ]
    with doorway.enter_shipper(acme):
        on_record = CustodyEvent.objects.filter(delivery_id=first.delivery_id).order_by("id")
        kinds = list(on_record.values_list("type", flat=True))
    assert kinds[-4:] == ["arrived", "unloading_started", "unloaded", "handover_accepted"]


def report(phone: Page, token: str, visit: Appointment, found: list[str]) -> None:
    """The driver scans the poster and says which vehicle is here."""
    phone.goto(reverse("hub:gate_report", args=[token], urlconf="config.urls_network"))
    found += barriers_on(phone, "poster's page")
    phone.get_by_label("Confirmation number or number plate").fill((visit.confirmation_number or "").lower())
    phone.get_by_role("button", name="I am here").tap()
    expect(phone.get_by_role("heading", name="In the queue")).to_be_visible()
    found += barriers_on(phone, "in the queue")


def row(otto: Page, visit: Appointment) -> Locator:
    return otto.get_by_role("row").filter(has_text=visit.confirmation_number or "")


def scan(otto: Page, text: str) -> None:
    """As a scanner does: the text, then Enter."""
    otto.get_by_label("Scan or type").fill(text)
    otto.keyboard.press("Enter")


def check_in(otto: Page, plate: str) -> None:
    otto.get_by_label("Number plate").fill(plate)
    otto.get_by_role("button", name="Check the vehicle in").click()
    expect(otto.get_by_text("is checked in.")).to_be_visible()


def take(otto: Page, visit: Appointment, step: str) -> None:
    """The one next step of a vehicle, from the gate's list."""
    row(otto, visit).get_by_role("button", name=step).click()


def at_the_wrong_gate(otto: Page, annex: Site, visit: Appointment) -> None:
    otto.goto(f"/sites/{annex.pk}/gate/")
    scan(otto, visit.confirmation_number or "")
    expect(otto.get_by_text("Expected at Northern Hospital stores")).to_be_visible()
    expect(otto.get_by_role("link", name="Show the way")).to_be_visible()
    expect(otto.get_by_role("button", name="Check the vehicle in")).to_have_count(0)


def without_its_paper(otto: Page, rita: Page, gate: Site, found: list[str]) -> None:
    """Found by its plate and kept out; the receiving manager does without the paper, then it is let in."""
    scan(otto, "gp 77-zz")
    otto.get_by_role("button", name="Check the vehicle in").click()
    expect(otto.get_by_role("alert")).to_contain_text("Certificate of analysis")
    found += barriers_on(otto, "a paper is missing")
    rita.goto(re.sub(r"check-in/.*", "", otto.url))
    rita.get_by_role("link", name="Do without Certificate of analysis").click()
    rita.get_by_label("Reason").fill("Sent by mail, seen by the pharmacist.")
    rita.get_by_role("button").filter(has_text="without").click()
    otto.goto(f"/sites/{gate.pk}/gate/")
    scan(otto, "GP77ZZ")
    check_in(otto, "GP 77-ZZ")


def give_another_dock(otto: Page, visit: Appointment, dock: str) -> None:
    row(otto, visit).get_by_role("link", name="Move").click()
    otto.get_by_role("radio", name=re.compile(dock)).check()
    otto.get_by_role("button", name="Move the vehicle").click()


def hand_over(otto: Page, visit: Appointment, gate: Site) -> None:
    row(otto, visit).get_by_role("link", name="Hand over").click()
    otto.get_by_label("Driver who releases the goods").fill("D. Driver")
    otto.get_by_role("button", name="Review the numbers").click()
    otto.get_by_role("button", name="Sign and record the handover").click()
    expect(otto.get_by_text("custody has passed")).to_be_visible()
    otto.goto(f"/sites/{gate.pk}/gate/")
