"""Choosing the language of a site's papers, and the papers that the hub itself prints in it."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError
from django.test import Client

from apps.documents import printing
from apps.facilities.models import Site
from apps.facilities.profile import sections_of
from tests.portal.hub.conftest import DAY


@pytest.fixture
def laid_out(monkeypatch) -> list[str]:
    """The HTML of what is printed."""
    seen: list[str] = []
    monkeypatch.setattr(printing, "html_to_pdf", lambda html, *styles: seen.append(html) or b"%PDF-")
    return seen


def test_the_manager_chooses_it_with_the_place(rita_at_hub: Client, northern_site: Site):
    address = f"/sites/{northern_site.pk}/setup/place/"
    page = rita_at_hub.get(address)
    typed = {
        field.html_name: field.value() for field in page.context["form"] if field.value() not in (None, False)
    }
    typed |= {"version": northern_site.version, "paper_language": "fr"}

    answer = rita_at_hub.post(address, typed)
    northern_site.refresh_from_db()

    assert answer.status_code == 302
    assert northern_site.paper_language == "fr"
    assert "Papers in: Français" in dict(sections_of(northern_site))["Place"]


def test_a_language_that_no_paper_speaks_is_refused(rita_at_hub: Client, northern_site: Site):
    address = f"/sites/{northern_site.pk}/setup/place/"

    answer = rita_at_hub.post(address, {"version": northern_site.version, "paper_language": "tlh"})
    northern_site.refresh_from_db()

    assert answer.status_code == 422
    assert "paper_language" in answer.context["form"].errors
    assert northern_site.paper_language == "en"


def test_the_gate_list_is_printed_in_it(
    rita_at_hub: Client, ask: Callable[..., object], northern_site: Site, laid_out: list[str]
):
    Site.objects.filter(pk=northern_site.pk).update(paper_language="de")

    assert rita_at_hub.get(f"/sites/{northern_site.pk}/gate/list.pdf?day={DAY}").status_code == 200

    assert "<h1>Torliste</h1>" in laid_out[0]
    assert f"{northern_site.name}, Mittwoch, 04.03.2026" in laid_out[0]
    assert "Gate list" not in laid_out[0]


def test_pages_stay_english_whatever_the_browser_asks_for(rita_at_hub: Client, northern_site: Site):
    """Half a page in the words of the papers' catalogues would help nobody."""
    address = f"/sites/{northern_site.pk}/gate/"

    page = rita_at_hub.get(address, headers={"Accept-Language": "de,ar;q=0.8"})

    assert '<html lang="en"' in page.content.decode()


def test_the_database_knows_the_languages_too(northern_site: Site):
    with pytest.raises(IntegrityError, match="site_paper_language_known"):
        Site.objects.filter(pk=northern_site.pk).update(paper_language="tlh")
