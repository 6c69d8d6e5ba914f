"""The day board: everything to scale, refreshed only when something changed, and the gate's list."""

from collections.abc import Callable
from datetime import time, timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.appointments.models import Appointment
from apps.facilities.models import Closure, Dock, ReceivingWindow, Site
from tests.portal.hub.conftest import DAY


def cards(page) -> list[dict[str, object]]:
    groups = page.context["board"]["groups"]
    return [card for group in groups for row in group["rows"] for card in row["cards"]]


def test_an_agreed_slot_is_a_card_to_scale(
    rita_at_hub: Client, confirmed: Appointment, northern_site: Site
) -> None:
    page = rita_at_hub.get(f"/sites/{northern_site.pk}/?day={DAY}")

    (card,) = cards(page)
    board = page.context["board"]
    assert (board["hours"], board["hour_marks"][0]["label"], board["now_from"]) == (8, "07:00", None)
    assert (card["from"], card["span"], card["state"], card["url"]) == (
        0,
        30,
        "confirmed",
        f"/appointments/{confirmed.pk}/",
    )
    assert card["summary"].endswith("Confirmed, Wed 4 Mar, 07:00–07:30 SAST, Dock 1, 3 pallets")


def test_offered_slots_stand_on_it_as_held_and_not_in_the_gates_list(
    rita_at_hub: Client, asked: Appointment, northern_site: Site
) -> None:
    page = rita_at_hub.get(f"/sites/{northern_site.pk}/?day={DAY}")

    assert [card["state"] for card in cards(page)] == ["held", "held"]
    assert page.context["gate_list"] == []


def test_a_vehicle_past_its_arrival_window_is_late_by_the_minute(
    rita_at_hub: Client, confirmed: Appointment, northern_site: Site, clock: Callable[..., None]
) -> None:
    clock(confirmed.during.lower + timedelta(minutes=45))

    page = rita_at_hub.get(f"/sites/{northern_site.pk}/")

    (card,) = cards(page)
    assert (card["state"], card["delta"]) == ("late", "+0:45")
    assert page.context["needs"] == "1 vehicle, 1 late."
    assert page.context["board"]["now_from"] == 45


def test_closures_and_hours_are_shaded(
    rita_at_hub: Client, confirmed: Appointment, northern_site: Site
) -> None:
    start = confirmed.during.lower + timedelta(hours=5)
    Closure.objects.create(
        site=northern_site, during=(start, start + timedelta(hours=1)), reason="Stocktaking"
    )

    page = rita_at_hub.get(f"/sites/{northern_site.pk}/?day={DAY}")

    row = page.context["board"]["groups"][0]["rows"][0]
    assert {"from": 300, "span": 60, "label": "Stocktaking"} in row["closures"]


def test_a_refresh_is_304_until_something_changes(
    rita_at_hub: Client, ask: Callable[..., Appointment], northern_site: Site
) -> None:
    address = f"/sites/{northern_site.pk}/?day={DAY}&part=board"
    first = rita_at_hub.get(address)

    same = rita_at_hub.get(address, headers={"if-none-match": first["ETag"]})
    ask()
    changed = rita_at_hub.get(address, headers={"if-none-match": first["ETag"]})

    assert (first.status_code, same.status_code, changed.status_code) == (200, 304, 200)
    assert changed["ETag"] != first["ETag"]
    assert 'id="gate-list" hx-swap-oob="true"' in changed.content.decode()


def test_the_gates_list_names_who_may_arrive_when(
    otto_at_hub: Client, confirmed: Appointment, northern_site: Site
) -> None:
    (line,) = otto_at_hub.get(f"/sites/{northern_site.pk}/?day={DAY}").context["gate_list"]

    assert (line["number"], line["shipper"], line["dock"]) == (
        confirmed.confirmation_number,
        "Acme Medical",
        "Dock 1",
    )
    assert line["window"] == (confirmed.arrival_window.lower, confirmed.arrival_window.upper)


def test_an_empty_day_says_so(rita_at_hub: Client, northern_site: Site) -> None:
    page = rita_at_hub.get(f"/sites/{northern_site.pk}/?day=2026-03-07")

    assert page.context["needs"] == "No vehicle is agreed for this day."


def test_a_day_that_is_none_shows_today(rita_at_hub: Client, northern_site: Site) -> None:
    page = rita_at_hub.get(f"/sites/{northern_site.pk}/?day=yesterday")

    assert page.context["board"]["title"] == "Northern Hospital stores, Monday 2 March"


def test_another_recipient_finds_neither_board_nor_refresh_nor_profile(
    sam_at_hub: Client, confirmed: Appointment, northern_site: Site
) -> None:
    paths = ("", "?part=board", "profile/")

    answers = [sam_at_hub.get(f"/sites/{northern_site.pk}/{path}") for path in paths]

    assert [answer.status_code for answer in answers] == [404, 404, 404]


def test_three_vehicles_take_no_more_queries_than_one(
    rita_at_hub: Client, ask: Callable[..., Appointment], northern_site: Site
) -> None:
    address = f"/sites/{northern_site.pk}/?day={DAY}"
    ask()
    rita_at_hub.get(address)
    with CaptureQueriesContext(connection) as of_one:
        rita_at_hub.get(address)
    ask()
    ask()
    with CaptureQueriesContext(connection) as of_three:
        page = rita_at_hub.get(address)

    assert len(cards(page)) == 6
    assert len(of_three) == len(of_one)


def test_each_dock_group_is_a_sheet_of_its_own_by_its_name(rita_at_hub: Client, northern_site: Site) -> None:
    first, second = northern_site.docks.order_by("rank")
    Dock.objects.filter(pk=second.pk).update(group="Cold store")
    Dock.objects.create(site=northern_site, name="Dock 3", rank=3)

    page = rita_at_hub.get(f"/sites/{northern_site.pk}/?day={DAY}")

    groups = page.context["board"]["groups"]
    assert [(group["name"], [row["name"] for row in group["rows"]]) for group in groups] == [
        ("", [first.name, "Dock 3"]),
        ("Cold store", [second.name]),
    ]
    assert page.content.decode().count("board__header--paper") == 2


def test_twenty_docks_of_sixteen_hours_take_eight_queries_the_two_to_know_who_asks_included(
    rita_at_hub: Client, ask: Callable[..., Appointment], northern_site: Site
) -> None:
    """The session and the person with their roles count; a refresh, without the frame, asks seven times."""
    Dock.objects.bulk_create(
        Dock(site=northern_site, name=f"Dock {n}", group=f"Group {n % 3}", rank=n) for n in range(3, 21)
    )
    ReceivingWindow.objects.filter(site=northern_site).update(opens=time(5), closes=time(21))
    ask()
    ask()
    address = f"/sites/{northern_site.pk}/?day={DAY}"
    rita_at_hub.get(address)

    with CaptureQueriesContext(connection) as whole:
        page = rita_at_hub.get(address)
    with CaptureQueriesContext(connection) as refresh:
        rita_at_hub.get(f"{address}&part=board")

    board = page.context["board"]
    assert (sum(len(group["rows"]) for group in board["groups"]), board["hours"]) == (20, 16)
    who = ("django_session", "accounts_person")
    asked = [query["sql"] for query in whole.captured_queries[:2]]
    assert all(table in sql for table, sql in zip(who, asked, strict=True))
    assert (len(whole), len(refresh)) == (2 + 6, 2 + 5)
