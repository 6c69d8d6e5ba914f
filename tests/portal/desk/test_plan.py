"""Planning a day from the desk: asked for in the background, looked at, published."""

from datetime import timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.carriers.models import Carrier, EmissionZone, Tariff, Vehicle, ZoneArea
from apps.core.models import Job
from apps.facilities.models import Site
from apps.routing.models import RoutePlan
from apps.routing.services import request_plan
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY


@pytest.fixture
def warehouse(acme):
    return Site.objects.get(shipper=acme)


@pytest.fixture
def truck(at_acme):
    """One truck that can carry everything to Northern."""
    carrier = Carrier.objects.create(name="Highveld Haulage")
    Tariff.objects.create(
        carrier=carrier,
        vehicle_class="rigid",
        valid=DateRange(DAY - timedelta(days=9), DAY + timedelta(days=9)),
        per_route=90_000,
        per_km=1_150,
    )
    return Vehicle.objects.create(
        carrier=carrier,
        plate="HH 1 GP",
        vehicle_class="rigid",
        length_m="7.2",
        height_m="3.4",
        gross_weight_kg=12000,
        capacity_pallets=10,
        capacity_kg=6500,
        capacity_m3="38",
        tail_lift=True,
        temperature_classes=["ambient"],
        shift_start="04:00",
        shift_end="18:00",
    )


@pytest.fixture
def planned(confirmed, truck, warehouse, alice, drain):
    """The first version for the day, with one route."""
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()
    return RoutePlan.objects.get()


def test_a_day_without_a_plan_says_what_planning_does(at_acme, desk):
    page = desk.get(f"/plan/?day={DAY}").content.decode()

    assert "No plan for this day yet" in page
    assert "Plan this day" in page


def test_planning_is_asked_for_and_shown_while_it_waits(confirmed, truck, warehouse, desk):
    answer = desk.post("/plan/", {"site": str(warehouse.pk), "day": DAY.isoformat()})
    page = desk.get(answer.url).content.decode()
    job = Job.objects.get()
    fragment = desk.get(f"/jobs/{job.pk}/", headers={"HX-Request": "true"})

    assert answer.status_code == 302
    assert "Planning the day" in page
    assert "hx-trigger" in fragment.content.decode()
    assert "<html" not in fragment.content.decode()


def test_a_job_that_is_over_leads_on_to_its_plan(planned, desk):
    answer = desk.get(f"/jobs/{planned.job_id}/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"].startswith("/plan/?site=")


def test_a_planning_that_waits_is_stopped(confirmed, truck, warehouse, alice, desk):
    job = request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)

    desk.post(f"/jobs/{job.pk}/cancel/?back=https://evil.example/")

    assert Job.objects.get().state == Job.State.CANCELLED


def test_stopping_leads_back_to_this_host_only(confirmed, truck, warehouse, alice, desk):
    job = request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)

    away = desk.post(f"/jobs/{job.pk}/cancel/?back=https://evil.example/")
    here = desk.post(f"/jobs/{job.pk}/cancel/?back=/plan/%3Fday=2026-03-04")

    assert (away.url, here.url) == ("/plan/", "/plan/?day=2026-03-04")


def test_the_tables_say_what_map_and_chart_show(planned, delivery, desk):
    answer = desk.get(f"/plan/?day={DAY}")
    page = answer.content.decode()
    [route] = answer.context["routes"]

    assert [stop["delivery"] for stop in route["stops"]] == [delivery.number]
    assert (route["vehicle"], route["carrier"]) == ("HH 1 GP", "Highveld Haulage")
    assert {part["label"] for part in route["parts"]} == {"Fixed", "Distance"}
    assert '<svg xmlns="http://www.w3.org/2000/svg" id="plan-map"' in page
    assert 'id="plan-gantt"' in page
    assert "Every delivery of the day is on a route." in page


