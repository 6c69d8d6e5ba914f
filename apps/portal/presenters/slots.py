"""The slot picker: the earliest times, a month of days, the times of one day, why others are not there."""

from calendar import Calendar as Weeks
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.load import Slot
from apps.appointments.models import Picking
from apps.appointments.ranking import Wish, best
from apps.appointments.search import DayCount, SlotSearch, day_bounds
from apps.facilities.models import Site
from apps.portal.choosing import Choice, write_slot
from apps.portal.presenters.axis import Axis, axis_around
from apps.portal.presenters.fits import fit, why_nothing
from apps.portal.presenters.times import clock, day_label, moment_label, shift_label, span_label, zone_label

Context = dict[str, Any]
Moments = tuple[datetime, datetime]
SHOWN_MONTHS = 2


def slot_picker(
    *,
    search: SlotSearch,
    site: Site,
    day: date,
    choice: Choice,
    action: str,
    day_url: Callable[[date], str],
    today: date,
    wanted: Slot | None = None,
    wish: Wish | None = None,
) -> Context:
    """What ``slot_picker.html`` takes: one click on a time puts it into the choice, or takes it out again.

    ``day`` is the local day whose times are shown; ``day_url`` addresses another one with the choice kept.
    ``wanted`` is the slot that the other party asked for: times say how far they are from it. With a ``wish``
    the slots that fit it best are shown too, each with what speaks for it.
    """

    def buttons(slots: Iterable[Slot]) -> list[Context]:
        shown = (_at_best_dock(slot, search, choice) for slot in slots)
        return [slot_button(slot, search, choice=choice, wanted=wanted) for slot in shown]

    return {
        "zone": site.time_zone,
        "zone_label": zone_label(site.time_zone, day_bounds(day, search.zone)[0]),
        "site_name": site.name,
        "action": action,
        "hidden": Choice(day=day, reason_code=choice.reason_code).fields(),
        "earliest": buttons(search.earliest()),
        "best": [
            slot_button(ranked.slot, search, choice=choice) | {"fits": fit(ranked, wish or Wish())}
            for ranked in (best(search, wish) if wish else ())
        ],
        "nothing": why_nothing(search, site),
        "months": _months(search.per_day, day, today, day_url),
        "weekdays": [date_format(date(2024, 1, number), "D") for number in range(1, 8)],
        "day": {
            "label": day_label(day),
            "why": next((count.why for count in search.per_day if count.day == day), ""),
            "next": _next_free(search, day, day_url),
            "groups": _parts_of_day(buttons(search.on(day)), site.time_zone),
            "strip": day_strip(search, day, site.time_zone),
        },
        "excluded": excluded(search, site, day),
        "ask": _whom_to_ask(site),
    }


def _next_free(search: SlotSearch, day: date, day_url: Callable[[date], str]) -> Context | None:
    """The next day after this one that has a start; None where there is none."""
    after = next((count.day for count in search.per_day if count.day > day and count.starts), None)
    return {"label": day_label(after), "url": day_url(after)} if after else None


def slot_button(
    slot: Slot, search: SlotSearch, *, choice: Choice | None = None, wanted: Slot | None = None
) -> Context:
    """One bookable start; a chosen one is pressed, and a click takes it out of the choice again."""
    is_chosen = choice is not None and slot in choice.slots
    overlaps = choice is not None and not is_chosen and choice.overlaps(slot)
    note = _("overlaps a chosen slot") if overlaps else _distance(slot, wanted, search.zone) if wanted else ""
    return {
        "value": write_slot(slot),
        "start": slot.start,
        "end": slot.end,
        "dock": search.dock_names.get(slot.dock_id, ""),
        "note": note,
        "selected": is_chosen,
        "is_out": overlaps or (choice is not None and choice.is_full and not is_chosen),
        "name": "drop" if is_chosen else "pick",
    }


def taken(message: str, alternatives: Sequence[Context], *, level: str = "warning") -> Context:
    """The inline answer to a lost race: what happened, and the slot buttons of what is free instead."""
    return {"sentence": message, "alternatives": list(alternatives), "level": level}


def described_slots(described: Iterable[dict[str, str]]) -> list[Context]:
    """Slot buttons from a refusal's ``details["alternatives"]``, which ``appointments.services`` writes."""
    return [_described(facts) for facts in described]


