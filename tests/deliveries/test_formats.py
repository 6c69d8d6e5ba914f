"""Collected at a terminal, or left with a code: who may, what goes on record, and goods are in one place."""

import json
import re
from datetime import timedelta

import pytest

from apps.accounts.actors import Actor
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.custody.possession import MOVES
from apps.deliveries import services
from apps.deliveries.errors import (
    CodeRefused,
    FormatRefused,
    LegRefused,
    NothingToFollow,
    StatementInvalid,
    UnknownDelivery,
)
from apps.deliveries.models import Delivery, DropEmptied, Handover
from apps.deliveries.statement import Position, Statement, UnitFinding
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Outbox
from tests.deliveries.test_handover import driver, picture
from tests.deliveries.test_legs import kinds_of, ssccs_of
from tests.factories.cast import NOW
from tests.factories.places import make_terminal

TAKEN = Statement(released_by="T. Hand", received_by="Otto Ono", place="Dock 1")


def choose(alice: Actor, delivery: Delivery, format: str) -> Delivery:
    return services.choose_format(actor=alice, delivery_id=delivery.pk, format=format, now=NOW)


@pytest.fixture
def notes(monkeypatch) -> list[str]:
    """The numbers whose delivery notes the worker was asked to lay out; nobody waits for them here."""
    asked: list[str] = []
    monkeypatch.setattr(
        services, "issue_delivery_note", lambda *, delivery, **_: asked.append(delivery.number)
    )
    monkeypatch.setattr(services, "issue_proof_of_delivery", lambda **_: None)
    monkeypatch.setattr("apps.deliveries.services.handover.require_documents", lambda *_: None)
    monkeypatch.setattr("apps.deliveries.services.steps.require_documents", lambda *_: None)
    return asked


@pytest.fixture
def pickup(delivery, alice, drain, mailoutbox, notes) -> Delivery:
    """Ready at Acme's warehouse, and Northern's people have the code."""
    choose(alice, delivery, "pickup")
    mailoutbox.clear()
    services.ready_to_collect(actor=alice, delivery_id=delivery.pk, now=NOW)
    drain()
    return Delivery.objects.get()


def hand_out(actor: Actor, pickup: Delivery, statement: Statement = TAKEN, code: str = "") -> Handover:
    this = {"actor": actor, "delivery_id": pickup.pk, "now": NOW}
    return services.hand_out(**this, code=code or pickup.code, statement=statement)


def test_who_says_the_code_that_was_mailed_collects_and_custody_passes_without_a_carrier(
    pickup, alice, mailoutbox, notes
):
    (code,) = {re.search(r"this code: (\d{6})", mail.body)[1] for mail in mailoutbox}
    handover = hand_out(alice, pickup, code=code)

    events = CustodyEvent.objects.filter(delivery_id=pickup.pk).order_by("ordinal")
    told = {row.type: json.loads(bytes(row.canonical)) for row in events}
    assert sorted({mail.to[0] for mail in mailoutbox}) == ["otto@northern.example", "rita@northern.example"]
    assert Delivery.objects.get().state == "delivered"
    assert (handover.outcome, handover.place, handover.confirmed_by_code) == ("accepted", "Dock 1", True)
    assert kinds_of(pickup) == ["delivery_grouped", "pickup_ready", "handover_accepted"]
    assert notes == [pickup.number]
    assert [MOVES[kind].value for kind in told if kind in MOVES] == ["recipient"]
    for kind in ("pickup_ready", "handover_accepted"):
        assert told[kind]["site"]["name"] == pickup.origin.name
    assert told["handover_accepted"]["details"]["received_by"]["organisation"] == "Northern Hospital"
    with pytest.raises(IllegalTransition):
        hand_out(alice, pickup)


def test_a_wrong_code_gets_nothing_and_five_end_it_until_another_is_sent(pickup, alice):
    wrong = f"{(int(pickup.code) + 1) % 10**6:06}"
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(CodeRefused, match="not the code"):
            hand_out(alice, pickup, code=wrong)
        assert services.note_wrong_code(actor=alice, delivery_id=pickup.pk) == left
    with pytest.raises(CodeRefused, match="too often"):
        hand_out(alice, pickup)
    services.ready_to_collect(actor=alice, delivery_id=pickup.pk, now=NOW)

    assert not Handover.objects.exists()
    assert hand_out(alice, Delivery.objects.get()).outcome == "accepted"
    assert kinds_of(pickup).count("pickup_ready") == 1


