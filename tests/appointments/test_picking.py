"""What somebody has clicked on is theirs for ten minutes, whoever else wants it; then it is free again."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.actors import Actor
from apps.accounts.models import Person
from apps.appointments.models import Appointment, DockOccupancy, PickedSlot, Picking, SiteTerms
from apps.appointments.selectors import find_slots
from apps.appointments.services import (
    HeldLongEnough,
    NoPartnership,
    SlotTaken,
    TooManyHolds,
    TooManySlots,
    counter_offer,
    keep_longer,
    kept_for,
    lapse_picks,
    let_go,
    offer_slots,
    pick_slot,
)
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.facilities.models import Site
from apps.tenancy import doorway
from tests.appointments.conftest import LOAD, TUESDAY, slot_at
from tests.appointments.test_contention import at_once

TEN = timedelta(minutes=10)


@pytest.fixture
def pick(northern_site, now):
    """``pick(alice, slot, …)``: that person clicks on a slot for a delivery."""

    def click(actor: Actor, slot, **changes):
        asked = {
            "site": northern_site,
            "shipper_id": actor.shipper_id,
            "delivery_id": uuid4(),
            "reference": "D-1",
            "load": LOAD,
            "now": now,
        }
        return pick_slot(actor=actor, slot=slot, **asked | changes)

    return click


@pytest.fixture
def free_at(northern_site, now):
    """Whether a slot is free for anybody, at a moment."""

    def ask(slot, *, at=now, besides=None):
        found = find_slots(
            site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=at, appointment=besides
        )
        return bool(found.lanes_free(slot))

    return ask


def test_a_picked_slot_is_kept_for_ten_minutes_and_then_free_without_a_worker(
    alice, bob, dock, pick, free_at, now
):
    slot = slot_at(dock, "08:00")
    picked = pick(alice, slot)

    with pytest.raises(SlotTaken) as refused:
        pick(bob, slot)

    assert picked.expires_at == now + TEN
    assert len(refused.value.details["alternatives"]) == 3
    assert (free_at(slot), free_at(slot, besides=picked.picking.subject)) == (False, True)
    assert free_at(slot, at=now + TEN)
    assert pick(bob, slot, now=now + TEN).lane == picked.lane


def test_the_worker_frees_what_nobody_offered(alice, dock, pick, now):
    delivery = uuid4()
    pick(alice, slot_at(dock, "08:00"), delivery_id=delivery)
    later = pick(alice, slot_at(dock, "10:00"), delivery_id=delivery, now=now + timedelta(minutes=4))

    assert lapse_picks(now=now + TEN) == 1
    assert [one.pk for one in PickedSlot.objects.all()] == [later.pk]
    assert DockOccupancy.objects.count() == 1
    assert lapse_picks(now=now + timedelta(days=1)) == 1
    assert kept_for(actor=alice, delivery_id=delivery, now=now) is None


def test_offering_turns_what_was_picked_into_holds_of_the_offer(alice, dock, pick, northern_site, now):
    delivery, slot = uuid4(), slot_at(dock, "08:00")
    pick(alice, slot, delivery_id=delivery)
    pick(alice, slot_at(dock, "11:00"), delivery_id=delivery)

    offer_slots(
        actor=alice,
        site=northern_site,
        shipper_id=alice.shipper_id,
        delivery_id=delivery,
        reference="D-1",
        load=LOAD,
        slots=[slot],
        now=now,
    )

    held = DockOccupancy.objects.get()
    assert (held.kind, held.picking, held.offered_slot.during.lower) == ("hold", None, slot.start)
    assert not Picking.objects.exists()


def test_another_persons_choice_for_the_same_delivery_is_given_up_when_one_of_them_offers(
    alice, dock, pick, northern_site, now
):
    ada = replace(alice, person_id=Person.objects.get(email="ada@acme.example").pk)
    delivery, slot = uuid4(), slot_at(dock, "08:00")
    pick(ada, slot, delivery_id=delivery)

    with pytest.raises(SlotTaken):
        pick(alice, slot, delivery_id=delivery)
    offer_slots(
        actor=alice,
        site=northern_site,
        shipper_id=alice.shipper_id,
        delivery_id=delivery,
        reference="D-1",
        load=LOAD,
        slots=[slot],
        now=now,
    )

    assert DockOccupancy.objects.get().appointment is not None


def test_more_time_is_given_once(alice, dock, pick, free_at, now):
    delivery, slot = uuid4(), slot_at(dock, "08:00")
    pick(alice, slot, delivery_id=delivery)

    until = keep_longer(actor=alice, delivery_id=delivery, now=now + timedelta(minutes=9))

    assert until == now + 2 * TEN
    assert (free_at(slot, at=now + timedelta(minutes=19)), free_at(slot, at=until)) == (False, True)
    with pytest.raises(HeldLongEnough):
        keep_longer(actor=alice, delivery_id=delivery, now=now + timedelta(minutes=15))
    assert pick(alice, slot, delivery_id=delivery, now=until).picking.extended_at is None


def test_a_slot_that_is_let_go_is_free_at_once_and_the_others_stay(alice, dock, pick, free_at, now):
    delivery, first, second = uuid4(), slot_at(dock, "08:00"), slot_at(dock, "09:00")
    for slot in (first, second):
        pick(alice, slot, delivery_id=delivery)

    let_go(actor=alice, delivery_id=delivery, slot=first)

    assert (free_at(first), free_at(second)) == (True, False)
    let_go(actor=alice, delivery_id=delivery)
    assert free_at(second)


def test_picking_twice_keeps_the_first_end_and_a_sixth_or_overlapping_slot_is_refused(alice, dock, pick, now):
    delivery = uuid4()
    first = pick(alice, slot_at(dock, "08:00"), delivery_id=delivery)
    again = pick(alice, slot_at(dock, "08:00"), delivery_id=delivery, now=now + timedelta(minutes=5))
    with pytest.raises(TooManySlots, match="overlaps"):
        pick(alice, slot_at(dock, "08:15"), delivery_id=delivery)
    for hour in ("09:00", "10:00", "11:00", "12:00"):
        pick(alice, slot_at(dock, hour), delivery_id=delivery)

    with pytest.raises(TooManySlots, match="one to 5 slots"):
        pick(alice, slot_at(dock, "13:00"), delivery_id=delivery)

    assert (again.pk, again.expires_at) == (first.pk, first.expires_at)
    assert PickedSlot.objects.count() == DockOccupancy.objects.count() == 5


def test_what_is_picked_counts_among_the_slots_that_a_shipper_may_hold(
    alice, dock, pick, northern_site, offer, now
):
    SiteTerms.objects.create(site=northern_site, live_holds_per_shipper=2)
    offer(alice, slot_at(dock, "08:00"))
    pick(alice, slot_at(dock, "09:00"))

    with pytest.raises(TooManyHolds) as refused:
        pick(alice, slot_at(dock, "10:00"))
    with pytest.raises(TooManyHolds):
        offer(alice, slot_at(dock, "11:00"))

    assert refused.value.details["until"] == (now + TEN).isoformat()
    assert DockOccupancy.objects.count() == 2


@pytest.mark.parametrize(
    "limit", [{"vehicles_at_once": 1}, {"appointments_per_day": 1}, {"pallets_per_day": 6}]
)
def test_what_is_picked_counts_among_the_sites_own_limits(
    alice, bob, dock, second_dock, pick, northern_site, limit, free_at
):
    Site.objects.filter(pk=northern_site.pk).update(**limit)
    northern_site.refresh_from_db()
    mine = pick(alice, slot_at(dock, "08:00"))

    with pytest.raises(SlotTaken):
        pick(bob, slot_at(second_dock, "08:00"))

    assert free_at(slot_at(dock, "08:00"), besides=mine.picking.subject)


def test_another_time_for_what_is_negotiated_is_picked_beside_the_offer_and_goes_with_the_answer(
    alice, rita, dock, offer, pick, now
):
    asked = offer(alice, slot_at(dock, "08:00"))
    pick(rita, slot_at(dock, "09:00"), appointment_id=asked.pk, delivery_id=asked.delivery_id,
         shipper_id=alice.shipper_id)  # fmt: skip

    counter_offer(actor=rita, appointment_id=asked.pk, slots=[slot_at(dock, "10:00")], now=now)

    assert DockOccupancy.objects.get().offered_slot.during.lower == slot_at(dock, "10:00").start
    assert not PickedSlot.objects.exists()


def test_nobody_picks_for_what_is_over_or_for_others_or_without_a_partnership(
    alice, bob, otto, dock, offer, pick, southern_site, rita
):
    asked = offer(alice, slot_at(dock, "08:00"))
    Appointment.objects.filter(pk=asked.pk).update(state="cancelled", must_act="", must_act_by=None)
    slot = slot_at(dock, "09:00")

    with pytest.raises(IllegalTransition):
        pick(alice, slot, appointment_id=asked.pk, delivery_id=asked.delivery_id)
    with pytest.raises(PermissionRefused):
        pick(otto, slot, shipper_id=alice.shipper_id)
    with pytest.raises(PermissionRefused):
        pick(bob, slot, shipper_id=alice.shipper_id)
    with pytest.raises(NoPartnership):
        pick(bob, slot, site=southern_site)
    assert not DockOccupancy.objects.filter(picking__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_of_16_of_two_shippers_who_click_on_one_slot_one_has_it(
    acme, globex, alice, bob, northern_site, dock, now
):
    def clicking(actor, shipper):
        def call():
            with doorway.enter_shipper(shipper):
                return pick_slot(
                    actor=actor,
                    site=northern_site,
                    shipper_id=shipper.pk,
                    delivery_id=uuid4(),
                    reference="D",
                    load=LOAD,
                    slot=slot_at(dock, "08:00"),
                    now=now,
                )

        return call

    outcomes = at_once([clicking(*who) for who in [(alice, acme), (bob, globex)] * 8])

    assert Counter(type(outcome) for outcome in outcomes) == {PickedSlot: 1, SlotTaken: 15}
    assert DockOccupancy.objects.count() == PickedSlot.objects.count() == 1


def test_a_shipper_sees_that_the_dock_is_taken_and_nothing_of_who_chooses(
    acme, globex, alice, bob, dock, northern_site, now
):
    with doorway.enter_shipper(globex):
        pick_slot(
            actor=bob,
            site=northern_site,
            shipper_id=globex.pk,
            delivery_id=uuid4(),
            reference="SECRET-9",
            load=LOAD,
            slot=slot_at(dock, "08:00"),
            now=now,
        )
        assert Picking.objects.count() == PickedSlot.objects.count() == DockOccupancy.objects.count() == 1

    with doorway.enter_shipper(acme):
        found = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=now)
        assert not found.lanes_free(slot_at(dock, "08:00"))
        assert Picking.objects.count() == PickedSlot.objects.count() == DockOccupancy.objects.count() == 0
