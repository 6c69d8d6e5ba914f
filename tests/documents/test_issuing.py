"""Issuing, finding, serving and demanding papers."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from apps.accounts.permissions import allows
from apps.core.ids import new_id
from apps.documents import selectors, store
from apps.documents.models import Document, Scan
from apps.documents.permissions import Parties
from apps.documents.selectors import Standing, missing_documents
from apps.documents.services import issue_delivery_note
from apps.documents.views import serve_document
from apps.facilities.facts import GoodsKind
from apps.facilities.models import DocumentRequirement, DocumentType, Step
from apps.tenancy import doorway
from tests.documents import notes
from tests.factories.cast import NOW

DELIVERY = UUID("0193f2a4-0000-7000-8000-000000000001")
ON = date(2026, 3, 3)


def issue(actor, note=None, delivery_id=DELIVERY, now=NOW):
    return issue_delivery_note(note=note or notes.small(), delivery_id=delivery_id, actor=actor, now=now)


def brought(document_type, valid_until=None, **facts):
    stored = store.put(f"{document_type} {valid_until}".encode())
    values = {
        "delivery_id": DELIVERY,
        "document_type": document_type,
        "number": "X-1",
        "file_name": "x.pdf",
        "media_type": "application/pdf",
        "sha256": stored.sha256,
        "size": stored.size,
        "path": stored.path,
        "valid_until": valid_until,
        "issued_by": "Laboratory",
        "issued_at": NOW,
    }
    document = Document.objects.create(**{**values, **facts})
    Scan.objects.create(document=document, scanned_at=NOW)
    return document


def demanded(*lines):
    return [
        DocumentRequirement(document_type=kind, step=step, temperature_class=temperature)
        for kind, step, temperature in lines
    ]


def test_an_issued_note_is_stored_and_found(alice, at_acme):
    document = issue(alice)

    content = store.read(document.path)
    assert list(selectors.documents_of(DELIVERY)) == [document]
    assert (content[:5], len(content)) == (b"%PDF-", document.size)
    assert (
        document.file_name,
        document.media_type,
        document.issued_by,
        document.issued_at,
        document.version,
    ) == (
        "delivery-note-DN-2026-000481.pdf",
        "application/pdf",
        "Alice Adams",
        NOW,
        1,
    )


def test_the_same_facts_again_are_the_issue_that_is_out_already(alice, at_acme):
    first = issue(alice)

    assert issue(alice, now=NOW + timedelta(hours=3)) == first
    assert Document.objects.count() == 1


@pytest.mark.papers
def test_other_facts_are_a_new_issue_and_the_old_one_stays(alice, at_acme):
    first = issue(alice)
    moved = replace(notes.small(), visit=replace(notes.VISIT, dock="Dock 2"))

    second = issue(alice, moved, now=NOW + timedelta(hours=1))
    third = issue(alice, now=NOW + timedelta(hours=2))

    assert [document.version for document in selectors.documents_of(DELIVERY)] == [3, 2, 1]
    assert selectors.latest_issue(DELIVERY, DocumentType.DELIVERY_NOTE) == third
    assert len({first.sha256, second.sha256, third.sha256}) == 3
    assert second.file_name == "delivery-note-DN-2026-000481-v2.pdf"


def test_two_deliveries_have_their_own_issues(alice, at_acme):
    one, other = issue(alice), issue(alice, delivery_id=new_id())

    assert (one.version, other.version, one.pk != other.pk, one.sha256 == other.sha256) == (1, 1, True, True)


def test_a_papers_row_is_its_shippers_alone(alice, acme, globex):
    with doorway.enter_shipper(acme):
        issue(alice)

    with doorway.enter_shipper(globex):
        assert list(selectors.documents_of(DELIVERY)) == []


def test_a_download_is_an_attachment_that_no_browser_runs(alice, at_acme):
    document = issue(alice)

    response = serve_document(document)

    assert b"".join(response) == store.read(document.path)
    assert dict(response.items()) == {
        "Content-Type": "application/pdf",
        "Content-Length": str(document.size),
        "Content-Disposition": 'attachment; filename="delivery-note-DN-2026-000481.pdf"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
        "ETag": f'"{document.sha256}"',
    }


def test_only_a_pdf_of_our_own_is_shown_in_the_browser(alice, at_acme):
    ours = serve_document(issue(alice), inline=True)
    theirs = serve_document(brought(DocumentType.CMR), inline=True)

    assert [response["Content-Disposition"].split(";")[0] for response in (ours, theirs)] == [
        "inline",
        "attachment",
    ]
    assert all("sandbox" in response["Content-Security-Policy"] for response in (ours, theirs))
    for response in (ours, theirs):
        response.close()


def test_a_file_name_of_any_script_survives_the_header(at_acme):
    response = serve_document(brought(DocumentType.CMR, file_name='مذكرة "1".pdf\r\nX-Evil: 1'))

    assert response["Content-Disposition"].startswith("attachment; filename*=utf-8''%D9%85%D8%B0")
    assert "\n" not in response["Content-Disposition"]
    response.close()


def test_both_parties_may_see_the_papers_and_nobody_else(
    acme, northern, alice, arthur, bob, rita, otto, sam, olga
):
    parties = Parties(shipper_id=acme.pk, recipient_id=northern.pk)

    allowed = [
        allows(actor, "documents.view", parties)
        for actor in (alice, arthur, rita, otto, bob, sam, olga, None)
    ]

    assert allowed == [True, True, True, True, False, False, False, False]


def test_a_drivers_link_reaches_no_papers_by_being_a_shippers(acme, alice):
    driver = replace(alice, is_driver=True)

    assert not allows(driver, "documents.view", Parties(shipper_id=acme.pk, recipient_id=None))


def test_a_step_is_barred_by_what_it_and_the_steps_before_it_demand(at_acme):
    requirements = demanded(
        ("coa", "arrival", ""), ("insurance", "confirm", ""), ("temperature_log", "handover", "")
    )

    missing = {
        step: missing_documents(
            requirements=requirements, delivery_id=DELIVERY, goods=GoodsKind(), step=step, on=ON
        )
        for step in Step
    }

    assert missing == {
        Step.CONFIRM: [DocumentType.INSURANCE],
        Step.ARRIVAL: [DocumentType.INSURANCE, DocumentType.CERTIFICATE_OF_ANALYSIS],
        Step.HANDOVER: [
            DocumentType.INSURANCE,
            DocumentType.CERTIFICATE_OF_ANALYSIS,
            DocumentType.TEMPERATURE_LOG,
        ],
    }


def test_a_paper_for_another_temperature_class_is_not_demanded(at_acme):
    requirements = demanded(("temperature_log", "confirm", "chilled"))

    missing = [
        missing_documents(
            requirements=requirements,
            delivery_id=DELIVERY,
            goods=GoodsKind(temperature_class=kind),
            step=Step.CONFIRM,
            on=ON,
        )
        for kind in ("ambient", "chilled")
    ]

    assert missing == [[], [DocumentType.TEMPERATURE_LOG]]


def test_a_type_demanded_twice_is_needed_by_the_earlier_step():
    requirements = demanded(("coa", "handover", ""), ("coa", "confirm", "frozen"))

    lines = selectors.checklist(
        requirements=requirements, documents=[], goods=GoodsKind(temperature_class="frozen"), on=ON
    )

    assert [(line.document_type, line.step) for line in lines] == [
        (DocumentType.CERTIFICATE_OF_ANALYSIS, Step.CONFIRM)
    ]


@pytest.mark.parametrize(
    ("valid_until", "standing"),
    [(None, Standing.THERE), (ON, Standing.THERE), (ON - timedelta(days=1), Standing.EXPIRED)],
)
def test_a_paper_counts_through_its_last_day(at_acme, valid_until, standing):
    document = brought(DocumentType.INSURANCE, valid_until)

    lines = selectors.checklist(
        requirements=demanded(("insurance", "arrival", "")),
        documents=selectors.documents_of(DELIVERY),
        goods=GoodsKind(),
        on=ON,
    )

    assert lines == [selectors.ChecklistLine(DocumentType.INSURANCE, Step.ARRIVAL, standing, document)]


def test_an_expired_newer_paper_does_not_hide_a_valid_older_one(at_acme):
    valid = brought(DocumentType.INSURANCE, ON)
    brought(DocumentType.INSURANCE, ON - timedelta(days=9))

    lines = selectors.checklist(
        requirements=demanded(("insurance", "arrival", "")),
        documents=selectors.documents_of(DELIVERY),
        goods=GoodsKind(),
        on=ON,
    )

    assert [line.document for line in lines] == [valid]


def test_an_issued_note_meets_its_own_requirement(alice, at_acme):
    issue(alice)

    assert (
        missing_documents(
            requirements=demanded(("delivery_note", "handover", "")),
            delivery_id=DELIVERY,
            goods=GoodsKind(),
            step=Step.HANDOVER,
            on=ON,
        )
        == []
    )
