"""Offers, counter-offers and their ends; who may do what, and that a refusal changes nothing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor, Side
from apps.appointments.models import Appointment, DockOccupancy, Offer, OfferedSlot
from apps.appointments.selectors import appointments_visible_to, find_slots, timeline, waiting_for
from apps.appointments.services import (
    AlreadyNegotiating,
    AppointmentNotFound,
    NoPartnership,
    NotYourTurn,
    OfferClosed,
    SlotRefused,
    SlotTaken,
    TooEarly,
    TooManySlots,
    accept_offer,
    advance,
    block_dock,
    cancel_appointment,
    counter_offer,
    decline_offer,
    expire_offer,
    expire_offers,
    unblock_dock,
)
from apps.appointments.services.accept import ALPHABET
from apps.appointments.states import State
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.facilities.models import Closure, Dock, Partnership, Site
from apps.tenancy import doorway
from tests.appointments.conftest import LOAD, TUESDAY, local, slot_at


def ledger():
    """What occupies docks, in the order of the day: kind, dock, lane, local start."""
    rows = DockOccupancy.objects.select_related("dock").order_by("during", "dock__name", "lane")
    return [(row.kind, row.dock.name, row.lane, row.during.lower) for row in rows]


def open_offer(appointment):
    return Offer.objects.get(appointment=appointment, state="open")


def as_it_is(appointment):
    """Everything that a refused step must leave alone."""
    fresh = Appointment.objects.get(pk=appointment.pk)
    offers = list(fresh.offers.values_list("state", flat=True))
    return fresh.state, fresh.version, fresh.must_act, offers, [e.step for e in timeline(fresh)], ledger()


@pytest.fixture
def agreed(alice, rita, dock, offer, now):
    """Alice's appointment on Tuesday 08:00–08:30 at Dock 1, accepted by Rita."""
    appointment = offer(alice, slot_at(dock, "08:00"))
    return accept_offer(actor=rita, offer_id=open_offer(appointment).pk, slot_index=0, now=now)


# Offering ------------------------------------------------------------------------------------


def test_an_offer_holds_every_slot_until_it_expires_and_waits_for_the_other_side(
    alice, dock, second_dock, offer, now
):
    appointment = offer(alice, slot_at(dock, "09:00"), slot_at(second_dock, "10:00"), message="Either?")

    made = open_offer(appointment)
    assert ledger() == [("hold", "Dock 1", 1, local("09:00")), ("hold", "Dock 2", 1, local("10:00"))]
    assert (appointment.state, appointment.must_act, appointment.must_act_by) == (
        State.OFFERED,
        "recipient",
        now + timedelta(hours=24),
    )
    assert (made.side, made.message, made.offered_by) == ("shipper", "Either?", "Alice Adams")
    assert [(s.index, s.dock.name, s.lane) for s in made.slots.all()] == [(0, "Dock 1", 1), (1, "Dock 2", 1)]
    assert appointment.load == LOAD


def test_an_offer_ends_when_its_last_slot_would_begin(alice, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "12:00", day=date(2026, 3, 2)))

    assert appointment.must_act_by == local("12:00", date(2026, 3, 2))
    assert DockOccupancy.objects.get().hold_expires_at == local("12:00", date(2026, 3, 2))


def test_a_receiving_manager_may_make_the_first_offer(alice, rita, dock, offer):
    appointment = offer(rita, slot_at(dock, "08:00"), shipper_id=alice.shipper_id)

    assert (appointment.must_act, open_offer(appointment).side) == ("shipper", "recipient")


def test_holds_take_another_lane_when_one_is_taken(alice, bob, dock, offer):
    Dock.objects.filter(pk=dock.pk).update(lanes=2)

    offer(alice, slot_at(dock, "08:00"))
    offer(bob, slot_at(dock, "08:15"))

    assert [(row[2], row[3]) for row in ledger()] == [(1, local("08:00")), (2, local("08:15"))]


