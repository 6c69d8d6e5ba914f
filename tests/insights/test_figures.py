"""Figures say what they were counted from, and leave nothing out without saying so."""

from datetime import timedelta

import pytest

from apps.consignments.models import HandlingUnit
from apps.deliveries import services as deliveries
from apps.deliveries.models import Discrepancy
from apps.deliveries.services import Statement, UnitFinding
from apps.insights.figures import DEFINITIONS, Name, Period, behind, figures
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY, order_file
from tests.factories.cast import NOW

PERIOD = Period(DAY - timedelta(days=3), DAY)


def told(**options):
    return {figure.name: figure for figure in figures(PERIOD, **options)}


@pytest.fixture
def hand_over(unloading, confirmed, otto):
    """``hand_over(*findings)``: an hour after the vehicle came."""

    def make(*findings):
        statement = Statement(
            released_by="Dan Driver",
            received_by="Otto Ono",
            received_by_role="Dock operator",
            findings=list(findings),
        )
        end = confirmed.during.lower + timedelta(hours=1)
        deliveries.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=end)
        return unloading

    return make


def test_a_good_delivery_counts_everywhere(hand_over):
    hand_over()

    found = told()

    shares = {name: (found[name].part, found[name].of, found[name].uncounted) for name in Name}
    assert [shares[name] for name in (Name.ON_TIME, Name.OTIF, Name.FIRST_ATTEMPT)] == [(1, 1, 0)] * 3
    assert shares[Name.DISCREPANCY] == (0, 1, 0)
    assert found[Name.DWELL].value == 60
    assert (found[Name.CONFIRMATION].value, found[Name.ROUNDS].value) == (1, 1)
    assert set(found) == set(DEFINITIONS)


def test_what_was_found_is_held_against_it_and_can_be_listed(hand_over):
    sscc = HandlingUnit.objects.order_by("sscc")[0].sscc
    delivery = hand_over(UnitFinding(kind=Discrepancy.Kind.DAMAGED, sscc=sscc, note="Corner crushed"))

    found = told()

    assert (found[Name.OTIF].value, found[Name.DISCREPANCY].value, found[Name.ON_TIME].value) == (0, 1, 1)
    assert [each.pk for each in behind(Name.OTIF, PERIOD)] == [delivery.pk]
    assert [each.pk for each in behind(Name.DISCREPANCY, PERIOD)] == [delivery.pk]
    assert not behind(Name.ON_TIME, PERIOD).exists()


def test_what_can_not_be_counted_is_said(confirmed, alice):
    content = order_file(f"C-3,PO-3,NH1,{DAY},1,Gloves,40,box,,30,1")
    deliveries.import_orders(actor=alice, file_name="more.csv", content=content, now=NOW)
    deliveries.group_consignments(actor=alice, now=NOW)

    found = told()

    assert (found[Name.FIRST_ATTEMPT].value, found[Name.FIRST_ATTEMPT].uncounted) == (None, 2)
    assert (found[Name.COST].value, found[Name.COST].uncounted) == (None, 2)
    assert found[Name.DWELL].value is None


def test_costs_are_those_of_plans_in_force(tendered, alice):
    found = told()[Name.COST]

    assert (found.value, found.of, found.uncounted) == (tendered.route.cost_cents, 1, 0)
    assert told()[Name.TENDER].uncounted == 1


@pytest.mark.usefixtures("secret_of_globex")
def test_anothers_deliveries_are_in_no_figure(hand_over, globex, southern_site):
    hand_over()

    assert told()[Name.FIRST_ATTEMPT].of == 1
    assert told(site_id=southern_site.pk)[Name.FIRST_ATTEMPT].of == 0
    with doorway.enter_shipper(globex):
        assert told()[Name.FIRST_ATTEMPT].of == 0
        assert not behind(Name.OTIF, PERIOD).exists()
