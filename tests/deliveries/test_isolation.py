"""The hub's one door into a shipper's schema opens for the recipient's own deliveries alone."""

import pytest
from django.db import connection

from apps.appointments.models import Appointment
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW


@pytest.fixture
def at_hub(asked):
    """Acme's request waits; the test is back in the network."""
    with doorway.network():
        yield asked


def test_the_receiving_manager_enters_for_one_delivery_and_comes_out_again(at_hub, rita):
    with enter_delivery(actor=rita, appointment_id=at_hub.pk) as delivery:
        inside = (connection.schema_name, delivery.number)

    assert inside == ("t_acme", at_hub.reference)
    assert connection.schema_name == "public"


def test_another_recipient_finds_nothing_there(at_hub, sam, olga):
    for outsider in (sam, olga, None):
        with pytest.raises(UnknownDelivery), enter_delivery(actor=outsider, appointment_id=at_hub.pk):
            pytest.fail("the door opened")


def test_the_door_to_a_retired_shipper_is_closed(at_hub, rita, acme):
    Shipper.objects.filter(pk=acme.pk).update(state=Shipper.State.RETIRED)

    with pytest.raises(UnknownDelivery), enter_delivery(actor=rita, appointment_id=at_hub.pk):
        pytest.fail("the door opened")


def test_inside_one_shipper_the_others_negotiation_does_not_exist(at_hub, rita, secret_of_globex):
    with enter_delivery(actor=rita, appointment_id=at_hub.pk):
        seen = (
            list(Appointment.objects.values_list("reference", flat=True)),
            Delivery.objects.count(),
            Appointment.objects.filter(pk=secret_of_globex.pk).exists(),
        )

    assert seen == ([at_hub.reference], 1, False)


def test_an_offer_of_another_delivery_cannot_be_answered_through_this_one(
    asked, delivery, rita, secret_of_globex
):
    with doorway.network():
        theirs = secret_of_globex.offers.get().pk

    with pytest.raises(UnknownDelivery):
        services.accept_offer(actor=rita, delivery=delivery, offer_id=theirs, slot_index=0, now=NOW)


def test_a_planner_of_another_shipper_cannot_act_here(asked, delivery, bob):
    with pytest.raises(DomainError):
        services.cancel_appointment(
            actor=bob, delivery=delivery, appointment_id=asked.pk, reason_code="other", now=NOW
        )
