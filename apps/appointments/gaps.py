"""The site's calendar as the slot search reads it: one statement, ``appointments_calendar`` in the database.

It subtracts closures, reserved time and whatever is taken from the receiving windows, per lane, and tells
which counted limits are used up; see migration 0005.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from apps.appointments.calendar import Calendar, DockNeed, Full, Gap, Limit, Shut, Span
from apps.appointments.load import Load
from apps.facilities.models import Site

CALENDAR = """
    SELECT what, dock_id, lane, starts, ends, reason
      FROM public.appointments_calendar(%(site)s, %(first)s, %(last)s,
           %(docks)s::uuid[], %(minutes)s::integer[], %(load_type)s, %(pallets)s,
           %(shipper)s, %(equipment)s::text[], %(adr)s::text[],
           %(earliest)s, %(latest)s, %(now)s, %(besides)s)
"""


def find_gaps(
    *,
    site: Site,
    docks: Sequence[DockNeed],
    load: Load,
    first_day: date,
    last_day: date,
    earliest: datetime,
    latest: datetime,
    now: datetime,
    besides: UUID | None = None,
    shipper_id: UUID | None = None,
) -> Calendar:
    """The site's calendar of the local days ``first_day`` … ``last_day`` as this load sees it; one statement.

    ``besides`` is an appointment whose own holds don't stand in the way. ``earliest`` and ``latest`` only
    leave out gaps in which nothing can start. ``shipper_id`` says at the hub for whom it is asked; a
    shipper's role always asks for itself.
    """
    return _read(
        site=site.pk,
        first=first_day,
        last=last_day,
        docks=[dock.dock_id for dock in docks],
        minutes=[dock.minutes for dock in docks],
        load_type=load.load_type,
        pallets=load.pallets,
        shipper=shipper_id,
        equipment=list(load.equipment),
        adr=list(load.adr_classes),
        earliest=earliest,
        latest=latest,
        now=now,
        besides=besides,
    )


def find_hours(*, site: Site, first_day: date, last_day: date) -> Calendar:
    """Only the receiving hours, for whatever load, and the closures of these local days; one statement."""
    unasked = dict.fromkeys(("load_type", "shipper", "adr", "earliest", "latest", "now", "besides"))
    return _read(
        site=site.pk,
        first=first_day,
        last=last_day,
        docks=[],
        minutes=[],
        pallets=0,
        equipment=[],
        **unasked,
    )


def _read(**question: Any) -> Calendar:
    with connection.cursor() as cursor:
        cursor.execute(CALENDAR, question)
        return _calendar(cursor.fetchall())


def _calendar(rows: Sequence[tuple[str, UUID | None, int, int, int, str]]) -> Calendar:
    hours: dict[UUID | None, list[Span]] = {}
    gaps, closures, reserved, full = [], [], [], []
    for what, dock_id, lane, start, end, reason in rows:
        if what == "free" and dock_id is not None:
            gaps.append(Gap(dock_id, lane, start, end))
        elif what == "hours":
            hours.setdefault(dock_id, []).append((start, end))
        elif what == "own hours":
            hours.setdefault(dock_id, [])
        elif what == "closure":
            closures.append(Shut(dock_id, start, end, reason))
        elif what == "reserved":
            reserved.append(Shut(dock_id, start, end, reason))
        else:
            full.append(Full(Limit(reason), start, end))
    return Calendar(
        gaps=tuple(gaps),
        hours={dock_id: tuple(spans) for dock_id, spans in hours.items()},
        closures=tuple(closures),
        reserved=tuple(reserved),
        full=tuple(full),
    )
