"""Moving on the day board: what is in the way is said first, the move is made and undone, others can't."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment, DockOccupancy
from apps.appointments.services import block_dock
from apps.appointments.states import State
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.facilities.models import Dock, Site
from apps.tenancy import doorway
from apps.tenancy.models import Shipper
from tests.factories.cast import NOW
from tests.portal.hub.conftest import DAY

HTMX = {"hx-request": "true"}


@pytest.fixture
def second(northern_site: Site) -> Dock:
    return northern_site.docks.get(name="Dock 2")


def place(dock: Dock, lane: int = 1) -> str:
    return f"{dock.pk}_{lane}"


def dock_of(appointment: Appointment) -> str:
    return Appointment.objects.select_related("dock").get(pk=appointment.pk).dock.name


def blocked(dock: Dock, confirmed: Appointment, otto: Actor) -> DockOccupancy:
    return block_dock(actor=otto, dock=dock, lane=1, during=confirmed.during, note="Cleaning", now=NOW)


def test_the_dialog_names_every_dock_and_what_is_in_the_way(
    otto_at_hub: Client, confirmed: Appointment, second: Dock, otto: Actor
) -> None:
    blocked(second, confirmed, otto)

    page = otto_at_hub.get(f"/appointments/{confirmed.pk}/move/?part=dialog")

    assert [(lane["name"], lane["is_here"], lane["is_free"]) for lane in page.context["lanes"]] == [
        ("Dock 1", True, True),
        ("Dock 2", False, False),
    ]
    assert page.context["lanes"][1]["reasons"] == ("Blocked then: Cleaning.",)
    assert "agreed with Acme Medical and stays" in page.content.decode()


def test_a_ghost_learns_whose_vehicle_is_in_the_way_before_the_drop(
    otto_at_hub: Client, confirmed: Appointment, second: Dock, dock: Dock, ask: Callable[..., Appointment]
) -> None:
    other = ask()  # holds the same start at the second dock or a later one at the first
    address = f"/appointments/{confirmed.pk}/move/check/"

    answers = [otto_at_hub.get(address, {"place": place(each)}).json() for each in (second, dock)]

    held = {row.dock.name for row in DockOccupancy.objects.filter(appointment=other).select_related("dock")}
    taken = DockOccupancy.objects.filter(
        appointment=other, dock=second, during__overlap=confirmed.during
    ).exists()
    assert held
    assert answers[0]["free"] is not taken
    if taken:
        assert f"held for {other.reference} (Acme Medical)" in answers[0]["says"]
    assert answers[1]["free"]


def test_a_move_on_the_board_answers_with_the_board_and_the_way_back(
    otto_at_hub: Client, confirmed: Appointment, second: Dock
) -> None:
    typed = {"place": place(second), "version": confirmed.version, "day": f"{DAY}", "part": "board"}

    moved = otto_at_hub.post(f"/appointments/{confirmed.pk}/move/", typed, headers=HTMX)

    assert (moved.status_code, dock_of(confirmed)) == (200, "Dock 2")
    assert f"{confirmed.confirmation_number} goes to Dock 2 at 07:00." in moved.content.decode()
    assert moved["ETag"]
    back = otto_at_hub.post(moved.context["undo_url"], headers=HTMX)
    assert (back.status_code, dock_of(confirmed)) == (200, "Dock 1")
    assert "undo_url" not in back.context
    assert dict(parse_qsl(urlsplit(moved.context["undo_url"]).query))["day"] == f"{DAY}"


def test_without_script_the_same_form_is_a_page(
    otto_at_hub: Client, confirmed: Appointment, second: Dock, northern_site: Site
) -> None:
    address = f"/appointments/{confirmed.pk}/move/"
    assert otto_at_hub.get(address).status_code == 200

    answer = otto_at_hub.post(address, {"place": place(second), "day": f"{DAY}"})

    assert answer.status_code == 302
    assert answer["Location"].startswith(f"/sites/{northern_site.pk}/?day={DAY}")
    assert dock_of(confirmed) == "Dock 2"


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_dock_that_is_taken_is_refused_with_what_is_free(
    otto_at_hub: Client, confirmed: Appointment, second: Dock, otto: Actor, headers: dict[str, str]
) -> None:
    blocked(second, confirmed, otto)

    answer = otto_at_hub.post(
        f"/appointments/{confirmed.pk}/move/", {"place": place(second)}, headers=headers
    )

    assert answer.status_code == 409
    assert "Blocked then: Cleaning. Free then: Dock 1." in answer.content.decode()
    assert dock_of(confirmed) == "Dock 1"


def test_who_moves_what_somebody_else_moved_reads_that_it_changed(
    otto_at_hub: Client, confirmed: Appointment, second: Dock, dock: Dock
) -> None:
    address = f"/appointments/{confirmed.pk}/move/"
    seen = {"version": confirmed.version}
    otto_at_hub.post(address, {**seen, "place": place(second)}, headers=HTMX)

    answer = otto_at_hub.post(address, {**seen, "place": place(dock)}, headers=HTMX)

    assert answer.status_code == 409
    assert "was changed meanwhile" in answer.content.decode()
    assert dock_of(confirmed) == "Dock 2"


@pytest.mark.parametrize("typed", [{}, {"place": "x"}, {"place": "waiting"}, {"place": "0_0", "start": "?"}])
def test_a_move_to_nowhere_is_refused(
    otto_at_hub: Client, confirmed: Appointment, typed: dict[str, str]
) -> None:
    answer = otto_at_hub.post(f"/appointments/{confirmed.pk}/move/", typed, headers=HTMX)

    assert answer.status_code in {409, 422}
    assert dock_of(confirmed) == "Dock 1"


def test_an_offered_slot_is_not_moved(otto_at_hub: Client, asked: Appointment) -> None:
    page = otto_at_hub.get(f"/appointments/{asked.pk}/move/", follow=True)

    assert "is offered and not agreed" in page.content.decode()


def test_others_neither_ask_nor_move(
    sam_at_hub: Client,
    browse: Callable[..., Client],
    confirmed: Appointment,
    second: Dock,
    northern_site: Site,
    otto: Actor,
) -> None:
    row = blocked(second, confirmed, otto)
    nadia = browse("nadia@northern.example")  # of Northern, but she only reads
    paths = [
        f"/appointments/{confirmed.pk}/move/",
        f"/appointments/{confirmed.pk}/move/check/",
        f"/appointments/{confirmed.pk}/no-show/",
        f"/sites/{northern_site.pk}/walk-in/",
        f"/sites/{northern_site.pk}/blocks/",
        f"/sites/{northern_site.pk}/blocks/{row.pk}/",
        f"/sites/{northern_site.pk}/blocks/{row.pk}/check/",
    ]

    assert [sam_at_hub.get(path).status_code for path in paths] == [404] * 7
    assert [nadia.get(path).status_code for path in paths] == [403] * 7
    assert sam_at_hub.get(f"/sites/{northern_site.pk}/gate/").status_code == 404
    board = nadia.get(f"/sites/{northern_site.pk}/?day={DAY}")
    assert "data-move-url" not in board.content.decode()


# Blocks -----------------------------------------------------------------------------------------


def test_a_dock_is_blocked_moved_and_freed(otto_at_hub: Client, northern_site: Site, second: Dock) -> None:
    typed = {"place": place(second), "day": f"{DAY}", "begins": "10:00", "ends": "11:00", "note": "Cleaning"}
    made = otto_at_hub.post(f"/sites/{northern_site.pk}/blocks/", typed)
    row = DockOccupancy.objects.get(kind="block")
    address = f"/sites/{northern_site.pk}/blocks/{row.pk}/"
    board = otto_at_hub.get(made["Location"])
    (card,) = [card for row in board.context["board"]["groups"][0]["rows"] for card in row["cards"]]
    assert (card["state"], card["url"], card["move_url"]) == ("blocked", address, address)

    later = (row.during.lower + timedelta(hours=2)).strftime("%Y%m%dT%H%MZ")
    verdict = otto_at_hub.get(f"{address}check/", {"place": place(second), "start": later}).json()
    moved = otto_at_hub.post(address, {"place": place(second), "start": later}, headers=HTMX)

    assert (verdict["free"], moved.status_code) == (True, 200)
    assert DockOccupancy.objects.get(kind="block").during.lower == row.during.lower + timedelta(hours=2)
    otto_at_hub.post(moved.context["undo_url"], headers=HTMX)
    assert DockOccupancy.objects.get(kind="block").during == row.during
    otto_at_hub.post(address, {"action": "remove"})
    assert not DockOccupancy.objects.filter(kind="block").exists()


def test_a_block_takes_no_vehicles_place(
    otto_at_hub: Client, northern_site: Site, confirmed: Appointment, dock: Dock
) -> None:
    typed = {"place": place(dock), "day": f"{DAY}", "begins": "07:00", "ends": "08:00", "note": "Cleaning"}

    answer = otto_at_hub.post(f"/sites/{northern_site.pk}/blocks/", typed)

    assert answer.status_code == 422
    assert f"Dock 1 is taken then by {confirmed.confirmation_number}." in answer.content.decode()


# Walk-ins and no-shows --------------------------------------------------------------------------


@pytest.fixture
def unbooked(acme: Shipper, alice: Actor) -> Delivery:
    """Acme's delivery to Northern for which nobody asked a slot."""
    head = "consignment,order,site,date,line,article,quantity,unit,batch,weight_kg,pallets"
    content = f"{head}\nC-1,PO-1,NH1,{DAY},1,Zidovudine 300 mg,40,pack,B-7,300,3".encode()
    with doorway.enter_shipper(acme):
        services.import_orders(actor=alice, file_name="orders.csv", content=content, now=NOW)
        return services.group_consignments(actor=alice, now=NOW)[0]


