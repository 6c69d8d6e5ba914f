"""Each rule refuses in one sentence that names it and what breaks it; durations come from handling times."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from apps.appointments.load import Load
from apps.facilities.models import Dock, DockRule, HandlingTime, Site
from apps.facilities.rules import (
    DockProfile,
    conditions,
    describe,
    describe_handling,
    describe_site,
    duration,
    refusals,
    rules_at,
    spell,
)
from apps.facilities.selectors import receiving_sites_visible_to, site_profile, sites_visible_to

Kind = DockRule.Kind
SITE = Site(id=uuid4(), name="Northern")
DOCK = Dock(id=uuid4(), site=SITE, name="Dock 2")
LOAD = Load(
    pallets=10,
    vehicle_length_m=Decimal(12),
    vehicle_height_m=Decimal("4.25"),
    vehicle_weight_kg=Decimal(26000),
    temperature_class="chilled",
    adr_classes=("3", "8"),
    vehicle_type="articulated",
    equipment=("crane",),
)


def rule(kind: str, limit: str | None = None, *values: str, dock: Dock | None = DOCK) -> DockRule:
    return DockRule(site=SITE, dock=dock, kind=kind, limit=limit and Decimal(limit), values=list(values))


def refused(*rules: DockRule, load: Load = LOAD, dock: Dock = DOCK, site: Site = SITE) -> list[str]:
    return refusals(DockProfile(dock, rules, ()), site, load)


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [
        (rule(Kind.MAX_LENGTH, "9.00"), "Dock 2 takes vehicles up to 9.0 m long; this one is 12.0 m."),
        (rule(Kind.MAX_HEIGHT, "4"), "Dock 2 takes vehicles up to 4.0 m high; this one is 4.25 m."),
        (rule(Kind.MAX_WEIGHT, "18000"), "Dock 2 takes vehicles up to 18,000 kg; this one weighs 26,000 kg."),
        (rule(Kind.MAX_PALLETS, "6"), "Dock 2 takes up to 6 pallets per visit; this load has 10."),
        (rule(Kind.NEEDS_TAIL_LIFT), "Dock 2 needs a tail-lift; this vehicle has none."),
        (
            rule(Kind.TEMPERATURE, None, "ambient", "frozen"),
            "Dock 2 takes only these temperature classes: ambient and frozen; this load is chilled, 2–8 °C.",
        ),
        (rule(Kind.ADR), "Dock 2 takes no dangerous goods; this load has class 3 and 8."),
        (
            rule(Kind.ADR, None, "3", "9"),
            "Dock 2 takes dangerous goods only of ADR class 3 and 9; this load has class 8.",
        ),
        (
            rule(Kind.LOAD_TYPES, None, "parcels"),
            "Dock 2 takes only these load types: parcels; this load is pallets.",
        ),
        (rule(Kind.DROP_ONLY), "Dock 2 takes dropped trailers only; this driver would wait."),
        (
            rule(Kind.VEHICLE_TYPES, None, "van", "rigid"),
            "Dock 2 takes only these vehicles: van and rigid truck; this one is: articulated truck.",
        ),
        (
            rule(Kind.EQUIPMENT, None, "forklift", "leveller"),
            "Dock 2 unloads with forklift and dock leveller; this load needs: crane.",
        ),
        (rule(Kind.EQUIPMENT), "Dock 2 has no equipment for unloading; this load needs: crane."),
        (
            rule(Kind.APART, None, "3", "5.1", "8", dock=None),
            "Northern keeps dangerous goods of ADR class 3, 5.1 and 8 apart, in a vehicle and on site;"
            " this load has class 3 and 8 together.",
        ),
        (
            rule(Kind.MAX_LENGTH, "9", dock=None),
            "Northern takes vehicles up to 9.0 m long; this one is 12.0 m.",
        ),
    ],
)
def test_a_broken_rule_refuses_in_one_sentence(broken, sentence):
    assert refused(broken) == [sentence]


@pytest.mark.parametrize(
    "kept",
    [
        rule(Kind.MAX_LENGTH, "12.00"),
        rule(Kind.MAX_HEIGHT, "4.25"),
        rule(Kind.MAX_WEIGHT, "26000"),
        rule(Kind.MAX_PALLETS, "10"),
        rule(Kind.TEMPERATURE, None, "chilled"),
        rule(Kind.ADR, None, "3", "8"),
        rule(Kind.LOAD_TYPES, None, "pallets"),
        rule(Kind.LIVE_ONLY),
        rule(Kind.VEHICLE_TYPES, None, "articulated"),
        rule(Kind.EQUIPMENT, None, "crane", "forklift"),
        rule(Kind.APART, None, "3", "5.1"),
    ],
)
def test_a_rule_that_is_just_kept_refuses_nothing(kept):
    assert refused(kept) == []


def test_a_dropped_trailer_is_refused_where_only_live_unloading_is_taken():
    assert refused(rule(Kind.LIVE_ONLY), load=replace(LOAD, live=False)) == [
        "Dock 2 takes live unloading only; this trailer would be dropped."
    ]


def test_every_broken_rule_is_said():
    assert len(refused(rule(Kind.MAX_LENGTH, "9"), rule(Kind.MAX_PALLETS, "6"))) == 2


def test_a_dock_for_outgoing_vehicles_takes_none_in():
    outbound = Dock(id=uuid4(), site=SITE, name="Ramp", direction=Dock.Direction.OUTBOUND)

    assert refused(dock=outbound) == ["Ramp is for outgoing vehicles only."]


def test_more_pallets_than_a_site_takes_in_a_day_are_refused():
    small = Site(id=uuid4(), name="Northern", pallets_per_day=8)

    assert refused(site=small) == ["Northern takes up to 8 pallets a day; this load has 10."]


def test_an_unknown_vehicle_is_not_refused_but_told_what_it_has_to_meet():
    unknown = replace(LOAD, vehicle_length_m=None)
    profile = DockProfile(DOCK, (rule(Kind.MAX_LENGTH, "9"),), ())

    assert refusals(profile, SITE, unknown) == []
    assert conditions(profile, SITE, unknown) == ["Dock 2 takes vehicles up to 9.0 m long."]
    assert conditions(profile, SITE, LOAD) == []


def test_an_unknown_vehicle_type_is_told_which_are_taken():
    unknown = replace(LOAD, vehicle_type="")
    profile = DockProfile(DOCK, (rule(Kind.VEHICLE_TYPES, None, "van"),), ())

    assert refusals(profile, SITE, unknown) == []
    assert conditions(profile, SITE, unknown) == ["Dock 2 takes only these vehicles: van."]


def test_a_seasons_rule_stands_in_place_of_the_usual_one_on_its_days_only():
    winter = uuid4()
    usual, site_wide = rule(Kind.MAX_LENGTH, "9"), rule(Kind.MAX_PALLETS, "30", dock=None)
    seasonal = DockRule(site=SITE, kind=Kind.MAX_LENGTH, limit=Decimal(7), season_id=winter)

    assert rules_at(DOCK.pk, [usual, site_wide, seasonal]) == (usual, site_wide)
    assert rules_at(DOCK.pk, [seasonal, usual, site_wide], winter) == (seasonal, site_wide)
    assert rules_at(DOCK.pk, [seasonal, usual], uuid4()) == (usual,)


def test_a_docks_own_rule_stands_in_place_of_the_sites():
    everywhere, here = rule(Kind.MAX_LENGTH, "9", dock=None), rule(Kind.MAX_LENGTH, "16")
    pallets = rule(Kind.MAX_PALLETS, "30", dock=None)

    assert rules_at(DOCK.pk, [everywhere, here, pallets]) == (here, pallets)
    assert rules_at(uuid4(), [here, everywhere, pallets]) == (everywhere, pallets)


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_of_rule_describes_itself(kind):
    accepted = {Kind.TEMPERATURE: "ambient", Kind.VEHICLE_TYPES: "van", Kind.EQUIPMENT: "forklift"}

    sentence = describe(rule(kind, "9", accepted.get(kind, "pallets")), "Dock 2")

    assert sentence.startswith("Dock 2 ")
    assert sentence.endswith(".")


def time(
    fixed: int, per_pallet: str = "0", per_line: str = "0", load_type: str = "", dock: Dock | None = None
) -> HandlingTime:
    return HandlingTime(
        site=SITE,
        dock=dock,
        load_type=load_type,
        fixed_minutes=fixed,
        minutes_per_pallet=Decimal(per_pallet),
        minutes_per_line=Decimal(per_line),
    )


@pytest.mark.parametrize(
    ("times", "minutes"),
    [
        ([time(20, "2")], 40),
        ([time(20, "2.1")], 45),
        ([time(7, "0.5", "0.25")], 15),
        ([time(0)], 5),
        ([], 35),
        ([time(20), time(60, load_type="pallets")], 60),
        ([time(20), time(60, load_type="parcels")], 20),
        ([time(60, load_type="pallets"), time(30, dock=DOCK)], 30),
        ([time(30, dock=DOCK), time(90, load_type="pallets", dock=DOCK), time(60, load_type="pallets")], 90),
    ],
)
def test_duration_is_fixed_plus_per_pallet_plus_per_line_rounded_up_to_five(times, minutes):
    assert duration(times, replace(LOAD, lines=8)) == minutes


def test_handling_times_say_themselves():
    assert [
        describe_handling(each) for each in (time(20, "2"), time(15, "0", "0.5", "parcels"), time(30))
    ] == [
        "A load: 20 min + 2 min per pallet at the dock.",
        "Parcels: 15 min + 0.5 min per order line at the dock.",
        "A load: 30 min at the dock.",
    ]


def test_counted_limits_say_themselves():
    limits = dict.fromkeys(Site.COUNTED, 4)

    assert describe_site(Site(name="Northern", **limits))[4:] == [
        "At most 4 vehicles at once.",
        "At most 4 appointments start in one hour.",
        "At most 4 pallets an hour.",
        "At most 4 appointments a day.",
        "At most 4 pallets a day.",
        "At most 4 appointments a day for each shipper.",
    ]


def test_policies_are_spelled_in_words():
    assert [spell(timedelta(minutes=m)) for m in (0, 1, 90, 24 * 60, 26 * 60 + 5)] == [
        "no time",
        "1 minute",
        "1 hour 30 minutes",
        "1 day",
        "1 day 2 hours 5 minutes",
    ]


def test_a_sites_profile_says_its_policies_and_every_rule(northern_site, django_assert_num_queries):
    with django_assert_num_queries(6):
        profile = site_profile(northern_site)

    assert profile.sentences() == [
        "Book at least 4 hours and at most 30 days ahead.",
        "An agreed slot may be changed without consent until 12 hours before it.",
        "Arrive from 30 minutes before the slot to 30 minutes after its start.",
        "The first 2 hours on site are free of waiting charges.",
        "Dock 2 takes vehicles up to 9.0 m long.",
    ]


def test_everybody_sees_their_own_and_their_partners_sites(alice, bob, rita, olga):
    seen = [sorted(site.code for site in sites_visible_to(actor)) for actor in (alice, bob, rita, olga, None)]

    assert seen == [
        ["ACME-DC", "NH1", "SC1"],
        ["GLX-DC", "NH1"],
        ["NH1"],
        ["ACME-DC", "GLX-DC", "NH1", "SC1"],
        [],
    ]
    assert [site.code for site in receiving_sites_visible_to(bob)] == ["NH1"]
