"""The one statement of a handover: what it may say, what it amounts to, what goes on record of it."""

from dataclasses import replace
from decimal import Decimal
from io import BytesIO

import pytest
from PIL import Image

from apps.core.errors import PermissionRefused
from apps.custody.canonical import parse
from apps.custody.models import CustodyEvent, Disclosure, UnitHandover
from apps.deliveries import services
from apps.deliveries.errors import StatementInvalid
from apps.deliveries.models import ConditionReading, Delivery, Discrepancy, Doubt, Handover
from apps.deliveries.services import Position, Statement, UnitFinding
from apps.deliveries.states import State
from apps.documents.inspection import UploadRefused
from apps.facilities.models import Site
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW

Kind, Outcome = Discrepancy.Kind, Handover.Outcome
STROKES = "100,100 300,120 500,90;120,200 600,210"
ELSEWHERE_SSCC = "106141411234567897"


def picture(colour="red", size=(60, 40)):
    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def ssccs(unloading):
    return sorted(
        unit.sscc for ride in unloading.rides.all() for unit in ride.consignment.handling_units.all()
    )


@pytest.fixture
def state_it(unloading, confirmed, otto):
    """``state_it(refused=True)``: Otto states it at the end of the slot."""

    def state(actor=otto, **said):
        statement = Statement(**{"released_by": "D. Driver", "received_by": "Nomsa Nkosi", **said})
        return services.hand_over(
            actor=actor, delivery_id=unloading.pk, statement=statement, now=confirmed.during.upper
        )

    return state


def last_event():
    event = CustodyEvent.objects.filter(type__startswith="handover_").get()
    return event.type.removeprefix("handover_"), parse(bytes(event.canonical))["details"]


def driver(alice):

    return replace(alice, person_id=None, name="D. Driver", roles=frozenset(), is_driver=True)


def test_what_was_not_scanned_is_short_and_what_was_beyond_is_over(state_it, ssccs):
    handover = state_it(scanned=(ssccs[0], ssccs[2], ELSEWHERE_SSCC))

    found = {(each.kind, each.sscc) for each in handover.discrepancies.all()}
    assert found == {(Kind.SHORT, ssccs[1]), (Kind.OVER, ELSEWHERE_SSCC)}
    assert (handover.units_received, handover.outcome) == (3, Outcome.RESERVATION)
    assert last_event()[1]["counts"] == {
        "expected": 3, "received": 3, "short": 1, "over": 1, "damaged": 0, "refused": 0,
    }  # fmt: skip


def test_a_count_by_scanning_that_finds_all_is_an_acceptance(state_it, ssccs):
    assert state_it(scanned=tuple(ssccs)).outcome == Outcome.ACCEPTED


def test_more_units_than_sent_are_over_and_one_of_another_delivery_is_doubted(
    state_it, ssccs, alice, unloading
):

    content = order_file(f"C-3,PO-3,NH1,{DAY},1,Zidovudine 300 mg,4,pack,,30,1")
    services.import_orders(actor=alice, file_name="more.csv", content=content, now=NOW)
    (other,) = services.group_consignments(actor=alice, now=NOW)
    stray = other.rides.get().consignment.handling_units.get().sscc

    handover = state_it(findings=[UnitFinding(Kind.OVER, stray), UnitFinding(Kind.OVER, ELSEWHERE_SSCC)])

    assert (handover.units_received, handover.doubts) == (5, [Doubt.FOREIGN_UNIT])
    assert last_event()[1]["doubts"] == ["foreign_unit"]
    assert set(UnitHandover.objects.values_list("unit", flat=True)) == set(ssccs)


