"""The names of everything that can keep a visit off a route, so that each can be waived alone to see whether
it binds."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """One rule that a route has to keep."""

    LENGTH = "length"
    HEIGHT = "height"
    WEIGHT = "weight"
    TAIL_LIFT = "tail-lift"
    TEMPERATURE = "temperature"
    ADR = "adr"
    EQUIPMENT = "equipment"
    ORIGIN = "origin"
    ZONE = "zone"
    LOCKED = "locked"
    CAPACITY = "capacity"
    WINDOW = "window"
    NOW = "now"
    READY = "ready"
    DEPOT_OPENS = "depot-opens"
    DEPOT_CLOSES = "depot-closes"
    SHIFT_START = "shift-start"
    SHIFT_END = "shift-end"
    DUTY = "duty"
    BREAK = "break"
    DAILY_DRIVING = "daily-driving"
    FLEET = "fleet"
    CARRIER_CAP = "carrier-cap"
    TRIPS = "trips"


TIME_RULES = (
    Rule.WINDOW,
    Rule.NOW,
    Rule.READY,
    Rule.SHIFT_START,
    Rule.SHIFT_END,
    Rule.DEPOT_OPENS,
    Rule.DEPOT_CLOSES,
    Rule.DUTY,
    Rule.BREAK,
    Rule.DAILY_DRIVING,
)
"""What the timing of one route depends on."""
