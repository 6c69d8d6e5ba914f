"""A plan in force that no longer holds: said why, repaired as a draft, compared; parts of it are kept."""

import pytest

from apps.routing.models import Disruption, RoutePlan, Schedule
from apps.routing.services import publish_plan
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY
from tests.portal.desk.test_plan import planned, truck, warehouse  # noqa: F401 a planned day


@pytest.fixture
def published(planned, alice):  # noqa: F811
    return publish_plan(actor=alice, plan_id=planned.pk, now=NOW)


@pytest.fixture
def route(published):
    return published.routes.get()


def page(desk, **query):
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    return desk.get(f"/plan/?day={DAY}&{asked}")


def test_a_breakdown_is_said_on_the_plan_and_repaired_as_a_draft_that_says_what_changes(
    route, published, desk, drain
):
    reported = desk.post(f"/plan/routes/{route.pk}/breakdown/", {"note": "engine"})
    said = desk.get(reported.url).content.decode()
    desk.post(f"/plan/{published.pk}/repair/")
    drain()
    draft = page(desk).context

    assert "HH 1 GP of Highveld Haulage is out of service: engine." in said
    assert (draft["plan"].version, draft["plan"].state) == (2, "draft")
    assert [one["label"] for one in draft["changes"]["stops"]] == ["Falls off its route"]
    assert RoutePlan.objects.get(state="published").version == 1


def test_a_report_is_taken_back(route, desk):
    desk.post(f"/plan/routes/{route.pk}/breakdown/", {"note": ""})

    answer = desk.post(f"/plan/disruptions/{Disruption.objects.get().pk}/withdraw/")

    assert answer.status_code == 302
    assert not Disruption.objects.exists()


def test_routes_and_stops_are_locked_and_let_go(route, desk):
    stop = route.stops.get()

    locked = [
        desk.post(f"/plan/routes/{route.pk}/lock/", {"locked": "1"}).status_code,
        desk.post(f"/plan/stops/{stop.pk}/lock/", {"locked": "1"}).status_code,
    ]
    route.refresh_from_db()
    stop.refresh_from_db()
    kept = (route.is_locked, stop.is_locked)
    desk.post(f"/plan/routes/{route.pk}/lock/", {"locked": "0"})
    route.refresh_from_db()

    assert (locked, kept, route.is_locked) == ([302, 302], (True, True), False)


def test_a_replaced_plan_is_not_locked(route, published, desk):
    RoutePlan.objects.filter(pk=published.pk).update(state="replaced")

    assert desk.post(f"/plan/routes/{route.pk}/lock/", {"locked": "1"}).status_code == 409


def test_a_schedule_is_kept_and_one_that_makes_no_sense_is_refused(warehouse, at_acme, desk):  # noqa: F811
    url = f"/plan/schedule/{warehouse.pk}/"
    typed = {"active": "on", "plans_at": "16:30", "first_day_ahead": "1", "last_day_ahead": "3"}

    backwards = desk.post(url, {**typed, "first_day_ahead": "5"})
    far = desk.post(url, {**typed, "last_day_ahead": "60"})
    kept = desk.post(url, typed)

    assert (backwards.status_code, far.status_code, kept.status_code) == (422, 422, 302)
    schedule = Schedule.objects.get()
    assert (f"{schedule.plans_at:%H:%M}", schedule.last_day_ahead) == ("16:30", 3)


def test_nobody_else_changes_the_plan(route, published, browse, acme, northern_site):
    stop = route.stops.get()
    paths = [
        f"/plan/{published.pk}/repair/",
        f"/plan/routes/{route.pk}/lock/",
        f"/plan/routes/{route.pk}/breakdown/",
        f"/plan/stops/{stop.pk}/lock/",
        f"/plan/schedule/{published.site_id}/",
    ]
    bob, arthur = browse("bob@globex.example", "globex"), browse("arthur@acme.example", "acme")

    assert [bob.post(path, {"locked": "1"}).status_code for path in paths] == [404] * 5
    assert [arthur.post(path, {"locked": "1"}).status_code for path in paths] == [403] * 5
    with doorway.enter_shipper(acme):
        route.refresh_from_db()
        assert (route.is_locked, Disruption.objects.count()) == (False, 0)
