"""Tenders at the desk and by link: read by GET, answered by POST, once, and by nobody else's people."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail

from apps.carriers.models import Carrier
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from apps.tendering.models import Tender
from tests.tendering.conftest import FIRST, LATER, SECOND, THIRD, Tendered, links_of

ALICE, ARTHUR, BOB = "alice@acme.example", "arthur@acme.example", "bob@globex.example"
ACCEPT = {"answer": "accept", "accept-driver": ""}
DECLINE = {"answer": "decline", "decline-reason": "no_vehicle", "decline-note": "Both are out."}

Browse = Callable[..., Any]


@pytest.fixture
def token(tendered: Tendered) -> str:
    return links_of("amber@carriers.example")[-1]


def accepting(tender: Tender) -> dict[str, str]:
    return {**ACCEPT, "accept-vehicle": str(tender.vehicle_id)}


# By link ----------------------------------------------------------------------------------------


def test_a_link_shows_the_route_and_changes_nothing_however_often_it_is_opened(
    tendered: Tendered, token: str, browse: Browse
) -> None:
    carrier = browse(None, "acme")

    pages = [carrier.get(f"/tender/{token}/") for _ in range(3)]
    head = carrier.head(f"/tender/{token}/")

    assert [page.status_code for page in pages] == [200, 200, 200]
    assert head.status_code in {200, 405}
    shown = pages[-1].content.decode()
    assert "Acme" in shown
    assert "Dock 1" in shown
    assert SECOND not in shown  # who else would be asked, and at what price, is not the carrier's to know
    assert "no-store" in pages[-1].headers["Cache-Control"]
    assert tendered.states[FIRST] == "open"


def test_a_carrier_accepts_by_link_without_an_account_and_only_once(
    tendered: Tendered, token: str, browse: Browse, acme: Shipper
) -> None:
    carrier = browse(None, "acme")

    done = carrier.post(f"/tender/{token}/", accepting(tendered.tender(FIRST)))
    again = carrier.post(f"/tender/{token}/", DECLINE)
    looked = carrier.get(f"/tender/{token}/")

    assert done.status_code == 200
    assert "The route is yours" in done.content.decode()
    assert (again.status_code, looked.status_code) == (410, 410)
    with doorway.enter_shipper(acme):
        assert tendered.states == {FIRST: "accepted", SECOND: "withdrawn", THIRD: "withdrawn"}
        assert tendered.tender(FIRST).answered_by == "amber@carriers.example"


def test_declining_by_link_asks_the_next_carrier(
    tendered: Tendered, token: str, browse: Browse, acme: Shipper, drain: Callable[[], int]
) -> None:
    done = browse(None, "acme").post(f"/tender/{token}/", DECLINE)
    with doorway.enter_shipper(acme):
        drain()
        states = tendered.states
        declined = tendered.tender(FIRST)

    assert done.status_code == 200
    assert states == {FIRST: "declined", SECOND: "open", THIRD: "queued"}
    assert (declined.reason_code, declined.note) == ("no_vehicle", "Both are out.")
    assert len(links_of("basal@carriers.example")) == 1


def test_an_answer_that_is_none_is_refused_in_words_and_the_link_stays_good(
    tendered: Tendered, token: str, browse: Browse
) -> None:
    carrier = browse(None, "acme")

    nothing = carrier.post(f"/tender/{token}/", {"answer": "decline", "decline-reason": "mood"})
    strange = carrier.post(f"/tender/{token}/", {**ACCEPT, "accept-vehicle": "another's"})

    assert (nothing.status_code, strange.status_code) == (422, 422)
    assert "mood is not one of the available choices" in nothing.content.decode()
    assert carrier.get(f"/tender/{token}/").status_code == 200
    assert tendered.states[FIRST] == "open"


def test_a_carrier_that_lapsed_meanwhile_is_told_what_is_against_it_and_may_still_decline(
    tendered: Tendered, token: str, browse: Browse, acme: Shipper
) -> None:
    carrier = browse(None, "acme")
    answer = accepting(tendered.tender(FIRST))
    Carrier.objects.filter(name=FIRST).update(active=False)

    refused = carrier.post(f"/tender/{token}/", answer)
    declined = carrier.post(f"/tender/{token}/", DECLINE)

    assert refused.status_code == 409
    assert "Amber Lines is switched off." in refused.content.decode()
    assert declined.status_code == 200


def test_a_link_is_good_at_its_own_shipper_alone(
    tendered: Tendered, token: str, browse: Browse, acme: Shipper
) -> None:
    elsewhere = browse(None, "globex")
    at_hub = browse(None, None)

    assert elsewhere.get(f"/tender/{token}/").status_code in {404, 410}
    assert elsewhere.post(f"/tender/{token}/", DECLINE).status_code in {404, 410}
    assert at_hub.post(f"/tender/{token}/", DECLINE).status_code == 404
    with doorway.enter_shipper(acme):
        assert tendered.states[FIRST] == "open"


def test_a_link_that_was_guessed_altered_or_is_over_answers_nothing(
    tendered: Tendered, token: str, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    carrier = browse(None, "acme")
    altered = token[:-1] + ("A" if token[-1] != "A" else "B")

    guessed = [carrier.post(f"/tender/{each}/", DECLINE).status_code for each in (altered, "x", token[::-1])]
    monkeypatch.setattr("apps.portal.views.tender_link.timezone.now", lambda: LATER)
    late = carrier.post(f"/tender/{token}/", DECLINE).status_code

    assert guessed == [410, 410, 410]
    assert late == 410
    assert tendered.states[FIRST] == "open"


# At the desk ------------------------------------------------------------------------------------


def test_the_desk_lists_searches_and_shows_who_was_asked_at_what_price(
    tendered: Tendered, browse: Browse
) -> None:
    desk = browse(ALICE, "acme")

    listed = desk.get("/tenders/").content.decode()
    none = desk.get("/tenders/?state=uncovered").content.decode()
    page = desk.get(f"/tenders/{tendered.search.pk}/").content.decode()

    assert "Amber Lines answers until" in listed
    assert "Nothing is tendered" in none
    assert [page.index(name) for name in (FIRST, SECOND, THIRD)] == sorted(
        page.index(name) for name in (FIRST, SECOND, THIRD)
    )


def test_a_planner_answers_for_a_carrier_that_called(
    tendered: Tendered, browse: Browse, acme: Shipper
) -> None:
    desk = browse(ALICE, "acme")
    url = f"/tenders/answers/{tendered.tender(FIRST).pk}/"

    shown = desk.get(url)
    declined = desk.post(url, DECLINE)
    with doorway.enter_shipper(acme):
        second = tendered.tender(SECOND)
    accepted = desk.post(f"/tenders/answers/{second.pk}/", accepting(second))
    late = desk.post(url, DECLINE)

    assert (shown.status_code, declined.status_code, accepted.status_code) == (200, 302, 302)
    assert late.status_code == 409
    with doorway.enter_shipper(acme):
        assert tendered.states == {FIRST: "declined", SECOND: "accepted", THIRD: "withdrawn"}
        assert tendered.now().carrier.name == SECOND


def test_a_route_nobody_took_says_what_would_work_and_is_asked_again(
    tendered: Tendered, browse: Browse, acme: Shipper
) -> None:
    desk = browse(ALICE, "acme")
    for name in (FIRST, SECOND, THIRD):
        with doorway.enter_shipper(acme):
            tender = tendered.tender(name)
        desk.post(f"/tenders/answers/{tender.pk}/", {**DECLINE, "decline-reason": "price"})
    url = f"/tenders/{tendered.search.pk}/"

    page = desk.get(url).content.decode()
    again = desk.post(f"/routes/{tendered.route.pk}/tenders/", {"mode": "broadcast"})

    assert "Agree on another price with Amber Lines, Basalt Freight, Cobalt Cargo" in page
    assert again.status_code == 302
    with doorway.enter_shipper(acme):
        assert set(tendered.states.values()) == {"open"}
    assert "There is a newer search" in desk.get(url).content.decode()


def test_a_route_is_given_back_mailed_again_and_called_off(
    tendered: Tendered, browse: Browse, acme: Shipper, drain: Callable[[], int]
) -> None:
    desk = browse(ALICE, "acme")
    first = tendered.tender(FIRST)
    mail.outbox.clear()

    desk.post(f"/tenders/answers/{first.pk}/mail/")
    with doorway.enter_shipper(acme):
        drain()
    mailed = len(links_of("amber@carriers.example"))
    desk.post(f"/tenders/answers/{first.pk}/", accepting(first))
    back = desk.post(
        f"/tenders/answers/{first.pk}/return/", {"decline-reason": "breakdown", "decline-note": ""}
    )
    with doorway.enter_shipper(acme):
        after = tendered.states
        search = tendered.search
    off = desk.post(f"/tenders/{search.pk}/call-off/")
    twice = desk.post(f"/tenders/{search.pk}/call-off/")

    assert (mailed, back.status_code, off.status_code, twice.status_code) == (1, 302, 302, 409)
    assert after[SECOND] == "open"
    with doorway.enter_shipper(acme):
        assert tendered.search.state == "withdrawn"


@pytest.mark.parametrize(("email", "slug"), [(BOB, "globex"), (BOB, "acme"), (None, "acme")])
def test_nobody_elses_people_see_or_answer_a_tender(
    tendered: Tendered, browse: Browse, acme: Shipper, email: str | None, slug: str
) -> None:
    visitor = browse(email, slug)
    search, tender = tendered.search.pk, tendered.tender(FIRST)

    for url in (f"/tenders/{search}/", f"/tenders/answers/{tender.pk}/", f"/carriers/{tender.carrier_id}/"):
        seen = visitor.get(url, follow=True)
        assert FIRST not in seen.content.decode()
    answered = [
        visitor.post(f"/tenders/answers/{tender.pk}/", accepting(tender)).status_code,
        visitor.post(f"/tenders/{search}/call-off/").status_code,
        visitor.post(f"/routes/{tendered.route.pk}/tenders/", {"mode": "broadcast"}).status_code,
    ]

    assert all(status in {302, 403, 404} for status in answered)
    with doorway.enter_shipper(acme):
        assert tendered.states == {FIRST: "open", SECOND: "queued", THIRD: "queued"}


def test_an_auditor_reads_tenders_and_answers_none(tendered: Tendered, browse: Browse, acme: Shipper) -> None:
    auditor = browse(ARTHUR, "acme")
    tender = tendered.tender(FIRST)

    page = auditor.get(f"/tenders/{tendered.search.pk}/")

    assert page.status_code == 200
    assert "Answer for" not in page.content.decode()
    assert auditor.post(f"/tenders/answers/{tender.pk}/", DECLINE).status_code == 403
    assert auditor.post(f"/tenders/{tendered.search.pk}/call-off/").status_code == 403


# Carriers at the desk ---------------------------------------------------------------------------


def test_carriers_say_whether_they_can_be_used_today(tendered: Tendered, browse: Browse) -> None:
    Carrier.objects.create(name="On foot")
    unpriced = Carrier.objects.get(name=THIRD)
    unpriced.tariffs.all().delete()
    desk = browse(ALICE, "acme")

    overview = desk.get("/carriers/").content.decode()
    page = desk.get(f"/carriers/{unpriced.pk}/").content.decode()

    assert "2 carriers can&#x27;t be used today" in overview
    assert "On foot has no active vehicle." in overview
    assert f"{THIRD} has no tariff for any of its vehicles on" in overview
    assert "Rigid truck: no tariff from" in page


@pytest.mark.parametrize("extra", [0, 12])
def test_the_overview_asks_the_database_as_often_for_few_carriers_as_for_many(
    tendered: Tendered, browse: Browse, django_assert_max_num_queries: Any, extra: int
) -> None:
    for n in range(extra):
        Carrier.objects.create(name=f"Carrier {n}").drivers.create(name=f"Driver {n}")
    desk = browse(ALICE, "acme")

    with django_assert_max_num_queries(32):
        assert desk.get("/carriers/").status_code == 200
    with django_assert_max_num_queries(20):
        assert desk.get("/tenders/").status_code == 200
