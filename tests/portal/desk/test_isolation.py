"""Whose desk it is: nobody from outside gets in, no id opens anything elsewhere, no auditor acts."""

import pytest
from django.urls import reverse

from apps.accounts.models import Membership
from apps.consignments.models import Import
from apps.core.models import Job
from apps.documents.models import Document
from apps.routing.selectors import JOB_KIND
from apps.tenancy import doorway

URLCONF = "config.urls_shipper"


@pytest.fixture
def addresses(confirmed, delivery, drain):
    """Every page of the desk with ids of Acme's: what could leak."""
    drain()
    offer = confirmed.offers.get()
    job = Job.objects.create(kind=JOB_KIND, message="canary-job")

    def at(name, *args):
        return reverse(f"desk:{name}", args=args, urlconf=URLCONF)

    return {
        "open": [
            at("deliveries"),
            at("import"),
            at("offers"),
            at("plan"),
            at("custody"),
            at("exports"),
            at("people"),
        ],
        "ids": [
            at("import_result", Import.objects.get().pk),
            at("import_report", Import.objects.get().pk),
            at("delivery", delivery.pk),
            at("ask", delivery.pk),
            at("counter", delivery.pk, confirmed.pk),
            at("cancel", delivery.pk, confirmed.pk),
            at("decline", delivery.pk, offer.pk),
            at("load", delivery.pk),
            at("depart", delivery.pk),
            at("document", Document.objects.get(delivery_id=delivery.pk).pk),
            at("job", job.pk),
            at("custody_delivery", delivery.pk),
        ],
        "posts": [
            at("accept", delivery.pk, offer.pk),
            at("decline", delivery.pk, offer.pk),
            at("counter", delivery.pk, confirmed.pk),
            at("cancel", delivery.pk, confirmed.pk),
            at("ask", delivery.pk),
            at("load", delivery.pk),
            at("depart", delivery.pk),
            at("job_cancel", job.pk),
        ],
    }


def statuses(client, paths, method="get"):
    return {
        path: getattr(client, method)(path, {"reason_code": "other", "slot": "0"}).status_code
        for path in paths
    }


@pytest.mark.parametrize(
    "email", [None, "bob@globex.example", "rita@northern.example", "olga@network.example"]
)
def test_nobody_gets_in_who_has_no_role_there(addresses, browse, email):
    client = browse(email, "acme")

    for path in [*addresses["open"], *addresses["ids"]]:
        answer = client.get(path)
        assert (answer.status_code, answer.url.split("?")[0]) == (302, "/account/login/")


def test_whose_role_ended_is_a_stranger_at_once(addresses, browse):
    client = browse("alice@acme.example", "acme")
    before = client.get("/").status_code
    with doorway.network():
        Membership.objects.filter(person__email="alice@acme.example").delete()

    assert before == 200
    assert set(statuses(client, [*addresses["open"], *addresses["ids"]]).values()) == {302}
    assert set(statuses(client, addresses["posts"], "post").values()) == {302}


def test_acmes_ids_open_nothing_at_globex(addresses, browse, delivery):
    client = browse("gina@globex.example", "globex")

    for path in addresses["ids"]:
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert delivery.number not in answer.content.decode()
    assert set(statuses(client, addresses["posts"], "post").values()) <= {404}


def test_globex_sees_nothing_of_acmes_in_its_lists(addresses, browse, delivery):
    client = browse("gina@globex.example", "globex")

    for path in addresses["open"]:
        answer = client.get(path)
        assert answer.status_code == 200, path
        page = answer.content.decode()
        assert all(text not in page for text in (delivery.number, "C-1", "Acme", "Southern Clinic")), path


def test_an_auditor_acts_on_nothing(addresses, browse, delivery):
    client = browse("arthur@acme.example", "acme")
    before = delivery.state

    assert set(statuses(client, addresses["posts"], "post").values()) <= {403, 404}
    for name in ("group", "plan", "import"):
        assert client.post(reverse(f"desk:{name}", urlconf=URLCONF)).status_code == 403
    delivery.refresh_from_db()
    assert delivery.state == before


def test_an_auditor_sees_custody_alone_in_the_rail(addresses, browse):
    page = browse("arthur@acme.example", "acme").get("/custody/").content.decode()

    assert 'href="/custody/"' in page
    assert all(f'href="{path}"' not in page for path in ("/offers/", "/plan/", "/carriers/"))
