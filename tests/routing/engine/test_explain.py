"""A visit that is left out says why in whole sentences."""

from __future__ import annotations

from dataclasses import replace

from apps.routing.engine import Reason, RemedyKind, Tariff, Window, plan
from tests.routing.engine.days import HOUR, at, day, left_out, vehicles, visit


def reasons(problem, visit_id):
    return next(one.reasons for one in plan(problem).unassigned if one.visit_id == visit_id)


def test_a_visit_no_vehicle_may_serve_names_the_rule_for_each_vehicle():
    fleet = [
        vehicles("van", length_m=6.0),
        vehicles("lorry", length_m=12.0, tail_lift=True, name="Rigid 12 m"),
    ]
    problem = day([10], [visit("a", max_length_m=9.0, needs_tail_lift=True, adr=frozenset({"3"}))], fleet)

    assert reasons(problem, "a") == (
        Reason(
            "no-compatible-vehicle",
            "No vehicle may serve it. Nearest is van: vehicle has no tail-lift, the dock needs one "
            "and goods are of ADR class 3, vehicle is approved for none.",
            (
                "van: vehicle has no tail-lift, the dock needs one and goods are of ADR class 3, "
                "vehicle is approved for none.",
                "Rigid 12 m: vehicle is 12.0 m long, the dock takes at most 9.0 m and goods are of "
                "ADR class 3, vehicle is approved for none.",
            ),
        ),
    )


def test_a_slot_before_anybody_can_be_there_says_when_they_could():
    problem = day([90], [visit("a", window=Window(at(7), at(7, 30)))], [vehicles("van")], opens=at(6))

    assert reasons(problem, "a") == (
        Reason(
            "no-time",
            "With van, the slot 07:00–07:30 and the opening of the depot at 06:00 cannot be kept "
            "together: leaving at 06:00 it can start unloading at 07:30 at the earliest, and to start"
            " by 07:20 it has to leave by 05:50.",
            (
                "It would work without the slot 07:00–07:30.",
                "It would work without the opening of the depot at 06:00.",
            ),
        ),
    )


def test_a_way_home_after_the_shift_says_when_the_vehicle_is_back():
    problem = day(
        [60], [visit("a", window=Window(at(16), at(17)))], [vehicles("van", shift=Window(at(6), at(17)))]
    )

    assert [one.sentence for one in reasons(problem, "a")] == [
        "With van, the slot 16:00–17:00 and the end of the shift at 17:00 cannot be kept together: "
        "the route takes 2 h 10 min and is back at 17:10 at the earliest."
    ]


def test_too_far_for_a_day_names_the_driver_limit():
    assert [one.sentence for one in reasons(day([300], [visit("a")], [vehicles("van")]), "a")] == [
        "With van, the limit of 9 h at the wheel cannot be kept: there and back is 10 h at the wheel."
    ]


def test_a_slot_shorter_than_the_unloading_says_so():
    problem = day([10], [visit("a", window=Window(at(9), at(9, 30)), unload=HOUR)], [vehicles("van")])

    assert [one.sentence for one in reasons(problem, "a")] == [
        "Unloading takes 1 h, the slot is 30 min long."
    ]


def test_a_full_vehicle_is_a_matter_of_fleet_and_of_capacity():
    visits = [visit("a", pallets=6, penalty_cents=90_000), visit("b", pallets=6, penalty_cents=50_000)]

    assert left_out(plan(day([10, 10], visits, [vehicles("van")]))) == {"b": ["fleet", "capacity"]}


def test_a_carrier_at_its_cap_is_named():
    visits = [visit("a", pallets=6, penalty_cents=90_000), visit("b", pallets=6, penalty_cents=50_000)]
    problem = day([10, 10], visits, [vehicles("van", count=2)], caps={"swift": 1})

    assert reasons(problem, "b") == (
        Reason(
            "carrier-cap",
            "Another route would be over a carrier's number of routes: swift takes 1 on this day.",
        ),
        Reason("capacity", "No vehicle that passes has room left for its 6 pallets."),
    )


