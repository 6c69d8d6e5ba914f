"""A day is planned in the background from what was agreed: at tariff cost, within the rules, with reasons."""

from dataclasses import replace
from datetime import time
from decimal import Decimal
from fractions import Fraction

import pytest
from django.db import connection

from apps.appointments.models import Appointment
from apps.appointments.selectors import find_slots
from apps.consignments.models import Priority
from apps.core.errors import PermissionRefused
from apps.core.models import Job
from apps.deliveries.selectors import load_of
from apps.deliveries.services import set_priority
from apps.routing import engine
from apps.routing.errors import UnknownPlan
from apps.routing.models import RoutePlan
from apps.routing.problems import gather
from apps.routing.selectors import latest_job, latest_plan, plans, versions
from apps.routing.services import cancel_plan_job, request_plan, run_plan_job, running
from apps.routing.stored import Rows, read_back
from apps.tenancy.models import Outbox
from tests.routing.conftest import DAY, LONG, NOW, RIGID, local, make_carrier


def routes_of(plan):
    """Each route as vehicle and deliveries in order."""
    return [
        (route.vehicle.plate, [stop.delivery.number for stop in route.stops.all()])
        for route in plan.routes.all()
    ]


def left_out(plan):
    return {one.delivery.number: (one.code, one.reasons) for one in plan.unassigned.all()}


@pytest.fixture
def ask(warehouse, alice):
    """``ask()``: Alice asks for the day's plan."""
    return lambda **more: request_plan(actor=alice, site=warehouse, day=DAY, now=NOW, **more)


def test_a_confirmed_day_is_planned_end_to_end(
    warehouse, order, agree, ask, drain, northern_site, southern_site
):
    make_carrier("Swift", RIGID, RIGID)
    morning = agree(order(northern_site), "Dock 1", "09:00")
    noon = agree(order(southern_site), "Dock 1", "11:00")
    unconfirmed = order(northern_site)

    job = ask()
    drain()

    job.refresh_from_db()
    plan = latest_plan(site=warehouse, day=DAY)
    assert (job.state, job.finished_at is not None, job.percent) == (Job.State.DONE, True, 100)
    assert job.message == (
        f"Version 1: 1 route with 2 stops, {plan.distance_m / 1000:.0f} km, "
        f"ZAR {plan.cost_cents / 100:,.2f}. Left out, with reasons: 1 delivery."
    )
    assert (plan.state, plan.version, plan.planned_by, plan.seed, plan.currency) == (
        RoutePlan.State.DRAFT,
        1,
        "Alice Adams",
        1,
        "ZAR",
    )
    assert routes_of(plan) == [("SWI1", [morning.number, noon.number])]
    assert left_out(plan) == {
        unconfirmed.number: ("no-confirmed-slot", ["It has no confirmed slot: none was asked for yet."])
    }


def test_stops_keep_their_slots_and_segments_account_for_every_minute(
    warehouse, order, agree, planned, northern_site, southern_site, dock
):
    make_carrier("Swift", RIGID)
    delivery = agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "11:00")

    (route,) = planned().routes.all()

    first, second = route.stops.all()
    assert (first.dock, first.slot.lower, first.slot.upper) == (dock, local("09:00"), local("09:30"))
    assert first.appointment_id == Appointment.objects.get(delivery_id=delivery.pk).pk
    assert (first.starts_at, first.departs_at) == (local("09:00"), local("09:30"))
    assert (second.starts_at, second.departs_at) == (local("11:00"), local("11:30"))
    assert [one["activity"] for one in route.segments] == [
        "drive", "service", "drive", "wait", "service", "drive",
    ]  # fmt: skip
    assert [one["end"] for one in route.segments[:-1]] == [one["start"] for one in route.segments[1:]]
    assert route.segments[0]["start"] == route.departs_at.isoformat()
    assert route.segments[-1]["end"] == route.returns_at.isoformat()


def test_a_route_costs_what_its_tariff_says(warehouse, order, agree, planned, northern_site, southern_site):
    make_carrier("Swift", RIGID)
    agree(order(northern_site, pallets=3), "Dock 1", "09:00")
    agree(order(southern_site, pallets=2), "Dock 1", "11:00", 25)

    plan = planned()

    (route,) = plan.routes.all()
    seconds = (route.returns_at - route.departs_at).total_seconds()
    assert route.cost_parts == {
        "fixed": 80_000,
        "distance": int(Fraction(route.distance_m * 1_200, 1000) + Fraction(1, 2)),
        "time": int(Fraction(int(seconds) * 18_000, 3600) + Fraction(1, 2)),
        "stops": 2 * 5_000,
        "pallets": 5 * 700,
        "minimum": 0,
        "waiting": 0,
    }
    assert plan.cost_cents == route.cost_cents == sum(route.cost_parts.values())
    assert 0 < plan.lower_bound_cents <= plan.cost_cents


