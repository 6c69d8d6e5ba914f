"""Positions are taken row by row: nothing is lost for another's fault, nothing is stored twice."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from apps.tenancy import doorway
from apps.tracking.models import Position, RefusedPosition, Source
from apps.tracking.services import Answer, Said, forget_positions, take_positions
from tests.factories.cast import NOW
from tests.routing.conftest import RIGID, make_carrier
from tests.tracking.conftest import ON_THE_WAY, SENDER

MINUTE = timedelta(minutes=1)


def said(id, plate="SWI1", minutes=0, place=ON_THE_WAY):
    return Said(id, plate, NOW + minutes * MINUTE, *place)


def take(*rows, now=NOW):
    return take_positions(said=rows, source=Source.TELEMATICS, sender=SENDER, now=now)


def test_every_row_of_a_batch_is_answered_and_a_bad_one_holds_up_none(vehicle):
    rows = [
        said("1", minutes=-3),
        said("2", minutes=10),
        said("3", "GLO1"),
        said("4", "swi 1", minutes=-1),
        said("5", place=(0.0, 0.0)),
        said("6", place=(-29.0, 31.0)),
        said("1", minutes=-3),
        Said("8", "SWI1", None, None, None, doubt="unreadable"),
    ]

    answers = take(*rows)

    assert [tuple(answer) for answer in answers] == [
        ("accepted", ""),
        ("refused", "future"),
        ("refused", "unknown_vehicle"),
        ("accepted", ""),
        ("refused", "null_island"),
        ("refused", "jump"),
        ("known", ""),
        ("refused", "unreadable"),
    ]
    assert set(Position.objects.values_list("vehicle_id", flat=True)) == {vehicle.pk}
    assert Position.objects.count() == 2
    assert sorted(RefusedPosition.objects.values_list("reason", flat=True)) == [
        "future",
        "jump",
        "null_island",
        "unknown_vehicle",
        "unreadable",
    ]


def test_a_batch_that_is_sent_again_changes_nothing(vehicle):
    rows = [said("1", minutes=-3), said("2", minutes=10), said("3", minutes=-1, place=(-26.16, 28.1))]
    take(*rows)

    again = take(*rows)
    other_id = take(said("4", minutes=-1, place=(-26.16, 28.1)))

    assert [answer.outcome for answer in again] == ["known", "refused", "known"]
    assert other_id == [Answer("known")]
    assert (Position.objects.count(), RefusedPosition.objects.count()) == (2, 1)


def test_what_comes_late_is_kept_and_said_to_be_late(vehicle):
    take(said("1", minutes=-1))

    assert take(said("2", minutes=-9, place=(-26.14, 28.15))) == [Answer("late")]
    assert Position.objects.order_by("-at").first().latitude == ON_THE_WAY[0]


def test_a_jump_is_believed_when_the_vehicle_stays_there_over_several_batches(vehicle):
    take(said("0", minutes=-9))

    answers = [take(said(f"{n}", minutes=n - 9, place=(-29.0, 29.0)))[0] for n in (1, 2, 3, 4)]

    assert [answer.outcome for answer in answers] == ["refused", "refused", "accepted", "accepted"]


def test_another_shippers_vehicle_is_as_unknown_as_one_that_does_not_exist(vehicle, globex):
    with doorway.enter_shipper(globex):
        make_carrier("Vulture", RIGID)

    answers = take(said("1", "VUL1"), said("2", "NONE"))

    assert answers == [Answer("refused", "unknown_vehicle")] * 2
    with doorway.enter_shipper(globex):
        assert not Position.objects.exists()
        assert not RefusedPosition.objects.exists()


def test_nobody_changes_a_position(vehicle):
    take(said("1"))

    with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
        Position.objects.update(latitude=1)


def test_positions_are_kept_for_their_time_and_no_longer(vehicle, settings):
    settings.POSITIONS_KEPT_DAYS = 30
    take(said("1"), said("2", "NONE"))

    assert forget_positions(now=NOW + timedelta(days=30)) == 0
    assert forget_positions(now=NOW + timedelta(days=30, minutes=1)) == 2


def test_a_batch_costs_four_statements_however_long_it_is(vehicle, django_assert_num_queries):
    rows = [said(f"{n}", minutes=-n / 10) for n in range(300)] + [said("x", minutes=99)]

    with django_assert_num_queries(6):  # with the savepoint around them
        take(*rows)

    assert connection.schema_name == "t_acme"