def test_it_is_kept_for_a_while_and_reminded_of_a_day_before_while_it_still_waits(
    pickup, alice, mailoutbox, drain
):
    first = pickup.kept_until
    this = {"actor": alice, "delivery_id": pickup.pk, "now": NOW}
    last = NOW.date() + timedelta(days=10)
    services.ready_to_collect(**this, last_day=last)
    services.ready_to_collect(**this)  # another code keeps what was said
    later = Delivery.objects.get()
    mailoutbox.clear()
    with doorway.network():
        promised = Outbox.objects.filter(name="deliveries.remind_of_pickup").order_by("due_at").last()
    reminded = [
        services.remind_of_pickup(delivery_id=pickup.pk, kept_until=moment)
        for moment in (first, later.kept_until)
    ]
    drain()
    for wrong in (NOW.date() - timedelta(days=1), NOW.date() + timedelta(days=400)):
        with pytest.raises(FormatRefused, match="from today on"):
            services.ready_to_collect(**this, last_day=wrong)
    hand_out(alice, later)

    assert pickup.last_day == NOW.date() + timedelta(days=7)
    assert (later.last_day, later.kept_until.isoformat()) == (last, "2026-03-12T22:00:00+00:00")
    assert promised.due_at == later.kept_until - timedelta(days=1)
    assert reminded == [False, True]
    assert any("still waits" in each.subject and "Thu 12 Mar 2026" in each.body for each in mailoutbox)
    assert not services.remind_of_pickup(delivery_id=pickup.pk, kept_until=later.kept_until)


def test_what_is_not_taken_stays_and_where_nothing_is_taken_nothing_is_recorded(pickup, alice):
    first, *others = ssccs_of(pickup)
    refused = [UnitFinding(kind="refused", sscc=sscc, reason="packaging") for sscc in (first, *others)]
    with pytest.raises(StatementInvalid, match="Nothing was taken"):
        hand_out(alice, pickup, Statement("T. Hand", "Otto Ono", findings=refused))
    assert (Handover.objects.count(), Delivery.objects.get().state) == (0, "open")

    some = hand_out(alice, pickup, Statement("T. Hand", "Otto Ono", findings=refused[:1]))

    assert (some.outcome, some.units_received) == ("partly_refused", len(others))
    with pytest.raises(NothingToFollow):
        services.take_back(actor=alice, delivery_id=pickup.pk, now=NOW)


def test_a_pickup_takes_no_slot_no_vehicle_and_waits_for_the_leg_that_brings_it(
    delivery, alice, acme, otto, asked, notes
):
    with pytest.raises(FormatRefused, match="Cancel it first"):
        choose(alice, delivery, "pickup")
    services.cancel_appointment(
        actor=alice, delivery=delivery, appointment_id=asked.pk, reason_code="other", now=NOW
    )
    choose(alice, delivery, "pickup")
    terminal = make_terminal(acme)
    leg = services.send_via(actor=alice, delivery_id=delivery.pk, terminal_id=terminal.pk, now=NOW)
    with pytest.raises(IllegalTransition, match=leg.number):
        services.ready_to_collect(actor=alice, delivery_id=delivery.pk, now=NOW)
    for step in (services.record_loading, services.record_departure):
        step(actor=alice, delivery_id=leg.pk, vehicle="GP 1", now=NOW)
    received = {"released_by": "D. Driver", "received_by": "T. Hand", "now": NOW}
    services.receive_leg(actor=alice, delivery_id=leg.pk, came=ssccs_of(leg), **received)
    ready = services.ready_to_collect(actor=alice, delivery_id=delivery.pk, now=NOW)

    for refused, step in (
        (IllegalTransition, lambda: services.record_loading(actor=alice, delivery_id=ready.pk, now=NOW)),
        (IllegalTransition, lambda: services.record_walk_in(actor=otto, delivery=ready, now=NOW)),
        (
            FormatRefused,
            lambda: services.ask_for_slots(actor=alice, delivery=ready, slots=[], now=NOW),
        ),
        (
            LegRefused,
            lambda: services.send_via(actor=alice, delivery_id=ready.pk, terminal_id=leg.origin_id, now=NOW),
        ),
    ):
        with pytest.raises(refused):
            step()
    assert hand_out(alice, ready).outcome == "accepted"
    moves = CustodyEvent.objects.filter(type__in=MOVES).order_by("ordinal").values_list("type", flat=True)
    assert [MOVES[kind].value for kind in moves] == ["carrier", "carrier", "shipper", "recipient"]


