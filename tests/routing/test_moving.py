"""A delivery moved by hand is checked before it is stored; what can't be is refused with what would work."""

import pytest

from apps.carriers.models import Vehicle
from apps.core.errors import IllegalTransition, PermissionRefused
from apps.routing import engine
from apps.routing.errors import MoveRefused, UnknownPlan
from apps.routing.models import RoutePlan
from apps.routing.problems import gather
from apps.routing.selectors import plan_by_id
from apps.routing.services import lock_stop, move_choices, move_delivery, publish_plan, weigh_move
from tests.routing.conftest import DAY, NOW, RIGID, make_carrier


@pytest.fixture
def visits(warehouse, order, agree, northern_site, southern_site):
    """At nine at both sites, so that each needs a truck; at eleven once more."""
    make_carrier("Amber", RIGID, drivers=("Ann",), per_route=100_000)
    make_carrier("Basalt", RIGID, drivers=("Ben",), per_route=101_000)
    return [
        agree(order(northern_site), "Dock 1", "09:00"),
        agree(order(southern_site), "Dock 1", "09:00"),
        agree(order(northern_site), "Dock 2", "12:00"),
    ]


@pytest.fixture
def plan(visits, planned):
    return planned()


def orders(plan):
    """Deliveries by plate, in their order."""
    return {
        route.vehicle.plate: [stop.delivery.number for stop in route.stops.all()]
        for route in plan_by_id(plan.pk).routes.all()
    }


def plate_of(plan, delivery):
    return next(plate for plate, numbers in orders(plan).items() if delivery.number in numbers)


def other_than(plate):
    return {"AMB1": "BAS1", "BAS1": "AMB1"}[plate]


def test_a_move_is_a_new_draft_that_keeps_every_rule_and_says_who_moved_what(plan, visits, alice, warehouse):
    late = visits[2]
    here = plate_of(plan, late)
    there = other_than(here)

    weighed = weigh_move(
        actor=alice, plan_id=plan.pk, delivery_id=late.pk, plate=there, position=None, now=NOW
    )
    moved = move_delivery(
        actor=alice, plan_id=plan.pk, delivery_id=late.pk, plate=there, position=None, now=NOW
    )

    assert (moved.version, moved.state, moved.making, moved.basis) == (
        2,
        RoutePlan.State.DRAFT,
        RoutePlan.Making.MOVED,
        plan,
    )
    assert orders(moved)[there][-1] == late.number
    assert len(orders(moved)[here]) == len(orders(plan)[here]) - 1
    assert moved.cost_cents == plan.cost_cents + weighed.extra_cents
    assert moved.notes[0] == f"Alice Adams moved {late.number} to {there}, stop 2, from {here}."
    assert orders(plan)[here]  # the version before stays as it was


def test_what_would_miss_its_slot_is_refused_with_the_slot_and_what_would_work(plan, visits, alice):
    first, second, _ = visits
    there = plate_of(plan, second)

    with pytest.raises(MoveRefused) as refusal:
        move_delivery(actor=alice, plan_id=plan.pk, delivery_id=first.pk, plate=there, position=None, now=NOW)

    assert "its slot 09:00–09:30 would be missed." in refusal.value.message
    assert RoutePlan.objects.count() == 1


def test_the_wrong_order_is_refused_and_the_right_one_named(plan, visits, alice):
    late = visits[2]
    there = other_than(plate_of(plan, late))

    with pytest.raises(MoveRefused) as refusal:
        move_delivery(actor=alice, plan_id=plan.pk, delivery_id=late.pk, plate=there, position=1, now=NOW)

    assert f"It would fit on {there} as stop 2." in refusal.value.message


def test_a_vehicle_that_may_not_is_refused_by_the_rule_of_the_dock(
    visits, northern_site, planned, alice, order, agree
):
    plan = planned()
    make_carrier("Cobalt", {**RIGID, "temperature_classes": ["frozen"]})

    with pytest.raises(MoveRefused) as refusal:
        move_delivery(
            actor=alice, plan_id=plan.pk, delivery_id=visits[0].pk, plate="COB1", position=1, now=NOW
        )

    assert "goods are ambient, vehicle carries frozen" in refusal.value.message


