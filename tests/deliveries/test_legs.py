"""Legs to the shipper's own sites: via a terminal and back; each hands over, and goods are in one place."""

import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.custody.possession import MOVES
from apps.deliveries import services
from apps.deliveries.errors import LegRefused, NothingToFollow, UnknownDelivery
from apps.deliveries.models import Delivery, Discrepancy, Handover
from apps.deliveries.selectors import consignments_of
from apps.deliveries.statement import Statement, UnitFinding
from apps.facilities.models import Site
from apps.figures.gathering import gather
from apps.figures.models import VisitFacts
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW


def ssccs_of(delivery: Delivery) -> list[str]:
    return [unit.sscc for each in consignments_of(delivery) for unit in each.handling_units.all()]


def kinds_of(delivery: Delivery) -> list[str]:
    events = CustodyEvent.objects.filter(delivery_id=delivery.pk).order_by("ordinal")
    return list(events.values_list("type", flat=True))


def receive(alice: Actor, leg: Delivery, came: list[str]) -> Handover:
    return services.receive_leg(
        actor=alice, delivery_id=leg.pk, came=came, released_by="D. Driver", received_by="T. Hand", now=NOW
    )


def test_a_delivery_goes_via_a_terminal_and_leaves_when_its_goods_are_there(
    delivery: Delivery, confirmed: Appointment, terminal: Site, alice: Actor
) -> None:
    leg = services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    with pytest.raises(IllegalTransition, match=leg.number):
        services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)
    services.record_loading(actor=alice, delivery_id=leg.pk, vehicle="GP 1", now=NOW)
    services.record_departure(actor=alice, delivery_id=leg.pk, vehicle="GP 1", now=NOW)
    handover = receive(alice, leg, ssccs_of(leg))
    services.record_loading(actor=alice, delivery_id=delivery.pk, vehicle="GP 2", now=NOW)

    delivery.refresh_from_db()
    assert (delivery.origin_id, delivery.state, handover.outcome) == (terminal.pk, "loaded", "accepted")
    assert ssccs_of(leg) == ssccs_of(delivery)
    assert kinds_of(leg) == [
        "delivery_grouped",
        "loaded",
        "departed",
        "arrived",
        "unloading_started",
        "unloaded",
        "handover_own_site",
    ]


def test_between_two_legs_one_party_at_a_time_has_the_goods(
    delivery: Delivery,
    confirmed: Appointment,
    terminal: Site,
    alice: Actor,
    otto: Actor,
    drain: Callable[[], int],
) -> None:
    drain()
    leg = services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    for each, plate in ((leg, "GP 1"), (delivery, "GP 2")):
        services.record_loading(actor=alice, delivery_id=each.pk, vehicle=plate, now=NOW)
        services.record_departure(actor=alice, delivery_id=each.pk, vehicle=plate, now=NOW)
        if each == leg:
            came = ssccs_of(leg)[1:]
            services.receive_leg(
                actor=alice,
                delivery_id=leg.pk,
                came=came,
                released_by="D. Driver",
                released_for="Swift Haul",
                received_by="T. Hand",
                now=NOW,
            )
    services.record_arrival(actor=otto, delivery_id=delivery.pk, now=NOW)
    services.start_unloading(actor=otto, delivery_id=delivery.pk, now=NOW)
    statement = Statement(released_by="D. Driver", received_by="Otto Ono")
    services.hand_over(actor=otto, delivery_id=delivery.pk, statement=statement, now=NOW)

    moves = [
        (row.type, json.loads(bytes(row.canonical)))
        for row in CustodyEvent.objects.filter(type__in=MOVES).order_by("ordinal")
    ]
    assert [(kind, MOVES[kind].value) for kind, _ in moves] == [
        ("loaded", "carrier"),
        ("departed", "carrier"),
        ("handover_own_site", "shipper"),
        ("loaded", "carrier"),
        ("departed", "carrier"),
        ("handover_accepted", "recipient"),
    ]
    received = moves[2][1]["details"]
    assert (received["released_by"]["organisation"], received["counts"]["short"]) == ("Swift Haul", 1)
    assert received["received_by"]["organisation"] == "Acme Medical, Acme cross-dock"
    assert moves[2][1]["site"]["name"] == "Acme cross-dock"


@pytest.fixture
def partly_refused(unloading: Delivery, otto: Actor) -> Delivery:
    """One unit was refused, one never came."""
    first, second, _third = ssccs_of(unloading)
    findings = (
        UnitFinding(Discrepancy.Kind.REFUSED, sscc=first, reason="packaging"),
        UnitFinding(Discrepancy.Kind.SHORT, sscc=second),
    )
    statement = Statement(released_by="D. Driver", received_by="Otto Ono", findings=findings)
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=NOW)
    return unloading


def test_what_was_refused_comes_back_and_leaves_again_only_from_there(
    partly_refused: Delivery, alice: Actor
) -> None:
    refused = ssccs_of(partly_refused)[0]
    back = services.take_back(actor=alice, delivery_id=partly_refused.pk, now=NOW)
    same = services.take_back(actor=alice, delivery_id=partly_refused.pk, now=NOW)
    again = services.bring_again(actor=alice, delivery_id=partly_refused.pk, now=NOW)

    assert (back.pk, ssccs_of(back), back.state) == (same.pk, [refused], "in_transit")
    assert back.site_id == partly_refused.origin_id
    with pytest.raises(IllegalTransition, match="no confirmed appointment"):
        services.record_loading(actor=alice, delivery_id=again.pk, now=NOW)
    assert receive(alice, back, []).units_received == 0
    assert Discrepancy.objects.filter(handover__delivery=back).get().kind == "short"
    assert kinds_of(back)[:3] == ["delivery_grouped", "loaded", "departed"]
    assert kinds_of(back)[-1] == "handover_own_site"


def test_legs_are_no_visits_to_a_recipient_and_count_in_no_figure(
    partly_refused: Delivery, alice: Actor
) -> None:
    back = services.take_back(actor=alice, delivery_id=partly_refused.pk, now=NOW)
    gather([partly_refused.pk, back.pk], now=NOW + timedelta(days=1))

    assert list(VisitFacts.objects.values_list("delivery_id", flat=True)) == [partly_refused.pk]


def test_no_way_that_is_none(
    delivery: Delivery, confirmed: Appointment, terminal: Site, alice: Actor, northern_site: Site
) -> None:
    for wrong in (northern_site.pk, delivery.origin_id):
        with pytest.raises(LegRefused):
            services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=wrong, now=NOW)
    with pytest.raises(NothingToFollow):
        services.take_back(actor=alice, delivery_id=delivery.pk, now=NOW)
    services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    with pytest.raises(LegRefused, match="already"):
        warehouse = Site.objects.get(code="ACME-DC")
        services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=warehouse.pk, now=NOW)


def test_nobody_else_receives_a_leg(
    delivery: Delivery,
    confirmed: Appointment,
    terminal: Site,
    alice: Actor,
    arthur: Actor,
    rita: Actor,
    otto: Actor,
    bob: Actor,
    globex: Shipper,
    drain: Callable[[], int],
) -> None:
    leg = services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    services.record_loading(actor=alice, delivery_id=leg.pk, now=NOW)
    services.record_departure(actor=alice, delivery_id=leg.pk, now=NOW)
    for other in (arthur, rita, otto, bob):
        with pytest.raises(PermissionRefused):
            receive(other, leg, [])
    with doorway.enter_shipper(globex), pytest.raises(UnknownDelivery):
        receive(bob, leg, [])
