"""Papers are asked for before they hurt: once at each stage, from whoever provides them."""

from datetime import date, timedelta

import pytest

from apps.consignments.models import Consignment
from apps.deliveries import services
from apps.deliveries.selectors import checklist_of
from apps.facilities.models import DocumentRequirement, DocumentType, Provider, Step
from apps.notices.kinds import Kind
from apps.notices.models import Notice
from apps.tenancy import doorway
from tests.deliveries.conftest import DAY
from tests.documents.test_inspection import pdf
from tests.factories.cast import NOW

TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def demanded(northern_site, confirmed, drain):
    """Northern wants a CMR of the carrier, and gives the driver's induction itself; nothing is told yet."""
    drain()
    with doorway.network():
        for kind, provider in (
            (DocumentType.CMR, Provider.CARRIER),
            (DocumentType.INDUCTION, Provider.RECIPIENT),
        ):
            DocumentRequirement.objects.create(
                site=northern_site, document_type=kind, step=Step.ARRIVAL, provider=provider
            )


@pytest.fixture
def told(drain):
    """Who was told what about papers, and forgets it: (person, title, body)."""

    def read() -> list[tuple[str, str, str]]:
        drain()
        with doorway.network():
            rows = Notice.objects.filter(kind=Kind.PAPERS, person__isnull=False)
            found = sorted(rows.values_list("person__email", "title", "body"))
            rows.delete()
        return found

    return read


@pytest.mark.usefixtures("demanded", "secret_of_globex")
def test_each_side_is_asked_for_what_it_provides_once_at_each_stage(told, delivery):
    services.remind_of_papers(now=NOW)
    services.remind_of_papers(now=NOW)

    first = told()
    assert {person.split("@")[1] for person, _, _ in first} == {"acme.example", "northern.example"}
    of_alice = next(body for person, _, body in first if person.startswith("alice"))
    of_rita = next(body for person, _, body in first if person.startswith("rita"))
    assert "CMR consignment note" in of_alice
    assert "from the carrier" in of_alice
    assert "induction" not in of_alice
    assert "Driver's induction" in of_rita
    assert "CMR" not in of_rita

    services.remind_of_papers(now=TOMORROW)
    services.remind_of_papers(now=TOMORROW)

    assert len(told()) == len(first)


@pytest.mark.usefixtures("demanded")
def test_nobody_is_asked_for_what_is_there_or_not_insisted_on(told, delivery, alice, rita):
    services.bring_document(
        actor=alice,
        delivery_id=delivery.pk,
        document_type=DocumentType.CMR,
        content=pdf(),
        file_name="cmr.pdf",
        now=NOW,
    )
    services.waive_document(
        actor=rita, delivery_id=delivery.pk, document_type=DocumentType.INDUCTION, reason="Known", now=NOW
    )

    assert services.remind_of_papers(now=NOW) == 0
    assert told() == []


@pytest.mark.usefixtures("demanded")
def test_a_paper_that_runs_out_before_the_visit_is_asked_for_again(told, delivery, alice):
    services.bring_document(
        actor=alice,
        delivery_id=delivery.pk,
        document_type=DocumentType.CMR,
        content=pdf(),
        file_name="cmr.pdf",
        valid_until=DAY - timedelta(days=1),
        now=NOW,
    )

    services.remind_of_papers(now=NOW)

    body = next(body for person, _, body in told() if person.startswith("alice"))
    assert f"valid until {DAY.day - 1}" in body


@pytest.mark.usefixtures("demanded")
def test_a_visit_far_ahead_or_over_asks_for_nothing(told):
    services.remind_of_papers(now=NOW - timedelta(days=5))
    services.remind_of_papers(now=NOW + timedelta(days=5))

    assert told() == []


@pytest.mark.parametrize(
    ("narrowed", "adr", "expected"),
    [
        ({"dangerous_only": True}, [], False),
        ({"dangerous_only": True}, ["3"], True),
        ({"load_type": "parcels"}, [], False),
        ({"load_type": "pallets"}, [], True),
        ({"temperature_class": "frozen"}, [], False),
    ],
)
def test_a_demand_holds_for_the_goods_that_it_names(northern_site, delivery, narrowed, adr, expected):
    Consignment.objects.update(adr_classes=adr)
    with doorway.network():
        DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.SAFETY_DATA_SHEET, step=Step.CONFIRM, **narrowed
        )

    lines, on = checklist_of(delivery, None)

    assert on == date(DAY.year, DAY.month, DAY.day)
    assert ([line.document_type for line in lines if line.document_type == "sds"] != []) is expected
