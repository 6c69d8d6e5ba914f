"""At its set time a site's days are planned once, by whichever worker looks first."""

from datetime import time, timedelta

import pytest

from apps.accounts.actors import SYSTEM
from apps.core.errors import PermissionRefused
from apps.core.models import Job
from apps.routing.errors import UnknownPlan
from apps.routing.models import RoutePlan, Schedule
from apps.routing.services import UnusableSchedule, publish_plan, request_plan, run_schedules, set_schedule
from tests.routing.conftest import DAY, NOW, RIGID, local, make_carrier

#: The tests' moment is 08:00 on Monday; ``DAY`` is two days ahead.
MONDAY = NOW.date()


@pytest.fixture
def schedule(warehouse, alice):
    """``schedule(at="16:00", first=1, last=2)``: Alice sets when Acme's warehouse plans by itself."""

    def make(at="16:00", first=1, last=2, *, active=True):
        return set_schedule(
            actor=alice,
            site_id=warehouse.pk,
            active=active,
            plans_at=time.fromisoformat(at),
            first_day_ahead=first,
            last_day_ahead=last,
            repairs_itself=False,
            now=NOW,
        )

    return make


def test_days_ahead_are_planned_once_from_the_set_time_on(schedule, drain, order, agree, northern_site):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    schedule("16:00", 1, 2)

    before = run_schedules(now=local("15:59", MONDAY))
    due = run_schedules(now=local("16:00", MONDAY))
    after = run_schedules(now=local("16:01", MONDAY))
    drain()

    assert (before, len(due), after) == ([], 2, [])
    assert [
        (plan.day, plan.planned_by, plan.routes.count()) for plan in RoutePlan.objects.order_by("day")
    ] == [
        (MONDAY + timedelta(days=1), "Dockside", 0),
        (DAY, "Dockside", 1),
    ]


def test_the_next_day_it_runs_again_and_a_late_worker_makes_up_for_it(schedule):
    schedule("16:00", 1, 1)
    run_schedules(now=local("16:00", MONDAY))

    assert len(run_schedules(now=local("23:40", MONDAY + timedelta(days=1)))) == 1


def test_a_day_with_a_plan_in_force_is_left_alone(schedule, warehouse, alice, drain):
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()
    publish_plan(actor=alice, plan_id=RoutePlan.objects.get().pk, now=NOW)
    schedule("16:00", 2, 2)

    assert run_schedules(now=local("16:00", MONDAY)) == []


def test_a_time_that_is_past_today_counts_from_tomorrow_on(schedule):
    schedule("07:00", 1, 1)

    assert run_schedules(now=NOW) == []
    assert len(run_schedules(now=NOW + timedelta(days=1))) == 1


def test_a_schedule_that_is_switched_off_plans_nothing(schedule):
    schedule("16:00", 1, 1, active=False)

    assert run_schedules(now=local("16:00", MONDAY)) == []


def test_a_plan_asked_for_by_a_person_meanwhile_is_the_same_job(schedule, warehouse, alice):
    schedule("16:00", 2, 2)
    (planned,) = run_schedules(now=local("16:00", MONDAY))

    assert request_plan(actor=alice, site=warehouse, day=DAY, now=NOW) == planned
    assert Job.objects.count() == 1


@pytest.mark.parametrize(("first", "last"), [(2, 1), (0, 15), (-1, 1)])
def test_days_that_make_no_sense_are_refused(schedule, first, last):
    with pytest.raises(UnusableSchedule):
        schedule("16:00", first, last)

    assert Schedule.objects.count() == 0


def test_only_planners_of_this_shipper_set_a_schedule_and_only_for_own_sites(
    warehouse, alice, arthur, bob, rita, northern_site
):
    def ask(actor, site):
        set_schedule(
            actor=actor,
            site_id=site.pk,
            active=True,
            plans_at=time(16),
            first_day_ahead=1,
            last_day_ahead=1,
            repairs_itself=False,
            now=NOW,
        )

    for outsider in (arthur, bob, rita, SYSTEM, None):
        with pytest.raises(PermissionRefused):
            ask(outsider, warehouse)
    with pytest.raises(UnknownPlan):
        ask(alice, northern_site)
    assert Schedule.objects.count() == 0