def test_a_walk_in_waits_on_the_board_until_it_gets_a_dock(
    otto_at_hub: Client, unbooked: Delivery, acme: Shipper, northern_site: Site, dock: Dock
) -> None:
    typed = {"shipper": f"{acme.pk}", "number": unbooked.number, "vehicle": "GP 7"}
    otto_at_hub.post(f"/sites/{northern_site.pk}/walk-in/", typed)
    board = otto_at_hub.get(f"/sites/{northern_site.pk}/")
    appointment = Appointment.objects.get()

    (card,) = board.context["board"]["unassigned"]
    assert (card["reference"], card["state_label"]) == (appointment.confirmation_number, "Walk-in")
    assert board.context["needs"] == "1 vehicle, 1 of them waits for a dock."
    (line,) = board.context["gate_list"]
    assert (line["dock"], line["waits"]) == ("", True)

    moved = otto_at_hub.post(card["move_url"], {"place": place(dock), "part": "board"}, headers=HTMX)
    assert (moved.status_code, dock_of(appointment)) == (200, "Dock 1")
    assert moved.context["board"]["unassigned"] == []
    undone = otto_at_hub.post(moved.context["undo_url"], headers=HTMX)
    assert len(undone.context["board"]["unassigned"]) == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [("D000009", "is known there"), ("D000001", "is known as"), ("", "This field is required")],
)
def test_what_is_unknown_or_expected_is_no_walk_in(
    otto_at_hub: Client,
    confirmed: Appointment,
    acme: Shipper,
    northern_site: Site,
    number: str,
    words: str,
) -> None:
    typed = {"shipper": f"{acme.pk}", "number": number}

    answer = otto_at_hub.post(f"/sites/{northern_site.pk}/walk-in/", typed)

    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert Appointment.objects.count() == 1