def test_what_is_driven_around_a_zone_stands_at_its_stop_and_at_the_way_home(
    confirmed, truck, warehouse, delivery, alice, drain, desk
):
    zone = EmissionZone.objects.create(
        name="Old <town>", least_class="euro_6", valid=DateRange(DAY, None, bounds="[)")
    )
    middle = {
        name: (getattr(warehouse, name) + getattr(delivery.site, name)) / 2
        for name in ("latitude", "longitude")
    }
    ZoneArea.objects.create(zone=zone, radius_km=3, **middle)
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()

    page = desk.get(f"/plan/?day={DAY}").content.decode()

    there, home = RoutePlan.objects.get().routes.get().around
    assert f'<span class="sub">around Old &lt;town&gt;, +{there["metres"] / 1000:.1f} km</span>' in page
    assert f"Way home: around Old &lt;town&gt;, +{home['metres'] / 1000:.1f} km" in page
    assert "HH 1 GP drives around “Old &lt;town&gt;”, which asks for Euro VI" in page


def test_the_figures_tell_time_room_and_empty_kilometres(planned, desk):
    tiles = {str(one["label"]): str(one["value"]) for one in desk.get(f"/plan/?day={DAY}").context["tiles"]}
    route = planned.routes.get()
    stop = route.stops.get()
    hours = (route.returns_at - route.departs_at) / timedelta(hours=1)

    assert tiles["Of it empty"] == f"{(route.distance_m - stop.distance_m) / 1000:.1f}"
    assert tiles["On the road"] == f"{hours:.1f}"
    assert tiles["Pallet spaces used"] == f"{100 * stop.delivery.pallets / 10:.0f}"


def test_a_delivery_on_no_route_is_listed_with_its_reasons(confirmed, truck, warehouse, alice, drain, desk):
    Vehicle.objects.update(temperature_classes=["frozen"])
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()

    [left_out] = desk.get(f"/plan/?day={DAY}").context["left_out"]

    assert left_out["number"] == confirmed.reference
    assert any("ambient" in reason for reason in [*left_out["reasons"], *left_out["details"]])


def test_slots_are_asked_for_from_the_plan_while_none_is_asked_for(
    delivery, truck, warehouse, alice, drain, desk, auditors_desk, request
):
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()
    one, many = f'href="/deliveries/{delivery.pk}/slots/"', f'href="/slots/?day={DAY}"'
    address = f"/plan/?day={DAY}"
    pages = [client.get(address).content.decode() for client in (desk, auditors_desk)]
    picked = desk.get(f"/slots/?day={DAY}").context["rows"]
    request.getfixturevalue("asked")
    pages.append(desk.get(address).content.decode())

    assert [(one in page, many in page) for page in pages] == [(True, True), (False, False), (False, False)]
    assert [row["number"] for row in picked] == [delivery.number]


def test_a_new_version_is_compared_with_the_one_before(planned, warehouse, alice, drain, desk):
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()

    answer = desk.get(f"/plan/?day={DAY}")

    assert answer.context["plan"].version == 2
    assert {figure["difference"] for figure in answer.context["comparison"]} == {"same"}
    assert desk.get(f"/plan/?day={DAY}&version=1").context["plan"].version == 1


def test_publishing_puts_the_plan_in_force_and_on_the_delivery(planned, delivery, desk):
    answer = desk.post(f"/plan/{planned.pk}/publish/", follow=True)

    assert "Version 1 is published." in answer.content.decode()
    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    assert all(text in page for text in ("Highveld Haulage", "HH 1 GP", "Open the plan"))


def test_publishing_twice_is_refused_in_place(planned, desk):
    desk.post(f"/plan/{planned.pk}/publish/")

    answer = desk.post(f"/plan/{planned.pk}/publish/")

    assert answer.status_code == 409
    assert 'role="alert"' in answer.content.decode()


def test_carriers_are_looked_at_on_the_desk_and_kept_in_the_admin(planned, desk):
    answer = desk.get("/carriers/")

    assert answer.status_code == 200
    assert all(
        text in answer.content.decode() for text in ("Highveld Haulage", "/admin/carriers/carrier/add/")
    )


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31", "x"])
def test_a_day_that_can_not_be_planned_shows_today(at_acme, desk, day):
    answer = desk.get(f"/plan/?day={day}")

    assert (answer.status_code, answer.context["day"]) == (200, NOW.date())
