"""Other slots on the same day that could be proposed for a delivery that a plan leaves out."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.appointments.selectors import find_slots
from apps.routing import engine
from apps.routing.problems import DayProblem

MANY = 5_000
"""More than a site's docks have starts in two days."""


def alternatives(asked: DayProblem, now: datetime) -> Callable[[str], Sequence[engine.Window]]:
    """For a delivery of the day, by number: slots at its dock on this day that could be booked at ``now``.

    A slot search each. Its own slot doesn't stand in the way of one that overlaps it.
    """

    def slots_of(number: str) -> Sequence[engine.Window]:
        visit, day = asked.visits[number], asked.day
        site = visit.delivery.site
        first, last = (moment.astimezone(ZoneInfo(site.time_zone)).date() for moment in (day.start, day.end))
        found = find_slots(
            site=site,
            load=visit.appointment.load,
            first_day=first,
            days=(last - first).days + 1,
            now=now,
            appointment=visit.appointment,
            limit=MANY,
        )
        return [
            engine.Window(day.seconds(slot.start), day.seconds(slot.end))
            for slot in found.slots
            if slot.dock_id == visit.dock.pk and day.start <= slot.start < day.end
        ]

    return slots_of