def test_nobody_else_hands_out_or_chooses(pickup, arthur, rita, otto, bob, globex):
    for other in (arthur, rita, otto, bob):
        with pytest.raises(PermissionRefused):
            services.ready_to_collect(actor=other, delivery_id=pickup.pk, now=NOW)
    for other in (arthur, rita, otto):
        with pytest.raises(PermissionRefused):
            choose(other, pickup, "door")
    for other in (arthur, bob):
        with pytest.raises(PermissionRefused):
            hand_out(other, pickup)
    with doorway.enter_shipper(globex), pytest.raises(UnknownDelivery):
        hand_out(bob, pickup)


def test_a_delivery_to_a_dock_is_not_handed_over_before_it_came(delivery, confirmed, alice):
    with pytest.raises(IllegalTransition, match="has not come"):
        services.hand_over(actor=driver(alice), delivery_id=delivery.pk, statement=TAKEN, now=NOW)


@pytest.fixture
def dropped(delivery, alice, rita, notes, request) -> Delivery:
    """Left in a locker at Northern, which takes goods unattended."""
    with pytest.raises(FormatRefused, match="takes no goods unattended"):
        choose(alice, delivery, "drop")
    with doorway.network():
        Site.objects.filter(pk=delivery.site_id).update(allows_unattended=True)
    choose(alice, delivery, "drop")
    request.getfixturevalue("confirmed")
    this = {"actor": alice, "delivery_id": delivery.pk, "now": NOW}
    services.record_loading(**this)
    services.record_departure(**this)
    this["actor"] = driver(alice)
    services.record_arrival(**this)
    services.start_unloading(**this)
    services.bring_photo(**this, content=picture(), file_name="p.jpg")
    here = Position(delivery.site.latitude, delivery.site.longitude, 12)
    left = {"released_by": "D. Driver", "received_by": "", "unattended": True, "position": here}
    with pytest.raises(StatementInvalid, match="which locker"):
        services.hand_over(**this, statement=Statement(**left))
    services.hand_over(**this, statement=Statement(**left, place="Locker 12"))
    return Delivery.objects.get()


def test_what_was_left_is_taken_out_once_and_what_was_missing_is_said(
    dropped, otto, alice, drain, mailoutbox
):
    mailoutbox.clear()
    drain()
    first, second, _third = ssccs_of(dropped)
    this = {"delivery_id": dropped.pk, "now": NOW}
    for wrong, error in (
        ({"taken_by": " "}, StatementInvalid),
        ({"taken_by": "O", "missing": ["0" * 18]}, StatementInvalid),
        ({"taken_by": "O", "missing": [first], "damaged": [first]}, StatementInvalid),
    ):
        with pytest.raises(error):
            services.empty_drop(actor=otto, **this, **wrong)
    with pytest.raises(PermissionRefused):
        services.empty_drop(actor=alice, **this, taken_by="Alice")
    services.empty_drop(
        actor=otto, **this, taken_by="Otto Ono", missing=[first], damaged=[second], note="wet"
    )
    with pytest.raises(IllegalTransition):
        services.empty_drop(actor=otto, **this, taken_by="Otto Ono")

    news = [mail for mail in mailoutbox if "was left at" in mail.subject]
    assert {mail.to[0] for mail in news} == {"otto@northern.example", "rita@northern.example"}
    assert not any(dropped.code in mail.body for mail in mailoutbox)
    assert "Locker 12" in news[0].body
    assert kinds_of(dropped)[-2:] == ["handover_unattended", "drop_emptied"]
    details = json.loads(bytes(CustodyEvent.objects.get(type="drop_emptied").canonical))["details"]
    assert (details["place"], details["counts"]["received"], details["counts"]["short"]) == (
        "Locker 12",
        1,
        1,
    )
    assert DropEmptied.objects.get().taken_by == "Otto Ono"
