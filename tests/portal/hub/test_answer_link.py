"""An offer is answered from its mail without an account: once, by whom it was sent to, at its own host."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from apps.appointments.models import Appointment, AppointmentEvent
from apps.appointments.selectors import find_slots
from apps.appointments.states import State
from apps.deliveries import services
from apps.deliveries.selectors import deliveries, load_of
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.portal.hub.conftest import DAY


@pytest.fixture
def link(asked, drain):
    """The path that Northern's mailbox was sent with Acme's offer."""
    drain()
    return path_in("dock@northern.example")


def path_in(address):
    (body,) = [m.body for m in mail.outbox if m.to == [address] and "/answer/" in m.body]
    return re.search(r"http://localhost:8000(/answer/\S+/)", body).group(1)


def stranger(host="localhost"):
    return Client(SERVER_NAME=host)


def test_opening_the_link_changes_nothing_and_shows_every_slot(link, asked):
    pages = [stranger().get(link) for _ in range(2)]

    asked.refresh_from_db()
    assert [page.status_code for page in pages] == [200, 200]
    assert pages[0].content.decode().count('name="slot"') == 2
    assert asked.state == State.OFFERED


def test_accepting_by_link_agrees_and_is_on_record_as_such(link, asked):
    answer = stranger().post(link, {"slot": "1"})

    asked.refresh_from_db()
    last = AppointmentEvent.objects.filter(appointment=asked).order_by("id").last()
    assert asked.confirmation_number in answer.content.decode()
    assert (asked.state, last.means, last.actor_name) == (State.CONFIRMED, "link", "dock@northern.example")
    assert stranger().get(link).status_code == 410


def test_declining_by_link_needs_a_reason(link, asked):
    unsaid = stranger().post(link, {"step": "decline"})
    said = stranger().post(link, {"step": "decline", "reason_code": "no_staff"})

    asked.refresh_from_db()
    assert (unsaid.status_code, said.status_code, asked.state) == (422, 200, State.DECLINED)


def test_a_slot_that_is_not_there_is_refused_and_the_link_stays_good(link, asked):
    wrong = [stranger().post(link, {"slot": slot}).status_code for slot in ("7", "x", "")]

    assert wrong == [404, 404, 404]
    assert stranger().post(link, {"slot": "0"}).status_code == 200


def test_what_was_answered_elsewhere_is_closed_here(link, asked, acme, rita):
    with doorway.enter_shipper(acme):
        services.accept_offer(
            actor=rita, delivery=deliveries().get(), offer_id=asked.offers.get().pk, slot_index=0, now=NOW
        )

    assert (stranger().get(link).status_code, stranger().post(link, {"slot": "0"}).status_code) == (410, 410)


def test_the_link_ends_with_the_offer(link, asked, clock):
    clock(NOW + timedelta(days=2))

    assert stranger().get(link).status_code == 410


def test_a_recipients_link_is_good_at_the_hub_alone(link):
    assert [stranger(f"{slug}.localhost").get(link).status_code for slug in ("acme", "globex")] == [410, 410]


def test_the_shippers_side_answers_a_counter_offer_by_its_own_link(asked, acme, rita, drain):
    drain()
    mail.outbox.clear()
    with doorway.enter_shipper(acme):
        delivery = deliveries().get()
        found = find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW)
        services.counter_offer(
            actor=rita, delivery=delivery, appointment_id=asked.pk, slots=found.slots[-1:], now=NOW
        )
    drain()
    (body,) = [m.body for m in mail.outbox if m.to == ["alice@acme.example"]]
    path = re.search(r"http://acme\.localhost:8000(/answer/\S+/)", body).group(1)

    elsewhere = [stranger(host).get(path).status_code for host in ("localhost", "globex.localhost")]
    answer = stranger("acme.localhost").post(path, {"slot": "0"})

    assert (elsewhere, answer.status_code) == ([410, 410], 200)
    assert Appointment.objects.get(pk=asked.pk).state == State.CONFIRMED


def test_a_declined_move_says_that_the_agreed_slot_stays(link, asked, acme, alice, drain):
    stranger().post(link, {"slot": "0"})
    agreed = Appointment.objects.get(pk=asked.pk)
    mail.outbox.clear()
    with doorway.enter_shipper(acme):
        delivery = deliveries().get()
        found = find_slots(
            site=delivery.site, load=agreed.load, first_day=DAY, days=1, now=NOW, appointment=agreed
        )
        services.propose_move(
            actor=alice, delivery=delivery, appointment_id=asked.pk, slots=found.slots[-1:], now=NOW
        )
    drain()

    answer = stranger().post(path_in("dock@northern.example"), {"step": "decline", "reason_code": "no_staff"})

    assert f"Declined: {agreed.confirmation_number} stays as agreed" in answer.content.decode()
    assert Appointment.objects.get(pk=asked.pk).during == agreed.during
