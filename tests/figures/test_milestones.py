"""A project’s dates: the float that its deliveries leave, what harm costs, and who may say so."""

from datetime import timedelta

import pytest

from apps.core.errors import PermissionRefused
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.figures import services
from apps.figures.errors import MilestoneInvalid, NoSuchMilestone, NotOfThisSite
from apps.figures.floats import Basis, floats
from apps.figures.models import Milestone
from apps.figures.services import Dates
from apps.tenancy import doorway

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def promise(alice, northern_site, confirmed):
    """``promise(after, opens=…)``: a milestone so long after the slot's end, tied to the agreed delivery."""

    def make(after, opens=None, name="Crew", **costs):
        starts = confirmed.during.upper + after
        dates = Dates(
            project="New ward",
            name=name,
            kind=Milestone.Kind.CREW,
            site=northern_site,
            starts_at=starts,
            not_before=confirmed.during.lower + opens if opens else None,
            late_day=costs.get("late"),
            early_day=costs.get("early"),
            currency="ZAR",
        )
        one = services.set_milestone(actor=alice, dates=dates)
        number = Delivery.objects.get(pk=confirmed.delivery_id).number
        assert services.tie(actor=alice, milestone_id=one.pk, numbers=[number]) == 1
        return one

    return make


def test_float_is_what_is_left_from_the_slots_end_until_it_begins(promise):
    one = promise(5 * HOUR, late=100_000)

    (row,) = floats([one])

    assert (row.basis, row.left, row.early, row.costs) == (Basis.SLOT, 5 * HOUR, 0 * HOUR, 0)
    assert not row.is_late


def test_late_and_early_do_harm_by_begun_days_and_without_a_rate_no_money_is_made_up(promise):
    late = promise(-25 * HOUR, late=100_000)
    early = promise(9 * DAY, opens=30 * HOUR, name="Launch", early=7_000)
    unpriced = promise(-HOUR, name="Shift")

    assert [(row.late_days, row.costs) for row in floats([late])] == [(2, 200_000)]
    assert [(row.early, row.early_days, row.costs) for row in floats([early])] == [(30 * HOUR, 2, 14_000)]
    assert [(row.is_late, row.costs) for row in floats([unpriced])] == [(True, None)]


def test_without_a_slot_the_day_counts_and_what_failed_is_not_coming(promise, confirmed):
    one = promise(5 * HOUR)
    with doorway.network():
        confirmed.state = "cancelled"
        type(confirmed).objects.filter(pk=confirmed.pk).update(state="cancelled")
    (row,) = floats([one])
    assert row.basis == Basis.DAY

    Delivery.objects.update(state=State.FAILED)
    (row,) = floats(delivery_id=confirmed.delivery_id)
    assert (row.basis, row.left, row.is_late, row.costs) == (Basis.NOT_COMING, None, True, None)


def test_what_cannot_be_is_refused_and_changes_nothing(promise, alice, otto, confirmed, southern_site):
    one = promise(5 * HOUR)
    dates = Dates(
        **{name: getattr(one, name) for name in Dates.__dataclass_fields__}
        | {"not_before": one.starts_at, "kind": Milestone.Kind.CREW}
    )

    with pytest.raises(MilestoneInvalid):
        services.set_milestone(actor=alice, dates=dates)
    with pytest.raises(MilestoneInvalid):
        promise(6 * HOUR)
    with pytest.raises(NotOfThisSite):
        services.tie(actor=alice, milestone_id=one.pk, numbers=["NOT-THERE"])
    with pytest.raises(NotOfThisSite):
        moved = Dates(**vars(dates) | {"not_before": None, "site": southern_site})
        services.set_milestone(actor=alice, dates=moved, milestone_id=one.pk)
    with pytest.raises(PermissionRefused):
        services.remove_milestone(actor=otto, milestone_id=one.pk)

    assert Milestone.objects.count() == 1
    assert Milestone.objects.get().site_id == one.site_id


def test_anothers_milestone_is_none(promise, globex, bob):
    one = promise(HOUR)

    with doorway.enter_shipper(globex):
        assert floats([one]) == []
        with pytest.raises(NoSuchMilestone):
            services.remove_milestone(actor=bob, milestone_id=one.pk)
