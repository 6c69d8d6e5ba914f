"""A leg to the shipper's own site on a driver's phone: by a link of its own, and nothing else with it."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from apps.accounts.services import LinkClosed
from apps.carriers.models import Vehicle
from apps.core.errors import PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services as deliveries
from apps.deliveries.models import Delivery, Handover
from apps.driving.errors import ActionInvalid, RouteClosed
from apps.driving.models import DriverSession
from apps.driving.services import end_leg_access, invite_for_leg, open_route
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.factories.places import make_terminal
from tests.routing.conftest import RIGID, make_carrier

RECEIVED = {"received_by": "T. Hand"}


@pytest.fixture
def leg(acme, warehouse, order, agree, northern_site, alice):
    """To Acme's cross-dock, for a delivery whose slot is agreed; Swift's truck may drive it."""
    make_carrier("Swift", RIGID)
    order(northern_site)
    delivery = order(northern_site)
    terminal = make_terminal(acme)
    agree(delivery, "Dock 1", "09:00")
    return deliveries.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)


def invited(alice, leg):
    swift = Vehicle.objects.get()
    return invite_for_leg(actor=alice, leg_id=leg.pk, vehicle_id=swift.pk, driver_name="Lindi Leg", now=NOW)


@pytest.fixture
def phone(alice, leg):
    session, _ = open_route(token=invited(alice, leg), now=NOW)
    return session


def test_a_leg_is_driven_and_handed_over_by_its_phone(take, leg):
    for kind in ("set_off", "arrive", "unload"):
        take(kind, None if kind == "set_off" else leg)
    action, _ = take("hand_over", leg, facts=RECEIVED)

    handover = Handover.objects.get(delivery=leg)
    handed = json.loads(bytes(CustodyEvent.objects.get(type="handover_own_site").canonical))
    assert (action.outcome, handover.released_by, handover.received_by) == ("done", "Lindi Leg", "T. Hand")
    assert handed["details"]["released_by"]["organisation"] == "Swift"
    assert list(
        CustodyEvent.objects.filter(delivery_id=leg.pk).order_by("ordinal").values_list("type", flat=True)
    ) == [
        "delivery_grouped",
        "loaded",
        "departed",
        "arrived",
        "unloading_started",
        "unloaded",
        "handover_own_site",
    ]


def test_a_leg_that_failed_is_received_when_it_comes_after_all(take, leg, alice):
    take("set_off")
    take("problem", leg, facts={"reason": "receiverAbsent"})
    leg.refresh_from_db()
    failed = leg.state

    names = {"came": (), "released_by": "Lindi Leg", "received_by": "T. Hand"}
    received = deliveries.receive_leg(actor=alice, delivery_id=leg.pk, now=NOW, **names)

    assert (failed, received.units_received) == ("failed", 0)


def test_its_phone_reaches_neither_the_delivery_it_is_for_nor_another(take, leg):
    others = Delivery.objects.exclude(pk=leg.pk).values_list("pk", flat=True)
    assert len(others) == 2

    for stranger in others:
        with pytest.raises(ActionInvalid):
            take("arrive", None, stop_id=stranger)


def test_the_link_is_the_planners_alone_to_make_and_to_end(leg, alice, arthur, rita, otto, globex):
    for nobody in (arthur, rita, otto):
        with pytest.raises(PermissionRefused):
            invited(nobody, leg)
        with pytest.raises(PermissionRefused):
            end_leg_access(actor=nobody, leg_id=leg.pk, now=NOW)
    token = invited(alice, leg)
    with doorway.enter_shipper(globex), pytest.raises(LinkClosed):
        open_route(token=token, now=NOW)
    session, _ = open_route(token=token, now=NOW)

    assert end_leg_access(actor=alice, leg_id=leg.pk, now=NOW) == 1
    session.refresh_from_db()
    assert session.ended_at == NOW


def test_what_is_no_leg_or_is_over_gets_no_link(take, leg, alice):
    for kind in ("set_off", "hand_over"):
        take(kind, None if kind == "set_off" else leg, facts={} if kind == "set_off" else RECEIVED)

    for wrong in (leg, leg.leg_for):
        with pytest.raises(RouteClosed):
            invited(alice, wrong)


def test_the_planner_says_who_drives_with_what_and_the_phone_shows_the_leg_alone(leg, browse, acme, alice):
    desk = browse("alice@acme.example", "acme")
    page = f"/deliveries/{leg.pk}/driver/"
    with doorway.enter_shipper(acme):
        swift = Vehicle.objects.get()

    linked = page in desk.get(f"/deliveries/{leg.pk}/").content.decode()
    unsaid = desk.post(page, {"step": "link"})
    made = desk.post(page, {"step": "link", "vehicle": swift.pk, "driver": "Lindi Leg"})
    path = made.context["address"].partition("localhost:8000")[2]
    phone = Client(SERVER_NAME="acme.localhost")
    phone.post(path)
    shown = phone.get("/drive/").content.decode()
    seen = desk.get(page).content.decode()

    assert (linked, unsaid.status_code, made.status_code) == (True, 422, 200)
    assert ("Acme cross-dock" in shown, "Northern" in shown, "At the door" in shown) == (True, False, False)
    assert "Lindi Leg" in seen
    answers = [
        browse(who, *host).post(page, {"step": "link", "vehicle": swift.pk}).status_code
        for who, *host in (
            ("arthur@acme.example", "acme"),
            ("bob@globex.example", "globex"),
            ("rita@northern.example",),
        )
    ]
    assert answers == [403, 404, 404]
    with doorway.enter_shipper(acme):
        assert DriverSession.objects.get().leg_id == leg.pk


def test_a_delivery_that_is_no_leg_has_no_such_page(leg, browse):
    desk = browse("alice@acme.example", "acme")

    assert desk.get(f"/deliveries/{leg.leg_for_id}/driver/").status_code == 404
    assert desk.get(f"/deliveries/{uuid4()}/driver/").status_code == 404
