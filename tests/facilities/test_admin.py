"""The hub's admin: recipients and partnerships; a manager reads their own, the operator makes them."""

from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from apps.facilities.models import DocumentRequirement, DocumentType, Partnership, Recipient, Step
from tests.facilities.conftest import CANARY

RITA, OLGA = "rita@northern.example", "olga@network.example"


@pytest.fixture
def rita_at_hub(browse):
    return browse(RITA)


def rows(prefix, *new, kept=(), **management):
    """Formset data: ``kept`` are rows with an id, ``new`` come after them."""
    all_rows = [*kept, *new]
    data = {f"{prefix}-{i}-{name}": value for i, row in enumerate(all_rows) for name, value in row.items()}
    return {
        **data,
        f"{prefix}-TOTAL_FORMS": str(len(all_rows)),
        f"{prefix}-INITIAL_FORMS": str(len(kept)),
        **management,
    }


@pytest.mark.parametrize("email", ["otto@northern.example", "nadia@northern.example", "alice@acme.example"])
def test_only_receiving_managers_and_the_operator_come_in(browse, email):
    assert browse(email).get("/admin/", follow=True).status_code == 403


@pytest.mark.parametrize(
    "page",
    [
        "/admin/",
        "/admin/facilities/recipient/",
        "/admin/autocomplete/?app_label=facilities&model_name=partnership&field_name=recipient&term=",
        "/admin/autocomplete/?app_label=accounts&model_name=membership&field_name=recipient&term=",
        "/admin/search/?s=southern",
    ],
)
def test_pages_show_nothing_of_other_recipients(leaks, rita_at_hub, page):
    response = rita_at_hub.get(page)

    assert response.status_code == 200
    assert CANARY not in response.content.decode()
    assert "Southern Clinic" not in response.content.decode()


def test_a_manager_keeps_the_contact_of_their_recipient_and_not_its_name(rita_at_hub, northern):
    rita_at_hub.post(
        f"/admin/facilities/recipient/{northern.pk}/change/",
        {
            "name": "Taken",
            "email": "gate@northern.example",
            "phone": "",
            "gln": northern.gln,
            **partnerships(),
        },
    )

    northern.refresh_from_db()
    assert (northern.name, northern.email) == ("Northern Hospital", "gate@northern.example")


def partnerships(*new, **more):
    return rows("partnerships", *new, **more)


def test_a_manager_sees_whom_they_trade_with_and_cannot_change_it(rita_at_hub, northern, acme):
    Partnership.objects.filter(shipper=acme, recipient=northern).delete()
    url = f"/admin/facilities/recipient/{northern.pk}/change/"

    rita_at_hub.post(
        url,
        {"email": "", "phone": "", "gln": "", **partnerships({"shipper": str(acme.pk), "active": "on"})},
    )

    assert "Globex Pharma" in rita_at_hub.get(url).content.decode()
    assert not Partnership.objects.filter(shipper=acme, recipient=northern).exists()


def test_the_operator_adds_recipients_and_partnerships_and_touches_no_site(browse, acme, northern_site):
    olga = browse(OLGA)
    form = {"name": "Eastern Depot", "email": "", "phone": "", "gln": "", "active": "on"}

    added = olga.post(
        "/admin/facilities/recipient/add/",
        {**form, **partnerships({"shipper": str(acme.pk), "active": "on"})},
    )
    sites = olga.get("/sites/")
    site = olga.get(f"/sites/{northern_site.pk}/setup/place/")

    assert added.status_code == 302
    assert Recipient.objects.get(name="Eastern Depot").partnerships.get().shipper == acme
    assert (sites.status_code, site.status_code) == (403, 403)


def test_a_recipient_that_is_not_there_is_not_found(rita_at_hub):
    response = rita_at_hub.get(f"/admin/facilities/recipient/{uuid4()}/change/")

    assert (response.status_code, response.url) == (302, "/admin/")


def test_a_delivery_note_can_not_be_demanded_before_it_exists(northern_site):
    demand = DocumentRequirement(
        site=northern_site,
        document_type=DocumentType.DELIVERY_NOTE,
        step=Step.CONFIRM,
        temperature_class="frozen",
    )

    with pytest.raises(ValidationError, match="issued with the confirmation"):
        demand.full_clean()