def test_a_taken_slot_is_answered_with_the_three_nearest_and_nothing_is_held(
    alice, bob, dock, second_dock, offer
):
    offer(alice, slot_at(dock, "08:00"))

    with pytest.raises(SlotTaken) as refused:
        offer(bob, slot_at(dock, "10:00"), slot_at(dock, "08:15"))

    assert refused.value.message == "Dock 1 is taken then."
    assert refused.value.details["slot"] == 1
    assert [(a["dock"], a["start"]) for a in refused.value.details["alternatives"]] == [
        ("Dock 2", "2026-03-03T08:15:00+02:00"),
        ("Dock 2", "2026-03-03T08:00:00+02:00"),
        ("Dock 1", "2026-03-03T08:30:00+02:00"),
    ]
    assert ledger() == [("hold", "Dock 1", 1, local("08:00"))]
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize(
    ("text", "day", "reason"),
    [
        ("06:00", TUESDAY, "Dock 1 receives 07:00–15:00 on that day."),
        (
            "09:00",
            date(2026, 5, 5),
            "Northern Hospital stores is booked at most 30 days ahead: until Wed 1 April, 08:00 SAST.",
        ),
        (
            "09:00",
            date(2026, 3, 2),
            "Northern Hospital stores is booked at least 4 hours ahead: from Mon 2 March, 12:00 SAST.",
        ),
        ("09:00", date(2026, 2, 24), "Tue 24 February, 09:00 SAST is past."),
    ],
)
def test_a_slot_against_the_rules_is_refused_with_the_reason_and_slots_that_work(
    alice, dock, offer, northern_site, now, text, day, reason
):
    with pytest.raises(SlotRefused) as refused:
        offer(alice, slot_at(dock, text, day=day))

    assert refused.value.details["reasons"] == [reason]
    alternatives = refused.value.details["alternatives"]
    assert len(alternatives) == 3
    assert Appointment.objects.count() == 0


def test_a_dock_that_cannot_take_the_vehicle_refuses_it(alice, second_dock, offer):
    with pytest.raises(SlotRefused) as refused:
        offer(alice, slot_at(second_dock, "09:00"), load=replace(LOAD, vehicle_length_m=Decimal(12)))

    assert refused.value.details["reasons"] == ["Dock 2 takes vehicles up to 9.0 m long; this one is 12.0 m."]
    assert [a["dock"] for a in refused.value.details["alternatives"]] == ["Dock 1"] * 3


@pytest.mark.parametrize("count", [0, 6])
def test_an_offer_has_one_to_five_slots(alice, dock, offer, count):
    with pytest.raises(TooManySlots):
        offer(alice, *[slot_at(dock, f"{8 + number:02}:00") for number in range(count)])


def test_slots_of_one_offer_must_not_stand_in_each_others_way(alice, dock, offer):
    with pytest.raises(TooManySlots, match=r"Slot 2 overlaps another slot of this offer at Dock 1\."):
        offer(alice, slot_at(dock, "08:00"), slot_at(dock, "08:15"))

    assert ledger() == []


def test_a_delivery_is_negotiated_once_at_a_time(alice, dock, offer):
    delivery_id = uuid4()
    offer(alice, slot_at(dock, "08:00"), delivery_id=delivery_id)

    with pytest.raises(AlreadyNegotiating):
        offer(alice, slot_at(dock, "09:00"), delivery_id=delivery_id)

    assert ledger() == [("hold", "Dock 1", 1, local("08:00"))]


def test_without_a_partnership_nothing_is_offered(alice, dock, offer, acme, northern):
    Partnership.objects.filter(shipper=acme, recipient=northern).update(active=False)

    with pytest.raises(NoPartnership):
        offer(alice, slot_at(dock, "08:00"))


