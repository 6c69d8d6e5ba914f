"""The page of one appointment: what each role finds, each answer, and the door closed to others."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.actors import Actor
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, Offer
from apps.appointments.selectors import find_slots
from apps.appointments.states import OfferState, ReasonCode, State
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW
from tests.portal.hub.conftest import DAY


def state_of(appointment: Appointment) -> str:
    return Appointment.objects.get(pk=appointment.pk).state


def accept(client: Client, appointment: Appointment, offer: Offer, slot: str = "0"):
    return client.post(f"/appointments/{appointment.pk}/offers/{offer.pk}/accept/", {"slot": slot})


def test_the_page_says_whose_turn_it_is_and_offers_each_slot(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    page = rita_at_hub.get(f"/appointments/{asked.pk}/")

    assert page.context["turn"]["sentence"] == "Northern Hospital stores answers Acme Medical’s offer."
    assert page.context["turn"]["is_readers"]
    assert [p["value"] for p in page.context["offer"]["compare"]["proposals"]] == [0, 1]
    assert page.context["offer"]["compare"]["action"] == f"/appointments/{asked.pk}/offers/{offer.pk}/accept/"
    assert [entry["what"] for entry in page.context["entries"]] == ["offered slots"]


def test_a_dock_operator_reads_the_offer_without_a_way_to_answer(
    otto_at_hub: Client, asked: Appointment
) -> None:
    page = otto_at_hub.get(f"/appointments/{asked.pk}/")

    assert page.status_code == 200
    assert page.context["offer"]["compare"]["action"] is None
    assert not page.context["offer"]["may_answer"]


def test_the_second_slot_is_accepted_by_one_click(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    answer = accept(rita_at_hub, asked, offer, "1")

    confirmed = Appointment.objects.get(pk=asked.pk)
    assert answer["Location"] == f"/appointments/{asked.pk}/"
    assert (confirmed.state, confirmed.during) == (State.CONFIRMED, offer.slots.all()[1].during)


def test_accepting_twice_answers_409_on_the_page_itself(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    accept(rita_at_hub, asked, offer)

    again = accept(rita_at_hub, asked, offer)

    assert again.status_code == 409
    assert again.context["refusal"]["sentence"] == "This offer is accepted already."
    assert again.context["agreed"]["number"]


def test_a_dock_operator_may_not_accept(otto_at_hub: Client, asked: Appointment, offer: Offer) -> None:
    answer = accept(otto_at_hub, asked, offer)

    assert (answer.status_code, state_of(asked)) == (403, State.OFFERED)


def test_declining_needs_a_reason(rita_at_hub: Client, asked: Appointment, offer: Offer) -> None:
    address = f"/appointments/{asked.pk}/offers/{offer.pk}/decline/"

    without = rita_at_hub.post(address, {"message": "Not this week."})
    after_first = state_of(asked)
    rita_at_hub.post(address, {"reason_code": ReasonCode.NO_STAFF, "message": "Not this week."})

    assert (without.status_code, after_first) == (422, State.OFFERED)
    assert "Not this week." in without.content.decode()
    assert state_of(asked) == State.DECLINED


def test_a_declined_negotiation_can_be_taken_up_again(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    rita_at_hub.post(
        f"/appointments/{asked.pk}/offers/{offer.pk}/decline/",
        {"reason_code": ReasonCode.NO_STAFF, "message": ""},
    )

    page = rita_at_hub.get(f"/appointments/{asked.pk}/")

    assert page.context["may_renew"]
    assert f"/appointments/{asked.pk}/counter/" in page.content.decode()


def test_an_agreed_appointment_is_cancelled_with_a_reason(
    rita_at_hub: Client, confirmed: Appointment
) -> None:
    answer = rita_at_hub.post(
        f"/appointments/{confirmed.pk}/cancel/", {"reason_code": ReasonCode.NO_CAPACITY, "message": ""}
    )

    assert (answer.status_code, state_of(confirmed)) == (302, State.CANCELLED)


def test_a_counter_offer_of_the_shipper_shows_what_differs(
    rita_at_hub: Client, asked: Appointment, acme: Shipper, alice: Actor, rita: Actor
) -> None:
    with doorway.enter_shipper(acme):
        delivery = Delivery.objects.select_related("site").get()
        for actor, hour in ((rita, 10), (alice, 9)):
            counter(actor, delivery, asked, hour)

    page = rita_at_hub.get(f"/appointments/{asked.pk}/")

    compare = page.context["offer"]["compare"]
    assert page.context["state"] == "countered"
    assert (compare["asker"], compare["proposer"]) == ("Northern Hospital stores", "Acme Medical")
    assert [d["label"] for d in compare["proposals"][0]["differences"]] == ["−1 h", "same dock"]


def counter(actor: Actor, delivery: Delivery, appointment: Appointment, hour: int) -> None:
    """Propose the start at ``hour`` (UTC) at Dock 1."""
    found = find_slots(
        site=delivery.site, load=appointment.load, first_day=DAY, days=1, now=NOW, appointment=appointment
    )
    slot = next(s for s in found.slots if s.start.hour == hour)
    services.counter_offer(
        actor=actor,
        delivery=delivery,
        appointment_id=appointment.pk,
        slots=[Slot(*vars(slot).values())],
        now=NOW,
    )


def test_the_open_offer_of_a_past_expiry_can_not_be_answered(
    rita_at_hub: Client, asked: Appointment, offer: Offer, clock: Callable[..., None]
) -> None:
    clock(offer.expires_at)

    page = rita_at_hub.get(f"/appointments/{asked.pk}/")
    answer = accept(rita_at_hub, asked, offer)

    assert page.context["turn"]["sentence"] == (
        "Northern Hospital stores did not answer Acme Medical’s offer in time; it expires."
    )
    assert (page.context["offer"]["may_answer"], answer.status_code) == (False, 409)
    assert Offer.objects.get(pk=offer.pk).state == OfferState.OPEN


def test_the_link_of_an_email_leads_through_the_sign_in_and_back(
    browse: Callable[..., Client], asked: Appointment
) -> None:
    address = f"/appointments/{asked.pk}/"

    answer = browse().get(address)

    assert answer["Location"] == f"/account/login/?next={address}"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""),
        ("get", "counter/"),
        ("get", "counter/review/"),
        ("get", "cancel/"),
        ("post", "cancel/"),
        ("post", "offers/{offer}/accept/"),
        ("post", "offers/{offer}/decline/"),
        ("post", "arrival/"),
        ("post", "unloading/"),
        ("get", "handover/"),
        ("get", "custody/"),
        ("get", "documents/{offer}/"),
    ],
)
def test_another_recipient_finds_nothing_there(
    sam_at_hub: Client, asked: Appointment, offer: Offer, method: str, path: str
) -> None:
    address = f"/appointments/{asked.pk}/{path.format(offer=offer.pk)}"

    answer = getattr(sam_at_hub, method)(address, {"slot": "0"})

    assert answer.status_code == 404
    assert asked.reference not in answer.content.decode()
    assert state_of(asked) == State.OFFERED


def test_the_page_takes_as_many_queries_for_two_offers_as_for_one(
    rita_at_hub: Client, asked: Appointment, acme: Shipper, rita: Actor
) -> None:
    rita_at_hub.get(f"/appointments/{asked.pk}/")
    with CaptureQueriesContext(connection) as of_one:
        rita_at_hub.get(f"/appointments/{asked.pk}/")
    with doorway.enter_shipper(acme):
        counter(rita, Delivery.objects.select_related("site").get(), asked, 10)
    with CaptureQueriesContext(connection) as of_two:
        rita_at_hub.get(f"/appointments/{asked.pk}/")

    assert len(of_two) == len(of_one)
    assert len(of_one) < 45
