"""Both sides are warned once before free time ends, and print one statement of it; nobody else does."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pypdfium2
import pytest
from django.core import mail
from django.test import Client

from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.services.detention import warn_of_detention
from apps.facilities.models import Site
from apps.notices.models import Notice

Clock = Callable[[datetime], None]
FREE = timedelta(minutes=120)


def read(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(document[0].get_textpage().get_text_range().split())


def test_both_sides_are_warned_once_before_free_time_ends(
    unloading: Appointment, drain: Callable[[], int], otto_at_hub: Client, clock: Clock
) -> None:
    ends = unloading.during.lower + FREE
    early = warn_of_detention(now=ends - timedelta(minutes=20))
    clock(ends - timedelta(minutes=14))
    warned = [warn_of_detention(now=ends - timedelta(minutes=n)) for n in (14, 13)]
    mail.outbox.clear()
    drain()

    titles = set(Notice.objects.filter(kind="detention").values_list("title", "path"))
    mails = {address for each in mail.outbox for address in each.to if "Free time ends" in each.subject}
    page = otto_at_hub.get(f"/appointments/{unloading.pk}/").content.decode()
    assert (early, warned) == (0, [1, 0])
    assert {path.split("/")[1] for _, path in titles} == {"appointments", "deliveries"}
    assert {"dock@northern.example", "alice@acme.example"} <= mails
    assert any("its free time of 120 min ends at" in each.body for each in mail.outbox)
    assert "warned that free time ends soon" in page
    assert "Free time ends soon" in page


def test_who_left_or_never_came_is_not_warned_of(
    unloading: Appointment, confirmed: Appointment, clock: Clock
) -> None:
    AppointmentEvent.objects.create(
        appointment=unloading,
        step="checked_out",
        to_state="completed",
        side="recipient",
        actor_name="Otto Ono",
        at=unloading.during.lower + timedelta(hours=1),
    )
    Appointment.objects.filter(pk=unloading.pk).update(state="completed")

    assert warn_of_detention(now=unloading.during.lower + 2 * FREE) == 0


@pytest.mark.papers
def test_both_sides_print_the_same_statement_and_others_none(
    unloading: Appointment,
    otto_at_hub: Client,
    sam_at_hub: Client,
    browse: Callable[..., Client],
    clock: Clock,
) -> None:
    clock(unloading.during.lower + FREE + timedelta(minutes=25))
    at_hub = f"/appointments/{unloading.pk}/detention.pdf"
    at_desk = f"/deliveries/{unloading.delivery_id}/detention.pdf"
    theirs = otto_at_hub.get(at_hub)
    ours = browse("alice@acme.example", "acme").get(at_desk)
    text = read(theirs.content)

    assert theirs.content == ours.content
    for words in (
        "Preliminary",
        "Detention 25 min",
        "2 h 25 min",
        "Northern Hospital",
        "Acme Medical",
        "Handling",
    ):
        assert words in text
    assert sam_at_hub.get(at_hub).status_code == 404
    assert browse("bob@globex.example", "globex").get(at_desk).status_code == 404


def test_without_a_vehicle_there_is_nothing_to_state(confirmed: Appointment, otto_at_hub: Client) -> None:
    assert otto_at_hub.get(f"/appointments/{confirmed.pk}/detention.pdf").status_code == 409


@pytest.mark.papers
def test_the_gates_list_prints_for_its_own_people(
    confirmed: Appointment, otto_at_hub: Client, sam_at_hub: Client, northern_site: Site
) -> None:
    address = f"/sites/{northern_site.pk}/gate/list.pdf?day={confirmed.during.lower:%Y-%m-%d}"
    text = read(otto_at_hub.get(address).content)

    assert confirmed.confirmation_number in text
    assert "Acme Medical" in text
    assert sam_at_hub.get(address).status_code == 404
