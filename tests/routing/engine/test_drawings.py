"""Map and chart are well-formed SVG that says everything without colour, and nothing that could run."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest

from apps.routing.engine import Window, plan
from apps.routing.engine.gantt import gantt_of
from apps.routing.engine.map import draw_map, map_of
from apps.routing.engine.svg import route_class, route_dash, swatch
from tests.routing.engine.days import at, day, vehicles, visit

NASTY = '<script>alert("x")</script> & Söhne 病院'
PROBLEM = day(
    [20, -30, 40, 300],
    [
        visit("a", name=NASTY, window=Window(at(8), at(9))),
        visit("b", pallets=9, name="B"),
        visit("c", name="C"),
        visit("d", name="too far"),
    ],
    [vehicles("van", count=2)],
)
PLAN = plan(PROBLEM)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(params=[map_of, gantt_of])
def drawing(request):
    return ET.fromstring(request.param(PROBLEM, PLAN, title=f"Plan of {NASTY}"))


def test_a_drawing_has_a_name_and_a_description(drawing):
    assert drawing.find(f"{SVG}title").text == f"Plan of {NASTY}"
    assert "Route 1" in drawing.find(f"{SVG}desc").text


def test_a_drawing_has_classes_only(drawing):
    for one in drawing.iter():
        assert one.tag != f"{SVG}script"
        assert not {name for name in one.attrib if name == "style" or name.startswith("on")}


def test_every_stop_can_be_linked_by_its_visit(drawing):
    linked = {one.get("data-stop") for one in drawing.iter() if one.get("data-stop")}

    assert {"a", "b", "c"} <= linked


def test_the_map_shows_what_is_on_no_route():
    drawing = ET.fromstring(map_of(PROBLEM, PLAN, title="Plan"))

    assert [one.get("data-stop") for one in drawing.iter() if one.get("class") == "map-left-out"] == ["d"]


def test_stops_are_numbered_by_route_and_position():
    drawing = ET.fromstring(map_of(PROBLEM, PLAN, title="Plan"))
    numbers = {one.text for one in drawing.iter(f"{SVG}text") if one.get("class") == "stop-number"}

    assert numbers == {
        f"{route.number}.{place}" for route in PLAN.routes for place in range(1, len(route.stops) + 1)
    }


def test_no_route_has_the_same_dash_and_colour_as_one_of_the_next_twenty_three():
    looks = [(route_class(number), route_dash(number)) for number in range(1, 25)]

    assert len(set(looks)) == 24
    assert ET.fromstring(swatch(3)).get("class") == "swatch route-3"


def test_the_chart_is_to_scale():
    drawing = ET.fromstring(gantt_of(PROBLEM, replace(PLAN, routes=PLAN.routes[:1]), title="Plan"))
    widths = {
        group.get("class"): float(group.find(f"{SVG}rect").get("width"))
        for group in drawing.iter(f"{SVG}g")
        if group.get("class") in {"segment segment-service", "segment segment-drive"}
    }
    route = PLAN.routes[0]
    drive = next(one for one in reversed(route.segments) if one.activity == "drive")
    service = next(one for one in reversed(route.segments) if one.activity == "service")
    ratio = (drive.end - drive.start) / (service.end - service.start)

    assert widths["segment segment-drive"] / widths["segment segment-service"] == pytest.approx(
        ratio, rel=0.02
    )


def test_an_empty_plan_is_an_empty_picture():
    assert ET.fromstring(draw_map([], title="Plan")).find(f"{SVG}desc").text == "The plan has no route."
    empty = replace(PLAN, routes=())
    assert (
        ET.fromstring(gantt_of(PROBLEM, empty, title="Plan")).find(f"{SVG}desc").text
        == "The plan has no route."
    )
