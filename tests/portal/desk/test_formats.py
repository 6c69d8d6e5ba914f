"""The desk's pages of a pickup: chosen, ready, handed out by its code, and closed to everybody else."""

from collections.abc import Callable

from django.test import Client

from apps.accounts.actors import Actor
from apps.deliveries import services
from apps.deliveries.models import Delivery, Handover
from tests.factories.cast import NOW


def test_a_pickup_is_chosen_made_ready_and_handed_out(
    delivery: Delivery, desk: Client, alice: Actor, monkeypatch
) -> None:
    page = f"/deliveries/{delivery.pk}/"
    asked = desk.get(f"{page}format/")
    unattended = desk.post(f"{page}format/", {"format": "drop"})
    chosen = desk.post(f"{page}format/", {"format": "pickup"}, follow=True).content.decode()
    early = desk.post(f"{page}hand-out/", {"code": "000000"})
    past = desk.post(f"{page}ready/", {"last_day": "2020-01-01"})
    ready = desk.post(f"{page}ready/", {"last_day": ""}, follow=True).content.decode()
    monkeypatch.setattr("apps.deliveries.services.handover.require_documents", lambda *_: None)
    code = Delivery.objects.get().code
    units = [unit.sscc for ride in delivery.rides.all() for unit in ride.consignment.handling_units.all()]
    typed = {"released_by": "T. Hand", "received_by": "Otto Ono", "taken": units[1:], "place": "Dock 1"}
    wrong = desk.post(f"{page}hand-out/", {**typed, "code": f"{(int(code) + 1) % 10**6:06}"})
    counted = Delivery.objects.get().wrong_codes
    done = desk.post(f"{page}hand-out/", {**typed, "code": code}, follow=True).content.decode()

    assert asked.status_code == 200
    assert (unattended.status_code, "takes no goods unattended" in unattended.content.decode()) == (409, True)
    assert "Ready to be collected" in chosen
    assert early.status_code == 422
    assert (past.status_code, "from today on" in past.content.decode()) == (409, True)
    assert "get the code by mail" in ready
    assert "Kept until" in ready
    assert code not in ready
    assert (wrong.status_code, counted) == (409, 1)
    assert "not the code" in wrong.content.decode()
    assert "both sides get the proof" in done
    assert "Dock 1" in done
    assert Handover.objects.get().outcome == "partly_refused"


def test_what_waits_to_be_collected_is_a_list_of_its_own(
    delivery: Delivery, desk: Client, alice: Actor
) -> None:
    services.choose_format(actor=alice, delivery_id=delivery.pk, format="pickup", now=NOW)
    services.ready_to_collect(actor=alice, delivery_id=delivery.pk, now=NOW)

    shown = {
        how: desk.get("/", {"how": how, "show": "all"}).content.decode() for how in ("pickup", "door", "leg")
    }

    assert {how: delivery.number in page for how, page in shown.items()} == {
        "pickup": True,
        "door": False,
        "leg": False,
    }
    assert "Collect it" in shown["pickup"]


def test_others_reach_none_of_it(
    delivery: Delivery, auditors_desk: Client, browse: Callable[..., Client], alice: Actor
) -> None:
    services.choose_format(actor=alice, delivery_id=delivery.pk, format="pickup", now=NOW)
    strangers = browse("bob@globex.example", "globex")
    for path in ("format", "ready", "hand-out"):
        address = f"/deliveries/{delivery.pk}/{path}/"
        assert auditors_desk.post(address).status_code == 403
        assert strangers.post(address).status_code in (403, 404)
