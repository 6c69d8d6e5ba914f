"""Offers, counter-offers and their ends."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.accounts.actors import SYSTEM
from apps.accounts.models import Role
from apps.appointments.models import AppointmentEvent, DockOccupancy, Offer, OfferedSlot
from apps.appointments.selectors import appointments_visible_to, find_slots, timeline, waiting_for
from apps.appointments.services import (
    accept_offer,
    counter_offer,
)
from apps.appointments.states import State
from tests.appointments.conftest import LOAD, TUESDAY, local, slot_at


def test_a_search_finds_the_days_starts(northern_site, now, dock):
    search = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=2, now=now)

    assert search.earliest(2) == (slot_at(dock, "07:00"), slot_at(dock, "07:15"))
    assert [(c.day, c.starts) for c in search.per_day] == [(TUESDAY, 31), (TUESDAY + timedelta(days=1), 31)]
    assert len(search.slots) == 124


def test_three_rounds_lead_to_a_booking(alice, rita, dock, second_dock, offer, now, at_acme):
    appointment = offer(alice, slot_at(dock, "08:00"), slot_at(dock, "09:00"), message="Any of these?")
    counter_offer(
        actor=rita, appointment_id=appointment.pk, slots=[slot_at(second_dock, "10:00")], reason_code="no_staff", now=now
    )
    counter_offer(actor=alice, appointment_id=appointment.pk, slots=[slot_at(dock, "11:00")], now=now)
    last = Offer.objects.get(appointment=appointment, state="open")

    accepted = accept_offer(actor=rita, offer_id=last.pk, slot_index=0, now=now)

    accepted.refresh_from_db()
    assert accepted.state == State.CONFIRMED
    assert [e.step for e in timeline(accepted)] == ["offered", "countered", "countered", "confirmed"]
    assert list(DockOccupancy.objects.values_list("kind", "dock__name")) == [("booking", "Dock 1")]
    assert accepted.version == 4
