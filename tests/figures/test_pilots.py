"""Pilots: what changed by more than everywhere else, counted from sums or facts, and told from chance."""

from datetime import date, timedelta

import pytest

from apps.deliveries.models import Delivery
from apps.figures.models import VisitFacts
from apps.figures.pilots import Pilot, compare
from apps.figures.summing import sum_days
from apps.tenancy import doorway
from tests.factories.cast import NOW

SINCE = date(2026, 2, 2)
BEFORE, AFTER = SINCE - timedelta(days=3), SINCE + timedelta(days=3)


@pytest.fixture
def visits(at_acme, acme, northern_site, southern_site):
    """``visits(site, day, on_time, of)``: so many arrivals, the first so many inside their window."""
    from apps.facilities.models import Site

    origin = Site.objects.filter(shipper=acme).first() or northern_site
    made = []

    def make(site, day, on_time, of, **facts):
        for number in range(of):
            one = Delivery.objects.create(
                number=f"V{len(made)}", origin=origin, site=site, day=day, pallets=1, state="delivered"
            )
            made.append(one)
            VisitFacts.objects.create(
                delivery=one,
                day=day,
                site=site,
                origin=origin,
                state="delivered",
                pallets=1,
                free_minutes=60,
                window_from=NOW,
                window_to=NOW + timedelta(hours=1),
                came_at=NOW + timedelta(minutes=30 if number < on_time else 90),
                counted_at=NOW,
                **{"load_type": "pallets", "temperature_class": "ambient"} | facts,
            )
        sum_days([day])

    return make


def test_what_changed_everywhere_is_not_the_changes_doing(visits, northern_site, southern_site):
    visits(northern_site, BEFORE, 15, 30)
    visits(northern_site, AFTER, 29, 30)
    visits(southern_site, BEFORE, 15, 30)
    visits(southern_site, AFTER, 18, 30)

    found = compare("on_time", Pilot(SINCE, 4, site_ids=[northern_site.pk]))

    assert (found.pilot_before.of, found.rest_after.of) == (30, 30)
    assert found.change_of_pilot == pytest.approx(14 / 30)
    assert found.change_of_rest == pytest.approx(3 / 30)
    assert found.effect == pytest.approx(11 / 30)
    assert found.by_chance is not None
    assert 0.28 < found.by_chance < found.effect


def test_kinds_of_goods_are_counted_from_facts_and_too_few_say_nothing(visits, northern_site):
    visits(northern_site, BEFORE, 1, 2, temperature_class="chilled")
    visits(northern_site, AFTER, 2, 2, temperature_class="chilled")
    visits(northern_site, BEFORE, 2, 4)
    visits(northern_site, AFTER, 2, 4)
    visits(northern_site, SINCE + timedelta(weeks=3), 0, 4)

    found = compare("on_time", Pilot(SINCE, 2, temperature_class="chilled"))

    assert (found.change_of_pilot, found.change_of_rest, found.effect) == (0.5, 0.0, 0.5)
    assert (found.says_something, found.by_chance) == (False, None)


def test_a_pilot_of_which_there_is_nothing_has_no_effect(visits, northern_site, globex):
    visits(northern_site, BEFORE, 1, 1)

    found = compare("on_time", Pilot(SINCE, 2, site_ids=[]))

    assert (found.pilot_before.value, found.effect) == (None, None)
    with doorway.enter_shipper(globex):
        assert compare("on_time", Pilot(SINCE, 2, load_type="pallets")).pilot_before.of == 0
