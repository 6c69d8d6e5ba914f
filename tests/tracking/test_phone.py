"""A driver's phone says where its vehicle is with a step and between steps, while its round lasts."""

import json
from uuid import uuid4

import pytest
import time_machine

from apps.driving.errors import RouteClosed
from apps.driving.services import follow
from apps.tracking.models import Position, Source
from tests.factories.cast import NOW
from tests.routing.conftest import local

HERE = {"position": {"latitude": -26.15, "longitude": 28.12, "accuracy": 9}}


def test_a_step_and_what_comes_between_steps_say_where_the_vehicle_is(phone, take):
    take("set_off", facts=HERE)
    once = {"id": uuid4(), "facts": HERE, "at": local("08:40"), "now": local("08:40")}

    assert follow(session=phone, **once)
    assert follow(session=phone, **once)

    found = Position.objects.all()
    assert {(row.vehicle_id, row.source, row.accuracy_m) for row in found} == {
        (phone.vehicle_id, Source.PHONE, 9)
    }
    assert len(found) == 2


def test_a_phone_that_says_nothing_or_nonsense_is_no_reason_to_refuse_its_step(take):
    nowhere, _ = take("set_off", facts={"position": {"latitude": 0, "longitude": 0}})

    assert nowhere.outcome == "done"
    assert not Position.objects.exists()


def test_after_the_round_nobody_follows_the_phone(phone, take, stops):
    take("set_off")
    for stop in stops:
        take("arrive", stop)
        take("problem", stop, facts={"reason": "receiverAbsent"})

    with pytest.raises(RouteClosed, match="done"):
        follow(session=phone, id=uuid4(), facts=HERE, at=local("12:00"), now=local("12:00"))


def test_the_page_takes_a_position_only_from_its_own_phone(client, token, route):
    client.defaults["SERVER_NAME"] = "acme.localhost"
    body = json.dumps({"id": str(uuid4()), "device_time": local("08:00").isoformat(), **HERE})
    with time_machine.travel(NOW, tick=False):
        client.post(f"/drive/open/{token}/")
        refused = client.post("/drive/position/", "{}", content_type="application/json")
        client.cookies.clear()
        stranger = client.post("/drive/position/", body, content_type="application/json")

    assert (refused.status_code, stranger.status_code) == (422, 410)
    assert not Position.objects.exists()
