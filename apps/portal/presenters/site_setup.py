"""A site's set-up as its page shows it: the steps, the rows, and next week's bookable time."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.forms import BaseForm
from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from apps.appointments.load import Load
from apps.appointments.search import SlotSearch, day_bounds, local_day
from apps.appointments.selectors import find_slots
from apps.facilities.clock_changes import days_skipped
from apps.facilities.models import ReceivingWindow, Site
from apps.portal.presenters.axis import Axis
from apps.portal.presenters.slots import day_strip
from apps.portal.presenters.times import day_label, zone_label
from apps.portal.site_setup import STEPS, Step

Context = dict[str, Any]


def steps_nav(site_id: UUID, current: Step) -> list[Context]:
    """Every step with its address, for the list beside the form."""
    return [
        {"label": step.label, "url": step_url(site_id, step), "is_current": step is current} for step in STEPS
    ]


def step_url(site_id: UUID, step: Step) -> str:
    return reverse("hub:setup", args=[site_id, step.key])


def problems_of(part: Any) -> list[str]:
    """What can't be read of a form or of rows, field by field, for a place where the fields are not."""
    forms: Sequence[BaseForm] = part.forms if hasattr(part, "forms") else [part]
    several = len(forms) > 1
    found = [] if not hasattr(part, "forms") else [str(error) for error in part.non_form_errors()]
    for number, form in enumerate(forms, start=1):
        for name, errors in form.errors.items():
            label = str(form.fields[name].label or name) if name in form.fields else ""
            where = " ".join(filter(None, [_("Row %(n)s") % {"n": number} if several else "", label]))
            found += [f"{where}: {error}" if where else str(error) for error in errors]
    return found


def skipped_hours(site: Site, *, today: date) -> list[str]:
    """A sentence for each day ahead on which one of the site's saved windows has no time at all."""
    windows = ReceivingWindow.objects.filter(site=site).values_list("weekday", "opens", "closes")
    return [
        _("On %(day)s the clocks skip %(opens)s to %(closes)s; nothing is received then.")
        % {
            "day": date_format(day, "j F Y"),
            "opens": time_format(opens, "TIME_FORMAT"),
            "closes": time_format(closes, "TIME_FORMAT"),
        }
        for day, opens, closes in days_skipped(windows, ZoneInfo(site.time_zone), today=today)
    ]


def next_week(site: Site, *, load: Load, now: datetime) -> Context:
    """The seven days from the coming Monday as a partner with this load would find them; 3 queries."""
    zone = ZoneInfo(site.time_zone)
    today = local_day(now, zone)
    monday = today + timedelta(days=7 - today.weekday())
    days = [monday + timedelta(days=n) for n in range(7)]
    search = find_slots(site=site, load=load, first_day=monday, days=7, now=now, limit=0)
    first, hours = _shown_hours(search, days)
    counts = {count.day: count for count in search.per_day}
    return {
        "zone_label": zone_label(site.time_zone, day_bounds(monday, zone)[0]),
        "total": sum(count.starts for count in search.per_day),
        "refusals": sorted({sentence for found in search.refusals.values() for sentence in found}),
        "days": [
            {
                "label": day_label(day),
                "starts": counts[day].starts,
                "why": counts[day].why,
                "strip": _strip(search, day, first, hours, site.time_zone),
            }
            for day in days
        ],
    }


def _shown_hours(search: SlotSearch, days: Sequence[date]) -> tuple[int, int]:
    """The first hour of the day that some day receives in, and how many from there: one scale for all."""
    spans = []
    for day in days:
        lower, upper = (at.timestamp() for at in day_bounds(day, search.zone))
        for dock_id in search.docks:
            spans += [
                (max(start, lower) - lower, min(end, upper) - lower)
                for start, end in search.calendar.hours_at(dock_id)
                if start < upper and lower < end
            ]
    first = int(min((start for start, _ in spans), default=6 * 3600) // 3600)
    last = -int(-max((end for _, end in spans), default=18 * 3600) // 3600)
    return first, max(1, last - first)


def _strip(search: SlotSearch, day: date, first: int, hours: int, zone: str) -> Context | None:
    lower, _upper = day_bounds(day, search.zone)
    return day_strip(search, day, zone, axis=Axis(lower + timedelta(hours=first), hours, zone))
