"""What would admit a left-out delivery is named on the plan and proposed to its recipient."""

import pytest

from apps.appointments.models import Offer
from apps.carriers.models import Vehicle
from apps.routing.models import RoutePlan, Unassigned
from apps.routing.services import request_plan
from apps.tenancy import doorway
from tests.factories.cast import NOW
from tests.portal.desk.conftest import DAY
from tests.portal.desk.test_plan import truck, warehouse  # noqa: F401 what a day is planned with
from tests.routing.conftest import local


@pytest.fixture
def plan(confirmed, truck, warehouse, alice, drain):  # noqa: F811
    """A day on which the only truck starts too late for the slot that was agreed."""
    Vehicle.objects.update(shift_start="07:30")
    request_plan(actor=alice, site=warehouse, day=DAY, now=NOW)
    drain()
    return RoutePlan.objects.get()


def test_other_slots_are_named_and_proposed_while_the_agreed_one_stands(plan, delivery, confirmed, desk):
    page = desk.get(f"/plan/?day={DAY}").content.decode()
    agreed = confirmed.during
    answer = desk.post(f"/plan/{plan.pk}/propose/{delivery.pk}/")
    confirmed.refresh_from_db()
    with doorway.network():
        offer = Offer.objects.get(state="open", appointment=confirmed)
        starts = [slot.during.lower for slot in offer.slots.order_by("index")]

    assert "What would admit it, the cheapest first:" in page
    assert f"/plan/{plan.pk}/propose/{delivery.pk}/" in page
    assert answer.url == f"/deliveries/{delivery.pk}/"
    assert (confirmed.state, confirmed.during) == ("confirmed", agreed)
    assert starts == [local("08:15"), local("08:45")]  # and nothing between that overlaps
    assert "ZAR" not in offer.message


def test_proposing_again_or_after_a_change_is_refused_in_words_and_changes_nothing(plan, delivery, desk):
    desk.post(f"/plan/{plan.pk}/propose/{delivery.pk}/")
    again = desk.post(f"/plan/{plan.pk}/propose/{delivery.pk}/", follow=True)
    Unassigned.objects.update(remedies=[])
    nothing = desk.post(f"/plan/{plan.pk}/propose/{delivery.pk}/", follow=True).content.decode()

    assert again.redirect_chain[0][0].startswith("/plan/?site=")
    assert "No other slot was found that would bring" in nothing
    with doorway.network():
        assert Offer.objects.filter(state="open").count() == 1


def test_nobody_else_proposes(plan, delivery, browse):
    path = f"/plan/{plan.pk}/propose/{delivery.pk}/"
    outsiders = [
        browse("bob@globex.example", "globex"),
        browse("arthur@acme.example", "acme"),
        browse("rita@northern.example", "acme"),
    ]

    assert [one.post(path).status_code for one in outsiders] == [404, 403, 302]
    with doorway.network():
        assert not Offer.objects.filter(state="open").exists()
