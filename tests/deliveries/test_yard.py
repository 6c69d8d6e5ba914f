"""The day board's steps: another dock, a vehicle that came unannounced, one that never came."""

from datetime import timedelta

import pytest
from django.core import mail

from apps.appointments.models import Appointment, AppointmentEvent, DockOccupancy
from apps.appointments.selectors import find_slots
from apps.appointments.services import NoDockYet, SlotRefused, SlotTaken, TimeIsAgreed, TooEarly, block_dock
from apps.appointments.services.errors import ChangedMeanwhile
from apps.appointments.states import State as AppointmentState
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.doorway import enter_announced
from apps.deliveries.errors import DocumentsMissing, NotAWalkIn, UnknownDelivery
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import load_of, visit_of
from apps.deliveries.standing import Standing, with_standing
from apps.deliveries.states import State
from apps.facilities.models import Closure, Dock, DockRule, DocumentRequirement, DocumentType, Step
from apps.tenancy import doorway
from tests.factories.cast import NOW


@pytest.fixture
def second(northern_site) -> Dock:
    """Northern's Dock 2, without its limit of 9 m: this delivery's vehicle is not known yet."""
    with doorway.network():
        return northern_site.docks.get(name="Dock 2")


@pytest.fixture
def move(delivery, confirmed, otto):
    """``move(dock)``: Otto moves the agreed vehicle there."""

    def make(dock, **changes):
        asked = {"actor": otto, "appointment_id": confirmed.pk, "lane": 1, "now": NOW}
        return services.move_vehicle(delivery=delivery, dock_id=dock.pk, **asked | changes)

    return make


def events_of(delivery) -> list[str]:
    return list(
        CustodyEvent.objects.filter(delivery_id=delivery.pk).order_by("id").values_list("type", flat=True)
    )


def places(appointment) -> list[tuple[str, int, str]]:
    rows = DockOccupancy.objects.filter(appointment=appointment).select_related("dock")
    return [(row.dock.name, row.lane, row.kind) for row in rows]


def test_a_vehicle_gets_another_dock_and_keeps_its_time(move, confirmed, delivery, second):
    moved = move(second)

    assert (moved.dock.name, moved.during.lower) == ("Dock 2", confirmed.during.lower)
    assert places(confirmed) == [("Dock 2", 1, "booking")]
    assert moved.version == confirmed.version + 1
    event = AppointmentEvent.objects.filter(appointment=moved).latest("id")
    assert (event.step, event.message, event.from_state, event.to_state) == (
        "moved",
        "Dock 1 → Dock 2",
        "confirmed",
        "confirmed",
    )
    assert events_of(delivery)[-2:] == ["appointment_confirmed", "appointment_rescheduled"]


def test_the_shipper_is_told_of_another_dock_unless_it_is_undone(move, second, dock, drain):
    mail.outbox.clear()
    move(second)
    move(dock)
    move(second)

    drain()

    assert {(*m.to, m.subject) for m in mail.outbox if "goes to" in m.subject} == {
        (planner, f"{visit_number()} goes to Dock 2: D000001")
        for planner in ("ada@acme.example", "alice@acme.example")
    }


def visit_number() -> str:
    return str(Appointment.objects.get().confirmation_number)


def test_a_dock_that_is_taken_says_so_and_nothing_changes(move, confirmed, second, otto):
    with doorway.network():
        block_dock(actor=otto, dock=second, lane=1, during=confirmed.during, note="Cleaning", now=NOW)

    with pytest.raises(SlotTaken):
        move(second)

    assert places(confirmed) == [("Dock 1", 1, "booking")]


def test_a_rule_or_a_closure_of_the_dock_is_kept_and_the_free_lanes_are_named(move, confirmed, second, dock):
    with doorway.network():
        Closure.objects.create(
            site=second.site, dock=second, during=confirmed.during, reason="Door under repair"
        )
        DockRule.objects.filter(dock=second).delete()

    with pytest.raises(SlotRefused) as refused:
        move(second)

    assert refused.value.message == "Dock 2 is closed then: Door under repair."
    assert refused.value.details["free"] == ["Dock 1"]
    assert places(confirmed) == [("Dock 1", 1, "booking")]


