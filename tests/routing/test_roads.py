"""Ways by road are asked for once, and great circles where the router can't be trusted."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from apps.routing import roads
from apps.routing.engine import GreatCircle, Point
from apps.routing.engine.travel import great_circle_metres
from apps.routing.problems import gather
from apps.routing.roads import RoadRouter, travel_provider
from tests.factories.cast import NOW
from tests.routing.conftest import DAY, RIGID, make_carrier

PLACES = [Point(-26.2, 28.0), Point(-26.1, 28.1), Point(-26.3, 28.2), Point(-25.9, 28.3), Point(-26.0, 27.9)]


class Router:
    """A server of our own: roads are half as long again as the straight line, the way back 100 m longer."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.answer: Any = None
        self.hold = Event()
        router = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = router.reply(self.path)
                self.send_response(status)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, daemon=True).start()

    def reply(self, path: str) -> tuple[int, bytes]:
        url = urlsplit(path)
        assert url.path.startswith("/table/v1/driving/")
        lonlat = [tuple(map(float, one.split(","))) for one in url.path.rsplit("/", 1)[1].split(";")]
        query = parse_qs(url.query)
        sources, targets = (
            [int(one) for one in query[key][0].split(";")] for key in ("sources", "destinations")
        )
        self.asked.append((len(sources), len(targets)))
        metres = 1.5 * great_circle_metres([Point(lat, lon) for lon, lat in lonlat])
        metres += 100 * np.tri(len(lonlat), k=-1)
        table = metres[np.ix_(sources, targets)]
        found = {"code": "Ok", "distances": table.tolist(), "durations": (table / 20).tolist()}
        if callable(self.answer):
            return self.answer(found)
        return 200, json.dumps(found).encode()


@pytest.fixture
def router() -> Iterator[Router]:
    server = Router()
    yield server
    server.hold.set()
    server.server.shutdown()
    server.server.server_close()


def test_ways_are_those_of_the_road_each_direction_its_own(router):
    found = RoadRouter(router.url).matrix(PLACES)

    assert found.source == "by road, from the road router"
    assert (np.tril(found.metres - found.metres.T) == 100 * np.tri(5, k=-1)).all()
    assert abs(found.seconds[0, 1] - found.metres[0, 1] / 20) < 1
    assert router.asked == [(5, 5)]


def test_what_was_asked_once_is_remembered_and_one_more_place_asks_for_no_more_than_its_own(router):
    asks = RoadRouter(router.url, table=4)
    before = asks.matrix(PLACES[:4])
    router.asked.clear()

    again = asks.matrix([PLACES[3], PLACES[0], PLACES[3]])
    assert router.asked == []
    assert again.metres.tolist() == before.metres[np.ix_([3, 0, 3], [3, 0, 3])].tolist()

    more = asks.matrix(PLACES)
    assert sum(rows * columns for rows, columns in router.asked) == 2 * 4
    assert (more.metres[:4, :4] == before.metres).all()
    assert (more.metres[4, :4] > 0).all()


def test_the_place_that_was_asked_for_longest_ago_is_forgotten_when_there_is_no_room(router, monkeypatch):
    monkeypatch.setattr(roads, "REMEMBERED_PLACES", 3)
    asks = RoadRouter(router.url)
    asks.matrix(PLACES[:3])
    asks.matrix(PLACES[2:])
    router.asked.clear()

    asks.matrix(PLACES[2:])
    assert router.asked == []
    found = asks.matrix(PLACES[:2])
    assert len(router.asked) == 1
    assert (found.metres == RoadRouter(router.url).matrix(PLACES[:2]).metres).all()
    assert "not asked for more than 3 places" in asks.matrix(PLACES).source


def damaged(**changes):
    return lambda found: (200, json.dumps({**found, **changes}).encode())


def scaled(what, by):
    return lambda found: damaged(**{what: (by * np.array(found[what])).tolist()})(found)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda found: (200, b"<html>busy</html>"), "answered something that is no JSON"),
        (lambda found: (200, b"[]"), "answered something that is no table"),
        (lambda found: (503, b""), "answered 503"),
        (damaged(code="NoTable"), "answered “NoTable”"),
        (damaged(distances=[[0, 1]]), "answered a table of another size"),
        (damaged(distances="far"), "answered something that is no table"),
        (scaled("durations", -1), "no road can be like"),
        (scaled("durations", 1 / 99), "no road can be like"),
        (scaled("distances", 1 / 9), "no road can be like"),
    ],
)
def test_an_answer_that_makes_no_sense_is_not_used_and_the_plan_can_say_why(router, answer, why):
    router.answer = answer
    instead = GreatCircle().matrix(PLACES)

    found = RoadRouter(router.url).matrix(PLACES)

    assert (found.metres == instead.metres).all()
    assert (found.seconds == instead.seconds).all()
    assert found.source.startswith(f"{instead.source}, because the road router ")
    assert why in found.source


def test_a_router_that_does_not_answer_in_time_or_at_all_holds_nobody_up(router):
    router.answer = lambda found: (router.hold.wait(5), (200, b"{}"))[1]
    assert "took too long" in RoadRouter(router.url, timeout=0.05).matrix(PLACES).source
    router.server.server_close()
    assert "router" in RoadRouter("http://127.0.0.1:1", timeout=0.2).matrix(PLACES).source


def test_a_way_without_a_road_is_estimated_and_counted(router):
    def without(found):
        found["distances"][0][1] = found["durations"][0][1] = None
        return damaged()(found)

    router.answer = without

    found = RoadRouter(router.url).matrix(PLACES)

    assert found.metres[0, 1] == GreatCircle().matrix(PLACES).metres[0, 1]
    assert "no road for 1 of the ways" in found.source


def test_a_router_that_recovers_is_used_again(router):
    router.answer = lambda found: (500, b"")
    asks = RoadRouter(router.url)
    assert "answered 500" in asks.matrix(PLACES).source
    router.answer = None
    assert asks.matrix(PLACES).source == "by road, from the road router"


def test_the_day_is_gathered_by_road_where_a_router_is_named(
    router, settings, warehouse, order, agree, northern_site
):
    make_carrier("Swift", RIGID)
    agree(order(northern_site), "Dock 1", "09:00")
    settings.ROUTER_URL = router.url
    travel_provider.cache_clear()
    try:
        asked = gather(site=warehouse, day=DAY, now=NOW)
    finally:
        travel_provider.cache_clear()

    assert asked.problem.travel.source == "by road, from the road router"
    assert router.asked == [(2, 2)]
