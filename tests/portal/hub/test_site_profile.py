"""What a partner reads of a site, and of the version that something was agreed under."""

from datetime import date, time

import pytest
from django.db.backends.postgresql.psycopg_any import DateRange

from apps.appointments.models import Appointment
from apps.facilities.models import DockRule, Partnership, ReceivingWindow, Reservation, Season, Site
from apps.facilities.services import change_site
from apps.tenancy import doorway
from tests.factories.cast import NOW


@pytest.fixture
def in_full(northern_site, dock, acme, globex) -> Site:
    """Northern with a season, a rule in it, and time reserved for each of its shippers."""
    winter = Season.objects.create(
        site=northern_site, name="Winter", days=DateRange(date(2026, 6, 1), date(2026, 9, 1))
    )
    ReceivingWindow.objects.create(
        site=northern_site, weekday=6, opens=time(9), closes=time(12), season=winter
    )
    DockRule.objects.create(site=northern_site, season=winter, kind="equipment", values=["forklift", "crane"])
    DockRule.objects.create(site=northern_site, kind="apart", values=["3", "5.1"])
    for day, shipper in ((1, acme), (2, globex)):
        Reservation.objects.create(
            site=northern_site, dock=dock, shipper=shipper, weekday=day, opens=time(7), closes=time(9)
        )
    return northern_site


@pytest.fixture
def changed(confirmed: Appointment, rita) -> Site:
    """Northern's gate is another since the slot was agreed."""

    def apply(site: Site) -> None:
        Site.objects.filter(pk=site.pk).update(gate_instructions="Report at gate C.")

    return change_site(actor=rita, site_id=confirmed.site_id, version=1, apply=apply, now=NOW)


@pytest.mark.parametrize(
    ("email", "slug"), [("otto@northern.example", None), ("arthur@acme.example", "acme")]
)
def test_each_rule_is_a_sentence_on_the_public_profile(browse, in_full, email, slug):
    page = browse(email, slug).get(f"/sites/{in_full.pk}/" + ("" if slug else "profile/"))

    text = page.content.decode()
    for sentence in (
        "Dock 2 takes vehicles up to 9.0 m long.",
        "keeps dangerous goods of ADR class 3 and 5.1 apart, in a vehicle and on site.",
        "Northern Hospital stores unloads with forklift and crane.",
        "Winter: 1 June 2026 to 31 August 2026.",
        "A load: 20 min + 2 min per pallet at the dock.",
    ):
        assert sentence in text
    assert ("Tuesday" in text, "Globex" in text) == (slug is None, False)


@pytest.mark.parametrize(
    ("email", "slug", "status"),
    [
        ("sam@southern.example", None, 404),
        ("rita@northern.example", None, 200),
        ("bob@globex.example", "globex", 404),
        ("alice@acme.example", "acme", 200),
    ],
)
def test_profile_and_versions_are_read_by_the_recipient_and_its_partners_alone(
    browse, changed, globex, email, slug, status
):
    with doorway.network():
        Partnership.objects.filter(shipper=globex, recipient=changed.recipient).update(active=False)
    pages = [f"/sites/{changed.pk}/" + ("" if slug else "profile/")]
    pages += [f"/sites/{changed.pk}/versions/{number}/" for number in (1, 2)]

    assert [browse(email, slug).get(page).status_code for page in pages] == [status] * 3
    assert browse(email, slug).get(f"/sites/{changed.pk}/versions/7/").status_code == 404


@pytest.mark.parametrize(("email", "slug"), [("rita@northern.example", None), ("alice@acme.example", "acme")])
def test_what_a_slot_was_agreed_under_stays_visible(browse, confirmed, changed, email, slug):
    client = browse(email, slug)
    agreed = f"/deliveries/{confirmed.delivery_id}/" if slug else f"/appointments/{confirmed.pk}/"

    shown = client.get(agreed).content.decode()
    version = client.get(f"/sites/{changed.pk}/versions/1/").content.decode()

    assert f"/sites/{changed.pk}/versions/1/" in shown
    assert "changed since" in shown
    assert "Gate: Report at gate B." in version
    assert "+ Place: Gate: Report at gate C." in version
