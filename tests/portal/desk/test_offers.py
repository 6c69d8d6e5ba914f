"""What waits for whom, the most urgent first."""

from datetime import timedelta

from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.appointments.states import State
from apps.deliveries import services
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY


def test_an_offer_made_waits_for_the_recipient(asked, desk):
    answer = desk.get("/offers/")

    assert answer.context["ours"] == []
    assert [entry["reference"] for entry in answer.context["theirs"]] == [asked.reference]
    assert "No recipient waits for an answer." in answer.content.decode()


def test_a_counter_offer_is_accepted_from_the_list(asked, delivery, desk, rita):
    slots = find_slots(
        site=delivery.site, load=asked.load, first_day=DAY, days=1, now=NOW, appointment=asked
    ).slots
    services.counter_offer(actor=rita, delivery=delivery, appointment_id=asked.pk, slots=[slots[12]], now=NOW)

    [entry] = desk.get("/offers/").context["ours"]
    answer = desk.post(entry["accept_url"], {"slot": entry["accept_value"]})

    assert entry["expires_at"] > NOW + timedelta(hours=1)
    assert answer.status_code == 302
    assert Appointment.objects.get().state == State.CONFIRMED


def test_nothing_waiting_says_what_to_do(at_acme, desk):
    assert "Deliveries to book" in desk.get("/offers/").content.decode()