def test_of_a_line_it_is_said_how_much(state_it):
    finding = UnitFinding(
        Kind.DAMAGED, item="C-1/1", quantity=Decimal("3"), reason="transport_damage", note="Wet"
    )

    handover = state_it(findings=[finding])

    assert (handover.units_received, handover.outcome) == (3, Outcome.RESERVATION)
    assert last_event()[1]["discrepancies"][0] | {"note": ""} == {
        "kind": "damaged",
        "article": "Zidovudine 300 mg",
        "quantity": "3",
        "unit": "pack",
        "reason": "transport_damage",
        "note": "",
    }


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (
            {"findings": [UnitFinding(Kind.SHORT, item="C-1/1", quantity=Decimal(41))]},
            "40 pack of Zidovudine",
        ),
        ({"findings": [UnitFinding(Kind.SHORT, item="C-1/1")]}, "how much"),
        ({"findings": [UnitFinding(Kind.SHORT, item="C-9/1", quantity=Decimal(1))]}, "no line"),
        ({"findings": [UnitFinding(Kind.OVER, reason="bad mood")]}, "reasons"),
        ({"condition": "mouldy"}, "condition"),
        ({"received_strokes": "10,10 11,10"}, "no signature"),
        ({"released_strokes": "[]"}, "no strokes"),
        ({"received_by": ""}, "Both names"),
        ({"unattended": True}, "takes no goods unattended"),
    ],
)
def test_a_statement_that_can_not_be_is_refused_and_changes_nothing(state_it, said, reason):
    with pytest.raises(StatementInvalid, match=reason):
        state_it(**said)

    assert (Handover.objects.count(), Delivery.objects.get().state) == (0, State.UNLOADING)


def test_a_scan_and_a_finding_that_contradict_each_other_are_refused(state_it, ssccs):
    with pytest.raises(StatementInvalid, match="was scanned"):
        state_it(scanned=tuple(ssccs), findings=[UnitFinding(Kind.SHORT, ssccs[0])])
    with pytest.raises(StatementInvalid, match="can't be over"):
        state_it(findings=[UnitFinding(Kind.OVER, ssccs[0])])


def test_when_every_unit_is_refused_the_delivery_is(state_it, ssccs):
    handover = state_it(findings=[UnitFinding(Kind.REFUSED, sscc, reason="expiry") for sscc in ssccs])

    assert (handover.outcome, Delivery.objects.get().state) == (Outcome.REFUSED, State.REFUSED)
    assert last_event()[0] == "refused"


def test_refused_and_wrong_units_stay_with_the_carrier(state_it, ssccs):
    state_it(findings=[UnitFinding(Kind.REFUSED, ssccs[0]), UnitFinding(Kind.WRONG, ssccs[1])])

    assert last_event()[0] == "partly_refused"
    assert list(UnitHandover.objects.values_list("unit", flat=True)) == [ssccs[2]]


def test_other_seals_than_at_departure_are_a_doubt_and_no_clean_acceptance(state_it, unloading):
    Delivery.objects.filter(pk=unloading.pk).update(seals=["S-1"])

    handover = state_it(seals=("S-2",), seals_after=("S-3",))

    assert (handover.outcome, handover.doubts) == (Outcome.RESERVATION, [Doubt.SEALS_DIFFER])
    details = last_event()[1]
    assert (details["seals_out"], details["seals"], details["seals_after"]) == (["S-1"], ["S-2"], ["S-3"])


def test_seals_that_nobody_looked_at_are_said_to_be(state_it, unloading):
    Delivery.objects.filter(pk=unloading.pk).update(seals=["S-1"])

    handover = state_it()

    assert (handover.outcome, handover.doubts) == (Outcome.ACCEPTED, [Doubt.SEALS_NOT_CHECKED])


def test_a_temperature_outside_the_range_is_a_reservation_and_on_record(state_it, unloading):
    Delivery.objects.filter(pk=unloading.pk).update(temperature_class="chilled")

    handover = state_it(temperatures_mc=(4_000, 9_500))

    reading = ConditionReading.objects.get()
    assert (handover.outcome, handover.doubts) == (Outcome.RESERVATION, [Doubt.TEMPERATURE_OUTSIDE])
    assert (reading.minimum_mc, reading.maximum_mc, reading.within_limits) == (4_000, 9_500, False)
    assert (last_event()[1]["temperature_mc"], "range" in handover.reservation) == (9_500, True)


