"""Another time for what is agreed: proposed, withdrawn, moved at once, and who may; the old slot stands."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, Offer
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.portal.choosing import read_slot
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.portal.hub.test_counter import values


@pytest.fixture
def address(confirmed: Appointment) -> str:
    return f"/appointments/{confirmed.pk}/reschedule/"


@pytest.fixture
def other(rita_at_hub: Client, address: str) -> str:
    """A time on another day, as the picker's button sends it."""
    return values(rita_at_hub.get(address, {"day": "2026-03-05"}))[0]


def slot_of(appointment: Appointment) -> tuple[object, object]:
    fresh = Appointment.objects.get(pk=appointment.pk)
    return fresh.dock_id, fresh.during


def test_the_page_says_what_stands_and_until_when_it_may_be_moved_at_once(
    rita_at_hub: Client, address: str, confirmed: Appointment
) -> None:
    page = rita_at_hub.get(address)

    body = page.content.decode()
    assert confirmed.confirmation_number in body
    assert page.context["move"]["may_move_now"] is True
    assert "the agreed one stands until Acme Medical accepts another" in body


def test_a_proposed_time_is_held_and_the_agreed_one_stands(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment
) -> None:
    before = slot_of(confirmed)

    rita_at_hub.post(f"{address}review/", {"slot": other, "message": "Crane in the yard."})

    page = rita_at_hub.get(f"/appointments/{confirmed.pk}/").content.decode()
    offer = confirmed.offers.get(state="open")
    assert slot_of(confirmed) == before
    assert (offer.moves, offer.side, offer.slots.get().during.lower) == (
        True,
        "recipient",
        read_slot(other).start,
    )
    assert "Acme Medical answers Northern Hospital stores’s proposal of another time" in page
    assert "Agreed so far" in page
    assert "Withdraw the proposal" in page


def test_while_a_time_is_proposed_no_second_one_can_be(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment
) -> None:
    rita_at_hub.post(f"{address}review/", {"slot": other})

    assert rita_at_hub.get(address)["Location"] == f"/appointments/{confirmed.pk}/"
    assert rita_at_hub.post(f"{address}review/", {"slot": other}).status_code == 409


def test_a_withdrawn_proposal_leaves_the_agreed_slot(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment
) -> None:
    before = slot_of(confirmed)
    rita_at_hub.post(f"{address}review/", {"slot": other})
    offer = confirmed.offers.get(state="open")

    answer = rita_at_hub.post(f"/appointments/{confirmed.pk}/offers/{offer.pk}/withdraw/")

    assert answer["Location"] == f"/appointments/{confirmed.pk}/"
    assert Offer.objects.get(pk=offer.pk).state == "withdrawn"
    assert slot_of(confirmed) == before
    assert "withdrew the proposal of another time" in rita_at_hub.get(answer["Location"]).content.decode()


def test_before_the_cut_off_one_slot_may_be_moved_to_at_once(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment
) -> None:
    review = rita_at_hub.get(f"{address}review/", {"slot": other})

    answer = rita_at_hub.post(f"{address}review/", {"slot": other, "how": "now"})

    fresh = Appointment.objects.get(pk=confirmed.pk)
    assert "Move now, without asking" in review.content.decode()
    assert answer["Location"] == f"/appointments/{confirmed.pk}/"
    assert fresh.during.lower == read_slot(other).start
    assert fresh.confirmation_number == confirmed.confirmation_number


def test_after_the_cut_off_moving_at_once_is_refused_in_place_and_proposing_goes_on(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment, clock: Callable[..., None]
) -> None:
    before = slot_of(confirmed)
    clock(confirmed.during.lower - confirmed.site.change_cutoff + timedelta(minutes=1))

    refused = rita_at_hub.post(f"{address}review/", {"slot": other, "how": "now", "message": "Crane."})
    proposed = rita_at_hub.post(f"{address}review/", {"slot": other, "message": "Crane."})

    body = refused.content.decode()
    assert refused.status_code == 409
    assert "has to agree to another time" in body
    assert "Move now, without asking" not in body
    assert "Crane." in body
    assert proposed.status_code == 302
    assert slot_of(confirmed) == before


def test_the_shippers_proposal_is_compared_with_what_is_agreed_and_accepted(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment, acme: Shipper, alice: Actor
) -> None:
    slot = read_slot(other)
    with doorway.enter_shipper(acme):
        services.propose_move(
            actor=alice,
            delivery=Delivery.objects.get(pk=confirmed.delivery_id),
            appointment_id=confirmed.pk,
            slots=[slot],
            now=confirmed.created_at.replace(year=2026, month=3, day=2, hour=6),
        )

    inbox = rita_at_hub.get("/").content.decode()
    page = rita_at_hub.get(f"/appointments/{confirmed.pk}/")
    offer = page.context["offer"]
    rita_at_hub.post(offer["compare"]["action"], {"slot": "0"})

    assert "Another time" in inbox
    assert offer["compare"]["instead"] is True
    assert rita_at_hub.get(address).status_code == 200
    assert Appointment.objects.get(pk=confirmed.pk).during.lower == slot.start


def test_what_has_begun_can_not_be_rescheduled(
    rita_at_hub: Client, address: str, other: str, confirmed: Appointment, clock: Callable[..., None]
) -> None:
    clock(confirmed.during.lower)

    assert rita_at_hub.get(address)["Location"] == f"/appointments/{confirmed.pk}/"
    assert rita_at_hub.post(f"{address}review/", {"slot": other}).status_code == 409


@pytest.mark.parametrize(
    ("email", "status"),
    [("otto@northern.example", 403), ("nadia@northern.example", 403), ("sam@southern.example", 404)],
)
def test_only_who_negotiates_for_its_recipient_reschedules(
    browse: Callable[..., Client],
    rita_at_hub: Client,
    address: str,
    other: str,
    confirmed: Appointment,
    email: str,
    status: int,
) -> None:
    rita_at_hub.post(f"{address}review/", {"slot": other})
    offer = confirmed.offers.get(state="open")
    visitor = browse(email)

    assert visitor.get(address).status_code == status
    assert visitor.get(f"{address}review/", {"slot": other}).status_code == status
    assert visitor.post(f"{address}review/", {"slot": other}).status_code == status
    assert visitor.post(f"/appointments/{confirmed.pk}/offers/{offer.pk}/withdraw/").status_code == status
    assert Offer.objects.get(pk=offer.pk).state == "open"
