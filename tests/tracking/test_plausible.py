"""What a lorry can't have done is not believed, and a lorry that is somewhere else after all is."""

from datetime import timedelta

import pytest

from apps.tracking.plausible import Doubt, Fix, judged, metres
from apps.tracking.sea import is_open_sea
from tests.factories.cast import NOW

HERE = Fix(NOW, -26.15, 28.12)
MINUTE = timedelta(minutes=1)


def then(minutes, latitude=-26.15, longitude=28.12):
    return Fix(NOW + minutes * MINUTE, latitude, longitude)


@pytest.mark.parametrize(
    ("fix", "doubt"),
    [
        (then(0), ""),
        (then(5), ""),
        (then(6), Doubt.FUTURE),
        (then(-8 * 1440), Doubt.OLD),
        (then(0, 0.0, 0.0), Doubt.NULL_ISLAND),
        (then(0, -34.0, 10.0), Doubt.SEA),
        (then(0, -90.0, 0.0), ""),
        (then(0, 90.0, 180.0), Doubt.SEA),
    ],
)
def test_each_position_is_judged_alone(fix, doubt):
    assert judged([fix], last=None, now=NOW) == [doubt]


def test_ports_and_lakes_are_land():
    durban, lake_victoria, off_durban = (-29.87, 31.03), (-1.0, 33.0), (-30.5, 33.0)

    assert [is_open_sea(*place) for place in (durban, lake_victoria, off_durban)] == [False, False, True]


def test_a_jump_is_not_believed_and_what_follows_from_the_old_place_is():
    fixes = [then(1, -26.16), then(2, -29.0), then(3, -26.17)]

    assert judged(fixes, last=HERE, now=NOW) == ["", Doubt.JUMP, ""]


def test_who_stays_where_it_jumped_to_is_there():
    fixes = [then(n, -29.0 - n / 1000) for n in (1, 2, 3, 4)]

    assert judged(fixes, last=HERE, now=NOW) == [Doubt.JUMP, Doubt.JUMP, "", ""]
    assert judged(fixes[2:], last=HERE, doubted=fixes[:2], now=NOW) == ["", ""]


def test_what_comes_out_of_order_is_held_against_the_same_speed():
    assert judged([then(-30, -26.3), then(-29, -27.9)], last=HERE, now=NOW) == ["", Doubt.JUMP]


def test_a_degree_of_latitude_is_111_kilometres():
    assert round(metres(Fix(NOW, 0, 0), Fix(NOW, 1, 0)) / 1000) == 111
