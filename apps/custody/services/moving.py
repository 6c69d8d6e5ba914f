"""What must hold when goods move: looked up and kept under the lock of their consignments' counters."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.custody.errors import ImpossibleStep
from apps.custody.models import CustodyEvent
from apps.custody.possession import ACCEPTED, Step, conflict, in_force, passed_on
from apps.custody.services.writing import Passed

NO_UNIT = ""


def keep_possible(
    row: CustodyEvent,
    consignments: Mapping[str, Sequence[str]],
    details: Any,
    before: Mapping[str, Sequence[Step]],
) -> list[Passed]:
    """Refuse a step that contradicts the record; answers which units a handover passes on.

    ``row`` is of a type that moves goods. Call it while the counters of ``consignments`` are locked and
    before it is written.

    Raises:
        ImpossibleStep: the goods were handed over already.
    """
    passed: list[Passed] = []
    for number, ssccs in consignments.items():
        steps, units = before.get(number, ()), passed_on(row.type, ssccs, details)
        if row.type in ACCEPTED and ssccs and not units:
            continue  # all of it stayed behind
        new = Step(str(row.pk), row.type, row.event_time, row.ordinal, units)
        if reason := conflict(steps, new):
            raise ImpossibleStep(f"{number}: {reason}")
        if row.type in ACCEPTED:
            passed += [(number, unit, _rounds(steps, unit)) for unit in _units(ssccs, units)]
    return passed


def _units(ssccs: Sequence[str], passed: frozenset[str]) -> list[str]:
    """What to write down: the units, or the whole consignment where it has none."""
    return sorted(passed) if ssccs else [NO_UNIT]


def _rounds(steps: Sequence[Step], unit: str) -> int:
    """How many handovers of this unit were taken back by corrections."""
    handovers = [step for step in steps if step.type in ACCEPTED and _concerns(step, unit)]
    kept = {step.event_id for step in in_force(steps)}
    return sum(step.event_id not in kept for step in handovers)


def _concerns(step: Step, unit: str) -> bool:
    return unit in step.units if unit else not step.units
