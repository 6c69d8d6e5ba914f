"""Waiting for a slot from the picker: joined, shown to both sides, left; nobody else reaches it."""

import pytest

from apps.appointments.models import SiteTerms, WaitingEntry
from apps.tenancy import doorway
from tests.deliveries.test_waiting import full

__all__ = ["full"]


@pytest.fixture
def waiting(full, delivery, desk) -> WaitingEntry:
    """Acme's delivery waits at Northern."""
    page = desk.get(f"/deliveries/{delivery.pk}/slots/", {"day": "2026-03-04"})
    desk.post(page.context["wait_url"], {"first_day": "2026-03-04", "last_day": "2026-03-04"})
    return WaitingEntry.objects.get()


def test_where_nothing_is_free_the_picker_leads_to_the_list(full, delivery, desk):
    page = desk.get(f"/deliveries/{delivery.pk}/slots/", {"day": "2026-03-04"})
    other = desk.get(f"/deliveries/{delivery.pk}/slots/", {"day": "2026-03-05"})
    form = desk.get(page.context["wait_url"])

    assert "Nothing is free on Wednesday 4 March" in page.content.decode()
    assert other.context["wait_url"] == ""
    assert 'value="2026-03-04"' in form.content.decode()


def test_a_waiting_delivery_says_so_and_leaves_the_list(waiting, delivery, desk):
    page = desk.get(f"/deliveries/{delivery.pk}/").content.decode()
    desk.post(f"/deliveries/{delivery.pk}/waiting/leave/")

    assert "On the waiting list for Wednesday 4 March" in page
    assert "It is the next." in page
    assert WaitingEntry.objects.get().state == "left"


def test_what_is_free_is_shown_instead(delivery, desk):
    answer = desk.post(
        f"/deliveries/{delivery.pk}/waiting/", {"first_day": "2026-03-04", "last_day": "2026-03-05"}
    )

    assert answer.url == f"/deliveries/{delivery.pk}/slots/?day=2026-03-04"
    assert not WaitingEntry.objects.exists()


def test_days_that_make_no_sense_are_refused_in_place(full, delivery, desk):
    address = f"/deliveries/{delivery.pk}/waiting/"

    turned = desk.post(address, {"first_day": "2026-03-05", "last_day": "2026-03-04"})

    assert (turned.status_code, "before the first" in turned.content.decode()) == (422, True)
    assert desk.post(address, {"first_day": "soon"}).status_code == 422


def test_the_recipient_sees_who_waits_and_sets_the_terms(waiting, browse, northern_site):
    rita = browse("rita@northern.example")
    address = f"/sites/{northern_site.pk}/waiting/"
    terms = {
        "waiting_hold_minutes": "45",
        "waiting_per_shipper": "2",
        "live_holds_per_shipper": "",
        "read_at": "0",
    }

    page = rita.get(address).content.decode()
    wrong = rita.post(address, terms | {"waiting_hold_minutes": "1"})
    right = rita.post(address, terms)

    assert waiting.reference in page
    assert "Acme Medical" in page
    assert (wrong.status_code, right.status_code) == (422, 302)
    with doorway.network():
        held = SiteTerms.objects.get(site=northern_site)
    assert (held.waiting_hold_minutes, held.keeps_waiting_list) == (45, False)


def test_of_two_managers_who_set_the_terms_the_second_sees_both_and_may_put_its_own_on_top(
    browse, northern_site
):
    rita = browse("rita@northern.example")
    address = f"/sites/{northern_site.pk}/waiting/"
    terms = {"waiting_hold_minutes": "45", "waiting_per_shipper": "2", "live_holds_per_shipper": ""}
    rita.post(address, terms | {"read_at": "0"})

    late = rita.post(address, terms | {"waiting_hold_minutes": "20", "read_at": "0"})
    now_read = late.context["form"]["read_at"].value()
    again = rita.post(address, terms | {"waiting_hold_minutes": "20", "read_at": now_read})

    assert late.status_code == 409
    assert late.context["stale"]["by"] == "Rita Reyes"
    assert late.context["stale"]["rows"] == [
        {"label": "Freed slots are kept for (min)", "stands": "45", "typed": "20"}
    ]
    assert again.status_code == 302
    with doorway.network():
        held = SiteTerms.objects.get(site=northern_site)
    assert (held.waiting_hold_minutes, held.version, held.set_by) == (20, 2, "Rita Reyes")


def test_nobody_else_sees_or_changes_it(waiting, delivery, browse, northern_site, auditors_desk):
    address = f"/sites/{northern_site.pk}/waiting/"
    bob = browse("bob@globex.example", "globex")

    assert [browse(f"{who}@northern.example").get(address).status_code for who in ("otto", "nadia")] == [
        403
    ] * 2
    assert browse("sam@southern.example").post(address, {}).status_code == 404
    assert bob.post(f"/deliveries/{delivery.pk}/waiting/leave/").status_code == 404
    assert bob.get(f"/deliveries/{delivery.pk}/waiting/").status_code == 404
    assert auditors_desk.post(f"/deliveries/{delivery.pk}/waiting/leave/").status_code == 403
    with doorway.network():
        assert WaitingEntry.objects.get().state == "waiting"
