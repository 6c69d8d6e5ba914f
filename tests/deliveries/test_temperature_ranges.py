"""A consignment's own temperature range: from its order or set by the planner, and what is held to it."""

import json

import pytest

from apps.accounts.actors import Actor
from apps.consignments.models import Consignment
from apps.consignments.ranges import RangeUnreadable, narrowed, read_range, worded_range, written_range
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.errors import RangeInvalid
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import temperature_limits
from tests.deliveries.conftest import DAY
from tests.factories.cast import NOW

HEAD = "consignment,site,date,article,quantity,weight_kg,pallets,temperature,temperature_range"
LOG = b"Time,Temperature \xc2\xb0C\n2026-03-04 08:00,16.0\n2026-03-04 09:00,24.5\n"


def bring_in(alice: Actor, *rows: str) -> object:
    content = "\n".join([HEAD, *rows]).encode()
    return services.import_orders(actor=alice, file_name="o.csv", content=content, now=NOW)


@pytest.mark.parametrize(
    ("text", "within", "word"),
    [
        ("2 to 8", (2000, 8000), "2–8 °C"),
        ("2..8 °C", (2000, 8000), "2–8 °C"),
        ("-25.5 to −15", (-25500, -15000), "-25.5…-15 °C"),
        ("to -15", (None, -15000), "≤ -15 °C"),
        ("0 to", (0, None), "≥ 0 °C"),
        ("", (None, None), ""),
    ],
)
def test_a_range_reads_as_people_write_it(text, within, word):
    assert read_range(text) == within == read_range(written_range(within))
    assert worded_range(within) == word


@pytest.mark.parametrize("text", ["cold", "8 to 2", "2-8", "to", "2 to 800", "1,5 to 3"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(RangeUnreadable):
        read_range(text)


def test_goods_together_keep_within_all_their_ranges():
    assert narrowed([(2000, 8000), (None, 5000), (None, None)]) == (2000, 5000)


def test_orders_with_different_ranges_ride_apart_and_a_log_is_held_to_theirs(at_acme, alice: Actor):
    row = f"NH1,{DAY},Vaccine,40,300,1,ambient"
    bring_in(alice, f"C-1,{row},15 to 25", f"C-2,{row},", f"C-3,{row},15 to 20", f"C-4,{row},15..25")
    deliveries = services.group_consignments(actor=alice, now=NOW)
    verdicts = {}
    for delivery in deliveries:
        services.bring_logger(actor=alice, delivery_id=delivery.pk, content=LOG, file_name="log.csv", now=NOW)
        ranges = temperature_limits(delivery)
        verdicts[ranges] = delivery.readings.get().within_limits

    assert sorted(delivery.rides.count() for delivery in deliveries) == [1, 1, 2]
    assert verdicts == {(None, None): True, (15000, 25000): True, (15000, 20000): False}
    assert CustodyEvent.objects.filter(type="condition_reading").count() == 3


def test_a_bad_range_keeps_its_order_out_and_names_the_column(at_acme, alice: Actor):
    brought = bring_in(alice, f"C-1,NH1,{DAY},Vaccine,40,300,1,chilled,8 to 2")

    assert Consignment.objects.count() == 0
    assert brought.report[0]["column"] == "temperature_range"
    assert "the wrong way round" in brought.report[0]["reason"]


def test_the_same_file_again_is_no_change_with_and_without_a_range(at_acme, alice: Actor):
    rows = [f"C-1,NH1,{DAY},A,1,1,1,,2 to 8", f"C-2,NH1,{DAY},A,1,1,1,,"]
    bring_in(alice, *rows)

    assert bring_in(alice, *rows).unchanged == 2


def test_a_planner_sets_it_until_the_goods_leave(
    delivery: Delivery, confirmed, alice: Actor, rita: Actor, drain
):
    consignment = Consignment.objects.get(number="C-1")
    this = {"delivery_id": delivery.pk, "consignment_id": consignment.pk, "now": NOW}
    for text in ("to 8", "2 to 8", "2..8"):
        services.set_temperature_range(actor=alice, text=text, **this)
    drain()
    for error, actor, text in ((RangeInvalid, alice, "hot"), (PermissionRefused, rita, "2 to 8")):
        with pytest.raises(error):
            services.set_temperature_range(actor=actor, text=text, **this)
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)
    services.record_departure(actor=alice, delivery_id=delivery.pk, now=NOW)
    with pytest.raises(IllegalTransition):
        services.set_temperature_range(actor=alice, text="", **this)

    assert temperature_limits(delivery) == (2000, 8000)
    changes = CustodyEvent.objects.filter(type="temperature_range_set").order_by("ordinal")
    told = [json.loads(bytes(row.canonical)) for row in changes]
    assert [event["details"] for event in told] == [
        {"maximum_mc": 8000},
        {"minimum_mc": 2000, "maximum_mc": 8000, "maximum_before_mc": 8000},
    ]
    assert [[each["number"] for each in event["consignments"]] for event in told] == [["C-1"]] * 2
