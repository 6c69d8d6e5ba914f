"""One delivery's page: the negotiation answered, the road recorded, refusals said in place."""

from datetime import timedelta

import pytest

from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.appointments.states import State as Agreed
from apps.consignments.models import Priority
from apps.core.errors import PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.documents.models import Document
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY


@pytest.fixture
def countered(asked, delivery, rita):
    """Northern proposes two other slots instead."""
    found = find_slots(site=delivery.site, load=asked.load, first_day=DAY, days=1, now=NOW, appointment=asked)
    return services.counter_offer(
        actor=rita,
        delivery=delivery,
        appointment_id=asked.pk,
        slots=[found.slots[10], found.slots[20]],
        now=NOW,
        message="After ten, please.",
    )


def test_the_page_says_whose_turn_it_is_and_what_was_offered(asked, delivery, desk):
    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()

    assert "Northern Hospital stores answers Acme Medical’s offer." in page
    assert "Accept" not in page
    assert "Cancel the negotiation" in page


def test_the_goods_are_listed_with_their_handling_units(delivery, desk):
    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()

    assert all(text in page for text in ("C-1", "PO-2", "Zidovudine 300 mg", "B-7"))
    assert page.count("60012340") >= 3  # SSCCs with Acme's company prefix


def test_a_counter_offer_is_accepted_by_one_click(countered, delivery, desk):
    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    offer = countered.offers.get(state="open")

    answer = desk.post(f"/deliveries/{delivery.pk}/offers/{offer.pk}/accept/", {"slot": "1"})

    assert "After ten, please." in page
    assert answer.status_code == 302
    agreed = Appointment.objects.get(pk=countered.pk)
    assert (agreed.state, agreed.during) == (Agreed.CONFIRMED, offer.slots.get(index=1).during)


@pytest.mark.parametrize("slot", ["", "7", "-1", "x"])
def test_accepting_what_was_not_offered_is_refused_in_place(countered, delivery, desk, slot):
    offer = countered.offers.get(state="open")

    answer = desk.post(f"/deliveries/{delivery.pk}/offers/{offer.pk}/accept/", {"slot": slot})

    assert answer.status_code in {404, 409, 422}
    assert Appointment.objects.get(pk=countered.pk).state == Agreed.OFFERED


def test_an_offer_that_is_closed_is_refused_where_the_question_was(countered, delivery, desk, rita):
    offer = countered.offers.get(state="open")
    services.cancel_appointment(
        actor=rita, delivery=delivery, appointment_id=countered.pk, reason_code="no_staff", now=NOW
    )

    answer = desk.post(f"/deliveries/{delivery.pk}/offers/{offer.pk}/accept/", {"slot": "0"})

    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()


def test_declining_asks_for_a_reason_and_keeps_what_was_typed(countered, delivery, desk):
    offer = countered.offers.get(state="open")
    address = f"/deliveries/{delivery.pk}/offers/{offer.pk}/decline/"

    without_reason = desk.post(address, {"reason_code": "", "message": "Our truck is broken."})
    with_reason = desk.post(
        address, {"reason_code": "vehicle_unavailable", "message": "Our truck is broken."}
    )

    assert without_reason.status_code == 422
    assert "Our truck is broken." in without_reason.content.decode()
    assert with_reason.status_code == 302
    assert Appointment.objects.get(pk=countered.pk).state == Agreed.DECLINED


def test_an_agreed_appointment_is_cancelled_with_a_reason(confirmed, delivery, desk):
    answer = desk.post(
        f"/deliveries/{delivery.pk}/appointments/{confirmed.pk}/cancel/", {"reason_code": "order_changed"}
    )

    assert answer.status_code == 302
    assert Appointment.objects.get(pk=confirmed.pk).state == Agreed.CANCELLED


def test_loading_and_departure_are_recorded(confirmed, delivery, desk):
    loaded = desk.post(f"/deliveries/{delivery.pk}/load/", {"vehicle": "GP 12", "seals": "S1, S2"})
    departed = desk.post(f"/deliveries/{delivery.pk}/depart/", {"vehicle": "GP 12"})

    assert (loaded.status_code, departed.status_code) == (302, 302)
    assert Delivery.objects.get().state == State.IN_TRANSIT
    record = desk.get(f"/custody/deliveries/{delivery.pk}/").content.decode()
    assert "Seals: S1, S2" in record


def test_loading_without_an_agreed_slot_is_refused_beside_the_form(delivery, desk):
    answer = desk.post(f"/deliveries/{delivery.pk}/load/", {"vehicle": "GP 12"})

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "agree on a slot before loading" in page
    assert 'value="GP 12"' in page


def test_the_delivery_note_is_downloaded(confirmed, delivery, desk, drain):
    drain()
    note = Document.objects.get(delivery_id=delivery.pk)

    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    answer = desk.get(f"/documents/{note.pk}/")

    assert f"/documents/{note.pk}/" in page
    assert b"".join(answer.streaming_content).startswith(b"%PDF")
    assert answer["Content-Disposition"].startswith("attachment")


def test_an_expired_offer_leaves_the_delivery_to_book(asked, delivery, desk):
    services.expire_offers(now=NOW + timedelta(days=2))

    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()

    assert "Next: Offer slots – Acme Medical." in page


def test_an_auditor_reads_the_page_without_a_step_to_take(confirmed, delivery, auditors_desk):
    answer = auditors_desk.get(f"/deliveries/{delivery.pk}/")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert all(step not in page for step in ("Record loading", "Cancel the", "Offer slots"))


def test_a_delivery_that_is_not_there_is_not_found(at_acme, desk):
    assert desk.get("/deliveries/01999999-0000-7000-8000-000000000000/").status_code == 404


def test_a_planner_sets_the_priority_until_the_goods_are_loaded(confirmed, delivery, desk, alice, rita):
    address = f"/deliveries/{delivery.pk}/priority/"
    unread = desk.post(address, {"priority": "at once"})
    answer = desk.post(address, {"priority": "can_wait"})
    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    with pytest.raises(PermissionRefused):
        services.set_priority(actor=rita, delivery_ids=[delivery.pk], priority=Priority.FIRST, now=NOW)
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)
    late = desk.post(address, {"priority": "first"})

    assert (unread.status_code, answer.status_code, late.status_code) == (422, 302, 409)
    assert "set the priority: Normal → Can wait" in page
    assert "priority is set before goods are loaded" in late.content.decode()
    assert Delivery.objects.get(pk=delivery.pk).priority == "can_wait"
