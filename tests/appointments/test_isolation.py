"""One calendar for everybody, and nobody reads another's freight in it: neither shippers nor recipients."""

import pytest
from django.db import DatabaseError, connection, transaction

from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy, Offer, OfferedSlot
from apps.appointments.selectors import appointments_visible_to, busy_times, find_slots
from apps.appointments.services import AppointmentNotFound, accept_offer, cancel_appointment
from apps.core.errors import PermissionRefused
from apps.tenancy import doorway
from tests.appointments.conftest import LOAD, TUESDAY, local, slot_at

TABLES = (Appointment, Offer, OfferedSlot, AppointmentEvent, DockOccupancy)


@pytest.fixture
def acmes(alice, dock, offer, acme):
    """Acme's open offer of Tuesday 08:00 at Dock 1: what could leak."""
    with doorway.enter_shipper(acme):
        return offer(alice, slot_at(dock, "08:00"), message="canary", reference="canary")


def rows():
    return [model.objects.count() for model in TABLES]


def test_a_shipper_sees_every_row_of_its_own_negotiation_and_no_row_of_anothers(acmes, acme, globex):
    with doorway.enter_shipper(acme):
        own = rows()
    with doorway.enter_shipper(globex):
        others = rows()

    assert (own, others) == ([1, 1, 1, 1, 1], [0, 0, 0, 0, 0])


def test_the_other_shipper_finds_the_dock_busy_and_not_by_whom(acmes, globex, northern_site, dock, now):
    with doorway.enter_shipper(globex):
        found = find_slots(site=northern_site, load=LOAD, first_day=TUESDAY, days=1, now=now)
        busy = busy_times(dock_ids=[dock.pk], start=local("00:00"), end=local("23:00"), now=now)

    assert slot_at(dock, "08:00") not in found.slots
    assert "canary" not in repr((found, busy))
    assert [(b.start, b.end) for b in busy] == [(local("08:00"), local("08:30"))]


def test_busy_times_of_a_site_that_is_no_partner_are_not_told(acme, globex, southern_site, alice, offer, now):
    southern_dock = southern_site.docks.get(name="Dock 1")
    with doorway.enter_shipper(acme):
        offer(alice, slot_at(southern_dock, "08:00"), site=southern_site)
    asked = {"dock_ids": [southern_dock.pk], "start": local("00:00"), "end": local("23:00"), "now": now}

    with doorway.enter_shipper(acme):
        as_partner = busy_times(**asked)
    with doorway.enter_shipper(globex):
        as_stranger = busy_times(**asked)

    assert (len(as_partner), as_stranger) == (1, [])


def test_a_stranger_cannot_remove_expired_holds_of_a_site_that_is_no_partner(
    acme, globex, southern_site, alice, offer
):
    southern_dock = southern_site.docks.get(name="Dock 1")
    with doorway.enter_shipper(acme):
        offer(alice, slot_at(southern_dock, "08:00"), site=southern_site)

    with doorway.enter_shipper(globex), connection.cursor() as cursor:
        cursor.execute(
            "SELECT public.appointments_release_expired(%s, tstzrange(%s, %s), %s)",
            [southern_dock.pk, local("00:00"), local("23:00"), local("23:00")],
        )
        assert cursor.fetchone() == (0,)

    assert DockOccupancy.objects.count() == 1


def test_another_shippers_appointment_is_not_there_for_a_planner(acmes, bob, globex, now):
    made = Offer.objects.get(appointment=acmes)

    with doorway.enter_shipper(globex):
        with pytest.raises(AppointmentNotFound):
            cancel_appointment(actor=bob, appointment_id=acmes.pk, reason_code="other", now=now)
        with pytest.raises(AppointmentNotFound):
            accept_offer(actor=bob, offer_id=made.pk, slot_index=0, now=now)


def test_another_recipients_manager_can_neither_see_nor_answer(acmes, sam, now):
    made = Offer.objects.get(appointment=acmes)

    assert list(appointments_visible_to(sam)) == []
    with pytest.raises(PermissionRefused):
        accept_offer(actor=sam, offer_id=made.pk, slot_index=0, now=now)
    with pytest.raises(PermissionRefused):
        cancel_appointment(actor=sam, appointment_id=acmes.pk, reason_code="other", now=now)


def test_a_shipper_can_write_no_occupancy_for_anothers_appointment(acmes, globex):
    insert = """INSERT INTO public.appointments_dockoccupancy
                (id, created_at, dock_id, lane, during, kind, appointment_id, note)
                SELECT uuidv7(), now(), %s, 1, tstzrange(%s, %s), 'booking', %s, ''"""
    held = DockOccupancy.objects.get()

    with doorway.enter_shipper(globex), connection.cursor() as cursor:
        with pytest.raises(DatabaseError, match="row-level security"), transaction.atomic():
            cursor.execute(insert, [held.dock_id, local("10:00"), local("11:00"), acmes.pk])


def test_history_is_never_changed_by_a_shipper(acmes, acme):
    with doorway.enter_shipper(acme):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            AppointmentEvent.objects.update(message="never happened")
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            AppointmentEvent.objects.all().delete()
