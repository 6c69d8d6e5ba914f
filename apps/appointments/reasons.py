"""Why a slot, or a whole day, can't be booked: a sentence for each thing in the way, in the site's time."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.load import Slot
from apps.appointments.search import GRID, SlotSearch, Span, covers, day_bounds, epoch, local_day, overlaps
from apps.facilities.models import Site
from apps.facilities.rules import spell


@dataclass(frozen=True)
class Obstacle:
    """One thing in the way of a slot; ``others`` when it is only other vehicles, not a rule."""

    sentence: str
    others: bool = False


def obstacles(search: SlotSearch, site: Site, slot: Slot) -> list[Obstacle]:
    """What stands in the way of this slot for the load that was searched for; empty when it can be booked."""
    if found := _never(search, site, slot) or _wrong_shape(search, slot) or _wrong_moment(search, site, slot):
        return [Obstacle(sentence) for sentence in found]
    if found := _shut(search, slot):
        return [Obstacle(sentence) for sentence in found]
    if found := _full(search, site, slot):
        return [Obstacle(sentence, others=True) for sentence in found]
    return [] if search.lanes_free(slot) else [Obstacle(_taken(search, slot), others=True)]


def obstacles_to_held(search: SlotSearch, site: Site, slot: Slot) -> list[Obstacle]:
    """What has come in the way of a slot that is held: a closure, other hours or rules. Lead times don't."""
    found = _never(search, site, slot)
    if not found and slot.start <= search.bounds.now:
        found = [_past(search, slot)]
    return [Obstacle(sentence) for sentence in found or _shut(search, slot)]


def why_no_day(search: SlotSearch, site: Site, day: date) -> str:
    """Why a local day has no start left, in one sentence."""
    opens, closes = day_bounds(day, search.zone)
    start, end = epoch(opens), epoch(closes)
    if not search.docks:
        return _("No dock of %(site)s takes this load.") % {"site": site.name}
    if closes <= search.bounds.now:
        return _("Past.")
    if closes <= search.bounds.earliest:
        return _too_early(search, site)
    if opens > search.bounds.latest:
        return _too_late(search, site)
    if not any(overlaps(search.calendar.hours_at(dock_id), start, end) for dock_id in search.docks):
        return _no_hours(search, day)
    if overlaps(search.calendar.full_days, start, end):
        return _day_full(site)
    reasons = {_closed_for_the_day(search, dock_id, (start, end)) for dock_id in search.docks}
    if None not in reasons:
        return _("Closed: %(reason)s.") % {"reason": ", ".join(sorted(filter(None, reasons)))}
    return _("Every start that fits this load is taken or too soon.")


def at_site(moment: datetime, zone: ZoneInfo) -> str:
    """A moment in the site's time with its zone: “Mon 2 March, 12:00 SAST”."""
    local = moment.astimezone(zone)
    return f"{date_format(local, 'D j F, H:i')} {local.tzname()}"


def _never(search: SlotSearch, site: Site, slot: Slot) -> list[str]:
    if slot.dock_id in search.refusals:
        return list(search.refusals[slot.dock_id])
    if slot.dock_id not in search.docks:
        return [_("%(site)s has no such dock in use.") % {"site": site.name}]
    return []


def _wrong_shape(search: SlotSearch, slot: Slot) -> list[str]:
    need = search.docks[slot.dock_id]
    found = []
    minutes = int((slot.end - slot.start).total_seconds()) // 60
    if minutes != need.minutes:
        found.append(
            _("This load takes %(needed)s minutes at %(dock)s; the slot has %(minutes)s.")
            % {"needed": need.minutes, "dock": need.name, "minutes": minutes}
        )
    if slot.start.timestamp() % GRID:
        found.append(_("A slot starts on a quarter hour."))
    return found


def _wrong_moment(search: SlotSearch, site: Site, slot: Slot) -> list[str]:
    if slot.start <= search.bounds.now:
        return [_past(search, slot)]
    if slot.start < search.bounds.earliest:
        return [_too_early(search, site)]
    if slot.start > search.bounds.latest:
        return [_too_late(search, site)]
    return []