@pytest.mark.parametrize("who", ["arthur", "otto", "sam", "olga", "bob"])
def test_only_its_planner_and_its_receiving_manager_negotiate(who, request, alice, dock, offer):
    actor = request.getfixturevalue(who)

    with pytest.raises(PermissionRefused):
        offer(actor, slot_at(dock, "08:00"), shipper_id=alice.shipper_id)


def test_an_expired_hold_that_nobody_swept_makes_way(alice, bob, dock, offer, northern_site, now):
    Site.objects.filter(pk=northern_site.pk).update(answer_within=timedelta(hours=1))
    northern_site.refresh_from_db()
    offer(alice, slot_at(dock, "08:00"), slot_at(dock, "09:00"))

    offer(bob, slot_at(dock, "08:15"), now=now + timedelta(hours=2))

    assert [row[3] for row in ledger()] == [local("08:15"), local("09:00")]


def test_a_shipper_in_its_own_schema_books_past_others_expired_holds(
    alice, bob, dock, offer, northern_site, now, acme, globex
):
    Site.objects.filter(pk=northern_site.pk).update(answer_within=timedelta(hours=1))
    northern_site.refresh_from_db()
    with doorway.enter_shipper(acme):
        offer(alice, slot_at(dock, "08:00"))

    with doorway.enter_shipper(globex):
        with pytest.raises(SlotTaken):
            offer(bob, slot_at(dock, "08:00"), now=now + timedelta(minutes=30))
        offer(bob, slot_at(dock, "08:00"), now=now + timedelta(hours=2))

    assert [row.appointment.shipper_id for row in DockOccupancy.objects.all()] == [globex.pk]


# Countering ----------------------------------------------------------------------------------


def test_three_rounds_lead_to_a_booking(alice, rita, dock, second_dock, offer, now, at_acme):
    appointment = offer(alice, slot_at(dock, "08:00"), slot_at(dock, "09:00"), message="Any of these?")
    counter_offer(
        actor=rita,
        appointment_id=appointment.pk,
        slots=[slot_at(second_dock, "10:00")],
        reason_code="no_staff",
        now=now,
    )
    counter_offer(
        actor=alice,
        appointment_id=appointment.pk,
        slots=[slot_at(dock, "11:00"), slot_at(dock, "12:00")],
        now=now,
    )

    accept_offer(actor=rita, offer_id=open_offer(appointment).pk, slot_index=1, now=now)

    agreed = Appointment.objects.get(pk=appointment.pk)
    assert (agreed.state, agreed.version, agreed.must_act, agreed.must_act_by) == (
        State.CONFIRMED,
        4,
        "",
        None,
    )
    assert (agreed.dock, agreed.lane, agreed.during) == (
        dock,
        1,
        DateTimeTZRange(local("12:00"), local("12:30")),
    )
    assert agreed.arrival_window == DateTimeTZRange(local("11:30"), local("12:30"))
    assert ledger() == [("booking", "Dock 1", 1, local("12:00"))]
    assert [(e.step, e.side, e.reason_code) for e in timeline(agreed)] == [
        ("offered", "shipper", ""),
        ("countered", "recipient", "no_staff"),
        ("countered", "shipper", ""),
        ("confirmed", "recipient", ""),
    ]
    assert [o.state for o in agreed.offers.all()] == ["countered", "countered", "accepted"]
    assert OfferedSlot.objects.get(accepted=True).index == 1


def test_a_counter_offer_may_keep_one_of_the_slots(alice, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"), slot_at(dock, "09:00"))

    counter_offer(
        actor=rita,
        appointment_id=appointment.pk,
        slots=[slot_at(dock, "08:00"), slot_at(dock, "08:30")],
        now=now,
    )

    assert [row[3] for row in ledger()] == [local("08:00"), local("08:30")]


def test_a_refused_counter_offer_leaves_the_open_one_standing(alice, bob, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))
    offer(bob, slot_at(dock, "09:00"))
    before = as_it_is(appointment)

    with pytest.raises(SlotTaken):
        counter_offer(actor=rita, appointment_id=appointment.pk, slots=[slot_at(dock, "09:00")], now=now)

    assert as_it_is(appointment) == before


