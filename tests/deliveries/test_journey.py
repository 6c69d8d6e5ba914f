"""From a file of orders to a signed handover, and what each step leaves on the record."""

from datetime import timedelta

import pytest

from apps.appointments.models import Appointment
from apps.appointments.states import State as Agreed
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.errors import DocumentsMissing, NothingToGroup, StatementInvalid
from apps.deliveries.models import Delivery, Discrepancy, Handover
from apps.deliveries.selectors import consignments_of, deliveries, visit_of
from apps.deliveries.states import TRANSITIONS, State
from apps.documents.models import Document
from apps.facilities.models import DockRule, DocumentRequirement, DocumentType, Step
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY, ORDERS, order_file
from tests.factories.cast import NOW


def recorded() -> list[str]:
    """The types of the custody events in the order in which they were appended."""
    return list(CustodyEvent.objects.order_by("id").values_list("type", flat=True))


def ssccs(delivery: Delivery) -> list[str]:
    return [
        unit.sscc for consignment in consignments_of(delivery) for unit in consignment.handling_units.all()
    ]


def test_orders_become_one_delivery_with_their_load_summed(delivery):
    facts = (
        delivery.site.code,
        delivery.day,
        delivery.pallets,
        delivery.weight_kg,
        delivery.lines,
        delivery.state,
    )

    assert facts == ("NH1", DAY, 3, 380, 2, State.OPEN)
    assert recorded() == [
        "consignment_created",
        "packed",
        "consignment_created",
        "packed",
        "delivery_grouped",
    ]


def test_the_same_file_again_changes_nothing(delivery, alice):
    before = recorded()

    again = services.import_orders(actor=alice, file_name="orders.csv", content=ORDERS, now=NOW)

    assert (again.created, again.unchanged, again.refused) == (0, 2, 0)
    assert recorded() == before
    with pytest.raises(NothingToGroup):
        services.group_consignments(actor=alice, now=NOW)


def test_a_delivery_ends_where_the_sites_pallets_per_visit_are_reached(at_acme, alice, northern_site):
    with doorway.network():
        DockRule.objects.create(site=northern_site, kind=DockRule.Kind.MAX_PALLETS, limit=4)
    rows = [
        f"C-{n},PO,NH1,{DAY},1,Article,1,pack,,10,{pallets}"
        for n, pallets in enumerate((3, 1, 2, 5, 1), start=1)
    ]
    services.import_orders(actor=alice, file_name="o.csv", content=order_file(*rows), now=NOW)

    services.group_consignments(actor=alice, now=NOW)

    assert [delivery.pallets for delivery in deliveries().order_by("number")] == [4, 2, 5, 1]


def test_an_accepted_offer_is_confirmed_recorded_announced_and_papered(
    confirmed, delivery, drain, mailoutbox
):
    drain()

    assert confirmed.state == Agreed.CONFIRMED
    assert recorded()[-3:] == ["slots_offered", "appointment_confirmed", "document_issued"]
    assert [document.document_type for document in Document.objects.all()] == [DocumentType.DELIVERY_NOTE]
    assert {(tuple(mail.to), mail.subject) for mail in mailoutbox} == {
        (("dock@northern.example",), "Acme Medical asks for a slot: D000001"),
        *(
            ((address,), f"Confirmed {confirmed.confirmation_number}: D000001")
            for address in ("ada@acme.example", "alice@acme.example", "dock@northern.example")
        ),
    }


def test_the_whole_journey_ends_with_both_lifecycles_complete(unloading, confirmed, otto, drain):
    end = confirmed.during.upper
    statement = services.Statement(released_by="D. Driver", received_by="Otto Ono", received_by_role="Stores")

    handover = services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=end)

    assert (handover.outcome, handover.units_received) == (Handover.Outcome.ACCEPTED, 3)
    visit = visit_of(deliveries().get())
    assert visit.appointment is not None
    assert (visit.delivery.state, visit.appointment.state) == (State.DELIVERED, Agreed.COMPLETED)
    assert recorded()[-6:] == [
        "loaded",
        "departed",
        "arrived",
        "unloading_started",
        "unloaded",
        "handover_accepted",
    ]


def test_a_handover_is_made_once(unloading, confirmed, otto):
    statement = services.Statement(released_by="D. Driver", received_by="Otto Ono")
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=confirmed.during.upper)

    with pytest.raises(IllegalTransition):
        services.hand_over(
            actor=otto, delivery_id=unloading.pk, statement=statement, now=confirmed.during.upper
        )

    assert Handover.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "received", "outcome"),
    [
        (Discrepancy.Kind.SHORT, 2, Handover.Outcome.RESERVATION),
        (Discrepancy.Kind.DAMAGED, 3, Handover.Outcome.RESERVATION),
        (Discrepancy.Kind.WRONG, 2, Handover.Outcome.PARTLY_REFUSED),
        (Discrepancy.Kind.REFUSED, 2, Handover.Outcome.PARTLY_REFUSED),
    ],
)
def test_a_finding_makes_it_an_acceptance_with_reservation_or_in_part(
    unloading, confirmed, otto, kind, received, outcome
):
    finding = services.UnitFinding(kind=kind, sscc=ssccs(unloading)[0], note="Seen by both.")
    statement = services.Statement(released_by="D. Driver", received_by="Otto Ono", findings=[finding])

    handover = services.hand_over(
        actor=otto, delivery_id=unloading.pk, statement=statement, now=confirmed.during.upper
    )

    assert (handover.outcome, handover.units_received) == (outcome, received)
    assert [(d.kind, d.handling_unit.sscc) for d in handover.discrepancies.all()] == [(kind, finding.sscc)]
    assert recorded()[-1] == f"handover_{outcome}"


