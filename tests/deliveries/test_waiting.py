"""The waiting list: joined where nothing is free, offered what frees in the order of asking, passed on."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy, SiteTerms, WaitingEntry
from apps.appointments.services import block_dock
from apps.appointments.services.waiting import (
    AlreadyWaiting,
    CannotWait,
    StillFree,
    ahead_of,
    leave_waiting_list,
)
from apps.core.errors import PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.tasks import offer_what_is_free
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW


@pytest.fixture
def full(northern_site: Site, rita: Actor) -> list[DockOccupancy]:
    """Both docks of Northern are blocked all DAY."""
    zone = ZoneInfo(northern_site.time_zone)
    opens, closes = (datetime.combine(DAY, at, tzinfo=zone) for at in (time(7), time(15)))
    with doorway.network():
        return [
            block_dock(
                actor=rita, dock=dock, lane=1, during=DateTimeTZRange(opens, closes), note="Full", now=NOW
            )
            for dock in northern_site.docks.all()
        ]


@pytest.fixture
def deliveries_of(acme: Shipper, globex: Shipper) -> Callable[[Shipper, Actor], Delivery]:
    """``deliveries_of(acme, alice)``: one more delivery to Northern on DAY."""
    made = 0

    def order(shipper: Shipper, planner: Actor) -> Delivery:
        nonlocal made
        made += 1
        content = order_file(f"W-{made},PO-{made},NH1,{DAY},1,Gel,1,pack,,80,2")
        with doorway.enter_shipper(shipper):
            services.import_orders(actor=planner, file_name=f"{made}.csv", content=content, now=NOW)
            return services.group_consignments(actor=planner, now=NOW)[0]

    return order


@pytest.fixture
def wait(deliveries_of) -> Callable[..., WaitingEntry]:
    """``wait(acme, alice)``: one more delivery of hers waits for DAY, a minute after the one before."""
    minutes = 0

    def join(shipper: Shipper, planner: Actor, delivery: Delivery | None = None) -> WaitingEntry:
        nonlocal minutes
        minutes += 1
        delivery = delivery or deliveries_of(shipper, planner)
        with doorway.enter_shipper(shipper):
            return services.wait_for_slot(
                actor=planner,
                delivery=delivery,
                first_day=DAY,
                last_day=DAY,
                now=NOW + timedelta(minutes=minutes),
            )

    return join


def block_the_rest(site: Site, rita: Actor, *, besides: Appointment) -> None:
    """Nothing is free on DAY but what the appointment has."""
    closes = datetime.combine(DAY, time(15), tzinfo=ZoneInfo(site.time_zone))
    with doorway.network():
        for dock in site.docks.all():
            opens = besides.during.upper if dock.pk == besides.dock_id else besides.during.lower
            during = DateTimeTZRange(opens, closes)
            block_dock(actor=rita, dock=dock, lane=1, during=during, note="Full", now=NOW)


def free_half_an_hour(blocks: list[DockOccupancy]) -> None:
    """The first block begins half an hour later: one slot is free."""
    with doorway.network():
        row = DockOccupancy.objects.get(pk=blocks[0].pk)
        row.during = DateTimeTZRange(row.during.lower + timedelta(minutes=30), row.during.upper)
        row.save(update_fields=["during"])


def look(moment: datetime = NOW) -> int:
    with doorway.network():
        return services.offer_freed_slots(now=moment)


def standing() -> list[tuple[str, str]]:
    with doorway.network():
        return [(entry.shipper.name, entry.state) for entry in WaitingEntry.objects.select_related("shipper")]


def test_a_freed_slot_goes_to_who_asked_first_and_is_held_for_them(
    full, wait, acme, globex, alice, bob, drain
):
    first, _second = wait(globex, bob), wait(acme, alice)

    free_half_an_hour(full)
    made = look()

    with doorway.network():
        appointment = WaitingEntry.objects.get(pk=first.pk).appointment
        offer = appointment.offers.get()
        event = AppointmentEvent.objects.get(appointment=appointment)
    assert made == 1
    assert standing() == [("Globex Pharma", "offered"), ("Acme Medical", "waiting")]
    assert (offer.side, offer.expires_at) == ("recipient", NOW + timedelta(minutes=30))
    assert (event.means, event.side) == ("policy", "recipient")
    drain()
    assert {each.to[0] for each in mail.outbox} == {"bob@globex.example", "gina@globex.example"}


def test_looking_twice_offers_nothing_twice(full, wait, acme, globex, alice, bob):
    wait(acme, alice)
    wait(globex, bob)
    free_half_an_hour(full)

    assert (look(), look()) == (1, 0)


def test_what_nobody_takes_in_time_is_passed_on_to_the_next(
    full, wait, acme, globex, alice, bob, drain, monkeypatch
):
    wait(globex, bob)
    wait(acme, alice)
    free_half_an_hour(full)
    look()
    later = NOW + timedelta(minutes=31)
    monkeypatch.setattr("apps.deliveries.tasks.timezone.now", lambda: later)

    with doorway.enter_shipper(globex):
        services.expire_offers(now=later)
    drain()

    assert standing() == [("Globex Pharma", "passed"), ("Acme Medical", "offered")]


def test_a_cancelled_appointment_is_offered_on_at_once(
    confirmed, wait, globex, alice, bob, rita, drain, delivery, monkeypatch, northern_site
):
    block_the_rest(northern_site, rita, besides=confirmed)
    monkeypatch.setattr("apps.deliveries.tasks.timezone.now", lambda: NOW)
    slot = confirmed.during
    wait(globex, bob)

    services.cancel_appointment(
        actor=alice, delivery=delivery, appointment_id=confirmed.pk, reason_code="other", now=NOW
    )
    drain()

    with doorway.network():
        entry = WaitingEntry.objects.select_related("appointment").get()
        assert entry.appointment.offers.get().slots.get().during.lower == slot.lower


def test_a_taken_slot_ends_the_waiting(full, wait, acme, alice):
    entry = wait(acme, alice)
    free_half_an_hour(full)
    look()
    with doorway.enter_shipper(acme):
        delivery = Delivery.objects.get(pk=entry.delivery_id)
        offer = Appointment.objects.get(delivery_id=delivery.pk).offers.get()
        services.accept_offer(actor=alice, delivery=delivery, offer_id=offer.pk, slot_index=0, now=NOW)

    look()

    assert standing() == [("Acme Medical", "taken")]


def test_whoever_found_a_slot_otherwise_or_waited_past_the_days_is_off_the_list(full, wait, acme, alice):
    wait(acme, alice)

    look(NOW + timedelta(days=3))

    assert standing() == [("Acme Medical", "over")]


def test_nobody_waits_where_something_is_free(wait, acme, alice, northern_site):
    with pytest.raises(StillFree) as refused:
        wait(acme, alice)

    assert len(refused.value.details["alternatives"]) == 3


def test_a_delivery_waits_once_and_may_leave(full, wait, acme, alice):
    entry = wait(acme, alice)
    with doorway.enter_shipper(acme):
        delivery = Delivery.objects.get(pk=entry.delivery_id)
    with pytest.raises(AlreadyWaiting):
        wait(acme, alice, delivery)

    with doorway.enter_shipper(acme):
        leave_waiting_list(actor=alice, entry=entry, now=NOW)
    wait(acme, alice, delivery)

    assert [state for _name, state in standing()] == ["left", "waiting"]


@pytest.mark.parametrize(
    ("first", "days"),
    [(DAY, -1), (NOW.date() - timedelta(days=1), 0), (DAY, 14), (DAY + timedelta(days=60), 0)],
)
def test_days_that_make_no_sense_are_refused(full, deliveries_of, acme, alice, first, days):
    delivery = deliveries_of(acme, alice)
    with doorway.enter_shipper(acme), pytest.raises(CannotWait):
        services.wait_for_slot(
            actor=alice, delivery=delivery, first_day=first, last_day=first + timedelta(days=days), now=NOW
        )


def test_a_shipper_has_no_more_waiting_than_the_site_lets_it(
    full, wait, acme, globex, alice, bob, northern_site
):
    with doorway.network():
        SiteTerms.objects.create(site=northern_site, waiting_per_shipper=1)
    wait(acme, alice)
    wait(globex, bob)

    with pytest.raises(CannotWait, match="lets 1 deliveries"):
        wait(acme, alice)


def test_a_site_that_keeps_no_list_takes_nobody_and_offers_nothing(full, wait, acme, alice, northern_site):
    wait(acme, alice)
    with doorway.network():
        SiteTerms.objects.create(site=northern_site, keeps_waiting_list=False)
    free_half_an_hour(full)

    assert look() == 0
    with pytest.raises(CannotWait, match="keeps no waiting list"):
        wait(acme, alice)


def test_a_shipper_reads_its_own_entries_and_how_many_are_before_it(full, wait, acme, globex, alice, bob):
    wait(globex, bob)
    mine = wait(acme, alice)

    with doorway.enter_shipper(acme):
        assert list(WaitingEntry.objects.all()) == [mine]
    with doorway.network():
        assert ahead_of(mine) == 1
        with pytest.raises(PermissionRefused):
            leave_waiting_list(actor=bob, entry=mine, now=NOW)


def test_the_sweep_finds_what_no_step_freed(full, wait, acme, alice, monkeypatch):
    wait(acme, alice)
    free_half_an_hour(full)
    monkeypatch.setattr("apps.deliveries.tasks.timezone.now", lambda: NOW)

    offer_what_is_free()

    assert standing() == [("Acme Medical", "offered")]
