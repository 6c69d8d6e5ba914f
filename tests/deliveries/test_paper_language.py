"""A site's papers come in the language that its receiving manager chose; other sites' stay as they are."""

from datetime import timedelta

import pytest

from apps.deliveries import services
from apps.deliveries.models import Handover
from apps.deliveries.selectors import delivery_by_id, visit_of
from apps.deliveries.services import Statement
from apps.deliveries.services.papers import delivery_note, labels, proof_of_delivery
from apps.documents import papers, rendering
from apps.documents.models import Document
from apps.facilities.models import Site
from apps.tenancy import doorway
from tests.factories.cast import NOW

LATER = NOW + timedelta(days=2)


@pytest.fixture
def laid_out(monkeypatch):
    """The HTML of every paper that is laid out from now on."""
    seen: list[str] = []
    as_it_is = rendering.html_to_pdf

    def lay_out(html, *styles, **options):
        seen.append(html)
        return as_it_is(html, *styles, **options)

    monkeypatch.setattr(rendering, "html_to_pdf", lay_out)
    return seen


def speak(site, language):
    with doorway.network():
        Site.objects.filter(pk=site.pk).update(paper_language=language)


def test_a_note_is_issued_anew_in_the_language_that_was_chosen(confirmed, delivery, alice, drain, laid_out):
    drain()
    first = Document.objects.get(document_type="delivery_note")
    speak(delivery.site, "de")

    again = services.issue_delivery_note(actor=alice, delivery=delivery_by_id(delivery.pk), now=NOW)

    assert (first.version, again.version) == (1, 2)
    assert '<html lang="en"' in laid_out[0]
    assert '<html lang="de"' in laid_out[-1]
    assert "Ausgabe 2, ersetzt Ausgabe 1" in laid_out[-1]


def test_a_proof_says_what_was_stated_in_the_language_too(unloading, otto):
    statement = Statement(
        released_by="Dan Driver",
        received_by="Otto Ono",
        received_by_role="Dock operator",
        condition=Handover.Condition.WET,
        seals=("S-9",),
    )
    services.hand_over(actor=otto, delivery_id=unloading.pk, statement=statement, now=LATER)
    speak(unloading.site, "de")

    delivery = delivery_by_id(unloading.pk)
    proof = proof_of_delivery(delivery, Handover.objects.get(delivery=delivery))

    assert proof.language == "de"
    assert dict(proof.stated)["Zustand der Ladung"] == "Nass"
    assert dict(proof.stated)["Vorgefundene Plomben"] == "S-9"


def test_another_sites_papers_stay_in_its_own(confirmed, delivery, southern_site):
    speak(southern_site, "ar")

    note = delivery_note(visit_of(delivery_by_id(delivery.pk)), papers.Transport())

    assert (note.language, labels(delivery_by_id(delivery.pk)).language) == ("en", "en")