def test_a_refusal_is_recorded_and_nothing_counts_as_received(unloading, confirmed, otto):
    statement = services.Statement(
        released_by="D. Driver", received_by="Otto Ono", refused=True, reservation="Wet through."
    )

    handover = services.hand_over(
        actor=otto, delivery_id=unloading.pk, statement=statement, now=confirmed.during.upper
    )

    assert (handover.outcome, handover.units_received) == (Handover.Outcome.REFUSED, 0)
    assert (deliveries().get().state, recorded()[-1]) == (State.REFUSED, "handover_refused")


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (services.Statement(released_by=" ", received_by="Otto"), "Both names"),
        (
            services.Statement(
                released_by="D.",
                received_by="O.",
                findings=[services.UnitFinding(kind=Discrepancy.Kind.SHORT, sscc="000000000000000000")],
            ),
            "not in this delivery",
        ),
        (
            services.Statement(
                released_by="D.",
                received_by="O.",
                findings=[services.UnitFinding(kind=Discrepancy.Kind.DAMAGED)],
            ),
            "Name the handling unit",
        ),
    ],
)
def test_a_statement_that_contradicts_the_goods_changes_nothing(
    unloading, confirmed, otto, statement, reason
):
    before = recorded()

    with pytest.raises(StatementInvalid, match=reason):
        services.hand_over(
            actor=otto, delivery_id=unloading.pk, statement=statement, now=confirmed.during.upper
        )

    assert (recorded(), deliveries().get().state) == (before, State.UNLOADING)


def test_nothing_is_loaded_before_a_slot_is_agreed(asked, delivery, alice):
    with pytest.raises(IllegalTransition, match="no confirmed appointment"):
        services.record_loading(actor=alice, delivery_id=delivery.pk, now=NOW)


def test_a_truck_without_its_papers_is_told_which_are_missing(confirmed, delivery, alice, otto):
    start = confirmed.during.lower
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=start - timedelta(hours=2))
    services.record_departure(actor=alice, delivery_id=delivery.pk, now=start - timedelta(hours=1))

    with pytest.raises(DocumentsMissing, match="Delivery note"):
        services.record_arrival(actor=otto, delivery_id=delivery.pk, now=start)

    assert deliveries().get().state == State.IN_TRANSIT


def test_a_site_may_demand_papers_before_it_confirms(asked, delivery, rita, northern_site):
    with doorway.network():
        DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.CERTIFICATE_OF_ANALYSIS, step=Step.CONFIRM
        )

    with pytest.raises(DocumentsMissing, match="Certificate of analysis"):
        services.accept_offer(
            actor=rita, delivery=delivery, offer_id=asked.offers.get().pk, slot_index=0, now=NOW
        )

    asked.refresh_from_db()
    assert asked.state == Agreed.OFFERED


def test_papers_have_to_be_valid_on_the_day_of_the_slot_and_not_on_the_one_requested(
    asked, delivery, rita, northern_site
):
    with doorway.network():
        DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.CERTIFICATE_OF_ANALYSIS, step=Step.CONFIRM
        )
    Document.objects.create(
        delivery_id=delivery.pk,
        document_type=DocumentType.CERTIFICATE_OF_ANALYSIS,
        number="CoA-1",
        file_name="coa.pdf",
        media_type="application/pdf",
        sha256="0" * 64,
        size=1,
        path="t_acme/documents/00/" + "0" * 64,
        issued_by="Laboratory",
        issued_at=NOW,
        valid_until=delivery.day - timedelta(days=1),
    )
    Delivery.objects.filter(pk=delivery.pk).update(day=delivery.day - timedelta(days=2))

    with pytest.raises(DocumentsMissing, match="Certificate of analysis"):
        services.accept_offer(
            actor=rita, delivery=deliveries().get(), offer_id=asked.offers.get().pk, slot_index=0, now=NOW
        )


def test_the_gates_part_is_not_the_planners_and_the_other_way_round(
    confirmed, delivery, alice, otto, sam, arthur
):
    start = confirmed.during.lower
    for outsider in (otto, sam, arthur):
        with pytest.raises(PermissionRefused):
            services.record_loading(actor=outsider, delivery_id=delivery.pk, now=start)
    services.record_loading(actor=alice, delivery_id=delivery.pk, now=start)
    services.record_departure(actor=alice, delivery_id=delivery.pk, now=start)
    for outsider in (alice, sam, arthur):
        with pytest.raises(PermissionRefused):
            services.record_arrival(actor=outsider, delivery_id=delivery.pk, now=start)


def test_an_offer_nobody_answers_expires_and_says_so_on_the_record(asked, drain, mailoutbox):
    late = asked.offers.get().expires_at + timedelta(seconds=1)

    expired = services.expire_offers(now=late)

    assert expired == 1
    assert (Appointment.objects.get().state, recorded()[-1]) == (Agreed.EXPIRED, "offer_expired")


def test_a_failure_between_calendar_and_record_leaves_neither(asked, delivery, rita, monkeypatch):
    monkeypatch.setattr("apps.deliveries.services.recording.custody.record", lambda *a, **k: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        services.accept_offer(
            actor=rita, delivery=delivery, offer_id=asked.offers.get().pk, slot_index=0, now=NOW
        )

    asked.refresh_from_db()
    assert (asked.state, asked.confirmation_number) == (Agreed.OFFERED, None)


def test_every_state_is_in_the_table_and_every_target_is_a_state():
    assert set(TRANSITIONS) == set(State)
    assert {target for targets in TRANSITIONS.values() for target in targets} <= set(State)