def test_the_side_that_waits_can_neither_counter_nor_accept_nor_decline(alice, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))
    answer = {"actor": alice, "offer_id": open_offer(appointment).pk, "now": now}
    before = as_it_is(appointment)

    with pytest.raises(NotYourTurn):
        counter_offer(actor=alice, appointment_id=appointment.pk, slots=[slot_at(dock, "09:00")], now=now)
    with pytest.raises(NotYourTurn):
        accept_offer(slot_index=0, **answer)
    with pytest.raises(NotYourTurn):
        decline_offer(reason_code="other", **answer)

    assert as_it_is(appointment) == before


# Accepting -----------------------------------------------------------------------------------


def test_a_confirmation_number_can_be_read_out(agreed):
    first, second = agreed.confirmation_number.split("-")

    assert (len(first), len(second)) == (3, 3)
    assert set(first + second) <= set(ALPHABET)


def test_an_offer_is_accepted_once(agreed, rita, now):
    accepted = Offer.objects.get(appointment=agreed)
    before = as_it_is(agreed)

    with pytest.raises(OfferClosed):
        accept_offer(actor=rita, offer_id=accepted.pk, slot_index=0, now=now)

    assert as_it_is(agreed) == before


def test_an_expired_offer_is_not_accepted_even_before_the_sweep(alice, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "14:00"))
    before = as_it_is(appointment)

    with pytest.raises(OfferClosed, match="expired"):
        accept_offer(
            actor=rita, offer_id=open_offer(appointment).pk, slot_index=0, now=now + timedelta(hours=24)
        )

    assert as_it_is(appointment) == before


def test_a_held_slot_stays_acceptable_inside_the_lead_time(alice, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "12:00", day=date(2026, 3, 2)))

    accepted = accept_offer(
        actor=rita, offer_id=open_offer(appointment).pk, slot_index=0, now=now + timedelta(hours=3)
    )

    assert accepted.state == State.CONFIRMED


def test_a_slot_at_a_dock_that_closed_meanwhile_is_not_accepted(alice, rita, dock, offer, northern_site, now):
    appointment = offer(alice, slot_at(dock, "08:00"))
    Closure.objects.create(
        site=northern_site,
        dock=dock,
        during=DateTimeTZRange(local("07:00"), local("09:00")),
        reason="Broken door",
    )
    before = as_it_is(appointment)

    with pytest.raises(SlotRefused) as refused:
        accept_offer(actor=rita, offer_id=open_offer(appointment).pk, slot_index=0, now=now)

    assert refused.value.details["reasons"] == ["Dock 1 is closed then: Broken door."]
    assert len(refused.value.details["alternatives"]) == 3
    assert as_it_is(appointment) == before


def test_an_unknown_slot_or_offer_is_not_found(alice, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))

    with pytest.raises(AppointmentNotFound):
        accept_offer(actor=rita, offer_id=open_offer(appointment).pk, slot_index=1, now=now)
    with pytest.raises(AppointmentNotFound):
        accept_offer(actor=rita, offer_id=uuid4(), slot_index=0, now=now)


# Ending --------------------------------------------------------------------------------------


def test_declining_frees_the_dock_and_keeps_the_reason(alice, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))

    decline_offer(
        actor=rita,
        offer_id=open_offer(appointment).pk,
        reason_code="not_ordered",
        message="Not ours",
        now=now,
    )

    assert as_it_is(appointment) == (State.DECLINED, 2, "", ["declined"], ["offered", "declined"], [])
    last = timeline(appointment)[-1]
    assert (last.reason_code, last.message, last.actor_name) == ("not_ordered", "Not ours", "Rita Reyes")


