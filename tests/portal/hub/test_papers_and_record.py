"""Papers, the custody record and the site's profile at the hub: who reads them, and that others can't."""

from collections.abc import Callable

import pytest
from django.test import Client

from apps.appointments.models import Appointment
from apps.custody.services import sequence
from apps.documents.models import Document
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW


@pytest.fixture
def note(confirmed: Appointment, acme: Shipper, drain: Callable[[], int]) -> Document:
    """The delivery note that was issued with the confirmation."""
    drain()
    with doorway.enter_shipper(acme):
        return Document.objects.get()


def test_the_delivery_note_is_on_the_checklist_and_downloads(
    otto_at_hub: Client, confirmed: Appointment, note: Document
) -> None:
    (paper,) = otto_at_hub.get(f"/appointments/{confirmed.pk}/").context["papers"]

    download = otto_at_hub.get(paper["url"])

    assert (paper["name"], paper["needed"], paper["state"]) == ("Delivery note", "Before arrival", "done")
    assert download["Content-Type"] == "application/pdf"
    assert b"".join(download.streaming_content).startswith(b"%PDF-")


def test_another_recipient_can_not_download_it(
    sam_at_hub: Client, confirmed: Appointment, at_southern: Appointment, note: Document
) -> None:
    by_its_own_address = sam_at_hub.get(f"/appointments/{confirmed.pk}/documents/{note.pk}/")
    by_an_appointment_of_theirs = sam_at_hub.get(f"/appointments/{at_southern.pk}/documents/{note.pk}/")

    assert (by_its_own_address.status_code, by_an_appointment_of_theirs.status_code) == (404, 404)


def entries(page) -> list[dict[str, object]]:
    return [entry for day in page.context["days"] for entry in day["entries"]]


@pytest.mark.parametrize("email", ["nadia@northern.example", "rita@northern.example"])
def test_auditors_and_receiving_managers_read_and_verify_the_record(
    browse: Callable[..., Client], confirmed: Appointment, acme: Shipper, email: str
) -> None:
    with doorway.enter_shipper(acme):
        sequence(now=NOW)
    client = browse(email)

    unchecked = client.get(f"/appointments/{confirmed.pk}/custody/")
    checked = client.post(f"/appointments/{confirmed.pk}/custody/")

    assert [entry["what"] for entry in entries(unchecked)] == [
        "Consignment created",
        "Packed",
        "Grouped into a delivery",
        "Slots offered",
        "Appointment confirmed",
    ]
    assert unchecked.context["verdict"]["holds"] is None
    assert checked.context["verdict"]["holds"] is True
    assert {entry["verified"] for entry in entries(checked)} == {True}


def test_a_dock_operator_has_no_part_in_the_record(otto_at_hub: Client, confirmed: Appointment) -> None:
    page = otto_at_hub.get(f"/appointments/{confirmed.pk}/")
    record = otto_at_hub.get(f"/appointments/{confirmed.pk}/custody/")

    assert "Custody record" not in page.content.decode()
    assert record.status_code == 403


def test_the_profile_says_hours_docks_and_papers(rita_at_hub: Client, northern_site: Site) -> None:
    page = rita_at_hub.get(f"/sites/{northern_site.pk}/profile/")

    assert [(line["days"], line["hours"]) for line in page.context["hours"]] == [
        ("Monday – Friday", "07:00–15:00"),
        ("Saturday – Sunday", "closed"),
    ]
    assert [(dock["name"], dock["rules"]) for dock in page.context["docks"]] == [
        ("Dock 1", []),
        ("Dock 2", ["Dock 2 takes vehicles up to 9.0 m long."]),
    ]
    assert [paper["name"] for paper in page.context["papers"]] == ["Delivery note"]
    assert page.context["edit_url"] == f"/sites/{northern_site.pk}/setup/place/"


def test_only_a_receiving_manager_is_led_to_the_editing(otto_at_hub: Client, northern_site: Site) -> None:
    assert otto_at_hub.get(f"/sites/{northern_site.pk}/profile/").context["edit_url"] == ""
