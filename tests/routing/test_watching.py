"""What a plan in force no longer relies on is found by looking, told once, and settled when it passes."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.models import Appointment
from apps.carriers.models import Vehicle
from apps.core.errors import PermissionRefused
from apps.core.models import Job
from apps.deliveries.services import cancel_appointment
from apps.deliveries.states import State
from apps.routing.errors import UnknownPlan
from apps.routing.models import Disruption, RoutePlan, Schedule
from apps.routing.services import (
    lock_stop,
    note_decline,
    publish_plan,
    report_breakdown,
    request_repair,
    review_plan,
    settle_declines,
    watch_plans,
    withdraw_breakdown,
)
from tests.routing.conftest import NOW, RIGID, local, make_carrier


@pytest.fixture
def visits(warehouse, order, agree, northern_site, southern_site):
    """Two deliveries at the same hour, so that each needs a vehicle of its own."""
    make_carrier("Swift", RIGID, RIGID, drivers=("Ben", "Ann"))
    return [
        agree(order(northern_site), "Dock 1", "09:00"),
        agree(order(southern_site), "Dock 1", "09:00"),
    ]


@pytest.fixture
def in_force(visits, planned, alice):
    """The plan of both, published."""
    return publish_plan(actor=alice, plan_id=planned().pk, now=NOW)


def open_ones():
    return [(one.kind, one.sentence) for one in Disruption.objects.filter(settled_at=None)]


def move(delivery, hours):
    appointment = Appointment.objects.get(delivery_id=delivery.pk)
    during, by = appointment.during, timedelta(hours=hours)
    appointment.during = DateTimeTZRange(during.lower + by, during.upper + by)
    appointment.save(update_fields=["during"])


def test_a_plan_that_still_holds_needs_nothing(in_force):
    assert watch_plans(now=NOW) == 0
    assert open_ones() == []


def test_a_moved_appointment_is_told_once_and_settled_when_it_is_moved_back(in_force, visits):
    move(visits[0], +2)

    seen = [watch_plans(now=NOW), watch_plans(now=NOW)]
    told = open_ones()
    move(visits[0], -2)
    watch_plans(now=NOW + timedelta(minutes=1))

    assert seen == [1, 0]
    assert told == [
        (
            Disruption.Kind.APPOINTMENT_MOVED,
            f"{visits[0].number} at Northern Hospital stores was moved from 09:00–09:30 to 11:00–11:30, "
            "Dock 1.",
        )
    ]
    assert Disruption.objects.get().settled_at == NOW + timedelta(minutes=1)


def test_a_cancelled_appointment_is_told(in_force, visits, alice):
    appointment = Appointment.objects.get(delivery_id=visits[1].pk)
    cancel_appointment(
        actor=alice, delivery=visits[1], appointment_id=appointment.pk, reason_code="other", now=NOW
    )

    review_plan(plan_id=in_force.pk, now=NOW)

    assert open_ones() == [
        (
            Disruption.Kind.APPOINTMENT_GONE,
            f"{visits[1].number}: the appointment 09:00–09:30 at Southern Clinic pharmacy no longer stands.",
        )
    ]


def test_a_delivery_agreed_since_is_told_whether_the_plan_knew_of_it_or_not(
    visits, order, agree, planned, alice, northern_site, southern_site
):
    known = order(northern_site)
    in_force = publish_plan(actor=alice, plan_id=planned().pk, now=NOW)
    agree(known, "Dock 1", "12:00")
    urgent = agree(order(southern_site), "Dock 1", "13:00")

    found = review_plan(plan_id=in_force.pk, now=NOW)

    assert found == 2
    assert [sentence for _, sentence in open_ones()] == [
        f"{known.number} to Northern Hospital stores was agreed on since: 12:00–12:30.",
        f"{urgent.number} to Southern Clinic pharmacy is new on this day: 13:00–13:30.",
    ]


def test_a_departure_is_late_once_leaving_now_would_miss_a_slot(in_force, visits):
    late = in_force.routes.earliest("departs_at")

    early = review_plan(plan_id=in_force.pk, now=late.departs_at + timedelta(minutes=14))
    missed = review_plan(plan_id=in_force.pk, now=local("10:00"))

    assert (early, missed) == (0, 2)
    sentences = [sentence for kind, sentence in open_ones() if kind == Disruption.Kind.LATE_DEPARTURE]
    assert any(f"From now on it misses {visits[0].number} (09:00–09:30)." in one for one in sentences)


def test_a_vehicle_that_has_left_is_not_late(in_force, visits):
    type(visits[0]).objects.update(state=State.IN_TRANSIT)

    assert review_plan(plan_id=in_force.pk, now=local("10:00")) == 0


def test_a_vehicle_taken_out_of_service_is_told(in_force):
    Vehicle.objects.filter(plate="SWI1").update(active=False)

    watch_plans(now=NOW)

    assert open_ones() == [(Disruption.Kind.VEHICLE_OUT, "SWI1 of Swift is out of service.")]


def test_a_reported_breakdown_keeps_the_vehicle_out_until_it_is_withdrawn(in_force, planned, alice):
    route = in_force.routes.get(vehicle__plate="SWI1")
    report = report_breakdown(actor=alice, route_id=route.pk, note="gearbox", now=NOW)
    again = report_breakdown(actor=alice, route_id=route.pk, now=NOW)
    watch_plans(now=NOW)

    without = planned()
    withdraw_breakdown(actor=alice, disruption_id=report.pk, now=NOW)
    with_it = planned()

    assert (again, report.sentence) == (report, "SWI1 of Swift is out of service: gearbox.")
    assert [one.vehicle.plate for one in without.routes.all()] == ["SWI2"]
    assert "SWI1 of Swift is out of service on this day." in without.notes
    assert with_it.routes.count() == 2


def test_a_declined_tender_stays_on_record_until_another_plan_is_in_force(in_force, planned, alice):
    route = in_force.routes.first()
    note_decline(actor=alice, route=route, carrier="Swift", now=NOW)
    watch_plans(now=NOW)
    before = open_ones()

    publish_plan(actor=alice, plan_id=planned().pk, now=NOW)

    assert before == [(Disruption.Kind.TENDER_DECLINED, f"Swift declined route 1 ({route.vehicle.plate}).")]
    assert open_ones() == []


def test_a_day_is_planned_without_the_vehicle_that_was_declined_until_somebody_has_the_route(
    in_force, planned, alice
):
    route = in_force.routes.first()
    note_decline(actor=alice, route=route, carrier="Swift", vehicle=route.vehicle, now=NOW)
    without = planned()
    settle_declines(route=route, now=NOW)

    plates = {one.vehicle.plate for one in without.routes.all()}
    assert route.vehicle.plate not in plates
    assert f"Swift did not take a route with {route.vehicle.plate} on this day." in without.notes
    assert len(without.unassigned.all()) == 1
    assert f"Swift declined route 1 ({route.vehicle.plate})." not in [sentence for _, sentence in open_ones()]
    assert len(planned().routes.all()) == 2


def test_a_decline_drafts_a_repair_by_itself_where_the_site_wants_it(in_force, warehouse, alice, drain):
    Schedule.objects.create(site=warehouse, repairs_itself=True)

    note_decline(actor=alice, route=in_force.routes.first(), carrier="Swift", now=NOW)
    drain()

    draft = RoutePlan.objects.get(version=2)
    assert (draft.state, draft.making) == (RoutePlan.State.DRAFT, RoutePlan.Making.REPAIRED)


def test_where_the_site_wants_it_a_repair_is_drafted_by_itself_and_nothing_is_published(
    in_force, visits, warehouse, drain
):
    Schedule.objects.create(site=warehouse, repairs_itself=True)
    move(visits[0], +2)

    watch_plans(now=NOW)
    drain()

    draft = RoutePlan.objects.get(version=2)
    assert (draft.state, draft.making, draft.basis, draft.planned_by) == (
        RoutePlan.State.DRAFT,
        RoutePlan.Making.REPAIRED,
        in_force,
        "Dockside",
    )
    assert RoutePlan.objects.get(pk=in_force.pk).state == RoutePlan.State.PUBLISHED
    assert Job.objects.count() == 2


def test_a_day_that_is_over_is_watched_no_more(in_force, visits):
    move(visits[0], +2)

    assert watch_plans(now=local("00:00") + timedelta(days=1)) == 0


def test_only_planners_of_this_shipper_report_and_withdraw(in_force, alice, arthur, bob, rita):
    route = in_force.routes.first()
    report = report_breakdown(actor=alice, route_id=route.pk, now=NOW)

    for outsider in (arthur, bob, rita, None):
        with pytest.raises(PermissionRefused):
            report_breakdown(actor=outsider, route_id=route.pk, now=NOW)
        with pytest.raises(PermissionRefused):
            withdraw_breakdown(actor=outsider, disruption_id=report.pk, now=NOW)
    with pytest.raises(UnknownPlan):
        report_breakdown(actor=alice, route_id=in_force.pk, now=NOW)
    assert Disruption.objects.count() == 1


def test_a_repair_moves_nothing_that_need_not_move(
    warehouse, order, agree, northern_site, planned, alice, drain
):
    """Planned anew, one cheaper truck would take both; the repair leaves each where it is."""
    make_carrier("Amber", RIGID, drivers=("Ann",), per_route=100_000)
    make_carrier("Basalt", RIGID, drivers=("Ben",), per_route=101_000)
    agree(order(northern_site), "Dock 1", "09:00")
    second = agree(order(northern_site), "Dock 2", "09:00")
    plan = publish_plan(actor=alice, plan_id=planned().pk, now=NOW)
    before = vehicles_of(plan)
    move(second, +2)

    request_repair(actor=alice, plan_id=plan.pk, now=NOW)
    drain()
    repaired = RoutePlan.objects.get(version=2)
    anew = planned()

    assert sorted(before.values()) == ["AMB1", "BAS1"]
    assert vehicles_of(repaired) == before
    assert set(vehicles_of(anew).values()) == {"AMB1"}


def test_a_locked_stop_stays_on_its_vehicle_although_another_is_cheaper(
    warehouse, order, agree, northern_site, planned, alice
):
    make_carrier("Amber", RIGID, drivers=("Ann",), per_route=100_000)
    delivery = agree(order(northern_site), "Dock 1", "09:00")
    plan = planned()
    lock_stop(actor=alice, stop_id=plan.routes.get().stops.get().pk, locked=True)
    make_carrier("Cheap", RIGID, drivers=("Cy",), per_route=1)

    kept = planned()
    lock_stop(actor=alice, stop_id=kept.routes.get().stops.get().pk, locked=False)
    free = planned()

    assert vehicles_of(kept) == {delivery.number: "AMB1"}
    assert vehicles_of(free) == {delivery.number: "CHE1"}


def vehicles_of(plan):
    """On which vehicle each delivery is, by number and plate."""
    return {
        stop.delivery.number: route.vehicle.plate for route in plan.routes.all() for stop in route.stops.all()
    }
