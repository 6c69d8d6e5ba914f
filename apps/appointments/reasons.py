"""Why a slot, or a whole day, can't be booked: a sentence for each thing in the way, in the site's time."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.appointments.calendar import GRID, Limit, Shut, Span, covers, day_bounds, epoch, local_day, overlaps
from apps.appointments.load import Slot
from apps.appointments.search import SlotSearch
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
    if found := _reserved(search, slot):
        return [Obstacle(sentence) for sentence in found]
    if found := used_up(search, site, slot):
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
    spent = [full.limit for full in search.calendar.full if full.start <= start and end <= full.end]
    if spent:
        return _spent(site, spent[0])
    barred = {_over_all(search.calendar.barred, dock_id, (start, end)) for dock_id in search.docks}
    if None not in barred:
        return " ".join(sorted(filter(None, barred)))
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
    """A season's rules, a closure, or else the hours, in the way."""
    calendar, start, end = search.calendar, epoch(slot.start), epoch(slot.end)
    if barred := _over(calendar.barred, slot):
        return barred
    if closures := _over(calendar.closures, slot):
        name = search.docks[slot.dock_id].name
        return [_("%(dock)s is closed then: %(reason)s.") % {"dock": name, "reason": ", ".join(closures)}]
    return [] if covers(calendar.hours_at(slot.dock_id), start, end) else [_outside_hours(search, slot)]


def _over(shuts: Iterable[Shut], slot: Slot) -> list[str]:
    """The reasons of those that touch the slot."""
    start, end = epoch(slot.start), epoch(slot.end)
    return [
        shut.reason
        for shut in shuts
        if shut.dock_id in (None, slot.dock_id) and shut.start < end and start < shut.end
    ]


def _reserved(search: SlotSearch, slot: Slot) -> list[str]:
    if not _over(search.calendar.reserved, slot):
        return []
    return [_("%(dock)s is reserved for another shipper then.") % {"dock": search.docks[slot.dock_id].name}]


def used_up(search: SlotSearch, site: Site, slot: Slot) -> list[str]:
    """The site's counted limits that others have used up, a sentence each."""
    return [_spent(site, limit) for limit in search.calendar.limits_on(epoch(slot.start), epoch(slot.end))]


def _spent(site: Site, limit: Limit) -> str:
    words: dict[Limit, tuple[int | None, str, str]] = {
        Limit.AT_ONCE: (
            site.vehicles_at_once,
            _("%(site)s takes one vehicle at a time and has it then."),
            _("%(site)s takes at most %(count)s vehicles at once and has them then."),
        ),
        Limit.HOUR: (
            site.appointments_per_hour,
            _("%(site)s takes one appointment an hour and has it in that hour."),
            _("%(site)s takes %(count)s appointments an hour and has them in that hour."),
        ),
        Limit.DAY: (
            site.appointments_per_day,
            _("%(site)s takes one appointment a day and has it on that day."),
            _("%(site)s takes %(count)s appointments a day and has them on that day."),
        ),
        Limit.QUOTA: (
            site.shipper_appointments_per_day,
            _("%(site)s takes one appointment a day from a shipper, and this one has had it."),
            _("%(site)s takes %(count)s appointments a day from a shipper, and this one has had them."),
        ),
        Limit.HOUR_PALLETS: (
            site.pallets_per_hour,
            "",
            _("%(site)s takes %(count)s pallets an hour and has no room left for these in that hour."),
        ),
        Limit.DAY_PALLETS: (
            site.pallets_per_day,
            "",
            _("%(site)s takes %(count)s pallets a day and has no room left for these on that day."),
        ),
        Limit.APART: (
            None,
            "",
            _("%(site)s has dangerous goods on site then that it keeps apart from those of this load."),
        ),
    }
    count, one, many = words[limit]
    return (one if count == 1 and one else many) % {"site": site.name, "count": count}


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


def _over_all(shuts: Iterable[Shut], dock_id: UUID, day: Span) -> str | None:
    """The reason of one that takes the dock's whole day; None when none does."""
    return next(
        (s.reason for s in shuts if s.dock_id == dock_id and s.start <= day[0] and day[1] <= s.end), None
    )


def _clock(seconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).strftime("%H:%M")
