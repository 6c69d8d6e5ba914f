"""The stay of a vehicle, cut into its stages, and what of it is beyond free time."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.appointments.dwell import Stage, dwell

EIGHT = datetime(2026, 3, 3, 8, tzinfo=UTC)
FREE = timedelta(hours=1)


def at(minutes: int) -> datetime:
    return EIGHT + timedelta(minutes=minutes)


WHOLE = [
    ("confirmed", at(-900)),
    ("at_gate", at(-20)),
    ("checking_in", at(-10)),
    ("arrived", at(-7)),
    ("called", at(0)),
    ("in_progress", at(5)),
    ("unloaded", at(50)),
    ("completed", at(65)),
    ("checked_out", at(75)),
]


def test_a_stay_is_cut_into_its_five_stages() -> None:
    stay = dwell(WHOLE, slot_start=EIGHT, free=FREE, now=at(500))

    assert stay is not None
    assert [(stage, span.total_seconds() / 60) for stage, span in stay.spans] == [
        (Stage.QUEUE, 10),
        (Stage.CHECK_IN, 3),
        (Stage.WAIT, 12),
        (Stage.HANDLING, 45),
        (Stage.PAPERWORK, 25),
    ]
    assert sum((span for _, span in stay.spans), timedelta(0)) == stay.total == timedelta(minutes=95)


@pytest.mark.parametrize(
    ("slot", "detention"),
    [
        (at(0), 15),  # came early: the clock starts with the slot
        (at(-60), 35),  # came late: it starts when the vehicle comes
        (None, 35),  # a walk-in
        (at(200), 0),  # handled and gone before its slot
    ],
)
def test_free_time_starts_when_vehicle_and_slot_are_both_there(slot: datetime | None, detention: int) -> None:
    stay = dwell(WHOLE, slot_start=slot, free=FREE, now=at(500))

    assert stay is not None
    assert stay.detention == timedelta(minutes=detention)


def test_detention_grows_while_the_vehicle_is_there() -> None:
    grown = []
    for minutes in (50, 60, 61, 90):
        stay = dwell(WHOLE[:6], slot_start=EIGHT, free=FREE, now=at(minutes))
        assert stay is not None
        grown.append(stay.detention.total_seconds() / 60)

    assert grown == [0, 0, 1, 30]


def test_without_a_word_of_its_end_handling_ends_with_the_handover() -> None:
    steps = [step for step in WHOLE if step[0] not in {"unloaded", "at_gate", "checking_in"}]

    stay = dwell(steps, slot_start=EIGHT, free=FREE, now=at(500))

    assert stay is not None
    assert [stage for stage, _ in stay.spans] == [Stage.WAIT, Stage.HANDLING, Stage.PAPERWORK]
    assert dict(stay.spans)[Stage.HANDLING] == timedelta(minutes=60)


def test_who_never_came_has_no_stay() -> None:
    assert dwell([("confirmed", EIGHT), ("no_show", at(90))], slot_start=EIGHT, free=FREE, now=at(99)) is None
