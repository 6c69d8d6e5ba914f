"""Two shippers plan the same day to one hospital; neither's plan, vehicles or jobs exist for the other."""

import pytest

from apps.core.models import Job
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.routing.errors import UnknownPlan
from apps.routing.models import Route, RoutePlan, Stop
from apps.routing.problems import gather
from apps.routing.selectors import latest_job, latest_plan, own_site, plan_by_id, plans, published_plan
from apps.routing.services import cancel_plan_job, publish_plan, request_plan
from apps.tenancy import doorway
from tests.routing.conftest import DAY, NOW, RIGID, make_carrier


@pytest.fixture
def theirs(globex, bob, rita, order, agree, northern_site, drain):
    """Globex's published plan of the day, with its vehicle, its driver and its delivery at Northern."""
    with doorway.enter_shipper(globex):
        site = Site.objects.get(code="GLX-DC")
        make_carrier("Globex Secret Lines", RIGID, drivers=("Secret Driver",))
        agree(order(northern_site, actor=bob), "Dock 1", "09:00", actor=bob)
        request_plan(actor=bob, site=site, day=DAY, now=NOW)
        drain()
        plan = latest_plan(site=site, day=DAY)
        publish_plan(actor=bob, plan_id=plan.pk, now=NOW)
        assert plan.routes.count() == 1
        yield plan


@pytest.fixture
def ours(alice, rita, sam, theirs, acme):
    """The test works in Acme's schema while Globex's plan exists."""
    with doorway.enter_shipper(acme):
        yield Site.objects.get(code="ACME-DC")


def test_another_shipper_s_plan_can_be_neither_seen_nor_published_nor_reached_by_its_site(
    ours, theirs, alice
):
    assert (plans().count(), Route.objects.count(), Stop.objects.count()) == (0, 0, 0)
    assert latest_plan(site=theirs.site, day=DAY) is None
    assert published_plan(site=theirs.site, day=DAY) is None
    for reach in (
        lambda: plan_by_id(theirs.pk),
        lambda: publish_plan(actor=alice, plan_id=theirs.pk, now=NOW),
        lambda: request_plan(actor=alice, site=theirs.site, day=DAY, now=NOW),
        lambda: own_site(theirs.site.pk, shipper_id=alice.shipper_id),
    ):
        with pytest.raises(UnknownPlan):
            reach()


def test_another_shipper_s_job_can_be_neither_seen_nor_stopped(ours, theirs, alice):
    assert Job.objects.count() == 0
    assert latest_job(site=theirs.site, day=DAY) is None
    with pytest.raises(UnknownPlan):
        cancel_plan_job(actor=alice, job_id=theirs.job_id, now=NOW)


def test_planning_acme_s_day_reads_nothing_of_globex(ours, alice, order, agree, northern_site, drain):
    delivery = agree(order(northern_site), "Dock 2", "09:00")

    question = gather(site=ours, day=DAY)
    request_plan(actor=alice, site=ours, day=DAY, now=NOW)
    drain()

    plan = latest_plan(site=ours, day=DAY)
    assert [visit.id for visit in question.problem.visits] == [delivery.number]
    assert (question.problem.fleet, question.problem.carriers, question.notes) == ((), (), ())
    assert [one.reasons for one in plan.unassigned.all()] == [["No vehicle is offered for this day."]]


def test_both_shippers_plans_have_version_one_and_stay_apart(
    ours, theirs, alice, order, agree, northern_site, drain, globex
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 2", "09:00")
    request_plan(actor=alice, site=ours, day=DAY, now=NOW)
    drain()

    mine = latest_plan(site=ours, day=DAY)
    with doorway.enter_shipper(globex):
        others = list(plans())
        deliveries = list(Delivery.objects.values_list("number", flat=True))

    assert (mine.version, [route.vehicle.plate for route in mine.routes.all()]) == (1, ["SWI1"])
    assert [(plan.pk, plan.version, plan.state) for plan in others] == [
        (theirs.pk, 1, RoutePlan.State.PUBLISHED)
    ]
    assert deliveries == ["D000001"]