def test_a_left_out_delivery_is_put_on_a_route_by_hand(visits, planned, alice):
    Vehicle.objects.filter(plate="BAS1").update(active=False)
    plan = planned()
    (left,) = plan.unassigned.all()
    Vehicle.objects.filter(plate="BAS1").update(active=True)

    moved = move_delivery(
        actor=alice, plan_id=plan.pk, delivery_id=left.delivery_id, plate="BAS1", position=1, now=NOW
    )

    assert orders(moved)["BAS1"] == [left.delivery.number]
    assert list(moved.unassigned.all()) == []
    assert (plan.penalty_cents > 0, moved.penalty_cents) == (True, 0)


def test_nothing_left_out_or_agreed_on_since_is_dropped(
    visits, planned, alice, order, agree, northern_site, southern_site
):
    without_slot = order(southern_site)
    plan = planned()
    since = agree(order(northern_site), "Dock 1", "14:00")
    late = visits[2]
    there = other_than(plate_of(plan, late))

    moved = move_delivery(
        actor=alice, plan_id=plan.pk, delivery_id=late.pk, plate=there, position=None, now=NOW
    )

    said = {one.delivery: one.code for one in moved.unassigned.all()}
    assert said == {without_slot: "no-confirmed-slot", since: "agreed-since"}


def test_what_is_locked_replaced_or_not_there_is_not_moved(plan, visits, alice):
    late = visits[2]
    there = other_than(plate_of(plan, late))
    stop = plan.routes.get(stops__delivery=late).stops.get(delivery=late)
    asked = {"actor": alice, "plan_id": plan.pk, "plate": there, "position": None, "now": NOW}
    lock_stop(actor=alice, stop_id=stop.pk, locked=True)

    with pytest.raises(MoveRefused, match="is locked on"):
        move_delivery(delivery_id=late.pk, **asked)
    with pytest.raises(UnknownPlan):
        move_delivery(delivery_id=plan.pk, **asked)
    RoutePlan.objects.filter(pk=plan.pk).update(state=RoutePlan.State.REPLACED)
    with pytest.raises(IllegalTransition):
        move_delivery(delivery_id=late.pk, **asked)
    assert RoutePlan.objects.count() == 1


def test_only_planners_of_this_shipper_move(plan, visits, arthur, bob, rita):
    for outsider in (arthur, bob, rita, None):
        for service in (weigh_move, move_delivery):
            with pytest.raises(PermissionRefused):
                service(
                    actor=outsider,
                    plan_id=plan.pk,
                    delivery_id=visits[2].pk,
                    plate="AMB1",
                    position=None,
                    now=NOW,
                )
        with pytest.raises(PermissionRefused):
            move_choices(actor=outsider, plan_id=plan.pk, delivery_id=visits[2].pk, now=NOW)


def test_a_moved_plan_is_published_like_any_other(plan, visits, alice):
    late = visits[2]
    there = other_than(plate_of(plan, late))
    moved = move_delivery(
        actor=alice, plan_id=plan.pk, delivery_id=late.pk, plate=there, position=None, now=NOW
    )

    publish_plan(actor=alice, plan_id=moved.pk, now=NOW)

    assert RoutePlan.objects.get(state=RoutePlan.State.PUBLISHED) == moved


def test_orders_that_are_given_are_driven_as_given(plan, warehouse):
    problem = gather(site=warehouse, day=DAY).problem
    given = {plate: tuple(numbers) for plate, numbers in orders(plan).items()}

    answer = engine.drive(problem, given)

    assert {route.vehicle_id: tuple(s.visit_id for s in route.stops) for route in answer.routes} == given
    assert engine.check(problem, answer) == ()
