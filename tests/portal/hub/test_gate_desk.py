"""The gate's pages: find, check in, call, let leave; what each case is told; who doesn't get there."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.facilities.models import Site

Clock = Callable[[datetime], None]


@pytest.fixture
def gate(otto_at_hub: Client) -> Client:
    """Otto, dock operator at Northern, at the gate."""
    return otto_at_hub


@pytest.fixture
def visit(confirmed: Appointment, drain: Callable[[], int]) -> Appointment:
    """An agreed visit with its delivery note."""
    drain()
    return confirmed


def test_a_scanned_code_leads_to_the_check_in(
    visit: Appointment, gate: Client, northern_site: Site, clock: Clock
) -> None:
    clock(visit.during.lower)
    found = gate.get(
        f"/sites/{northern_site.pk}/gate/find/",
        {"code": f"{visit.confirmation_number} {visit.reference}"},
    )
    by_link = gate.get(f"/g/{visit.confirmation_number}/")
    page = gate.get(found.headers["Location"]).content.decode()

    assert found.headers["Location"] == f"/appointments/{visit.pk}/check-in/?at={northern_site.pk}"
    assert by_link.headers["Location"] == f"/appointments/{visit.pk}/check-in/"
    assert "On time" in page
    assert "has not recorded its departure" in page
    assert 'Download<span class="sr-only"> Delivery note' in page


def test_the_whole_visit_by_one_tap_each(
    visit: Appointment, gate: Client, northern_site: Site, desk: Client, clock: Clock
) -> None:
    address = f"/appointments/{visit.pk}/"
    listing = f"/sites/{northern_site.pk}/gate/"
    seen = []
    clock(visit.during.lower)
    for step in ("check-in/", "call/", "unloading/", "unloaded/"):
        answer = gate.post(f"{address}{step}", {"vehicle": "GP 1", "back": "gate"}, follow=True)
        assert answer.redirect_chain[-1][0] == listing
        seen.append(answer.content.decode())
        clock(visit.during.lower + timedelta(minutes=10 * len(seen)))
    at_hub = gate.get(address).content.decode()
    at_desk = desk.get(f"/deliveries/{visit.delivery_id}/").content.decode()

    assert [
        word in page
        for word, page in zip(
            ("Waits for door", "Called to dock", "At the dock", "Paperwork"), seen, strict=True
        )
    ] == [True] * 4
    assert "Hand over" in seen[-1]
    for page in (at_hub, at_desk):
        assert "Time on site" in page
        assert "40 min" in page


@pytest.fixture
def desk(browse: Callable[..., Client]) -> Client:
    """Alice, planner at Acme, at Acme's desk."""
    return browse("alice@acme.example", "acme")


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        (-50, "20 min before its arrival window"),
        (50, "20 min after its arrival window"),
        (2 * 24 * 60, "Expected on another day"),
    ],
)
def test_early_and_late_are_told_what_works(
    visit: Appointment, gate: Client, minutes: int, said: str, clock: Clock
) -> None:
    moment = visit.during.lower + timedelta(minutes=minutes)
    clock(moment)
    page = gate.get(f"/appointments/{visit.pk}/check-in/").content.decode()

    assert said in page
    assert ("Check the vehicle in" in page) == (minutes < 1000)


def test_a_missing_paper_says_what_to_do(confirmed: Appointment, gate: Client, clock: Clock) -> None:
    clock(confirmed.during.lower)
    answer = gate.post(f"/appointments/{confirmed.pk}/check-in/", {"vehicle": "GP 1"})

    assert answer.status_code == 409
    assert "Delivery note" in answer.content.decode()
    assert "See to the papers" in answer.content.decode()


def test_the_wrong_gate_is_told_the_right_one(visit: Appointment, gate: Client, northern_site: Site) -> None:
    other = Site.objects.get(pk=northern_site.pk)
    other.pk, other.code, other.name = None, "NH2", "Northern annex"
    other._state.adding = True
    other.id = Site._meta.pk.get_default()
    other.save()
    page = gate.get(f"/appointments/{visit.pk}/check-in/?at={other.pk}").content.decode()
    tried = gate.post(f"/appointments/{visit.pk}/check-in/?at={other.pk}", {"vehicle": "GP 1"})

    assert "Expected at Northern Hospital stores" in page
    assert "Show the way" in page
    assert tried.status_code == 409


def test_nobody_known_may_be_a_walk_in(visit: Appointment, gate: Client, northern_site: Site) -> None:
    page = gate.get(f"/sites/{northern_site.pk}/gate/find/", {"code": "NOBODY"}).content.decode()
    empty = gate.get(f"/sites/{northern_site.pk}/gate/find/", {"code": ""})

    assert "Nobody is known by that" in page
    assert f"/sites/{northern_site.pk}/walk-in/" in page
    assert empty.status_code == 422


def test_detention_is_shown_to_both_while_it_grows(
    unloading: Appointment, gate: Client, desk: Client, northern_site: Site, clock: Clock
) -> None:
    appointment = unloading
    moment = appointment.during.lower + timedelta(minutes=northern_site.free_minutes + 25)
    clock(moment)
    pages = [
        gate.get(f"/appointments/{appointment.pk}/").content.decode(),
        desk.get(f"/deliveries/{unloading.delivery_id}/").content.decode(),
    ]
    listing = gate.get(f"/sites/{northern_site.pk}/gate/").content.decode()

    assert ["25 min detention, beyond 2 h 00 min of free time" in page for page in pages] == [True, True]
    assert "in detention" in listing


def test_others_neither_find_nor_check_in(
    visit: Appointment, browse: Callable[..., Client], northern_site: Site, sam: Actor
) -> None:
    southern, auditor, shipper = (
        browse("sam@southern.example"),
        browse("nadia@northern.example"),
        browse("alice@acme.example", "acme"),
    )
    find = f"/sites/{northern_site.pk}/gate/find/?code=X"
    for client in (southern, auditor, shipper):
        for address in (find, f"/appointments/{visit.pk}/check-in/"):
            assert client.get(address).status_code in {403, 404}
        for step in ("check-in", "call", "unloaded", "check-out"):
            assert client.post(f"/appointments/{visit.pk}/{step}/").status_code in {403, 404}
    assert southern.get(f"/g/{visit.confirmation_number}/").status_code == 404
    visit.refresh_from_db()
    assert visit.state == "confirmed"


def test_a_visit_ends_with_the_check_out(
    unloading: Appointment, otto: Actor, gate: Client, northern_site: Site, clock: Clock
) -> None:
    appointment = unloading
    clock(appointment.during.upper)
    early = gate.post(f"/appointments/{appointment.pk}/check-out/")
    Appointment.objects.filter(pk=appointment.pk).update(state="completed")
    left = gate.post(f"/appointments/{appointment.pk}/check-out/", {"back": "gate"}, follow=True)
    again = gate.post(f"/appointments/{appointment.pk}/check-out/", {"back": "gate"})

    assert early.status_code == 409
    assert "has left" in left.content.decode()
    assert again.status_code == 302
    assert appointment.events.filter(step="checked_out").count() == 1