def test_a_loggers_table_is_on_record_once_with_its_readings(unloading, otto, state_it):
    Delivery.objects.filter(pk=unloading.pk).update(temperature_class="chilled")
    table = b"Time,Temperature\n2026-03-04 05:00,3.5\n2026-03-04 06:00,12\n"

    for _ in range(2):
        log = services.bring_logger(
            actor=otto, delivery_id=unloading.pk, content=table, file_name="t7.csv", now=NOW
        )
    handover = state_it()

    event = parse(bytes(CustodyEvent.objects.get(type="condition_reading").canonical))["details"]
    assert (event["readings"], event["maximum_mc"], event["within_limits"]) == (2, 12_000, False)
    assert event["file"]["sha256"] == log.sha256
    assert handover.doubts == [Doubt.TEMPERATURE_OUTSIDE]
    with pytest.raises(StatementInvalid, match="Line 2"):
        services.bring_logger(
            actor=otto,
            delivery_id=unloading.pk,
            content=b"Time,Temp\n2026-03-04 05:00,cold\n",
            file_name="t8.csv",
            now=NOW,
        )


def test_photos_are_inspected_and_told_by_what_they_show(unloading, otto, sam, state_it, ssccs):
    def bring(content, name, actor=otto, subject=""):
        return services.bring_photo(
            actor=actor,
            delivery_id=unloading.pk,
            content=content,
            file_name=name,
            subject=subject,
            now=NOW,
        )

    of_the_unit, of_all = bring(picture("red"), "1.png", subject=ssccs[0]), bring(picture("blue"), "2.jpg")
    for content, name in (
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "3.svg"),
        (b"Time,Temp\n1,2\n", "4.csv"),
        (b"PK\x03\x04" + bytes(100), "5.jpg"),
        (picture()[:200], "6.jpg"),
        (b"", "7.jpg"),
    ):
        with pytest.raises(UploadRefused):
            bring(content, name)
    with pytest.raises(UploadRefused, match="60 MB"):
        bring(bytes(60 * 1024 * 1024), "8.jpg")
    with pytest.raises(PermissionRefused):
        bring(picture("green"), "9.jpg", actor=sam)

    state_it(findings=[UnitFinding(Kind.DAMAGED, ssccs[0])], photos_taken=3)

    details = last_event()[1]
    assert [each["sha256"] for each in details["photos"]] == [of_all.sha256]
    assert [each["sha256"] for each in details["discrepancies"][0]["photos"]] == [of_the_unit.sha256]
    assert details["doubts"] == ["photos_missing"]


def test_a_drawn_signature_is_a_personal_value_apart_from_the_event(state_it):
    handover = state_it(received_strokes=STROKES, received_by_role="Stores clerk")

    receiver = last_event()[1]["received_by"]
    assert (handover.released_drawn, handover.received_drawn) == (False, True)
    assert len(receiver["stroke"]) == len(receiver["role"]) == 64
    opened = dict(Disclosure.objects.filter(path__contains="received_by").values_list("path", "value"))
    assert opened["/details/received_by/stroke"] == STROKES


def test_goods_are_left_unattended_where_the_site_allows_it_with_photo_and_position(
    state_it, unloading, alice, otto
):
    with doorway.network():
        Site.objects.filter(pk=unloading.site_id).update(allows_unattended=True)
    here = Position(unloading.site.latitude, unloading.site.longitude, 12)
    said = {"received_by": "", "unattended": True, "position": here}
    with pytest.raises(StatementInvalid, match="photo"):
        state_it(driver(alice), **said)
    services.bring_photo(actor=otto, delivery_id=unloading.pk, content=picture(), file_name="p.jpg", now=NOW)
    with pytest.raises(StatementInvalid, match="position"):
        state_it(driver(alice), **said | {"position": None})
    with pytest.raises(StatementInvalid, match="takes no goods unattended"):
        state_it(otto, **said)

    handover = state_it(driver(alice), **said)

    assert (handover.outcome, Delivery.objects.get().state) == (Outcome.UNATTENDED, State.DELIVERED)
    kind, details = last_event()
    assert (kind, details["received_by"]) == (
        "unattended",
        {"organisation": "Northern Hospital", "assurance": "absent"},
    )
    assert details["position"]["accuracy_m"] == 12


def test_a_statement_far_from_the_site_is_doubted(state_it, unloading):
    handover = state_it(position=Position(unloading.site.latitude + 0.5, unloading.site.longitude, 20))

    assert handover.doubts == [Doubt.FAR_AWAY]


def test_what_the_gate_said_was_unloaded_is_not_said_again(state_it, unloading, otto, confirmed):
    services.end_unloading(actor=otto, delivery_id=unloading.pk, now=confirmed.during.lower)

    state_it()

    assert CustodyEvent.objects.filter(type="unloaded").count() == 1