def chosen_slots(choice: Choice, search: SlotSearch, kept: Picking | None = None) -> list[Context]:
    """The choice in order, each with the word it is called by, whether it is free and whether it is kept."""
    held = _held_until(kept)
    return [
        {
            "number": number,
            "value": write_slot(slot),
            "start": slot.start,
            "end": slot.end,
            "dock": search.dock_names.get(slot.dock_id, ""),
            "label": span_label(slot.start, slot.end, str(search.zone)),
            "is_free": bool(search.lanes_free(slot)),
            "is_held": (slot.dock_id, slot.start) in held,
        }
        for number, slot in enumerate(choice.slots, start=1)
    ]


def hold(choice: Choice, kept: Picking | None) -> Context | None:
    """Until when the chosen slots are kept, the first of them to end; None when nothing is chosen."""
    if not choice.slots:
        return None
    held = _held_until(kept)
    ends = [held.get((slot.dock_id, slot.start)) for slot in choice.slots]
    return {
        "expires_at": min((end for end in ends if end is not None), default=None),
        "is_whole": all(ends),
        "may_last": kept is not None and kept.extended_at is None,
    }


def _held_until(kept: Picking | None) -> dict[tuple[UUID, datetime], datetime]:
    """When each slot that somebody is choosing lapses, by dock and start."""
    slots = kept.slots.all() if kept is not None else ()
    return {(one.dock_id, one.during.lower): one.expires_at for one in slots}


def excluded(search: SlotSearch, site: Site, day: date) -> list[Context]:
    """Why other times are not offered: docks that can't take it, lead times, closures, the day itself."""
    return [*_docks_out(search), *_lead_times(search, site), *_closures(search, site), *_day_out(search, day)]


def day_strip(search: SlotSearch, day: date, zone: str, axis: Axis | None = None) -> Context | None:
    """The day to scale: free at some dock, busy, closed; None when the site does not receive on it.

    On its own hours, or on the ``axis`` that several days share.
    """
    bounds = day_bounds(day, search.zone)
    open_hours = [_moments(span) for dock_id in search.docks for span in search.calendar.hours_at(dock_id)]
    hours = merged(_cut(open_hours, bounds))
    if not hours:
        return None
    free = merged(_cut([_moments((gap.start, gap.end)) for gap in search.calendar.gaps], bounds))
    axis = axis or axis_around(hours, within=bounds, zone=zone)
    parts = [
        *_parts("closed", uncovered([(axis.start, axis.end)], hours), axis),
        *_parts("busy", uncovered(hours, free), axis),
        *_parts("free", free, axis),
    ]
    return {
        "hours": axis.hours,
        "from_label": clock(axis.start, zone),
        "until_label": clock(axis.end, zone),
        "parts": sorted(parts, key=lambda part: part["from"]),
    }


def merged(spans: Iterable[Moments]) -> list[Moments]:
    """The union of spans, in order."""
    result: list[Moments] = []
    for start, end in sorted(spans):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def uncovered(spans: Sequence[Moments], cover: Sequence[Moments]) -> list[Moments]:
    """What of ``spans`` no span of ``cover`` (merged) covers."""
    result = []
    for start, end in spans:
        at = start
        for lower, upper in cover:
            if at < lower < end:
                result.append((at, lower))
            if lower < end and upper > at:
                at = max(at, upper)
        if at < end:
            result.append((at, end))
    return result


def _months(
    per_day: Sequence[DayCount], current: date, today: date, day_url: Callable[[date], str]
) -> list[Context]:
    counts = {count.day: count for count in per_day}
    firsts = sorted({day.replace(day=1) for day in counts})
    shown = [first for first in firsts if first >= current.replace(day=1)][:SHOWN_MONTHS] or firsts[-1:]
    return [
        {
            "label": date_format(first, "F Y"),
            "weeks": [
                [
                    _day(day, counts.get(day), current, today, day_url) if day.month == first.month else None
                    for day in week
                ]
                for week in Weeks().monthdatescalendar(first.year, first.month)
                if week[-1] >= today
            ],
        }
        for first in shown
    ]


def _day(
    day: date, count: DayCount | None, current: date, today: date, day_url: Callable[[date], str]
) -> Context:
    label = day_label(day)
    cell: Context = {
        "number": day.day,
        "label": label,
        "is_today": day == today,
        "is_current": day == current,
    }
    if count is None:
        return cell
    if not count.starts:
        return cell | {"label": f"{label}: {count.why}", "url": day_url(day) if day == current else ""}
    free = ngettext("%(n)s free start", "%(n)s free starts", count.starts) % {"n": count.starts}
    return cell | {"label": f"{label}: {free}", "url": day_url(day), "count": count.starts}