def test_a_declined_negotiation_is_taken_up_again_by_either_side(alice, rita, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))
    decline_offer(actor=rita, offer_id=open_offer(appointment).pk, reason_code="no_staff", now=now)

    again = counter_offer(actor=rita, appointment_id=appointment.pk, slots=[slot_at(dock, "09:00")], now=now)

    assert (again.state, again.must_act) == (State.OFFERED, "shipper")
    assert [e.step for e in timeline(again)] == ["offered", "declined", "reopened"]


def test_a_declined_negotiation_stays_closed_while_another_runs(alice, rita, dock, offer, now):
    delivery_id = uuid4()
    first = offer(alice, slot_at(dock, "08:00"), delivery_id=delivery_id)
    decline_offer(actor=rita, offer_id=open_offer(first).pk, reason_code="no_staff", now=now)
    offer(alice, slot_at(dock, "09:00"), delivery_id=delivery_id)
    before = as_it_is(first)

    with pytest.raises(AlreadyNegotiating):
        counter_offer(actor=rita, appointment_id=first.pk, slots=[slot_at(dock, "10:00")], now=now)

    assert as_it_is(first) == before


@pytest.mark.parametrize("who", ["alice", "rita"])
def test_either_side_cancels_an_agreed_slot_with_a_reason(who, request, agreed, now):
    actor = request.getfixturevalue(who)

    cancel_appointment(actor=actor, appointment_id=agreed.pk, reason_code="order_changed", now=now)

    assert as_it_is(agreed) == (
        State.CANCELLED,
        3,
        "",
        ["accepted"],
        ["offered", "confirmed", "cancelled"],
        [],
    )


def test_cancelling_a_negotiation_withdraws_the_open_offer(alice, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))

    cancel_appointment(actor=alice, appointment_id=appointment.pk, reason_code="goods_not_ready", now=now)

    assert as_it_is(appointment)[0:4] == (State.CANCELLED, 2, "", ["withdrawn"])


def test_nothing_is_cancelled_twice(agreed, alice, now):
    cancel_appointment(actor=alice, appointment_id=agreed.pk, reason_code="other", now=now)

    with pytest.raises(IllegalTransition):
        cancel_appointment(actor=alice, appointment_id=agreed.pk, reason_code="other", now=now)


def test_the_sweep_expires_what_nobody_answered_and_nothing_else(alice, bob, rita, dock, offer, now, agreed):
    first = offer(alice, slot_at(dock, "09:00"))
    second = offer(bob, slot_at(dock, "12:00", day=date(2026, 3, 2)))

    too_soon = expire_offers(now=now + timedelta(hours=3))
    at_noon = expire_offers(now=now + timedelta(hours=4))
    next_day = expire_offers(now=now + timedelta(hours=24))

    assert (too_soon, at_noon, next_day) == ([], [second.pk], [first.pk])
    assert as_it_is(first)[:5] == (State.EXPIRED, 2, "", ["expired"], ["offered", "expired"])
    assert ledger() == [("booking", "Dock 1", 1, local("08:00"))]


def test_the_sweep_in_a_shippers_schema_touches_only_its_own(alice, bob, dock, offer, now, acme):
    mine = offer(alice, slot_at(dock, "09:00"))
    other = offer(bob, slot_at(dock, "10:00"))

    with doorway.enter_shipper(acme):
        expired = expire_offers(now=now + timedelta(days=2))
        assert not expire_offer(appointment_id=other.pk, now=now + timedelta(days=2))

    assert expired == [mine.pk]
    assert expire_offer(appointment_id=other.pk, now=now + timedelta(days=2))


def test_the_sweep_takes_the_oldest_first_and_stops_at_its_limit(alice, dock, offer, now):
    first = offer(alice, slot_at(dock, "12:00", day=date(2026, 3, 2)))
    offer(alice, slot_at(dock, "09:00"))

    assert expire_offers(now=now + timedelta(days=2), limit=1) == [first.pk]