def test_the_cheaper_carrier_drives_until_its_cap(
    warehouse, order, agree, planned, northern_site, southern_site
):
    make_carrier("Cheap", RIGID, RIGID, cap=1)
    make_carrier("Dear", RIGID, per_route=200_000)
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "09:00")

    plan = planned()

    assert sorted(plate for plate, _ in routes_of(plan)) == ["CHE1", "DEA1"]


def test_a_dock_rule_keeps_the_cheaper_long_truck_out(warehouse, order, agree, planned, northern_site):
    make_carrier("Long Haul", LONG, per_route=1)
    make_carrier("Swift", RIGID)
    delivery = agree(order(northern_site), "Dock 2", "09:00")

    assert routes_of(planned()) == [("SWI1", [delivery.number])]


def test_the_long_truck_drives_where_no_rule_is_in_its_way(warehouse, order, agree, planned, northern_site):
    make_carrier("Long Haul", LONG, per_route=1)
    make_carrier("Swift", RIGID)
    delivery = agree(order(northern_site), "Dock 1", "09:00")

    assert routes_of(planned()) == [("LON1", [delivery.number])]


def test_what_no_vehicle_can_serve_is_left_out_with_the_rule_that_binds(
    warehouse, order, agree, planned, northern_site
):
    make_carrier("Long Haul", LONG)
    delivery = agree(order(northern_site), "Dock 2", "09:00")

    plan = planned()

    (one,) = plan.unassigned.all()
    assert (plan.routes.count(), one.delivery, one.code) == (0, delivery, "no-compatible-vehicle")
    assert one.reasons == [
        "No vehicle may serve it. Nearest is Articulated truck LON1 (Long Haul): "
        "vehicle is 16.5 m long, the dock takes at most 9.0 m."
    ]
    assert plan.penalty_cents == engine.DEFAULT_PENALTY_CENTS


def test_what_the_announced_vehicle_excludes_is_told_apart_from_the_dock(
    warehouse, order, agree, planned, northern_site
):
    make_carrier("Long Haul", LONG)
    delivery = order(northern_site)
    agree(delivery, "Dock 1", "09:00", load=replace(load_of(delivery), vehicle_length_m=Decimal(8)))

    (one,) = planned().unassigned.all()

    assert one.details[-1] == "Its appointment was agreed for a vehicle of up to 8 m long."


