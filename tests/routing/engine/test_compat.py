"""Each rule of a dock refuses the vehicle that breaks it, in one sentence, and nobody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from apps.routing.engine import Load
from apps.routing.engine.compat import Refusal, refusals
from apps.routing.engine.rules import Rule
from tests.routing.engine.days import vehicles, visit

LORRY = vehicles(
    "lorry",
    length_m=12.0,
    height_m=3.9,
    weight_kg=18_000,
    temperatures=frozenset({"ambient"}),
    adr=frozenset({"8"}),
)


@pytest.mark.parametrize(
    ("demand", "rule", "sentence"),
    [
        ({"max_length_m": 9.0}, Rule.LENGTH, "vehicle is 12.0 m long, the dock takes at most 9.0 m"),
        ({"max_height_m": 3.5}, Rule.HEIGHT, "vehicle is 3.9 m high, the dock takes at most 3.5 m"),
        (
            {"max_weight_kg": 7_500},
            Rule.WEIGHT,
            "vehicle weighs up to 18000 kg, the dock takes at most 7500 kg",
        ),
        ({"needs_tail_lift": True}, Rule.TAIL_LIFT, "vehicle has no tail-lift, the dock needs one"),
        ({"temperature": "frozen"}, Rule.TEMPERATURE, "goods are frozen, vehicle carries ambient"),
        ({"adr": frozenset({"3"})}, Rule.ADR, "goods are of ADR class 3, vehicle is approved for 8"),
        ({"equipment": frozenset({"crane"})}, Rule.EQUIPMENT, "the dock needs crane, vehicle has none"),
        ({"origins": frozenset({"north"})}, Rule.ORIGIN, "vehicle starts at depot, the goods are at north"),
        ({"load": Load(11)}, Rule.CAPACITY, "the load alone is too much for the vehicle: 11 pallets on 10"),
    ],
)
def test_a_rule_refuses_in_a_sentence(demand, rule, sentence):
    assert refusals(replace(visit("a"), **demand), LORRY) == (Refusal(rule, sentence),)


def test_limits_that_are_just_met_refuse_nobody():
    demand = {"max_length_m": 12.0, "max_height_m": 3.9, "max_weight_kg": 18_000, "load": Load(10)}

    assert refusals(replace(visit("a"), **demand, temperature="ambient", adr=frozenset({"8"})), LORRY) == ()