# The day -------------------------------------------------------------------------------------


def test_a_visit_runs_from_arrival_to_completion_and_gives_the_rest_of_its_time_back(agreed, otto):
    for to, at in (("arrived", "07:55"), ("in_progress", "08:02"), ("completed", "08:20")):
        advance(actor=otto, appointment_id=agreed.pk, to=State(to), now=local(at))

    assert [e.step for e in timeline(agreed)][2:] == ["arrived", "in_progress", "completed"]
    assert DockOccupancy.objects.get().during == DateTimeTZRange(local("08:00"), local("08:20"))


def test_a_vehicle_is_a_no_show_only_after_its_arrival_window(agreed, otto, rita):
    with pytest.raises(TooEarly):
        advance(actor=otto, appointment_id=agreed.pk, to=State.NO_SHOW, now=local("08:29"))

    advance(actor=otto, appointment_id=agreed.pk, to=State.NO_SHOW, now=local("08:30"))
    late = advance(actor=otto, appointment_id=agreed.pk, to=State.ARRIVED, now=local("09:10"))

    assert late.state == State.ARRIVED


@pytest.mark.parametrize("who", ["alice", "arthur", "sam", "bob", "olga"])
def test_only_the_sites_people_run_its_gate(who, request, agreed):
    with pytest.raises(PermissionRefused):
        advance(
            actor=request.getfixturevalue(who), appointment_id=agreed.pk, to=State.ARRIVED, now=local("08:00")
        )


def test_its_driver_may_say_that_it_arrived(agreed, acme):
    driver = Actor(Side.SHIPPER, name="Dumi", shipper_id=acme.pk, is_driver=True)

    assert (
        advance(actor=driver, appointment_id=agreed.pk, to=State.ARRIVED, now=local("08:00")).state
        == "arrived"
    )


def test_a_confirmation_is_no_step_of_the_day(alice, otto, dock, offer, now):
    appointment = offer(alice, slot_at(dock, "08:00"))

    with pytest.raises(IllegalTransition):
        advance(actor=otto, appointment_id=appointment.pk, to=State.CONFIRMED, now=now)


def test_a_block_keeps_vehicles_away_until_it_is_lifted(otto, alice, dock, offer, now, northern_site):
    during = DateTimeTZRange(local("08:00"), local("10:00"))
    block = block_dock(actor=otto, dock=dock, lane=1, during=during, note="Cleaning", now=now)

    with pytest.raises(SlotTaken):
        offer(alice, slot_at(dock, "08:00"))
    unblock_dock(actor=otto, occupancy_id=block.pk)

    assert offer(alice, slot_at(dock, "08:00")).state == State.OFFERED


def test_a_block_does_not_push_a_vehicle_out_and_says_which_is_there(agreed, otto, dock, now):
    with pytest.raises(SlotTaken) as refused:
        block_dock(
            actor=otto,
            dock=dock,
            lane=1,
            during=DateTimeTZRange(local("08:15"), local("10:00")),
            note="Cleaning",
            now=now,
        )

    assert refused.value.message == f"Dock 1 is taken then by {agreed.confirmation_number}."
    assert refused.value.details == {"appointment": str(agreed.pk)}


@pytest.mark.parametrize(
    ("start", "end", "lane"), [("10:00", "10:00", 1), ("10:00", "09:00", 1), ("09:00", "10:00", 2)]
)
def test_a_block_needs_a_lane_and_an_end_after_its_start(otto, dock, now, start, end, lane):
    during = DateTimeTZRange(local(start), local(end))

    with pytest.raises(SlotRefused):
        block_dock(actor=otto, dock=dock, lane=lane, during=during, note="", now=now)


