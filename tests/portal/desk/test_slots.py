"""Offering slots: what is chosen is in the address, what is lost is answered with what is free."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import time_machine
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.models import Appointment, DockOccupancy
from apps.appointments.ranking import RouteCost
from apps.appointments.selectors import find_slots
from apps.appointments.services import pick_slot
from apps.carriers.models import Carrier, Vehicle
from apps.deliveries import services
from apps.deliveries.selectors import load_of
from apps.facilities.models import Closure, DockRule, Site
from apps.portal.choosing import write_slot
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY, order_file


@pytest.fixture
def free(delivery):
    """The slots that the site has left for the delivery."""
    return find_slots(site=delivery.site, load=load_of(delivery), first_day=DAY, days=1, now=NOW).slots


def test_the_earliest_times_come_before_the_calendar(delivery, desk):
    answer = desk.get(f"/deliveries/{delivery.pk}/slots/")

    page = answer.content.decode()
    assert page.index("Earliest times that fit this load") < page.index("All times")
    assert answer.context["picker"]["day"]["label"] == "Wednesday 4 March"


def test_the_best_fit_says_what_speaks_for_it(delivery, desk):
    picker = desk.get(f"/deliveries/{delivery.pk}/slots/").context["picker"]

    assert [slot["fits"] for slot in picker["best"]] == ["as asked, quiet hour"] * 3
    assert {slot["start"].date() for slot in picker["best"]} == {DAY}
    assert picker["nothing"] is None


def test_what_a_planned_day_would_pay_is_said_and_counts(delivery, desk, monkeypatch):
    def costs(*, slots, **asked):
        return [RouteCost(None), *[RouteCost(120_00, "ZAR") for _ in slots[1:-1]], RouteCost(0, "ZAR")]

    monkeypatch.setattr("apps.portal.views.desk_slots.route_costs", costs)

    best = desk.get(f"/deliveries/{delivery.pk}/slots/").context["picker"]["best"]

    assert "as asked, quiet hour, the plan at the same cost" in [slot["fits"] for slot in best]
    assert not any("no vehicle of the plan" in slot["fits"] for slot in best)


def test_where_nothing_is_free_the_rule_in_the_way_and_whom_to_ask_are_said(delivery, desk):
    site = delivery.site
    with doorway.network():
        DockRule.objects.create(site=site, kind="max_pallets", limit=1)
        Site.objects.filter(pk=site.pk).update(contact_name="Thandi", contact_phone="+27 11 555 0100")

    page = desk.get(f"/deliveries/{delivery.pk}/slots/").content.decode()

    assert "No time of Northern Hospital stores fits this load" in page
    assert "Northern Hospital stores takes up to 1 pallets per visit; this load has 3." in page
    assert "For other times ask Thandi · +27 11 555 0100." in page
    assert "Join the waiting list" not in page


def test_a_closed_day_says_why_and_leads_to_the_next(delivery, desk):
    with doorway.network():
        during = DateTimeTZRange(NOW + timedelta(days=1, hours=18), NOW + timedelta(days=2, hours=18))
        Closure.objects.create(site=delivery.site, during=during, reason="Stocktaking")

    page = desk.get(f"/deliveries/{delivery.pk}/slots/?day={DAY}").content.decode()

    assert "Closed: Stocktaking." in page
    assert "Go to Thursday 5 March" in page


def test_a_chosen_slot_stays_chosen_in_the_address(delivery, desk, free):
    page = desk.get(f"/deliveries/{delivery.pk}/slots/", {"slot": [write_slot(free[0]), write_slot(free[8])]})

    assert [slot["number"] for slot in page.context["chosen"]] == [1, 2]
    assert "Offer 2 slots" in page.content.decode()


def test_offering_holds_the_chosen_slots(delivery, desk, free):
    answer = desk.post(
        f"/deliveries/{delivery.pk}/slots/",
        {"slot": [write_slot(free[8]), write_slot(free[0])], "message": "Ring at gate B."},
    )

    offer = Appointment.objects.get().offers.get()
    assert (answer.status_code, answer.url) == (302, f"/deliveries/{delivery.pk}/")
    assert [slot.during.lower for slot in offer.slots.all()] == [free[8].start, free[0].start]
    assert offer.message == "Ring at gate B."


def test_a_lost_race_is_answered_in_place_with_what_is_free_and_nothing_typed_is_lost(
    delivery, desk, free, alice
):
    services.import_orders(
        actor=alice, file_name="2.csv", content=order_file(f"C-7,PO-7,NH1,{DAY},1,Gel,1,pack,,80,3"), now=NOW
    )
    other = services.group_consignments(actor=alice, now=NOW)[0]
    both_docks = [slot for slot in free if slot.start == free[0].start]
    services.ask_for_slots(actor=alice, delivery=other, slots=both_docks, now=NOW)

    answer = desk.post(
        f"/deliveries/{delivery.pk}/slots/", {"slot": [write_slot(free[0])], "message": "Ring at gate B."}
    )

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Ring at gate B." in page
    assert len(answer.context["taken"]["alternatives"]) == 3
    assert Appointment.objects.filter(delivery_id=delivery.pk).count() == 0


def test_offering_nothing_is_refused_in_place(delivery, desk):
    assert desk.post(f"/deliveries/{delivery.pk}/slots/", {}).status_code == 422


def test_the_vehicle_is_by_default_the_largest_that_can_carry_the_delivery(delivery, desk):
    carrier = Carrier.objects.create(name="Own fleet", own_fleet=True)
    for plate, length, pallets in (("GP 1", "7.20", 10), ("GP 2", "9.90", 14), ("GP 3", "12.00", 1)):
        Vehicle.objects.create(
            carrier=carrier,
            plate=plate,
            vehicle_class="rigid",
            length_m=length,
            height_m="3.4",
            gross_weight_kg=15000,
            capacity_pallets=pallets,
            capacity_kg=8000,
            capacity_m3="40",
            temperature_classes=["ambient"],
        )

    answer = desk.get(f"/deliveries/{delivery.pk}/slots/")

    assert answer.context["vehicle"]["length"].value() == Decimal("9.90")
    assert "9.9" in answer.content.decode()
    assert any(reason["count_label"] == "Dock 2" for reason in answer.context["picker"]["excluded"])


def test_a_vehicle_that_can_not_be_read_is_said_beside_its_field(delivery, desk, free):
    answer = desk.post(
        f"/deliveries/{delivery.pk}/slots/", {"slot": [write_slot(free[0])], "length": "long", "height": "3"}
    )

    assert answer.status_code == 422
    assert not Appointment.objects.exists()


def test_a_counter_offer_is_answered_with_other_slots(asked, delivery, desk, rita):
    found = find_slots(
        site=delivery.site, load=asked.load, first_day=DAY, days=1, now=NOW, appointment=asked
    ).slots
    services.counter_offer(actor=rita, delivery=delivery, appointment_id=asked.pk, slots=[found[12]], now=NOW)
    address = f"/deliveries/{delivery.pk}/appointments/{asked.pk}/counter/"

    page = desk.get(address).content.decode()
    answer = desk.post(address, {"slot": [write_slot(found[20])]})

    assert "same time" in page
    assert answer.status_code == 302
    assert [offer.state for offer in asked.offers.order_by("id")] == ["countered", "countered", "open"]


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "2026-13-99", "x"])
def test_a_day_that_can_not_be_searched_shows_the_first_that_can(delivery, desk, day):
    answer = desk.get(f"/deliveries/{delivery.pk}/slots/?day={day}")

    assert answer.status_code == 200
    assert answer.context["picker"]["day"]["label"] == "Wednesday 4 March"


def test_slots_that_are_offered_already_are_looked_at_not_offered_again(asked, delivery, desk, free):
    page = desk.get(f"/deliveries/{delivery.pk}/slots/")
    answer = desk.post(f"/deliveries/{delivery.pk}/slots/", {"slot": [write_slot(free[20])]})

    assert page.url == f"/deliveries/{delivery.pk}/"
    assert answer.status_code == 409


def test_a_click_keeps_the_time_for_ten_minutes_and_the_page_says_until_when(delivery, desk, free):
    address = f"/deliveries/{delivery.pk}/slots/"

    answer = desk.post(
        address, {"pick": write_slot(free[0]), "day": str(DAY), "message": "Ring at gate B."}, follow=True
    )

    assert answer.redirect_chain[0][1] == 302
    assert answer.context["hold"] == {
        "expires_at": NOW + timedelta(minutes=10),
        "is_whole": True,
        "may_last": True,
    }
    page = answer.content.decode()
    assert "Kept for you while you choose" in page
    assert "Ring at gate B." in page
    assert [slot["is_held"] for slot in answer.context["chosen"]] == [True]


def test_a_time_that_another_shipper_is_choosing_is_answered_in_place(delivery, desk, free, bob, globex):
    address = f"/deliveries/{delivery.pk}/slots/"
    with doorway.enter_shipper(globex):
        for slot in (slot for slot in free if slot.start == free[0].start):
            pick_slot(
                actor=bob,
                site=delivery.site,
                shipper_id=globex.pk,
                delivery_id=uuid4(),
                reference="SECRET-9",
                load=load_of(delivery),
                slot=slot,
                now=NOW,
            )

    answer = desk.post(
        address, {"pick": write_slot(free[0]), "slot": write_slot(free[20]), "message": "Ring at gate B."}
    )

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "SECRET" not in page
    assert "Ring at gate B." in page
    assert len(answer.context["taken"]["alternatives"]) == 3
    assert [slot["value"] for slot in answer.context["chosen"]] == [write_slot(free[20])]


def test_what_is_kept_may_be_kept_longer_once_and_again_when_it_is_over(delivery, desk, free):
    address = f"/deliveries/{delivery.pk}/slots/"
    chosen = {"slot": write_slot(free[0])}
    desk.post(address, {"pick": write_slot(free[0])})

    longer = desk.post(address, {**chosen, "hold": "longer"}, follow=True)
    again = desk.post(address, {**chosen, "hold": "longer"})
    with time_machine.travel(NOW + timedelta(minutes=21), tick=False):
        lapsed = desk.get(address, chosen)
        renewed = desk.post(address, {**chosen, "hold": "again"}, follow=True)

    assert longer.context["hold"]["expires_at"] == NOW + timedelta(minutes=20)
    assert not longer.context["hold"]["may_last"]
    assert again.status_code == 409
    assert (lapsed.context["hold"]["expires_at"], lapsed.context["chosen"][0]["is_free"]) == (None, True)
    assert renewed.context["hold"]["expires_at"] == NOW + timedelta(minutes=31)


def test_what_is_taken_out_is_free_for_others(delivery, desk, free):
    address = f"/deliveries/{delivery.pk}/slots/"
    value = write_slot(free[0])
    desk.post(address, {"pick": value})

    answer = desk.post(address, {"slot": value, "drop": value}, follow=True)

    assert answer.context["chosen"] == []
    assert answer.context["hold"] is None
    assert not DockOccupancy.objects.exists()


def test_a_slot_that_is_chosen_is_offered_by_whoever_kept_it(delivery, desk, free):
    address = f"/deliveries/{delivery.pk}/slots/"
    desk.post(address, {"pick": write_slot(free[0])})

    answer = desk.post(address, {"slot": write_slot(free[0])})

    assert answer.status_code == 302
    assert DockOccupancy.objects.get().offered_slot is not None
