"""The pages on which papers are brought, looked at and not insisted on: both sides', and nobody else's."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.documents.models import Document, Waiver
from apps.facilities.models import DocumentRequirement, DocumentType, Step
from apps.tenancy import doorway
from tests.documents.test_inspection import pdf, photo


@pytest.fixture
def coa_demanded(northern_site):
    with doorway.network():
        DocumentRequirement.objects.create(
            site=northern_site, document_type=DocumentType.CERTIFICATE_OF_ANALYSIS, step=Step.ARRIVAL
        )


def typed(content, name="coa.pdf", **others):
    return {"document_type": "coa", "file": SimpleUploadedFile(name, content), "number": "COA-9", **others}


def test_a_planner_adds_a_photo_of_a_paper_and_both_sides_see_it(
    browse, coa_demanded, asked, acme, rita_at_hub
):
    alice = browse("alice@acme.example", "acme")

    answer = alice.post(f"/deliveries/{asked.delivery_id}/papers/add/", typed(photo(), "IMG_1.jpg"))

    assert answer.status_code == 302
    (paper,) = [p for p in alice.get(answer.url).context["papers"] if p["document_type"] == "coa"]
    assert (paper["state"], paper["number"]) == ("done", "COA-9")
    assert alice.get(paper["preview"])["Content-Type"] == "image/png"
    (seen,) = [
        p
        for p in rita_at_hub.get(f"/appointments/{asked.pk}/").context["papers"]
        if p["document_type"] == "coa"
    ]
    download = rita_at_hub.get(seen["url"])
    assert download["Content-Disposition"].startswith("attachment")
    assert "sandbox" in download["Content-Security-Policy"]
    assert rita_at_hub.get(seen["preview"]).status_code == 200


def test_a_refused_file_is_said_beside_the_form_and_the_rest_stays_typed(browse, asked):
    alice = browse("alice@acme.example", "acme")
    url = f"/deliveries/{asked.delivery_id}/papers/add/"

    svg = alice.post(url, typed(b"<svg/>", "x.svg"))
    large = alice.post(url, typed(b"%PDF" + b"\0" * (20 * 1024 * 1024), "large.pdf"))

    assert (svg.status_code, large.status_code) == (422, 422)
    assert "Bring a PDF" in svg.content.decode()
    assert "larger than 20 MB" in large.content.decode()
    assert 'value="COA-9"' in svg.content.decode()


def test_the_recipient_adds_a_paper_and_does_without_one(rita_at_hub, coa_demanded, asked, acme):
    rita_at_hub.post(f"/appointments/{asked.pk}/papers/add/", typed(pdf(), document_type="insurance"))
    without = rita_at_hub.post(f"/appointments/{asked.pk}/papers/coa/waive/", {"reason": "Known goods."})

    assert without.status_code == 302
    with doorway.enter_shipper(acme):
        assert (Document.objects.get().document_type, Waiver.objects.get().reason) == (
            "insurance",
            "Known goods.",
        )
    assert "Rita Reyes: Known goods." in rita_at_hub.get(f"/appointments/{asked.pk}/").content.decode()


def test_nobody_else_reaches_any_of_it(browse, sam_at_hub, otto_at_hub, asked, at_southern, acme):
    browse("alice@acme.example", "acme").post(f"/deliveries/{asked.delivery_id}/papers/add/", typed(photo()))
    with doorway.enter_shipper(acme):
        paper = Document.objects.get()
    bob, arthur = browse("bob@globex.example", "globex"), browse("arthur@acme.example", "acme")

    answers = {
        "another recipient adds": sam_at_hub.post(f"/appointments/{asked.pk}/papers/add/", typed(pdf())),
        "another recipient waives": sam_at_hub.post(
            f"/appointments/{asked.pk}/papers/coa/waive/", {"reason": "x"}
        ),
        "another recipient looks": sam_at_hub.get(
            f"/appointments/{at_southern.pk}/documents/{paper.pk}/preview.png"
        ),
        "another shipper adds": bob.post(f"/deliveries/{asked.delivery_id}/papers/add/", typed(pdf())),
        "another shipper looks": bob.get(f"/documents/{paper.pk}/preview.png"),
        "an auditor adds": arthur.post(f"/deliveries/{asked.delivery_id}/papers/add/", typed(pdf())),
        "a dock operator waives": otto_at_hub.post(
            f"/appointments/{asked.pk}/papers/coa/waive/", {"reason": "x"}
        ),
    }

    assert {why: answer.status_code for why, answer in answers.items()} == {
        "another recipient adds": 404,
        "another recipient waives": 404,
        "another recipient looks": 404,
        "another shipper adds": 404,
        "another shipper looks": 404,
        "an auditor adds": 403,
        "a dock operator waives": 403,
    }
    with doorway.enter_shipper(acme):
        assert (Document.objects.count(), Waiver.objects.count()) == (1, 0)