def test_an_agreed_time_is_not_moved(move, confirmed, second):
    with pytest.raises(TimeIsAgreed) as refused:
        move(second, start=confirmed.during.lower + timedelta(hours=1))

    assert "Acme Medical" in refused.value.message
    assert places(confirmed) == [("Dock 1", 1, "booking")]


def test_who_saw_an_older_state_moves_nothing(move, confirmed, second, dock):
    move(second)

    with pytest.raises(ChangedMeanwhile):
        move(dock, version=confirmed.version)

    assert places(confirmed) == [("Dock 2", 1, "booking")]


@pytest.mark.parametrize("who", ["alice", "sam", "bob"])
def test_only_the_sites_people_move(move, confirmed, second, who, request):
    with pytest.raises(PermissionRefused):
        move(second, actor=request.getfixturevalue(who))

    assert places(confirmed) == [("Dock 1", 1, "booking")]


def test_a_vehicle_that_is_not_agreed_has_no_dock_to_leave(delivery, asked, second, otto):
    with pytest.raises(IllegalTransition):
        services.move_vehicle(
            actor=otto, delivery=delivery, appointment_id=asked.pk, dock_id=second.pk, lane=1, now=NOW
        )


def test_another_deliverys_appointment_is_not_moved_by_this_one(delivery, confirmed, second, otto):
    other = Delivery(pk=confirmed.pk, number="D-9", site=delivery.site)

    with pytest.raises(UnknownDelivery):
        services.move_vehicle(
            actor=otto, delivery=other, appointment_id=confirmed.pk, dock_id=second.pk, lane=1, now=NOW
        )


# A vehicle that never came --------------------------------------------------------------------


def test_nobody_came_the_attempt_failed_and_both_are_told(delivery, confirmed, otto, drain):
    drain()
    mail.outbox.clear()
    late = confirmed.during.lower + timedelta(minutes=31)

    services.record_no_show(actor=otto, delivery_id=delivery.pk, now=late)

    delivery.refresh_from_db()
    appointment = visit_of(delivery).appointment
    assert (delivery.state, delivery.failure_reason) == (State.FAILED, "other")
    assert appointment.state == AppointmentState.NO_SHOW
    assert events_of(delivery)[-1] == "delivery_failed"
    drain()
    assert sorted(message.to[0] for message in mail.outbox if "Nobody came" in message.subject) == [
        "ada@acme.example",
        "alice@acme.example",
        "dock@northern.example",
    ]


def test_a_vehicle_is_not_missed_before_its_arrival_window_has_closed(delivery, confirmed, otto):
    with pytest.raises(TooEarly):
        services.record_no_show(actor=otto, delivery_id=delivery.pk, now=confirmed.during.lower)

    delivery.refresh_from_db()
    assert delivery.state == State.OPEN
    assert events_of(delivery)[-1] == "appointment_confirmed"


def test_only_the_sites_people_say_that_nobody_came(delivery, confirmed, alice):
    with pytest.raises(PermissionRefused):
        services.record_no_show(
            actor=alice, delivery_id=delivery.pk, now=confirmed.during.lower + timedelta(hours=1)
        )


def test_after_a_no_show_the_shipper_asks_anew(delivery, confirmed, otto, alice):
    later = confirmed.during.lower + timedelta(minutes=31)
    services.record_no_show(actor=otto, delivery_id=delivery.pk, now=later)
    assert with_standing(Delivery.objects.all()).get().standing == Standing.TO_BOOK
    delivery.refresh_from_db()

    found = find_slots(site=delivery.site, load=load_of(delivery), first_day=later.date(), days=3, now=later)
    services.ask_for_slots(actor=alice, delivery=delivery, slots=found.slots[:1], now=later)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.failure_reason) == (State.OPEN, "")


