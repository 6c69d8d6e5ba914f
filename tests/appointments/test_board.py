"""The day board: every lane, what is in it, when it takes nothing; in a handful of queries."""

from datetime import date, timedelta

import pytest
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from apps.appointments.board import Shade, Status, day_board
from apps.appointments.models import Offer
from apps.appointments.services import accept_offer, advance, block_dock
from apps.appointments.states import State
from apps.facilities.models import Closure, Dock
from tests.appointments.conftest import TUESDAY, local, slot_at


@pytest.fixture
def agree(offer, rita, now):
    """``agree(alice, slot)``: an offer of that slot, accepted by Rita."""

    def make(actor, slot, **changes):
        appointment = offer(actor, slot, **changes)
        made = Offer.objects.get(appointment=appointment, state="open")
        return accept_offer(actor=rita, offer_id=made.pk, slot_index=0, now=now)

    return make


def board_of(site, now, day=TUESDAY):
    return day_board(site=site, day=day, now=now)


def shown(board):
    return [
        (row.dock.name, row.lane, [(item.status, item.label, item.start, item.end) for item in row.items])
        for row in board.rows
    ]


def test_the_board_shows_every_lane_with_what_is_there(
    northern_site, dock, second_dock, agree, offer, alice, bob, otto, now
):
    Dock.objects.filter(pk=second_dock.pk).update(lanes=2, setup_minutes=5, clear_minutes=5)
    second_dock.refresh_from_db()
    confirmed = agree(alice, slot_at(dock, "08:00"))
    offer(bob, slot_at(second_dock, "09:00"), reference="G-7")
    during = DateTimeTZRange(local("10:00"), local("11:00"))
    block_dock(actor=otto, dock=second_dock, lane=2, during=during, note="Cleaning", now=now)

    board = board_of(northern_site, now)

    assert shown(board) == [
        ("Dock 1", 1, [(Status.CONFIRMED, confirmed.confirmation_number, local("08:00"), local("08:30"))]),
        ("Dock 2", 1, [(Status.HELD, "G-7", local("09:00"), local("09:30"))]),
        ("Dock 2", 2, [(Status.BLOCKED, "Cleaning", local("10:00"), local("11:00"))]),
    ]
    assert [(item.shipper, item.reference) for item in board.items()] == [
        ("Acme Medical", "D-1"),
        ("Globex Pharma", "G-7"),
        ("", ""),
    ]
    assert (board.opens, board.closes) == (local("07:00"), local("15:00"))


def test_an_expired_hold_is_not_on_the_board(northern_site, dock, offer, alice, now):
    offer(alice, slot_at(dock, "14:00"))

    assert board_of(northern_site, now + timedelta(hours=24)).items() == []


@pytest.mark.parametrize(
    ("steps", "at", "status"),
    [
        ([], "08:29", Status.CONFIRMED),
        ([], "08:30", Status.LATE),
        ([State.ARRIVED], "08:40", Status.ARRIVED),
        ([State.ARRIVED, State.IN_PROGRESS], "08:40", Status.IN_PROGRESS),
        ([State.ARRIVED, State.IN_PROGRESS, State.COMPLETED], "08:40", Status.COMPLETED),
        ([State.NO_SHOW], "08:40", Status.NO_SHOW),
    ],
)
def test_the_status_follows_the_visit(northern_site, dock, agree, alice, otto, steps, at, status):
    appointment = agree(alice, slot_at(dock, "08:00"))
    for to in steps:
        advance(actor=otto, appointment_id=appointment.pk, to=to, now=local("08:35"))

    assert [item.status for item in board_of(northern_site, local(at)).items()] == [status]


def test_closed_hours_and_closures_are_shaded_and_closures_say_why(northern_site, dock, now):
    Closure.objects.create(
        site=northern_site,
        dock=dock,
        during=DateTimeTZRange(local("12:00"), local("13:00")),
        reason="Repair",
    )

    board = board_of(northern_site, now)

    midnight, next_midnight = local("00:00"), local("00:00", TUESDAY + timedelta(days=1))
    closed = (Shade(midnight, local("07:00")), Shade(local("15:00"), next_midnight))
    assert board.rows[0].shades == (*closed, Shade(local("12:00"), local("13:00"), "Repair"))
    assert board.rows[1].shades == closed


def test_a_day_without_hours_is_shaded_from_end_to_end(northern_site, now):
    saturday = date(2026, 3, 7)

    board = board_of(northern_site, now, saturday)

    whole = (local("00:00", saturday), local("00:00", saturday + timedelta(days=1)))
    assert board.rows[0].shades == (Shade(*whole),)
    assert (board.opens, board.closes) == whole


@pytest.mark.parametrize("count", [1, 12])
def test_the_board_takes_four_queries_however_full_it_is(
    northern_site, dock, second_dock, agree, offer, alice, bob, now, count, django_assert_num_queries
):
    for quarter in range(count):
        start = local("07:00") + timedelta(minutes=30 * quarter)
        text = (start + timedelta(hours=2)).strftime("%H:%M")
        agree(alice, slot_at(dock, text))
        offer(bob, slot_at(second_dock, text))

    with django_assert_num_queries(4):
        board = board_of(northern_site, now)

    assert len(board.items()) == 2 * count
