"""What was not taken comes again: its own delivery, its own slot, each unit handed over once."""

from datetime import timedelta

import pytest

from apps.appointments.selectors import find_slots
from apps.core.errors import PermissionRefused
from apps.custody.canonical import parse
from apps.custody.models import CustodyEvent, UnitHandover
from apps.deliveries import services
from apps.deliveries.errors import NothingToFollow
from apps.deliveries.models import Delivery, Discrepancy, Handover
from apps.deliveries.selectors import consignments_of, load_of
from apps.deliveries.services import Statement, UnitFinding
from apps.tenancy import doorway
from tests.factories.cast import NOW

Kind = Discrepancy.Kind


def ssccs(delivery):
    return [unit.sscc for each in consignments_of(delivery) for unit in each.handling_units.all()]


@pytest.fixture
def hand_over(otto):
    def make(delivery, now, **said):
        statement = Statement(**{"released_by": "D. Driver", "received_by": "Otto Ono", **said})
        return services.hand_over(actor=otto, delivery_id=delivery.pk, statement=statement, now=now)

    return make


@pytest.fixture
def partly(unloading, hand_over):
    """Of three units one was refused and one came short."""
    first, second, _third = ssccs(unloading)
    findings = [UnitFinding(Kind.REFUSED, first, reason="expiry"), UnitFinding(Kind.SHORT, second)]
    hand_over(unloading, NOW + timedelta(days=2), findings=findings)
    return unloading


def test_what_was_not_taken_rides_again_and_once(partly, alice):
    stayed = ssccs(partly)[:2]

    again = services.bring_again(actor=alice, delivery_id=partly.pk, now=NOW + timedelta(days=2))

    assert services.bring_again(actor=alice, delivery_id=partly.pk, now=NOW + timedelta(days=3)) == again
    assert (ssccs(again), again.pallets, again.weight_kg) == (stayed, 2, 300)
    assert len(ssccs(partly)) == 3
    grouped = CustodyEvent.objects.filter(type="delivery_grouped").order_by("ordinal").last()
    (named,) = parse(bytes(grouped.canonical))["consignments"]
    assert (grouped.delivery, named["sscc"]) == (again.number, stayed)


def test_it_is_negotiated_driven_and_handed_over_as_any_other(partly, alice, rita, otto, hand_over, drain):
    again = services.bring_again(actor=alice, delivery_id=partly.pk, now=NOW + timedelta(days=2))
    day, now = again.day, NOW + timedelta(days=2)
    found = find_slots(site=again.site, load=load_of(again), first_day=day, days=2, now=now)
    asked = services.ask_for_slots(actor=alice, delivery=again, slots=found.slots[:1], now=now)
    services.accept_offer(actor=rita, delivery=again, offer_id=asked.offers.get().pk, slot_index=0, now=now)
    drain()
    start = found.slots[0].start
    services.record_loading(actor=alice, delivery_id=again.pk, now=start - timedelta(hours=2))
    services.record_departure(actor=alice, delivery_id=again.pk, now=start - timedelta(hours=1))
    services.record_arrival(actor=otto, delivery_id=again.pk, now=start)
    services.start_unloading(actor=otto, delivery_id=again.pk, now=start)

    handover = hand_over(again, start + timedelta(minutes=20))

    assert (handover.units_received, handover.attempt) == (2, 2)
    assert sorted(UnitHandover.objects.values_list("unit", flat=True)) == sorted(ssccs(partly))


def test_of_what_was_refused_whole_everything_comes_again(unloading, hand_over, alice):
    hand_over(unloading, NOW + timedelta(days=2), refused=True, reservation="Wet through.")

    again = services.bring_again(actor=alice, delivery_id=unloading.pk, now=NOW + timedelta(days=2))

    assert ssccs(again) == ssccs(unloading)


def test_where_all_was_taken_nothing_follows(unloading, hand_over, alice):
    with pytest.raises(NothingToFollow):
        services.bring_again(actor=alice, delivery_id=unloading.pk, now=NOW)
    hand_over(unloading, NOW + timedelta(days=2))

    with pytest.raises(NothingToFollow):
        services.bring_again(actor=alice, delivery_id=unloading.pk, now=NOW + timedelta(days=2))


def test_only_the_shippers_planners_decide_it(partly, otto, rita, arthur, acme, browse):
    for nobody in (otto, rita, arthur):
        with pytest.raises(PermissionRefused):
            services.bring_again(actor=nobody, delivery_id=partly.pk, now=NOW)
    url = f"/deliveries/{partly.pk}/again/"

    answers = [
        browse("arthur@acme.example", "acme").post(url).status_code,
        browse("bob@globex.example", "globex").post(url).status_code,
        browse("rita@northern.example").post(url).status_code,
    ]
    made = browse("alice@acme.example", "acme").post(url, follow=True)

    assert answers == [403, 404, 404]
    assert "Brings again" in made.content.decode()
    with doorway.enter_shipper(acme):
        assert Delivery.objects.filter(follows=partly).count() == Handover.objects.count() == 1
