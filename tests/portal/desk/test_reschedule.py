"""Another time for what is agreed, from the desk: proposed, withdrawn, moved at once, by whom."""

from datetime import timedelta

import pytest
import time_machine

from apps.appointments.models import Appointment, Offer
from apps.appointments.selectors import find_slots
from apps.deliveries import services
from apps.portal.choosing import write_slot
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY


@pytest.fixture
def address(confirmed, delivery) -> str:
    return f"/deliveries/{delivery.pk}/appointments/{confirmed.pk}/reschedule/"


@pytest.fixture
def other(confirmed, delivery):
    """The last free time of the day."""
    found = find_slots(
        site=delivery.site, load=confirmed.load, first_day=DAY, days=1, now=NOW, appointment=confirmed
    )
    return found.slots[-1]


def test_a_proposed_time_waits_for_the_recipient_and_the_agreed_one_stands(
    confirmed, delivery, desk, address, other
):
    answer = desk.post(address, {"slot": [write_slot(other)], "message": "The truck is late."})

    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    fresh = Appointment.objects.get(pk=confirmed.pk)
    assert answer.url == f"/deliveries/{delivery.pk}/"
    assert (fresh.during, fresh.must_act) == (confirmed.during, "recipient")
    assert "Another time, proposed by Acme Medical" in page
    assert "Agreed so far" in page
    assert "Withdraw the proposal" in page
    assert "Another time" in desk.get("/offers/").content.decode()


def test_the_recipients_proposal_is_accepted_with_one_click(confirmed, delivery, desk, address, other, rita):
    services.propose_move(actor=rita, delivery=delivery, appointment_id=confirmed.pk, slots=[other], now=NOW)

    page = desk.get(f"/deliveries/{delivery.pk}/")
    desk.post(page.context["compare"]["action"], {"slot": "0"})

    assert desk.get(address).status_code == 200
    assert page.context["compare"]["instead"] is True
    assert Appointment.objects.get(pk=confirmed.pk).during.lower == other.start


def test_an_open_proposal_is_countered_not_doubled(confirmed, delivery, desk, address, other, rita):
    services.propose_move(actor=rita, delivery=delivery, appointment_id=confirmed.pk, slots=[other], now=NOW)

    answer = desk.get(address)

    assert answer.url == f"/deliveries/{delivery.pk}/appointments/{confirmed.pk}/counter/"
    assert "What stands" in desk.get(answer.url).content.decode()


def test_a_proposal_is_withdrawn(confirmed, delivery, desk, address, other):
    desk.post(address, {"slot": [write_slot(other)]})
    offer = confirmed.offers.get(state="open")

    answer = desk.post(f"/deliveries/{delivery.pk}/offers/{offer.pk}/withdraw/")

    assert answer.url == f"/deliveries/{delivery.pk}/"
    assert Offer.objects.get(pk=offer.pk).state == "withdrawn"


def test_moving_at_once_is_for_before_the_cut_off(confirmed, delivery, desk, browse, address, other):
    typed = {"slot": [write_slot(other)], "how": "now", "message": "Sorry."}
    with time_machine.travel(confirmed.during.lower - timedelta(minutes=90), tick=False):
        late = browse("alice@acme.example", "acme").post(address, typed)
    assert (late.status_code, "Sorry." in late.content.decode()) == (409, True)
    assert Appointment.objects.get(pk=confirmed.pk).during == confirmed.during

    answer = desk.post(address, typed)

    assert answer.status_code == 302
    assert Appointment.objects.get(pk=confirmed.pk).during.lower == other.start


def test_an_auditor_and_another_shipper_reach_none_of_it(
    confirmed, delivery, desk, address, other, browse, auditors_desk
):
    desk.post(address, {"slot": [write_slot(other)]})
    withdraw = f"/deliveries/{delivery.pk}/offers/{confirmed.offers.get(state='open').pk}/withdraw/"
    bob = browse("bob@globex.example", "globex")

    assert (auditors_desk.get(address).status_code, auditors_desk.post(withdraw).status_code) == (403, 403)
    assert (bob.get(address).status_code, bob.post(address).status_code) == (404, 404)
    assert bob.post(withdraw).status_code == 404
    with doorway.network():
        assert confirmed.offers.filter(state="open").exists()
