"""Slots for many deliveries at once: pure Python in, pure Python out, no Django. ``assign`` is the door,
``problem`` says what goes in, ``check`` judges what came out without knowing how."""

from apps.appointments.bulk.assign import Progress, assign
from apps.appointments.bulk.check import check
from apps.appointments.bulk.greedy import first_come
from apps.appointments.bulk.problem import Answer, Ask, Figures, Ground, Need, Place, Problem, Taken, Why

__all__ = [
    "Answer",
    "Ask",
    "Figures",
    "Ground",
    "Need",
    "Place",
    "Problem",
    "Progress",
    "Taken",
    "Why",
    "assign",
    "check",
    "first_come",
]
