"""Plannings asked for at once, and workers that die over one: one runs, what is in force stays."""

import pytest
from django.db import connection

from apps.core.models import Job
from apps.facilities.models import Site
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan, request_plan, run_plan_job
from apps.tenancy import doorway
from tests.appointments.test_contention import at_once
from tests.routing.conftest import DAY, NOW, RIGID, make_carrier


@pytest.fixture
def in_force(warehouse, order, agree, planned, alice, northern_site):
    make_carrier("Swift", RIGID, drivers=("Ann",))
    agree(order(northern_site), "Dock 1", "09:00")
    return publish_plan(actor=alice, plan_id=planned().pk, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_plans_asked_for_at_once_for_one_day_one_runs(warehouse, alice, acme):
    def ask():
        with doorway.enter_shipper(acme):
            site = Site.objects.get(code="ACME-DC")
            return request_plan(actor=alice, site=site, day=DAY, now=NOW).pk

    jobs = at_once([ask] * 4)

    connection.set_tenant(acme)
    assert len(set(jobs)) == Job.objects.count() == 1


def test_a_worker_that_dies_over_a_plan_again_and_again_fails_it_in_words_and_the_old_one_stays(
    in_force, warehouse, alice, monkeypatch
):
    job = request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)

    def work():
        run_plan_job(job_id=job.pk, site_id=warehouse.pk, day=DAY, seed=1, clock=lambda: NOW)
        job.refresh_from_db()

    class Killed(BaseException):
        """What ends the process, so that nothing can be written down any more."""

    def die(*args, **kwargs):
        raise Killed

    monkeypatch.setattr("apps.routing.engine.plan", die)
    states = []
    for _attempt in range(3):
        with pytest.raises(Killed):
            work()
        job.refresh_from_db()
        states.append(job.state)
    work()

    assert states == [Job.State.RUNNING] * 3
    assert job.state == Job.State.FAILED
    assert "The worker ended 3 times over this. Nothing was changed" in job.message
    assert [(one.pk, one.state) for one in RoutePlan.objects.all()] == [
        (in_force.pk, RoutePlan.State.PUBLISHED)
    ]


def test_a_worker_that_died_once_is_followed_by_one_that_ends_the_work(
    in_force, warehouse, alice, monkeypatch
):
    job = request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    Job.objects.filter(pk=job.pk).update(state=Job.State.RUNNING, attempts=1)

    run_plan_job(job_id=job.pk, site_id=warehouse.pk, day=DAY, seed=1, clock=lambda: NOW)

    job.refresh_from_db()
    assert (job.state, RoutePlan.objects.count()) == (Job.State.DONE, 2)
    assert RoutePlan.objects.get(state=RoutePlan.State.PUBLISHED) == in_force
