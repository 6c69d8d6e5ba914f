"""A stored plan as map and chart: every route and delivery is on them, and no query is needed."""

import xml.etree.ElementTree as ET

import pytest

from apps.routing.drawing import gantt_of, map_of
from apps.routing.selectors import plans
from tests.routing.conftest import RIGID, local, make_carrier

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def plan(warehouse, order, agree, planned, northern_site, southern_site):
    """One route over two stops, and one delivery left out."""
    make_carrier("Swift & Sons", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "11:00")
    order(southern_site)
    return planned()


def marked(svg):
    """The deliveries that a drawing carries, each once, in order."""
    found = [one.get("data-stop") for one in ET.fromstring(svg).iter() if one.get("data-stop")]
    return sorted(set(found))


def test_the_map_shows_every_stop_and_what_is_left_out(plan, django_assert_num_queries):
    with django_assert_num_queries(0):
        svg = map_of(plan, title="Wednesday")

    assert marked(svg) == ["D000001", "D000002", "D000003"]
    assert all(word in svg for word in ("Swift &amp; Sons", "09:00–09:30", "on no route", "Wednesday"))


def test_the_chart_shows_every_unloading_in_the_site_s_time(plan, django_assert_num_queries):
    with django_assert_num_queries(0):
        svg = gantt_of(plan, title="Wednesday", now=local("10:00"))

    assert marked(svg) == ["D000001", "D000002"]
    assert all(word in svg for word in ("1 · SWI1", "11:00–11:30", "Now, 10:00"))


def test_a_plan_without_routes_is_drawn_too(warehouse, order, planned, northern_site):
    order(northern_site)
    empty = planned()

    assert "The plan has no route." in gantt_of(empty, title="Wednesday")
    assert marked(map_of(empty, title="Wednesday")) == ["D000001"]


def test_a_way_around_a_zone_bends_on_the_map_and_the_zone_is_drawn(
    warehouse, order, agree, planned, southern_site, in_between
):
    make_carrier("Swift & Sons", {**RIGID, "emission_class": "euro_3"})
    agree(order(southern_site), "Dock 1", "11:00")
    plan = planned()

    drawing = ET.fromstring(map_of(plan, title="Wednesday"))

    ways = {
        one.get("class"): one.get("d") for one in drawing.iter() if one.get("class", "").startswith("route-")
    }
    assert ways["route-line"].count("L") > 1
    assert ways["route-home"].count("L") > 1
    assert [one.get("class") for one in drawing.iter(f"{SVG}circle")] == ["map-zone"]
    assert "drives around In between" in "".join(drawing.itertext())

    plan.routes.update(around=[{"leg": 0, "zones": ["In between"], "metres": 400, "seconds": 30}])
    older = ET.fromstring(map_of(plans().get(pk=plan.pk), title="Wednesday"))  # before bends were kept
    assert {one.get("d").count("L") for one in older.iter() if one.get("class") == "route-line"} == {1}