def _shut(search: SlotSearch, slot: Slot) -> list[str]:
    """A closure, or else the hours, in the way."""
    calendar, start, end = search.calendar, epoch(slot.start), epoch(slot.end)
    closures = [
        shut.reason
        for shut in calendar.closures
        if shut.dock_id in (None, slot.dock_id) and shut.start < end and start < shut.end
    ]
    if closures:
        name = search.docks[slot.dock_id].name
        return [_("%(dock)s is closed then: %(reason)s.") % {"dock": name, "reason": ", ".join(closures)}]
    return [] if covers(calendar.hours_at(slot.dock_id), start, end) else [_outside_hours(search, slot)]


def _full(search: SlotSearch, site: Site, slot: Slot) -> list[str]:
    """The site's own limits, used up by others."""
    if overlaps(search.calendar.full_days, epoch(slot.start), epoch(slot.end)):
        return [_day_full(site)]
    if overlaps(search.calendar.full, epoch(slot.start), epoch(slot.end)):
        count = site.vehicles_at_once or 0
        sentence = ngettext(
            "%(site)s takes one vehicle at a time and has it then.",
            "%(site)s takes at most %(count)s vehicles at once and has them then.",
            count,
        )
        return [sentence % {"site": site.name, "count": count}]
    return []


def _taken(search: SlotSearch, slot: Slot) -> str:
    return _("%(dock)s is taken then.") % {"dock": search.docks[slot.dock_id].name}


def _past(search: SlotSearch, slot: Slot) -> str:
    return _("%(when)s is past.") % {"when": at_site(slot.start, search.zone)}


def _too_early(search: SlotSearch, site: Site) -> str:
    return _("%(site)s is booked at least %(lead)s ahead: from %(when)s.") % {
        "site": site.name,
        "lead": spell(site.min_lead_time),
        "when": at_site(search.bounds.earliest, search.zone),
    }


def _too_late(search: SlotSearch, site: Site) -> str:
    return _("%(site)s is booked at most %(lead)s ahead: until %(when)s.") % {
        "site": site.name,
        "lead": spell(site.max_lead_time),
        "when": at_site(search.bounds.latest, search.zone),
    }


def _day_full(site: Site) -> str:
    return _("%(site)s takes %(count)s pallets a day and has no room left for these on that day.") % {
        "site": site.name,
        "count": site.pallets_per_day,
    }


def _outside_hours(search: SlotSearch, slot: Slot) -> str:
    day = local_day(slot.start, search.zone)
    opens, closes = day_bounds(day, search.zone)
    spans = [
        s for s in search.calendar.hours_at(slot.dock_id) if s[0] < epoch(closes) and epoch(opens) < s[1]
    ]
    if not spans:
        return _no_hours(search, day)
    return _("%(dock)s receives %(hours)s on that day.") % {
        "dock": search.docks[slot.dock_id].name,
        "hours": ", ".join(
            f"{_clock(lower, search.zone)}–{_clock(upper, search.zone)}" for lower, upper in spans
        ),
    }


def _no_hours(search: SlotSearch, day: date) -> str:
    return _("No receiving hours on %(day)s.") % {"day": date_format(day, "l j F")}


def _closed_for_the_day(search: SlotSearch, dock_id: UUID, day: Span) -> str | None:
    """The reason of a closure that takes all of the dock's hours on that day; None when hours are left."""
    for shut in search.calendar.closures:
        if shut.dock_id not in (None, dock_id):
            continue
        open_then = [
            (max(lower, day[0]), min(upper, day[1]))
            for lower, upper in search.calendar.hours_at(dock_id)
            if lower < day[1] and day[0] < upper
        ]
        if open_then and all(shut.start <= lower and upper <= shut.end for lower, upper in open_then):
            return shut.reason
    return None


def _clock(seconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%H:%M")
