"""Many at once: whoever is first gets the slot, everybody else an answer; nobody an error."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from apps.accounts.actors import Actor
from apps.appointments.load import Slot
from apps.appointments.models import Appointment, DockOccupancy, Offer
from apps.appointments.services import (
    DockBusy,
    OfferClosed,
    SlotTaken,
    accept_offer,
    decline_offer,
    expire_offers,
    offer_slots,
)
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.appointments.conftest import LOAD, slot_at

THREADS = 32


def at_once(calls):
    """Run every call in a thread with its own connection, all let go at the same moment; their outcomes."""
    barrier = Barrier(len(calls))

    def run(call):
        try:
            connection.ensure_connection()
            barrier.wait(timeout=30)
            return call()
        except Exception as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def offering(actor: Actor, shipper: Shipper, site: Site, slots: list[Slot], now):
    """A call that offers ``slots`` in the shipper's own schema and role."""

    def call():
        with doorway.enter_shipper(shipper):
            return offer_slots(
                actor=actor,
                site=site,
                shipper_id=shipper.pk,
                delivery_id=uuid4(),
                reference="D",
                load=LOAD,
                slots=slots,
                now=now,
            )

    return call


@pytest.mark.django_db(transaction=True)
def test_of_32_who_want_one_slot_exactly_one_gets_it_and_31_get_alternatives(
    acme, globex, alice, bob, northern_site, dock, now
):
    wanted = [slot_at(dock, "08:00")]
    callers = [(alice, acme), (bob, globex)] * (THREADS // 2)

    outcomes = at_once([offering(actor, shipper, northern_site, wanted, now) for actor, shipper in callers])

    assert Counter(type(outcome) for outcome in outcomes) == {Appointment: 1, SlotTaken: THREADS - 1}
    refusals = [outcome for outcome in outcomes if isinstance(outcome, SlotTaken)]
    assert {len(refusal.details["alternatives"]) for refusal in refusals} == {3}
    assert (Appointment.objects.count(), DockOccupancy.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_offers_of_several_slots_in_any_order_never_deadlock(
    acme, globex, alice, bob, northern_site, dock, second_dock, now
):
    slots = [
        slot_at(dock, "08:00"),
        slot_at(second_dock, "08:15"),
        slot_at(dock, "09:00"),
        slot_at(second_dock, "10:00"),
    ]
    orders = [slots[turn % 4 :] + slots[: turn % 4] for turn in range(16)]
    callers = [(alice, acme), (bob, globex)] * 8

    outcomes = at_once(
        [
            offering(actor, shipper, northern_site, order, now)
            for (actor, shipper), order in zip(callers, orders, strict=True)
        ]
    )

    assert Counter(type(outcome) for outcome in outcomes) == {Appointment: 1, SlotTaken: 15}
    assert DockOccupancy.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_site_that_takes_one_vehicle_at_a_time_is_not_overrun_over_two_docks(
    acme, globex, alice, bob, northern_site, dock, second_dock, now
):
    Site.objects.filter(pk=northern_site.pk).update(vehicles_at_once=1)
    northern_site.refresh_from_db()
    slots = [[slot_at(dock, "08:00")], [slot_at(second_dock, "08:15")]] * 4
    callers = [(alice, acme), (bob, globex)] * 4

    outcomes = at_once(
        [
            offering(actor, shipper, northern_site, wanted, now)
            for (actor, shipper), wanted in zip(callers, slots, strict=True)
        ]
    )

    assert Counter(type(outcome) for outcome in outcomes) == {Appointment: 1, SlotTaken: 7}


@pytest.mark.django_db(transaction=True)
def test_an_offer_that_is_accepted_and_declined_at_once_has_one_answer(
    acme, alice, rita, northern_site, dock, now
):
    appointment = offering(alice, acme, northern_site, [slot_at(dock, "08:00")], now)()
    made = Offer.objects.get(appointment=appointment)
    answer = {"actor": rita, "offer_id": made.pk, "now": now}

    outcomes = at_once(
        [lambda: accept_offer(slot_index=0, **answer), lambda: decline_offer(reason_code="other", **answer)]
        * 4
    )

    assert Counter(type(outcome) for outcome in outcomes) == {Appointment: 1, OfferClosed: 7}


@pytest.mark.django_db(transaction=True)
def test_a_dock_that_stays_locked_is_answered_with_busy_and_not_with_an_error(
    acme, alice, northern_site, dock, now, monkeypatch
):
    monkeypatch.setattr("apps.appointments.services.occupancy.LOCK_TIMEOUT", "50ms")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 1))", [str(dock.pk)])

    outcomes = at_once([offering(alice, acme, northern_site, [slot_at(dock, "08:00")], now)])

    assert [type(outcome) for outcome in outcomes] == [DockBusy]
    assert Appointment.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_sweepers_and_bookers_over_the_same_expired_holds_never_deadlock(
    acme, globex, alice, bob, northern_site, dock, second_dock, now
):
    Site.objects.filter(pk=northern_site.pk).update(answer_within=timedelta(hours=1))
    northern_site.refresh_from_db()
    slots = [slot_at(each, f"{hour:02}:00") for hour in range(8, 14) for each in (dock, second_dock)]
    for first in range(0, 12, 3):
        offering(alice, acme, northern_site, slots[first : first + 3], now)()
    later = now + timedelta(hours=2)
    bookers = [
        offering(bob, globex, northern_site, [slots[11 - turn], slots[turn]], later) for turn in range(5)
    ]

    outcomes = at_once([*bookers, *[lambda: expire_offers(now=later)] * 3])

    assert {type(outcome) for outcome in outcomes} <= {Appointment, SlotTaken, list}
    assert Appointment.objects.filter(state="expired").count() == 4
