"""One load, several sites and days: what fits best over all of them, with reasons, for a delivery at hand."""

import pytest

from apps.facilities.models import DockRule
from apps.portal.choosing import read_slot
from apps.tenancy import doorway
from tests.portal.desk.conftest import DAY


@pytest.fixture
def look(desk):
    """``look(sites, …)``: the page with what was found there."""

    def ask(*sites, **more):
        asked = {"first_day": str(DAY), "days": "3", "load_type": "pallets", "pallets": "3"}
        asked |= {"temperature_class": "ambient", "at": "09:00", **more}
        return desk.get("/slots/find/", {**asked, "site": [str(site.pk) for site in sites]})

    return ask


def test_before_a_search_the_page_says_what_to_choose(desk, at_acme):
    page = desk.get("/slots/find/").content.decode()

    assert "Nothing was looked for yet" in page
    assert "Southern Clinic pharmacy" in page


def test_slots_of_several_sites_stand_in_one_order_and_lead_to_the_delivery_they_can_be_offered_for(
    look, delivery, northern_site, southern_site
):
    page = look(northern_site, southern_site)

    rows = page.context["best"]
    assert [row["place"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["site"] for row in rows} == {"Northern Hospital stores", "Southern Clinic pharmacy"}
    assert rows[0]["fits"] == "as asked, quiet hour"
    first = next(row for row in rows if row["site"] == "Northern Hospital stores")
    assert f"/deliveries/{delivery.pk}/slots/?slot=" in first["offer_url"]
    value = first["offer_url"].split("slot=")[1].split("&")[0]
    assert read_slot(value).start == first["start"]
    assert all(not row["offer_url"] for row in rows if row["site"] == "Southern Clinic pharmacy")


def test_a_site_that_can_not_take_the_load_says_which_rule_is_in_the_way(
    look, at_acme, northern_site, southern_site
):
    with doorway.network():
        DockRule.objects.create(site=southern_site, kind="max_pallets", limit=1)

    page = look(northern_site, southern_site)

    body = page.content.decode()
    assert {row["site"] for row in page.context["best"]} == {"Northern Hospital stores"}
    assert "No time of Southern Clinic pharmacy fits this load" in body
    assert "takes up to 1 pallets per visit; this load has 3." in body


def test_weekends_have_their_reason_in_the_table_of_days(look, at_acme, northern_site):
    page = look(northern_site, days="5")

    assert [day["starts"] > 0 for day in page.context["sites"][0]["days"]] == [True] * 3 + [False] * 2
    assert "No receiving hours on Saturday 7 March." in page.content.decode()


@pytest.mark.parametrize(
    "wrong", [{"days": "15"}, {"days": "0"}, {"first_day": "2026-13-01"}, {"pallets": "-1"}, {"length": "x"}]
)
def test_what_can_not_be_meant_is_said_beside_its_field(look, at_acme, northern_site, wrong):
    page = look(northern_site, **wrong)

    assert page.status_code == 422
    assert list(page.context["form"].errors) == [next(iter(wrong))]


def test_no_site_or_one_of_no_partner_is_refused(look, browse, at_acme, southern_site):
    assert "Choose at least one site." in look().content.decode()

    globex = browse("bob@globex.example", "globex")
    asked = {"first_day": str(DAY), "days": "3", "load_type": "pallets", "pallets": "3"}
    answer = globex.get(
        "/slots/find/", {**asked, "temperature_class": "ambient", "site": str(southern_site.pk)}
    )

    assert answer.status_code == 422
    assert "Southern" not in answer.content.decode()


def test_an_auditor_finds_no_slots(auditors_desk, at_acme):
    assert auditors_desk.get("/slots/find/").status_code in (403, 404)