def test_a_vehicle_that_comes_after_all_is_checked_in_and_gets_a_dock(
    delivery, confirmed, second, otto, drain
):
    drain()
    later = confirmed.during.lower + timedelta(minutes=31)
    services.record_no_show(actor=otto, delivery_id=delivery.pk, now=later)
    came = later + timedelta(minutes=20)

    services.record_arrival(actor=otto, delivery_id=delivery.pk, now=came)
    with pytest.raises(NoDockYet):
        services.start_unloading(actor=otto, delivery_id=delivery.pk, now=came)
    moved = services.move_vehicle(
        actor=otto, delivery=delivery, appointment_id=confirmed.pk, dock_id=second.pk, lane=1, now=came
    )
    services.start_unloading(actor=otto, delivery_id=delivery.pk, now=came)

    assert (moved.during.lower - came) <= timedelta(0)
    delivery.refresh_from_db()
    assert delivery.state == State.UNLOADING


# A vehicle that came unannounced ----------------------------------------------------------------


def test_a_walk_in_waits_for_a_dock_and_is_then_a_visit_like_any_other(delivery, otto, second, drain):
    appointment = services.record_walk_in(actor=otto, delivery=delivery, vehicle="GP 7", now=NOW)

    assert (appointment.is_planned, appointment.state, appointment.dock, appointment.during) == (
        False,
        AppointmentState.ARRIVED,
        None,
        None,
    )
    assert places(appointment) == []
    assert events_of(delivery)[-1] == "arrived"
    drain()
    with pytest.raises(NoDockYet):
        services.start_unloading(actor=otto, delivery_id=delivery.pk, now=NOW)
    services.move_vehicle(
        actor=otto, delivery=delivery, appointment_id=appointment.pk, dock_id=second.pk, lane=1, now=NOW
    )
    services.start_unloading(actor=otto, delivery_id=delivery.pk, now=NOW)
    delivery.refresh_from_db()
    assert delivery.state == State.UNLOADING


def test_what_has_an_appointment_is_no_walk_in(delivery, confirmed, otto):
    with pytest.raises(NotAWalkIn) as refused:
        services.record_walk_in(actor=otto, delivery=delivery, now=NOW)

    assert refused.value.details["appointment"] == str(confirmed.pk)


def test_a_walk_in_needs_the_papers_that_every_arrival_needs(delivery, otto):
    with doorway.network():
        DocumentRequirement.objects.create(
            site=delivery.site, document_type=DocumentType.INSURANCE, step=Step.ARRIVAL
        )

    with pytest.raises(DocumentsMissing):
        services.record_walk_in(actor=otto, delivery=delivery, now=NOW)

    delivery.refresh_from_db()
    assert (delivery.state, Appointment.objects.count()) == (State.OPEN, 0)


@pytest.mark.parametrize("who", ["alice", "sam"])
def test_only_the_sites_people_register_walk_ins(delivery, who, request):
    with pytest.raises(PermissionRefused):
        services.record_walk_in(actor=request.getfixturevalue(who), delivery=delivery, now=NOW)


def test_the_gate_finds_a_partners_delivery_by_its_number_and_nothing_else(
    delivery, northern_site, southern_site, acme, globex, otto, sam
):
    with doorway.network():
        with enter_announced(actor=otto, site=northern_site, shipper_id=acme.pk, number="d000001") as found:
            assert found.pk == delivery.pk
        for actor, site, shipper in (
            (sam, northern_site, acme),  # another recipient's site
            (sam, southern_site, acme),  # a delivery that goes elsewhere
            (otto, northern_site, globex),  # another shipper has no such number
            (sam, southern_site, globex),  # no partner
            (None, northern_site, acme),
        ):
            with pytest.raises(UnknownDelivery):
                with enter_announced(actor=actor, site=site, shipper_id=shipper.pk, number="D000001"):
                    pass
