"""Importing: what is good goes in whole, what is not is reported, and twice is once."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, connections

from apps.accounts.actors import SYSTEM, actor_at_shipper
from apps.accounts.models import Person
from apps.consignments.models import Consignment, ConsignmentItem, HandlingUnit, Import
from apps.consignments.services import FileRefused, NoCompanyPrefix, import_consignments
from apps.consignments.sscc import is_sscc
from apps.core.errors import PermissionRefused
from apps.facilities.models import Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories import cast

HEADER = "consignment,site,date,article,quantity,weight_kg,volume_m3,pallets"
GOOD = "C-1,NH1,2026-03-03,Gloves,10,100.01,1.001,3"


def csv_of(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


@pytest.fixture
def bring_in(at_acme, alice, now):
    """Import rows as Alice at Acme; answers (created, unchanged, refused rows, report)."""

    def work(*rows: str, header: str = HEADER) -> tuple[int, int, int, list[tuple[int, str, str, str]]]:
        result = import_consignments(
            actor=alice, file_name="orders.csv", content=csv_of(*rows, header=header), now=now
        )
        report = [(e["row"], e["column"], e["value"], e["reason"]) for e in result.report]
        return result.created, result.unchanged, result.refused, report

    return work


def test_a_good_consignment_goes_in_with_its_lines_and_pallets(at_acme, alice, northern_site, now):
    result = import_consignments(actor=alice, file_name="orders.csv", content=csv_of(GOOD), now=now)

    consignment = result.consignments.get()
    units = list(consignment.handling_units.all())
    assert (consignment.number, consignment.site, consignment.origin.code) == (
        "C-1",
        northern_site,
        "ACME-DC",
    )
    assert [(i.line, i.article, i.quantity) for i in consignment.items.all()] == [(1, "Gloves", Decimal(10))]
    assert [(u.weight_kg, u.volume_m3) for u in units] == [
        (Decimal("33.34"), Decimal("0.334")),
        (Decimal("33.34"), Decimal("0.334")),
        (Decimal("33.33"), Decimal("0.333")),
    ]
    assert all(is_sscc(unit.sscc) for unit in units)
    assert (result.rows, result.imported_by, len(result.sha256)) == (1, "Alice Adams", 64)


def test_the_same_file_twice_changes_nothing(bring_in):
    bring_in(GOOD)
    before = list(HandlingUnit.objects.values_list("pk", "sscc"))

    again = bring_in(GOOD)

    assert again == (0, 1, 0, [])
    assert list(HandlingUnit.objects.values_list("pk", "sscc")) == before


def test_the_same_content_in_another_order_or_by_gln_is_unchanged(bring_in, northern_site):
    doorway_site = Site.objects.get(pk=northern_site.pk)
    with doorway.network():
        Site.objects.filter(pk=doorway_site.pk).update(gln="6009000000017")
    header = "line,consignment,site,date,article,quantity"
    bring_in("1,C-1,NH1,2026-03-03,Gloves,10", "2,C-1,NH1,2026-03-03,Masks,1", header=header)

    again = bring_in(
        "2026-03-03,2,C-1,6009000000017,Masks,1.0", "2026-03-03,1,C-1,nh1,Gloves,10",
        header="date,line,consignment,site,article,quantity",
    )  # fmt: skip

    assert again == (0, 0, 2, [
        (2, "consignment", "C-1", "left out because row 3 of the same consignment is wrong"),
        (3, "site", "nh1", "row 2 of the same consignment says 6009000000017"),
    ])  # fmt: skip
    assert bring_in(
        "2026-03-03,2,C-1,6009000000017,Masks,1.0", "2026-03-03,1,C-1,6009000000017,Gloves,10",
        header="date,line,consignment,site,article,quantity",
    ) == (0, 1, 0, [])  # fmt: skip


def test_a_known_number_with_other_content_is_refused_and_nothing_of_it_changes(bring_in):
    bring_in(GOOD)

    again = bring_in(GOOD.replace("Gloves", "Masks"))

    reason = "this number is known with other content; nothing of it was changed"
    assert again == (0, 0, 1, [(2, "consignment", "C-1", reason)])
    assert ConsignmentItem.objects.get().article == "Gloves"


def test_the_good_consignments_go_in_and_those_with_a_bad_row_stay_out_whole(bring_in):
    outcome = bring_in(
        GOOD,
        "C-2,NH1,2026-03-03,Masks,-1,,,",
        "C-2,NH1,2026-03-03,Gowns,1,,,",
        "C-3,SC1,2026-03-04,Masks,1,,,",
    )

    assert outcome == (2, 0, 2, [
        (3, "quantity", "-1", "is negative; it has to be above zero"),
        (4, "consignment", "C-2", "left out because row 3 of the same consignment is wrong"),
    ])  # fmt: skip
    assert list(Consignment.objects.values_list("number", flat=True)) == ["C-1", "C-3"]


def test_an_unknown_site_is_refused_with_the_code_that_is_close(bring_in):
    assert bring_in("C-1,NHI,2026-03-03,Gloves,1,,,", "C-2,ZZZZ,2026-03-03,Gloves,1,,,") == (0, 0, 2, [
        (2, "site", "NHI", "no partner has a site with this code or GLN; did you mean NH1?"),
        (3, "site", "ZZZZ", "no partner has a site with this code or GLN"),
    ])  # fmt: skip


def test_a_site_of_a_recipient_that_is_no_partner_is_unknown(globex, bob, now):
    with doorway.enter_shipper(globex):
        result = import_consignments(
            actor=bob, file_name="x.csv", content=csv_of("C-1,SC1,2026-03-03,Gloves,1,,,"), now=now
        )
        reasons = [entry["reason"] for entry in result.report]

    assert reasons == ["no partner has a site with this code or GLN"]


def test_a_code_that_two_partners_use_has_to_be_said_by_gln(bring_in, southern_site):
    with doorway.network():
        Site.objects.filter(pk=southern_site.pk).update(code="NH1")

    _, _, _, report = bring_in(GOOD)

    assert report[0][:3] == (2, "site", "NH1")
    assert report[0][3].endswith("have a site with this code; write its GLN")


def test_the_origin_has_to_be_said_when_there_are_several(bring_in, acme):
    Site.objects.create(
        shipper=acme,
        code="ACME-2",
        name="Second",
        latitude=-26.0,
        longitude=28.0,
        time_zone="Africa/Johannesburg",
    )

    outcome = bring_in(GOOD, "C-2,NH1,2026-03-03,Gloves,1,,,,", header=f"{HEADER}")

    assert outcome[:2] == (0, 0)
    assert outcome[3][0][3] == "has to be said, as there are several: ACME-2, ACME-DC"
    assert bring_in(f"{GOOD},acme-2", header=f"{HEADER},origin")[0] == 1


def test_a_day_that_is_over_at_the_site_is_refused(bring_in):
    assert bring_in(GOOD.replace("2026-03-03", "2026-03-01")) == (
        0, 0, 1, [(2, "date", "2026-03-01", "is in the past: at the site it is 2026-03-02")],
    )  # fmt: skip


def test_goods_of_too_many_pallets_are_a_mistake_in_units(bring_in):
    reason = "that is 100,000 pallets, and one consignment has at most 999; check the units"

    outcome = bring_in("C-1,NH1,2026-03-03,Gloves,1,99999999,,1")

    assert outcome == (0, 0, 1, [(2, "weight_kg", "99999999.00 kg, 0 m³", reason)])


def test_unknown_columns_are_noted_and_refuse_nothing(bring_in):
    assert bring_in(f"{GOOD},red", header=f"{HEADER},colour") == (
        1,
        0,
        0,
        [(1, "colour", "", "unknown column, ignored")],
    )


def test_a_file_that_cannot_be_read_is_refused_and_leaves_no_trace(at_acme, alice, now):
    with pytest.raises(FileRefused) as refusal:
        import_consignments(actor=alice, file_name="x.csv", content=b"site,article\nNH1,Gloves\n", now=now)

    assert [(p["row"], p["column"]) for p in refusal.value.details["problems"]] == [
        (1, "consignment"),
        (1, "date"),
        (1, "quantity"),
    ]
    assert Import.objects.count() == 0


def test_a_shipper_without_company_prefix_is_told_so(at_acme, alice, now, monkeypatch):
    monkeypatch.setattr(at_acme, "gs1_company_prefix", "")

    with pytest.raises(NoCompanyPrefix):
        import_consignments(actor=alice, file_name="x.csv", content=csv_of(GOOD), now=now)

    assert Consignment.objects.count() == 0


@pytest.mark.parametrize("name", ["arthur", "rita", "system"])
def test_only_who_plans_for_the_shipper_may_import(request, at_acme, now, name):
    with doorway.network():
        actor = SYSTEM if name == "system" else request.getfixturevalue(name)

    with pytest.raises(PermissionRefused):
        import_consignments(actor=actor, file_name="x.csv", content=csv_of(GOOD), now=now)


@pytest.mark.django_db(transaction=True)
def test_imports_of_the_same_file_at_once_store_it_once():
    shipper = Shipper.objects.get(slug="acme")
    alice = actor_at_shipper(Person.objects.get(email="alice@acme.example"), shipper.pk)
    content = csv_of(*(f"C-{n},NH1,2026-03-03,Gloves,1,10,0.1,3" for n in range(20)))
    outcomes: list[tuple[int, int]] = []

    def work() -> None:
        try:
            with doorway.enter_shipper(shipper):
                result = import_consignments(actor=alice, file_name="x.csv", content=content, now=cast.NOW)
                outcomes.append((result.created, result.unchanged))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with doorway.enter_shipper(shipper):
        ssccs = list(HandlingUnit.objects.values_list("sscc", flat=True))
    assert sorted(outcomes) == [(0, 20)] * 5 + [(20, 0)]
    assert (len(ssccs), len(set(ssccs))) == (60, 60)
    assert connection.schema_name == "public"