def test_a_no_show_is_offered_once_the_window_has_closed_and_recorded(
    otto_at_hub: Client, confirmed: Appointment, clock: Callable[..., None]
) -> None:
    address = f"/appointments/{confirmed.pk}/"
    early = otto_at_hub.post(f"{address}no-show/")
    assert early.status_code == 409
    clock(confirmed.during.lower + timedelta(minutes=31))
    assert f"{address}no-show/" in otto_at_hub.get(address).content.decode()
    assert otto_at_hub.get(f"{address}no-show/").status_code == 200

    otto_at_hub.post(f"{address}no-show/")

    assert Appointment.objects.get().state == State.NO_SHOW
    page = otto_at_hub.get(address)
    assert (page.context["step"]["kind"], page.context["step"]["may"]) == ("arrive", True)


def test_the_gate_list_is_a_page_of_its_own(
    otto_at_hub: Client, confirmed: Appointment, northern_site: Site
) -> None:
    page = otto_at_hub.get(f"/sites/{northern_site.pk}/gate/?day={DAY}")

    (line,) = page.context["gate_list"]
    assert line["number"] == confirmed.confirmation_number
    assert confirmed.confirmation_number in page.content.decode()


# Speed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("docks", [1, 20])
def test_a_board_takes_at_most_eight_queries(
    otto_at_hub: Client, confirmed: Appointment, northern_site: Site, otto: Actor, docks: int
) -> None:
    for number in range(3, docks + 1):
        dock = Dock.objects.create(site=northern_site, name=f"Dock {number}", rank=number)
        for hour in range(16):
            start = confirmed.during.lower - timedelta(hours=2) + timedelta(hours=hour)
            during = DateTimeTZRange(start, start + timedelta(minutes=45))
            block_dock(actor=otto, dock=dock, lane=1, during=during, note="Busy", now=NOW)
    if docks == 1:
        Dock.objects.filter(name="Dock 2").update(active=False)
    address = f"/sites/{northern_site.pk}/?day={DAY}"
    otto_at_hub.get(address)

    with CaptureQueriesContext(connection) as of_page:
        page = otto_at_hub.get(address)
    with CaptureQueriesContext(connection) as of_refresh:
        otto_at_hub.get(f"{address}&part=board")

    rows = [row for group in page.context["board"]["groups"] for row in group["rows"]]
    assert len(rows) == docks
    assert len(of_refresh) <= 8
    assert len(beside_sign_in(of_page)) <= 8


def beside_sign_in(queries: CaptureQueriesContext) -> list[str]:
    """What a page asks the database beside who is signed in: session, person, memberships."""
    asked = [query["sql"] for query in queries]
    tables = ('FROM "django_session"', 'FROM "accounts_person"', 'FROM "accounts_membership"')
    return [sql for sql in asked if not any(table in sql for table in tables)]
