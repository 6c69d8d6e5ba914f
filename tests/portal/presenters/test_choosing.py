"""The choice of slots survives the address, and nonsense in the address does no harm."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from django.http import QueryDict

from apps.appointments.load import Slot
from apps.portal.choosing import MOST_SLOTS, Choice, read_choice, read_slot, write_slot

DOCK = UUID("01890000-0000-7000-8000-000000000001")
START = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


def slot(hour: int, minutes: int = 30, dock: UUID = DOCK) -> Slot:
    start = START + timedelta(hours=hour)
    return Slot(dock, start, start + timedelta(minutes=minutes))


def test_a_slot_is_read_as_it_was_written() -> None:
    assert read_slot(write_slot(slot(1, 35))) == slot(1, 35)


@pytest.mark.parametrize("value", ["", "x", "a_b_c", f"{DOCK}_20260304T0500Z_x", f"{DOCK}_99999999T0500Z_30"])
def test_what_is_no_slot_is_none(value: str) -> None:
    assert read_slot(value) is None


def test_a_choice_survives_its_own_query() -> None:
    choice = Choice((slot(0), slot(2)), date(2026, 3, 4), "Ring & wait", "no_staff")

    assert read_choice(QueryDict(choice.query()[1:])) == choice


def test_nothing_chosen_is_no_query() -> None:
    assert Choice().query() == ""


def test_a_dropped_slot_is_left_out() -> None:
    query = QueryDict(mutable=True)
    query.setlist("slot", [write_slot(slot(0)), write_slot(slot(2))])
    query["drop"] = write_slot(slot(0))

    assert read_choice(query).slots == (slot(2),)


def test_a_sixth_slot_and_a_second_same_one_are_not_taken() -> None:
    choice = Choice()
    for hour in [0, 0, *range(1, 9)]:
        choice = choice.with_slot(slot(hour))

    assert choice.slots == tuple(slot(hour) for hour in range(MOST_SLOTS))
    assert choice.is_full


def test_slots_overlap_at_one_dock_only() -> None:
    choice = Choice((slot(0, 60),))
    other_dock = UUID(int=DOCK.int + 1)

    assert choice.overlaps(Slot(DOCK, START + timedelta(minutes=45), START + timedelta(minutes=75)))
    assert not choice.overlaps(slot(1))
    assert not choice.overlaps(slot(0, 60, other_dock))
