"""The CMR consignment note of a delivery: asked for by a planner, laid out by the worker, on record."""

from datetime import timedelta

import pypdfium2
import pytest

from apps.core.errors import IllegalTransition, PermissionRefused
from apps.custody.models import CustodyEvent
from apps.deliveries import services
from apps.deliveries.selectors import checklist_of
from apps.documents import store
from apps.documents.models import Document
from apps.documents.selectors import Standing
from apps.facilities.models import DocumentRequirement, DocumentType, Step
from apps.tenancy import doorway
from tests.factories.cast import NOW


@pytest.fixture
def asked_for(confirmed, delivery, alice, drain):
    services.record_planned(
        actor=alice,
        delivery=delivery,
        route="R-1",
        stop=1,
        carrier="Highveld Hauliers",
        vehicle="GP 7",
        arrival=NOW + timedelta(days=2),
        now=NOW,
    )
    services.request_consignment_note(actor=alice, delivery_id=delivery.pk)
    drain()
    return Document.objects.get(document_type=DocumentType.CMR)


@pytest.mark.papers
def test_it_names_the_planned_carrier_and_is_on_record(asked_for, delivery):
    with pypdfium2.PdfDocument(store.read(asked_for.path)) as pdf:
        text = pdf[0].get_textpage().get_text_range()

    assert (asked_for.number, asked_for.file_name) == (
        f"CMR-{delivery.number}",
        f"consignment-note-{delivery.number}.pdf",
    )
    assert "Highveld Hauliers" in text
    assert "GP 7" in text
    issued = CustodyEvent.objects.filter(type="document_issued")
    assert sum(asked_for.sha256.encode() in bytes(event.canonical) for event in issued) == 1


def test_it_meets_the_sites_demand(asked_for, confirmed, delivery, northern_site):
    with doorway.network():
        DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.CMR, step=Step.ARRIVAL
        )

    lines, _day = checklist_of(delivery, confirmed)

    assert [line.standing for line in lines if line.document_type == DocumentType.CMR] == [Standing.THERE]


def test_the_same_facts_are_issued_once(asked_for, delivery, alice):
    assert services.issue_consignment_note(actor=alice, delivery=delivery, now=NOW) == asked_for


def test_only_the_shippers_planners_ask_and_only_for_an_agreed_visit(asked, delivery, alice, rita, otto):
    with pytest.raises(IllegalTransition):
        services.request_consignment_note(actor=alice, delivery_id=delivery.pk)
    for other in (rita, otto):
        with pytest.raises(PermissionRefused):
            services.request_consignment_note(actor=other, delivery_id=delivery.pk)