def _parts_of_day(slots: Iterable[Context], zone: str) -> list[Context]:
    def part(slot: Context) -> str:
        hour = slot["start"].astimezone(ZoneInfo(zone)).hour
        return _("Morning") if hour < 12 else _("Afternoon") if hour < 17 else _("Evening")

    return [{"label": label, "slots": list(group)} for label, group in groupby(slots, key=part)]


def _at_best_dock(slot: Slot, search: SlotSearch, choice: Choice) -> Slot:
    """Of the docks free at this start: where it was chosen, else the first that no chosen slot needs."""
    free = search.at(slot.start)
    chosen = [other for other in free if other in choice.slots]
    apart = [other for other in free if not choice.overlaps(other)]
    return next(iter([*chosen, *apart]), slot)


def _distance(slot: Slot, wanted: Slot, zone: ZoneInfo) -> str:
    """How far from the wanted time, on the same local day; on other days the day itself says it."""
    if slot.start.astimezone(zone).date() != wanted.start.astimezone(zone).date():
        return ""
    return shift_label(slot.start - wanted.start)


def _described(facts: dict[str, str]) -> Context:
    start, end = (datetime.fromisoformat(facts[key]).astimezone(UTC) for key in ("start", "end"))
    minutes = int((end - start).total_seconds()) // 60
    return {
        "value": f"{facts['dock_id']}_{start:%Y%m%dT%H%MZ}_{minutes}",
        "start": start,
        "end": end,
        "dock": facts.get("dock", ""),
        "name": "pick",
    }


def _docks_out(search: SlotSearch) -> list[Context]:
    return [
        {"icon": "truck", "sentence": sentence, "count_label": search.dock_names.get(dock_id, "")}
        for dock_id, sentences in search.refusals.items()
        for sentence in sentences
    ]


def _lead_times(search: SlotSearch, site: Site) -> list[Context]:
    zone = site.time_zone
    words = {
        "site": site.name,
        "first": moment_label(search.bounds.earliest, zone),
        "last": moment_label(search.bounds.latest, zone),
    }
    sentence = _("%(site)s is booked with its lead time: slots start between %(first)s and %(last)s.") % words
    return [{"icon": "clock", "sentence": sentence, "count_label": ""}]


def _closures(search: SlotSearch, site: Site) -> list[Context]:
    found = []
    for shut in search.calendar.closures:
        start, end = _moments((shut.start, shut.end))
        sentence = _("Closed %(when)s: %(reason)s.") % {
            "when": span_label(start, end, site.time_zone),
            "reason": shut.reason,
        }
        dock = search.dock_names.get(shut.dock_id, "") if shut.dock_id else _("All docks")
        found.append({"icon": "calendar-x", "sentence": sentence, "count_label": dock})
    return found


def _day_out(search: SlotSearch, day: date) -> list[Context]:
    """Of the day that is looked at: why there is nothing, or how long this load takes at each dock."""
    why = next((count.why for count in search.per_day if count.day == day and not count.starts), "")
    if why:
        return [{"icon": "calendar-off", "sentence": why, "count_label": day_label(day)}]
    return [
        {
            "icon": "timer",
            "sentence": _("This load takes %(minutes)s minutes; shorter gaps are left out.")
            % {"minutes": need.minutes},
            "count_label": need.name,
        }
        for need in search.docks.values()
    ]


def _whom_to_ask(site: Site) -> str:
    contact = " · ".join(part for part in (site.contact_name, site.contact_phone) if part)
    return _("For other times ask %(contact)s.") % {"contact": contact} if contact else ""


def _moments(span: tuple[int, int]) -> Moments:
    start, end = (datetime.fromtimestamp(seconds, UTC) for seconds in span)
    return start, end


def _cut(spans: Iterable[Moments], bounds: Moments) -> list[Moments]:
    lower, upper = bounds
    return [(max(start, lower), min(end, upper)) for start, end in spans if start < upper and lower < end]


def _parts(kind: str, spans: Iterable[Moments], axis: Axis) -> list[Context]:
    placed = (axis.place(start, end) for start, end in spans)
    return [{"kind": kind, **place} for place in placed if place]