@pytest.mark.parametrize("who", ["alice", "sam", "olga"])
def test_only_the_sites_people_block_its_docks(who, request, dock, now):
    during = DateTimeTZRange(local("08:00"), local("10:00"))

    with pytest.raises(PermissionRefused):
        block_dock(actor=request.getfixturevalue(who), dock=dock, lane=1, during=during, note="", now=now)


# Limits of a site ----------------------------------------------------------------------------


def test_a_site_with_one_vehicle_at_a_time_refuses_a_second_at_another_dock(
    alice, bob, dock, second_dock, offer, northern_site
):
    Site.objects.filter(pk=northern_site.pk).update(vehicles_at_once=1)
    northern_site.refresh_from_db()
    offer(alice, slot_at(dock, "08:00"), slot_at(second_dock, "08:00"))

    with pytest.raises(SlotTaken) as refused:
        offer(bob, slot_at(second_dock, "08:15"))

    assert [a["start"] for a in refused.value.details["alternatives"]] == [
        "2026-03-03T08:30:00+02:00",
        "2026-03-03T08:45:00+02:00",
        "2026-03-03T07:30:00+02:00",
    ]


# What waits for whom -------------------------------------------------------------------------


def test_the_inbox_shows_what_waits_for_me_the_most_urgent_first(
    alice, bob, arthur, rita, otto, sam, dock, offer, now
):
    later = offer(alice, slot_at(dock, "09:00"))
    urgent = offer(bob, slot_at(dock, "12:00", day=date(2026, 3, 2)))
    answered = offer(alice, slot_at(dock, "10:00"))
    counter_offer(actor=rita, appointment_id=answered.pk, slots=[slot_at(dock, "11:00")], now=now)

    inboxes = [[a.pk for a in waiting_for(actor)] for actor in (rita, otto, sam, alice, arthur, bob, None)]

    assert inboxes == [[urgent.pk, later.pk], [], [], [answered.pk], [], [], []]


def test_everybody_sees_the_appointments_of_their_side(
    alice, bob, arthur, rita, otto, sam, olga, dock, offer
):
    acmes, globexs = offer(alice, slot_at(dock, "09:00")), offer(bob, slot_at(dock, "10:00"))

    seen = [
        {a.pk for a in appointments_visible_to(actor)}
        for actor in (alice, arthur, bob, rita, otto, sam, olga, None)
    ]

    both = {acmes.pk, globexs.pk}
    assert seen == [{acmes.pk}, {acmes.pk}, {globexs.pk}, both, both, set(), both, set()]


def test_a_timeline_takes_three_queries_with_one_round_or_many(
    alice, rita, dock, offer, now, django_assert_num_queries
):
    appointment = offer(alice, slot_at(dock, "08:00"))
    for actor, text in ((rita, "09:00"), (alice, "10:00"), (rita, "11:00")):
        counter_offer(actor=actor, appointment_id=appointment.pk, slots=[slot_at(dock, text)], now=now)

    with django_assert_num_queries(3):
        read = [(e.step, [s.dock.name for s in e.offer.slots.all()]) for e in timeline(appointment)]

    assert read == [("offered", ["Dock 1"]), *[("countered", ["Dock 1"])] * 3]


def test_the_search_and_the_offer_agree(alice, dock, northern_site, offer, now):
    found = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=now)

    for slot in (found.slots[0], found.slots[-1]):
        assert offer(alice, slot).state == State.OFFERED


def test_alternatives_to_a_slot_too_soon_lie_beyond_a_long_lead_time(alice, dock, offer, northern_site):
    Site.objects.filter(pk=northern_site.pk).update(min_lead_time=timedelta(days=10))
    northern_site.refresh_from_db()

    with pytest.raises(SlotRefused) as refused:
        offer(alice, slot_at(dock, "08:00"))

    assert [a["start"] for a in refused.value.details["alternatives"]] == [
        "2026-03-12T08:00:00+02:00",
        "2026-03-12T08:15:00+02:00",
        "2026-03-12T08:30:00+02:00",
    ]
