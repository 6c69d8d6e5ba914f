"""What must hold when goods move: looked up and kept under the lock of their consignments' counters."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from apps.custody.errors import ImpossibleStep
from apps.custody.models import CustodyEvent, UnitHandover
from apps.custody.possession import ACCEPTED, MOVES, Step, conflict, in_force, passed_on
from apps.custody.selectors import events_of_consignments

NO_UNIT = ""


def keep_possible(row: CustodyEvent, consignments: Mapping[str, Sequence[str]], details: Any) -> None:
    """Refuse a step that contradicts the record; note what a handover passes on.

    Call it while the counters of ``consignments`` are locked and before ``row`` is written.

    Raises:
        ImpossibleStep: the goods were handed over already.
    """
    if row.type not in MOVES:
        return
    for number, ssccs in consignments.items():
        new = Step(str(row.pk), row.type, row.event_time, row.ordinal, passed_on(row.type, ssccs, details))
        if reason := conflict(steps_of([number]), new):
            raise ImpossibleStep(f"{number}: {reason}")


def note_handover(row: CustodyEvent, consignments: Mapping[str, Sequence[str]], details: Any) -> None:
    """Write down, once ``row`` is written, which units an accepted handover passed on."""
    if row.type not in ACCEPTED:
        return
    UnitHandover.objects.bulk_create(
        UnitHandover(event=row, consignment=number, unit=unit, round=_rounds(number, unit))
        for number, ssccs in consignments.items()
        for unit in _units(ssccs, passed_on(row.type, ssccs, details))
    )


def steps_of(numbers: Sequence[str]) -> list[Step]:
    """What moved these consignments' goods so far, and what corrected it."""
    events = events_of_consignments(numbers).filter(type__in=[*MOVES, "correction"])
    passed: dict[Any, set[str]] = {}
    for event_id, unit in UnitHandover.objects.filter(consignment__in=numbers).values_list(
        "event_id", "unit"
    ):
        passed.setdefault(event_id, set()).update({unit} - {NO_UNIT})
    return [
        Step(
            str(event.pk),
            event.type,
            event.event_time,
            event.ordinal,
            frozenset(passed.get(event.pk, ())),
            json.loads(bytes(event.canonical))["details"]["corrects"] if event.type == "correction" else "",
        )
        for event in events
    ]


def _units(ssccs: Sequence[str], passed: frozenset[str]) -> list[str]:
    """What to write down: the units, or the whole consignment where it has none."""
    return sorted(passed) if ssccs else [NO_UNIT]


def _rounds(number: str, unit: str) -> int:
    """How many handovers of this unit were taken back by corrections."""
    earlier = UnitHandover.objects.filter(consignment=number, unit=unit).values_list("event_id", flat=True)
    if not earlier:
        return 0
    kept = {step.event_id for step in in_force(steps_of([number]))}
    return sum(str(each) not in kept for each in earlier)
