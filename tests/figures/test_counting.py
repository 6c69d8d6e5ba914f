"""Facts and sums follow the record: what changed is counted anew, nothing twice, and never another's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.consignments.models import HandlingUnit
from apps.deliveries import services as deliveries
from apps.deliveries.models import Discrepancy
from apps.deliveries.services import UnitFinding
from apps.figures import services
from apps.figures.causes import Cause
from apps.figures.models import Counting, DayFigures, VisitFacts
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


def counted():
    """Rows are numbered by the real clock, so that is what changes are looked for by."""
    return services.count(now=timezone.now())


def sums(*names):
    return DayFigures.objects.values_list(*names).get()


def test_a_good_delivery_in_one_row(hand_over, confirmed):
    delivery = hand_over()

    assert counted().is_complete

    facts = VisitFacts.objects.get()
    assert (facts.pk, facts.day, facts.cause) == (delivery.pk, delivery.day, "")
    assert facts.came_at == confirmed.during.lower
    assert facts.handed_at - facts.came_at == timedelta(hours=1)
    assert (facts.window_from, facts.window_to) == (
        confirmed.arrival_window.lower,
        confirmed.arrival_window.upper,
    )
    assert (facts.rounds, facts.answers, facts.unanswered) == (1, 1, 0)
    assert sums("deliveries", "on_time", "otif", "first", "dwell_s", "lateness") == (
        1, 1, 1, 1, 3600, [0, 0, 0, 1, 0, 0, 0, 0, 0],
    )  # fmt: skip


def test_counting_again_changes_nothing_and_what_changed_is_counted_anew(confirmed, delivery, otto):
    counted()
    assert sums("deliveries", "over", "agreed") == (1, 0, 1)
    counted()
    assert sums("deliveries", "over", "agreed") == (1, 0, 1)

    over = confirmed.during.upper + timedelta(hours=1)
    deliveries.record_no_show(actor=otto, delivery_id=delivery.pk, now=over)
    counted()

    assert sums("deliveries", "over", "agreed", "caused") == (1, 1, 1, 1)
    assert VisitFacts.objects.get().cause == Cause.NO_SHOW
    assert Counting.objects.get().is_complete


def test_what_was_found_at_the_handover_has_its_cause_with_evidence(hand_over):
    sscc = HandlingUnit.objects.order_by("sscc")[0].sscc
    hand_over(UnitFinding(kind=Discrepancy.Kind.DAMAGED, sscc=sscc, note="Corner crushed"))

    counted()

    facts = VisitFacts.objects.get()
    assert (facts.cause, facts.evidence) == (Cause.DAMAGE, [["stated", "damaged"]])
    assert sums("otherwise", "damaged", "units") == (1, 1, 3)


def test_a_share_of_the_route_is_the_deliverys(tendered):
    counted()

    facts = VisitFacts.objects.get()
    assert (facts.carrier_id, facts.cost_cents) == (tendered.route.carrier_id, tendered.route.cost_cents)
    assert facts.planned_departure == tendered.route.departs_at
    assert sums("costed", "tenders", "tenders_answered") == (1, 1, 0)


def test_days_are_counted_back_piece_by_piece_and_it_goes_on_where_it_was_ended(confirmed):
    stopped = services.count(now=timezone.now(), seconds=0)
    assert (stopped.is_complete, VisitFacts.objects.count()) == (False, 0)

    ticks = iter((0.0, 0.0, 9.0, 9.0))
    services.count(now=timezone.now(), seconds=1, clock=lambda: next(ticks))
    assert VisitFacts.objects.count() == 1

    assert counted().is_complete


@pytest.mark.usefixtures("secret_of_globex")
def test_each_shipper_counts_its_own(confirmed, globex: Shipper):
    counted()

    assert {facts.pk for facts in VisitFacts.objects.all()} == {confirmed.delivery_id}
    with doorway.enter_shipper(globex):
        counted()
        facts = VisitFacts.objects.get()
    assert facts.pk != confirmed.delivery_id
    assert facts.is_negotiating