def test_what_is_stored_passes_the_independent_checker(
    warehouse, order, agree, planned, northern_site, southern_site
):
    make_carrier("Cheap", RIGID, RIGID, cap=1)
    make_carrier("Dear", RIGID, LONG)
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(northern_site), "Dock 2", "09:00")
    agree(order(southern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 2", "13:00")

    plan = planned()

    asked = gather(site=warehouse, day=DAY)
    routes = [(route, list(route.stops.all())) for route in plan.routes.all()]
    answer = read_back(asked, Rows(plan, routes, list(plan.unassigned.all())))
    assert sum(len(stops) for _, stops in routes) == 4
    assert engine.check(asked.problem, answer) == ()
    assert plan.problem_sha256 == asked.sha256


def test_the_same_day_and_seed_give_the_same_plan(
    warehouse, order, agree, planned, northern_site, southern_site
):
    make_carrier("Swift", RIGID, RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "11:00")

    first, second = planned(), planned()

    assert (first.version, second.version) == (1, 2)
    assert routes_of(first) == routes_of(second)
    assert (first.cost_cents, first.problem_sha256) == (second.cost_cents, second.problem_sha256)


def test_a_day_without_anything_to_plan_says_so(warehouse, order, planned, northern_site):
    make_carrier("Swift", RIGID)
    order(northern_site)

    plan = planned()

    assert plan.routes.count() == 0
    assert plan.notes == ["There is nothing to plan: no delivery has a confirmed slot on this day."]
    assert Job.objects.get().message == (
        "Version 1 has no route. There is nothing to plan: no delivery has a confirmed slot on this day. "
        "Left out, with reasons: 1 delivery."
    )


def test_a_day_without_vehicles_leaves_everything_out(warehouse, order, agree, planned, northern_site):
    delivery = agree(order(northern_site), "Dock 1", "09:00")

    plan = planned()

    assert left_out(plan) == {delivery.number: ("no-vehicle", ["No vehicle is offered for this day."])}
    assert plan.currency == "XXX"


def test_asking_twice_is_one_job_and_asking_again_afterwards_is_another(ask, drain):
    first, second = ask(), ask()
    drain()
    third = ask()

    assert first == second
    assert third != first
    assert RoutePlan.objects.count() == 1


def test_work_that_is_delivered_again_makes_no_second_plan(warehouse, ask, drain):
    job = ask()
    drain()
    with_rows_open_again()

    done = drain()

    assert done == 1
    assert versions(site=warehouse, day=DAY).count() == 1
    assert latest_job(site=warehouse, day=DAY) == job


def with_rows_open_again():
    tenant = connection.tenant
    connection.set_schema_to_public()
    Outbox.objects.filter(name="routing.plan").update(done_at=None, attempts=0)
    connection.set_tenant(tenant)


def test_a_worker_that_takes_over_a_job_does_it(warehouse, ask, now):
    job = ask()
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING)

    run_plan_job(job_id=job.pk, site_id=warehouse.pk, day=DAY, seed=1, clock=lambda: now)

    job.refresh_from_db()
    assert (job.state, job.finished_at) == (Job.State.DONE, now)


def test_a_job_cancelled_while_it_waits_plans_nothing(ask, alice, drain, now):
    job = cancel_plan_job(actor=alice, job_id=ask().pk, now=now)
    drain()

    assert (job.state, job.finished_at, job.message) == (Job.State.CANCELLED, now, "Stopped by Alice Adams.")
    assert RoutePlan.objects.count() == 0


def test_a_job_cancelled_while_it_runs_keeps_the_best_plan_so_far(
    ask, order, agree, alice, drain, now, northern_site, monkeypatch
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    job = ask()

    def gather_and_be_stopped(**asked):
        cancel_plan_job(actor=alice, job_id=job.pk, now=now)
        return gather(**asked)

    monkeypatch.setattr(running, "gather", gather_and_be_stopped)
    drain()

    job.refresh_from_db()
    plan = RoutePlan.objects.get()
    assert (job.state, plan.is_finished, plan.routes.count()) == (Job.State.DONE, False, 1)
    assert job.message.endswith("The search was ended early; this is the best found until then.")


def test_a_job_that_is_over_is_not_cancelled(ask, alice, drain, now):
    job = ask()
    drain()

    again = cancel_plan_job(actor=alice, job_id=job.pk, now=now)

    assert (again.state, again.cancel_requested) == (Job.State.DONE, False)


def test_progress_is_told_while_searching(warehouse, order, agree, northern_site, ask):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    job = ask()
    problem = replace(gather(site=warehouse, day=DAY).problem, budget=engine.Budget(iterations=100))
    watch = running.JobWatch(job.pk, problem, every=0)

    watch.hear(engine.Progress(round=2, iterations=7, best_cost=912_050))
    stops = [watch.is_cancelled() for _ in range(3)]
    Job.objects.filter(pk=job.pk).update(cancel_requested=True)

    job.refresh_from_db()
    assert (job.done, job.total, job.percent) == (3, 400, 0)
    assert (
        job.message
        == "Searching for cheaper routes, round 2 of at most 4; the best so far costs ZAR 9,120.50."
    )
    assert [*stops, watch.is_cancelled()] == [False, False, False, True]


def test_what_can_wait_does_not_hide_what_the_best_plan_so_far_costs(
    warehouse, order, agree, southern_site, alice
):
    make_carrier("Swift", RIGID)
    waits = agree(order(southern_site), "Dock 1", "09:00")
    set_priority(actor=alice, delivery_ids=[waits.pk], priority=Priority.CAN_WAIT, now=NOW)
    agree(order(southern_site), "Dock 1", "11:00")
    problem = gather(site=warehouse, day=DAY).problem

    def said(cents):
        watch = running.JobWatch(waits.pk, problem)
        watch.hear(engine.Progress(round=1, iterations=1, best_cost=cents))
        return watch._best_so_far()

    dearest = max(visit.penalty_cents for visit in problem.visits)
    assert said(912_050) == "; the best so far costs ZAR 9,120.50, what can wait and is left out priced in"
    assert said(dearest) == "; the best so far leaves deliveries out"


def test_a_day_that_makes_no_sense_fails_with_the_reason(ask, drain):
    make_carrier("Swift", RIGID)
    make_carrier("Rand", RIGID, currency="EUR")
    job = ask()
    drain()

    job.refresh_from_db()
    assert job.state == Job.State.FAILED
    assert job.message.startswith("One plan has one currency, and the tariffs of that day have 2")


def test_what_the_engine_faults_is_said_in_sentences(ask, order, agree, drain, northern_site, monkeypatch):
    def refuse(problem, **_):
        raise engine.InvalidProblem(
            ("Visit D1 has no usable coordinates.", "Depot X closes before it opens.")
        )

    monkeypatch.setattr(engine, "plan", refuse)
    job = ask()
    drain()

    job.refresh_from_db()
    assert (job.state, job.message) == (
        Job.State.FAILED,
        "This day can't be planned: Visit D1 has no usable coordinates. Depot X closes before it opens.",
    )


def test_an_unforeseen_error_ends_the_job_and_is_not_tried_for_ever(ask, drain, monkeypatch):
    def burst(problem, **_):
        raise RuntimeError("burst")

    monkeypatch.setattr(engine, "plan", burst)
    job = ask()
    drain()
    with_rows_open_again()

    again = drain()

    job.refresh_from_db()
    assert (job.state, again) == (Job.State.FAILED, 1)
    assert job.message == "Planning ended with an internal error; nothing was changed. Ask again."


def test_a_plan_that_breaks_a_rule_is_never_stored(ask, order, agree, drain, northern_site, monkeypatch):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    honest = engine.plan

    def dishonest(problem, **more):
        return replace(honest(problem, **more), route_cost=1)

    monkeypatch.setattr(engine, "plan", dishonest)
    job = ask()
    drain()

    job.refresh_from_db()
    assert (job.state, RoutePlan.objects.count()) == (Job.State.FAILED, 0)
    assert job.message.startswith("The plan broke rules in its own check and was thrown away")


def test_only_planners_of_this_shipper_plan_and_only_from_its_own_sites(
    warehouse, alice, arthur, bob, rita, northern_site, now
):
    for outsider in (arthur, bob, rita, None):
        with pytest.raises(PermissionRefused):
            request_plan(actor=outsider, site=warehouse, day=DAY, now=now)
    with pytest.raises(UnknownPlan):
        request_plan(actor=alice, site=northern_site, day=DAY, now=now)

    assert Job.objects.count() == 0


def test_a_plan_is_read_in_as_many_queries_however_large(
    warehouse, order, agree, planned, northern_site, southern_site, django_assert_num_queries
):
    make_carrier("Swift", RIGID, RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "09:00")
    order(southern_site)
    planned()

    with django_assert_num_queries(4):
        plan = plans().get()
        facts = [
            (stop.delivery.site.name, stop.dock.name, route.carrier.name, route.vehicle.plate, route.driver)
            for route in plan.routes.all()
            for stop in route.stops.all()
        ]
        reasons = [one.delivery.number for one in plan.unassigned.all()]

    assert (len(facts), len(reasons)) == (2, 1)


def test_what_is_left_out_comes_with_slots_that_its_dock_can_give_priced_on_this_plan(
    warehouse, order, agree, ask, drain, northern_site, southern_site
):
    make_carrier("Swift", {**RIGID, "shift_end": time(16)}, per_hour=0, per_route=0)
    first = agree(order(northern_site), "Dock 1", "09:00")
    second = agree(order(southern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 2", "11:30")

    ask()
    drain()

    plan = latest_plan(site=warehouse, day=DAY)
    (one,) = plan.unassigned.all()
    assert one.delivery in (first, second)
    slots = [remedy for remedy in one.remedies if remedy["kind"] == "slot"]
    assert 1 <= len(slots) <= 3
    assert [remedy["extra_cents"] for remedy in one.remedies] == sorted(
        r["extra_cents"] for r in one.remedies
    )
    visit = gather(site=warehouse, day=DAY, now=NOW).visits[one.delivery.number]
    bookable = find_slots(
        site=one.delivery.site, load=load_of(one.delivery), first_day=DAY, days=1, now=NOW,
        appointment=visit.appointment,
    ).slots  # fmt: skip
    free = {(str(slot.dock_id), slot.start.isoformat(), slot.end.isoformat()) for slot in bookable}
    for remedy in slots:
        slot = remedy["slot"]
        assert (slot["dock"], slot["start"], slot["end"]) in free
        assert slot["dock"] == str(visit.dock.pk)
        assert remedy["route"] == 1
        assert f"for ZAR {remedy['extra_cents'] / 100:,.2f} more" in remedy["sentence"]


def test_what_goes_before_others_is_served_first_and_what_can_wait_only_goes_along(
    warehouse, order, agree, planned, northern_site, southern_site, alice
):
    make_carrier("Swift", RIGID)
    waits = agree(order(northern_site), "Dock 1", "10:00")
    set_priority(actor=alice, delivery_ids=[waits.pk], priority=Priority.CAN_WAIT, now=NOW)

    alone = planned()
    normal = agree(order(southern_site), "Dock 1", "09:00")
    first = agree(order(northern_site), "Dock 1", "09:00")
    set_priority(actor=alice, delivery_ids=[first.pk], priority=Priority.FIRST, now=NOW)
    together = planned()

    assert routes_of(alone) == []
    ((code, (reason,)),) = left_out(alone).values()
    assert code == "dearer-than-penalty"
    assert "leaving it out is priced at ZAR" in reason
    assert routes_of(together) == [("SWI1", [first.number, waits.number])]
    assert set(left_out(together)) == {normal.number}
