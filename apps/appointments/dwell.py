"""How long a vehicle was where on a site, and from when its waiting costs. Pure; no Django.

The clock of free time starts when the vehicle is there and its slot has begun: who comes early waits on its
own time, who comes late starts when it comes. It stops when the vehicle leaves.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Stage(StrEnum):
    """The five pieces of a stay, in their order."""

    QUEUE = "queue"
    CHECK_IN = "check-in"
    WAIT = "wait for door"
    HANDLING = "handling"
    PAPERWORK = "paperwork"


#: With which step of an appointment's history each stage begins, the first of several; a missing step leaves
#: its stage out.
BEGINS = {
    "at_gate": Stage.QUEUE,
    "checking_in": Stage.CHECK_IN,
    "arrived": Stage.WAIT,
    "walked_in": Stage.WAIT,
    "at_door": Stage.HANDLING,
    "in_progress": Stage.HANDLING,
    "unloaded": Stage.PAPERWORK,
}
LEFT = "checked_out"
#: A handover ends the handling where nobody said when unloading ended.
HANDED_OVER = "completed"


@dataclass(frozen=True)
class Dwell:
    """One stay. ``spans`` are the stages that were begun, in order; the last grows until the vehicle leaves.

    ``free_until`` is when free time ends; None while its clock has not started.
    """

    arrived: datetime
    left: datetime | None
    until: datetime
    spans: tuple[tuple[Stage, timedelta], ...]
    free_until: datetime | None

    @property
    def total(self) -> timedelta:
        return self.until - self.arrived

    @property
    def detention(self) -> timedelta:
        """The part beyond free time."""
        if self.free_until is None:
            return timedelta(0)
        return max(timedelta(0), self.until - self.free_until)


def dwell(
    steps: Iterable[tuple[str, datetime]], *, slot_start: datetime | None, free: timedelta, now: datetime
) -> Dwell | None:
    """The stay that the steps of an appointment's history tell; None when no vehicle came.

    Of a step that was taken twice the first counts. ``slot_start`` is the agreed start, None for a walk-in.
    """
    firsts: dict[str, datetime] = {}
    for step, at in steps:
        firsts[step] = min(at, firsts.get(step, at))
    begun: dict[Stage, datetime] = {}
    for step, stage in BEGINS.items():
        if step in firsts:
            begun[stage] = min(firsts[step], begun.get(stage, firsts[step]))
    if not begun:
        return None
    if Stage.HANDLING in begun and Stage.PAPERWORK not in begun and HANDED_OVER in firsts:
        begun[Stage.PAPERWORK] = firsts[HANDED_OVER]
    left = firsts.get(LEFT)
    until = left or max(now, *begun.values())
    marks = [(stage, begun[stage]) for stage in Stage if stage in begun]
    ends = [*(at for _, at in marks[1:]), until]
    arrived = min(begun.values())
    starts = max(arrived, slot_start) if slot_start else arrived
    return Dwell(
        arrived=arrived,
        left=left,
        until=until,
        spans=tuple(
            (stage, max(timedelta(0), end - at)) for (stage, at), end in zip(marks, ends, strict=True)
        ),
        free_until=starts + free if starts <= until else None,
    )
