"""The desk's pages of legs and temperature ranges: chosen, taken in, and closed to everybody else."""

from collections.abc import Callable

from django.test import Client

from apps.appointments.models import Appointment
from apps.deliveries.models import Delivery
from apps.tenancy.models import Shipper
from tests.factories.places import make_terminal


def test_a_planner_sends_goods_via_a_terminal_and_takes_them_in(
    confirmed: Appointment, delivery: Delivery, desk: Client, acme: Shipper
) -> None:
    terminal = make_terminal(acme)
    page = f"/deliveries/{delivery.pk}/"
    offered = desk.get(page).content.decode()
    desk.post(f"{page}via/", {"terminal": terminal.pk})
    leg = Delivery.objects.get(leg="to_terminal")
    barred = desk.post(f"{page}load/", {"vehicle": "GP 1"})
    for step in ("load", "depart"):
        desk.post(f"/deliveries/{leg.pk}/{step}/", {"vehicle": "GP 1"})
    asked = desk.get(f"/deliveries/{leg.pk}/receive/").content.decode()
    nameless = desk.post(f"/deliveries/{leg.pk}/receive/", {"received_by": "T. Hand"})
    units = [unit.sscc for ride in leg.rides.all() for unit in ride.consignment.handling_units.all()]
    typed = {"came": units[1:], "released_by": "D. Driver", "received_by": "T. Hand"}
    received = desk.post(f"/deliveries/{leg.pk}/receive/", typed, follow=True).content.decode()

    assert "Send via a terminal" in offered
    assert barred.status_code == 409
    assert leg.number in barred.content.decode()
    assert all(sscc in asked for sscc in units)
    assert nameless.status_code == 422
    assert f"{leg.number} is received." in received
    assert "Short" in received
    assert "Acme cross-dock" in desk.get(page).content.decode()
    assert desk.post(f"{page}load/", {"vehicle": "GP 2"}).status_code == 302


def test_a_range_that_is_none_is_said_beside_its_field(delivery: Delivery, desk: Client) -> None:
    address = f"/deliveries/{delivery.pk}/temperature/"
    first, second = [str(ride.consignment_id) for ride in delivery.rides.order_by("consignment__number")]
    wrong = desk.post(address, {first: "8 to 2", second: ""})
    right = desk.post(address, {first: "2 to 8", second: ""}, follow=True)

    assert wrong.status_code == 422
    assert "the wrong way round" in wrong.content.decode()
    assert "ordered 2–8 °C" in right.content.decode()


def test_others_reach_none_of_it(
    confirmed: Appointment, delivery: Delivery, auditors_desk: Client, browse: Callable[..., Client]
) -> None:
    strangers = browse("bob@globex.example", "globex")
    for path in ("via", "receive", "temperature", "back"):
        address = f"/deliveries/{delivery.pk}/{path}/"
        assert auditors_desk.post(address).status_code == 403
        assert strangers.post(address).status_code in (403, 404)
