"""What planning needs, as entered at the desk's admin: own sites, what they stock, zones; nobody else's."""

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from apps.carriers.models import EmissionZone
from apps.consignments.models import StockedArticle, StockTaken
from apps.facilities.models import Site
from apps.routing.models import Depot
from apps.tenancy import doorway
from tests.factories.cast import NOW

SITE = {
    "name": "Acme south",
    "code": "ACME-S",
    "active": "on",
    "country": "ZA",
    "latitude": "-26.3",
    "longitude": "27.9",
    "time_zone": "Africa/Johannesburg",
    "depot-TOTAL_FORMS": "0",
    "depot-INITIAL_FORMS": "0",
}


@pytest.fixture
def desk(browse):
    return browse("alice@acme.example", "acme")


def errors_of(response):
    return [message for group in response.context["errors"] for message in group]


def inline(response):
    """The prefix of the page's inline rows."""
    return response.context["inline_admin_formsets"][0].formset.prefix


def test_a_site_of_one_s_own_is_entered_with_its_hours_and_what_it_is_planned_with(desk, acme):
    rows = inline(desk.get("/admin/facilities/site/add/"))
    lead = Site.objects.get(code="ACME-DC")
    depot = {"opens": "05:00", "closes": "19:00", "planned_with": str(lead.pk)}
    form = {name: value for name, value in SITE.items() if not name.startswith("depot-")}
    form |= {f"{rows}-0-{name}": value for name, value in depot.items()}

    response = desk.post(
        "/admin/facilities/site/add/", {**form, f"{rows}-TOTAL_FORMS": "1", f"{rows}-INITIAL_FORMS": "0"}
    )

    assert response.status_code == 302, errors_of(response)
    with doorway.enter_shipper(acme):
        made = Depot.objects.get()
        assert (made.site.code, made.site.shipper, made.planned_with) == ("ACME-S", acme, lead)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": "ACME-DC"}, "Another site of your own has this code."),
        ({"latitude": ""}, "This field is required."),
        ({"latitude": "91"}, "Ensure this value is less than or equal to 90."),
        ({"time_zone": "Mars/Olympus"}, "Mars/Olympus is no time zone; an example is Africa/Johannesburg."),
    ],
)
def test_a_site_that_cannot_be_is_refused_in_words(desk, acme, changes, message):
    rows = inline(desk.get("/admin/facilities/site/add/"))
    form = {name.replace("depot-", f"{rows}-"): value for name, value in {**SITE, **changes}.items()}

    response = desk.post("/admin/facilities/site/add/", form)

    assert (response.status_code, errors_of(response)) == (200, [message])


def test_partners_and_other_shippers_sites_are_not_there_to_be_changed(desk, acme):
    for code in ("GLX-DC", "NH1"):
        key = Site.objects.get(code=code).pk

        assert desk.get(f"/admin/facilities/site/{key}/change/").status_code in {302, 403, 404}
        assert desk.get(f"/admin/facilities/site/{key}/delete/").status_code in {302, 403, 404}


def test_an_emission_zone_is_entered_with_its_land(desk, acme):
    rows = inline(desk.get("/admin/carriers/emissionzone/add/"))
    form = {"name": "Inner city", "least_class": "euro_6", "from_kg": "3500", "valid_0": "2026-01-01"}
    form |= {"valid_1": "", f"{rows}-TOTAL_FORMS": "1", f"{rows}-INITIAL_FORMS": "0"}
    form |= {f"{rows}-0-country": "ZA", f"{rows}-0-postal_prefix": "2000"}

    response = desk.post("/admin/carriers/emissionzone/add/", form)

    assert response.status_code == 302, errors_of(response)
    with doorway.enter_shipper(acme):
        zone = EmissionZone.objects.get()
        assert (zone.label, str(zone.areas.get())) == ("“Inner city”, which asks for Euro VI", "ZA 2000")


def test_what_a_site_stocks_comes_as_a_table_and_names_own_sites_alone(desk, acme):
    def tried(text):
        file = SimpleUploadedFile("stock.csv", text.encode())
        url = "/admin/consignments/stockedarticle/import/"
        return desk.post(url, {"import_file": file, "format": "0", "resource": "0"})

    refused = tried("site,gtin,article\nGLX-DC,,Zidovudine\n").context["result"]
    good = tried("site,gtin,article,quantity\nACME-DC,06001234000015,,\nACME-DC,,Zidovudine 300 mg,40.5\n")
    desk.post("/admin/consignments/stockedarticle/process_import/", good.context["confirm_form"].initial)

    said = [str(error.error) for row in refused.error_rows for error in row.errors]
    said += [text for row in refused.invalid_rows for text in row.error.messages]
    assert said == ["There is no site of your own with the code “GLX-DC”."]
    with doorway.enter_shipper(acme):
        assert sorted(StockedArticle.objects.values_list("gtin", "article", "quantity")) == [
            ("", "Zidovudine 300 mg", Decimal("40.5")),
            ("06001234000015", "", None),
        ]

    again = tried("site,gtin,article,quantity\nACME-DC,,Zidovudine 300 mg,12\n")
    desk.post("/admin/consignments/stockedarticle/process_import/", again.context["confirm_form"].initial)

    with doorway.enter_shipper(acme):
        assert StockedArticle.objects.get(article="Zidovudine 300 mg").quantity == 12
        assert StockedArticle.objects.count() == 2


def test_a_count_of_stock_takes_away_what_left_beyond_it_and_a_rename_leaves_the_figure_alone(desk, acme):
    def only():
        with doorway.enter_shipper(acme):
            return StockedArticle.objects.values_list("article", "quantity", "missing").get()

    def left_beyond(quantity=0):
        with doorway.enter_shipper(acme):
            StockedArticle.objects.update(quantity=quantity, missing=6)

    with doorway.enter_shipper(acme):
        site = Site.objects.get(code="ACME-DC")
        row = StockedArticle.objects.create(site=site, article="Masks", quantity=0, missing=6)
        StockTaken.objects.create(
            site=site,
            article="Masks",
            delivery_id=site.pk,
            delivery_number="D000001",
            quantity=10,
            taken=4,
            at=NOW,
        )
    address = "/admin/consignments/stockedarticle/"
    change = f"{address}{row.pk}/change/"
    listed, shown = desk.get(address).content.decode(), desk.get(change).content.decode()
    assert "Gone beyond the figure" in listed
    assert "D000001, 2 Mar: 10, of which 4 were there" in shown

    desk.post(change, {"site": site.pk, "article": "Masks FFP2", "quantity": "0"})
    assert only() == ("Masks FFP2", 0, 0)
    left_beyond()
    file = SimpleUploadedFile("stock.csv", b"site,gtin,article,quantity\nACME-DC,,Masks FFP2,0\n")
    tried = desk.post(f"{address}import/", {"import_file": file, "format": "0", "resource": "0"})
    desk.post(f"{address}process_import/", tried.context["confirm_form"].initial)
    assert only() == ("Masks FFP2", 0, 0)
