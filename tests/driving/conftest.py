"""A published round of Acme's: two deliveries with agreed slots on one truck, and a phone that opened it."""

from datetime import timedelta
from uuid import uuid4

import pytest

from apps.driving.services import Sent, invite_driver, open_route, perform
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan
from tests.factories.cast import NOW
from tests.routing.conftest import *  # noqa: F403 the day that routes are planned for
from tests.routing.conftest import DAY, RIGID, local, make_carrier

__all__ = ["DAY"]


@pytest.fixture
def route(warehouse, order, agree, planned, alice, northern_site, southern_site, drain):
    """Northern at 09:00, Southern at 12:00, published; the delivery notes are issued."""
    make_carrier("Swift", RIGID, drivers=("Dineo Driver",))
    agree(order(northern_site), "Dock 1", "09:00")
    agree(order(southern_site), "Dock 1", "12:00")
    plan = planned()
    publish_plan(actor=alice, plan_id=plan.pk, now=NOW)
    drain()
    return RoutePlan.objects.get(state="published").routes.get()


@pytest.fixture
def token(route, alice):
    return invite_driver(actor=alice, route_id=route.pk, now=NOW)


@pytest.fixture
def phone(token):
    """The session of the phone that opened the link."""
    session, _ = open_route(token=token, now=NOW)
    return session


@pytest.fixture
def stops(route):
    return list(route.stops.select_related("delivery").order_by("position"))


@pytest.fixture
def take(phone):
    """``take("arrive", stop)``: the phone reports that step; by default a minute after the one before."""
    number = 0

    def send(kind, stop=None, *, session=phone, **others):
        nonlocal number
        number += 1
        when = local("08:30") + timedelta(minutes=number)
        sent = Sent(
            **{
                "id": uuid4(),
                "number": number,
                "kind": kind,
                "stop_id": stop.pk if stop else None,
                "device_time": when,
                "sent_at": when,
                "facts": {},
                **{name: value for name, value in others.items() if name != "now"},
            }
        )
        return perform(session=session, sent=sent, now=others.get("now", when)), sent

    return send
