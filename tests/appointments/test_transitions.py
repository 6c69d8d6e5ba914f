"""The table of states is the law: every step in it works, every other is refused and changes nothing."""

from itertools import product
from pathlib import Path
from re import findall

import pytest

from apps.accounts.actors import SYSTEM
from apps.appointments.models import Appointment
from apps.appointments.services.transitions import transition
from apps.appointments.states import TRANSITIONS, State
from apps.core.errors import IllegalTransition
from tests.appointments.conftest import slot_at


def appointment_in(state: State, made: Appointment) -> Appointment:
    """The appointment as if it had come to ``state``; in memory, so that the table alone is asked."""
    made.state = state
    return made


@pytest.mark.parametrize(("before", "after"), list(product(State, State)))
def test_the_table_decides(before, after, alice, dock, offer, now, monkeypatch):
    appointment = appointment_in(before, offer(alice, slot_at(dock, "08:00")))
    monkeypatch.setattr(Appointment, "save", lambda self, **kwargs: None)

    if after in TRANSITIONS[before]:
        transition(appointment, after, step="step", actor=SYSTEM, at=now)
        step = appointment.events.last()
        assert (appointment.state, step.from_state, step.to_state) == (after, before, after)
        assert appointment.version == 2
    else:
        with pytest.raises(IllegalTransition):
            transition(appointment, after, step="step", actor=SYSTEM, at=now)
        assert (appointment.state, appointment.version, appointment.events.count()) == (before, 1, 1)


def test_every_state_is_in_the_table_and_reachable():
    assert set(TRANSITIONS) == set(State)
    assert {State.OFFERED}.union(*TRANSITIONS.values()) == set(State)


def test_only_one_module_writes_an_appointments_state():
    rooms = Path(__file__).parents[2] / "apps" / "appointments"
    writers = [
        file.name
        for file in rooms.rglob("*.py")
        if "migrations" not in file.parts
        and findall(r"appointment\.state = |Appointment.*update\(state=", file.read_text())
    ]

    assert writers == []


def test_the_documented_diagram_is_the_table():
    document = (Path(__file__).parents[2] / "docs" / "appointments.md").read_text()
    steps = [
        f"    {before} --> {after}"
        for before in State
        for after in [
            *(step for step in State if step in TRANSITIONS[before]),
            *(["[*]"] if not TRANSITIONS[before] else []),
        ]
    ]

    diagram = document.split("stateDiagram-v2\n")[1].split("\n```")[0].split("\n")

    assert sorted(diagram) == sorted(["    [*] --> offered", *steps])
