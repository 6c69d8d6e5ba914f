"""The slot picker of a counter-offer: choosing by plain links, review, sending, and losing a race."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, DockOccupancy, Offer
from apps.appointments.services import block_dock
from apps.appointments.states import State
from apps.facilities.models import Dock
from apps.portal.choosing import read_slot
from tests.factories.cast import NOW
from tests.portal.hub.conftest import DAY


def values(page) -> list[str]:
    """The slots of the day that can be clicked, as the buttons send them."""
    groups = page.context["picker"]["day"]["groups"]
    return [slot["value"] for group in groups for slot in group["slots"] if not slot["is_out"]]


def test_the_earliest_three_come_first_then_the_day_that_was_asked_for(
    rita_at_hub: Client, asked: Appointment
) -> None:
    page = rita_at_hub.get(f"/appointments/{asked.pk}/counter/")

    picker = page.context["picker"]
    assert [f"{slot['start']:%d %H:%M}" for slot in picker["earliest"]] == [
        "02 10:00",
        "02 10:15",
        "02 10:30",
    ]
    assert picker["day"]["label"] == "Wednesday 4 March"
    assert picker["zone_label"] == "SAST (UTC+02:00)"


def test_a_click_puts_a_time_into_the_choice_and_the_address_keeps_it(
    rita_at_hub: Client, asked: Appointment
) -> None:
    address = f"/appointments/{asked.pk}/counter/"
    first, *_rest = values(rita_at_hub.get(address, {"day": "2026-03-05"}))

    page = rita_at_hub.get(address, {"day": "2026-03-05", "slot": first})

    assert [slot["value"] for slot in page.context["chosen"]] == [first]
    assert first in page.context["review_url"]
    assert all(first in day["url"] for day in free_days(page))


def free_days(page) -> list[dict[str, str]]:
    months = page.context["picker"]["months"]
    return [day for month in months for week in month["weeks"] for day in week if day and day.get("url")]


def test_a_second_click_takes_it_out_again(rita_at_hub: Client, asked: Appointment) -> None:
    address = f"/appointments/{asked.pk}/counter/"
    first, *_rest = values(rita_at_hub.get(address, {"day": "2026-03-05"}))

    page = rita_at_hub.get(address, {"day": "2026-03-05", "slot": first, "drop": first})

    assert page.context["chosen"] == []


def test_times_that_overlap_a_chosen_one_move_to_the_other_dock_or_can_not_be_clicked(
    rita_at_hub: Client, asked: Appointment
) -> None:
    address = f"/appointments/{asked.pk}/counter/"
    first, second, *_rest = values(rita_at_hub.get(address, {"day": "2026-03-05"}))

    page = rita_at_hub.get(address, {"day": "2026-03-05", "slot": first})

    moved = values(page)[1]
    assert (read_slot(moved).start, read_slot(moved).dock_id != read_slot(second).dock_id) == (
        read_slot(second).start,
        True,
    )


def test_the_closed_day_says_why_it_has_no_times(rita_at_hub: Client, asked: Appointment) -> None:
    page = rita_at_hub.get(f"/appointments/{asked.pk}/counter/", {"day": "2026-03-07"})

    assert page.context["picker"]["day"]["groups"] == []
    assert "No receiving hours on Saturday 7 March" in page.content.decode()


def test_sending_the_reviewed_slots_counters_the_offer(
    rita_at_hub: Client, asked: Appointment, offer: Offer
) -> None:
    first, *_rest = values(rita_at_hub.get(f"/appointments/{asked.pk}/counter/", {"day": "2026-03-05"}))

    answer = rita_at_hub.post(
        f"/appointments/{asked.pk}/counter/review/",
        {"slot": first, "message": "Thursday suits the dock.", "reason_code": "no_staff"},
    )

    appointment = Appointment.objects.get(pk=asked.pk)
    theirs = appointment.offers.get(state="open")
    assert answer["Location"] == f"/appointments/{asked.pk}/"
    assert (appointment.state, appointment.must_act) == (State.OFFERED, "shipper")
    assert (theirs.message, theirs.slots.get().during.lower) == (
        "Thursday suits the dock.",
        read_slot(first).start,
    )


def test_a_lost_race_is_told_in_place_with_alternatives_and_keeps_what_was_typed(
    rita_at_hub: Client, asked: Appointment, rita: Actor
) -> None:
    first, *rest = values(rita_at_hub.get(f"/appointments/{asked.pk}/counter/", {"day": "2026-03-05"}))
    other = next(value for value in rest if read_slot(value).start >= read_slot(first).end)
    lost = read_slot(first)
    dock = Dock.objects.get(pk=lost.dock_id)
    during = DateTimeTZRange(lost.start, lost.end)
    block_dock(actor=rita, dock=dock, lane=1, during=during, note="Crane", now=NOW)

    answer = rita_at_hub.post(
        f"/appointments/{asked.pk}/counter/review/",
        {"slot": [first, other], "message": "Thursday suits.", "reason_code": ""},
    )

    assert answer.status_code == 409
    assert len(answer.context["taken"]["alternatives"]) == 3
    assert [slot["value"] for slot in answer.context["chosen"]] == [other]
    assert answer.context["message"] == "Thursday suits."
    assert asked.offers.get(state="open").side == "shipper"


def test_a_review_of_nothing_leads_back_to_the_picker(rita_at_hub: Client, asked: Appointment) -> None:
    answer = rita_at_hub.get(f"/appointments/{asked.pk}/counter/review/?slot=nonsense")

    assert answer["Location"] == f"/appointments/{asked.pk}/counter/"


@pytest.mark.parametrize("email", ["otto@northern.example", "nadia@northern.example"])
def test_who_does_not_negotiate_may_not_counter(
    browse: Callable[..., Client], asked: Appointment, email: str
) -> None:
    assert browse(email).get(f"/appointments/{asked.pk}/counter/").status_code == 403


def test_the_day_asked_for_may_lie_past_the_counted_ones(rita_at_hub: Client, asked: Appointment) -> None:
    page = rita_at_hub.get(f"/appointments/{asked.pk}/counter/", {"day": "2099-01-01"})

    assert page.status_code == 200
    assert DAY.day == 4


def test_while_the_shipper_has_to_answer_nothing_can_be_proposed(
    rita_at_hub: Client, asked: Appointment
) -> None:
    address = f"/appointments/{asked.pk}/counter/"
    first, *_rest = values(rita_at_hub.get(address, {"day": "2026-03-05"}))
    rita_at_hub.post(f"{address}review/", {"slot": first, "message": "", "reason_code": ""})

    answer = rita_at_hub.get(address)

    assert answer["Location"] == f"/appointments/{asked.pk}/"


def test_a_click_keeps_the_time_for_ten_minutes_and_sending_it_holds_it(
    rita_at_hub: Client, asked: Appointment
) -> None:
    address = f"/appointments/{asked.pk}/counter/"
    first, *_rest = values(rita_at_hub.get(address, {"day": "2026-03-05"}))

    page = rita_at_hub.post(address, {"pick": first, "day": "2026-03-05"}, follow=True)
    kept = DockOccupancy.objects.get(picking__isnull=False)
    rita_at_hub.post(f"{address}review/", {"slot": first, "message": "", "reason_code": ""})

    assert page.context["hold"]["expires_at"] == NOW + timedelta(minutes=10)
    assert [slot["is_held"] for slot in page.context["chosen"]] == [True]
    assert (kept.appointment_id, kept.kind) == (asked.pk, "hold")
    assert DockOccupancy.objects.get().offered_slot is not None


def test_a_time_that_is_taken_meanwhile_is_said_at_the_click(
    rita_at_hub: Client, asked: Appointment, rita: Actor
) -> None:
    address = f"/appointments/{asked.pk}/counter/"
    first, *_rest = values(rita_at_hub.get(address, {"day": "2026-03-05"}))
    slot = read_slot(first)
    during = DateTimeTZRange(slot.start, slot.end)
    dock = Dock.objects.select_related("site").get(pk=slot.dock_id)
    block_dock(actor=rita, dock=dock, lane=1, during=during, note="Crane", now=NOW)

    answer = rita_at_hub.post(address, {"pick": first, "day": "2026-03-05"})

    assert answer.status_code == 409
    assert len(answer.context["taken"]["alternatives"]) == 3
    assert answer.context["chosen"] == []