def test_two_appointments_at_once_at_distant_docks_are_a_matter_of_time():
    slot = Window(at(9), at(9, 10))
    visits = [visit("a", window=slot, penalty_cents=90_000), visit("b", window=slot, penalty_cents=50_000)]

    found = reasons(day([30, -30], visits, [vehicles("van")]), "b")

    assert [one.code for one in found] == ["fleet", "window"]
    assert found[1].sentence == "No route can keep the slot 09:00–09:10 without missing another appointment."


def test_without_vehicles_the_reason_is_that_there_is_none():
    assert left_out(plan(day([10], [visit("a")], []))) == {"a": ["no-vehicle"]}


def test_a_visit_worth_less_than_its_way_is_priced():
    problem = day([50], [visit("a", penalty_cents=5_000)], [vehicles("van", tariff=Tariff(per_km_cents=100))])

    assert left_out(plan(problem)) == {"a": ["dearer-than-penalty"]}


def remedies_of(answer, name):
    return {
        remedy.kind: remedy
        for one in answer.unassigned
        if one.visit_id == name
        for remedy in reversed(one.remedies)
    }


def test_each_way_to_admit_it_is_tried_and_priced():
    problem = day(
        [60, -60],
        [visit("a", window=Window(at(8), at(8, 30))), visit("b", window=Window(at(9), at(9, 30)))],
        [vehicles("van", shift=Window(at(6), at(12)))],
    )

    answer = plan(problem)

    (missing,) = answer.unassigned
    found = remedies_of(answer, missing.visit_id)
    assert set(found) == {RemedyKind.SLOT, RemedyKind.VEHICLE}
    assert [one.extra_cents for one in missing.remedies] == [12_000, 12_000]
    slot = found[RemedyKind.SLOT].slot
    other = "b" if missing.visit_id == "a" else "a"
    moved = [replace(one, window=slot) if one.id != other else one for one in problem.visits]
    again = plan(replace(problem, visits=tuple(moved)))
    assert (again.unassigned, again.route_cost - answer.route_cost) == ((), 12_000)


def test_only_slots_that_the_dock_can_give_are_named_the_cheapest_first():
    problem = day(
        [60, -60],
        [
            visit("a", window=Window(at(8), at(8, 30))),
            visit("b", window=Window(at(9), at(9, 30)), penalty_cents=100_000),
        ],
        [vehicles("van", shift=Window(at(6), at(18)), tariff=Tariff(per_km_cents=100, per_hour_cents=600))],
    )
    offered = [Window(at(hour), at(hour, 30)) for hour in (14, 5, 11, 9, 16, 10, 12)]

    answer = plan(problem, alternatives=lambda name: offered)

    slots = [one for one in answer.unassigned[0].remedies if one.kind is RemedyKind.SLOT]
    assert [at_clock(one.slot.start) for one in slots] == [10, 11, 12]
    assert [one.extra_cents for one in slots] == sorted(one.extra_cents for one in slots)
    assert plan(problem, alternatives=lambda name: []).unassigned[0].remedies[0].kind is RemedyKind.VEHICLE


def at_clock(seconds):
    return seconds / 3600


def test_overtime_is_said_to_the_minute_and_admits_it():
    problem = day(
        [60], [visit("a", window=Window(at(11), at(12)))], [vehicles("van", shift=Window(at(6), at(12)))]
    )

    answer = plan(problem)

    overtime = remedies_of(answer, "a")[RemedyKind.OVERTIME]
    assert (overtime.seconds, overtime.extra_cents) == (10 * 60, 12_000)
    longer = replace(problem.fleet[0], shift=Window(at(6), at(12) + overtime.seconds))
    assert plan(replace(problem, fleet=(longer,))).unassigned == ()


def test_where_no_vehicle_may_serve_it_one_that_could_is_priced_by_its_tariff():
    problem = day([50], [visit("a", needs_tail_lift=True)], [vehicles("van")])

    (remedy,) = plan(problem).unassigned[0].remedies

    assert (remedy.kind, remedy.extra_cents) == (RemedyKind.VEHICLE, 10_000)
    assert "no tail-lift" in remedy.sentence
