"""A site's public profile in words: hours, docks with their rules, papers, policies, contacts."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.facilities import rules
from apps.facilities.models import (
    Closure,
    DocumentRequirement,
    HandlingTime,
    ReceivingWindow,
    Reservation,
    Season,
    Site,
)
from apps.facilities.profile import describe_buffers, season_days
from apps.facilities.rules import DockProfile
from apps.facilities.selectors import ReadVersion, SiteProfile
from apps.portal.presenters.times import span_label, zone_label

Context = dict[str, Any]


def site_page(profile: SiteProfile, *, now: datetime) -> Context:
    """Context of ``portal/site.html``, whichever side reads it."""
    site = profile.site
    of_site = [window for window in profile.windows if window.dock_id is None]
    site_rules = {rule.pk: rule for dock in profile.docks for rule in dock.rules if rule.dock_id is None}
    times = {time.pk: time for dock in profile.docks for time in dock.handling_times}
    names = {dock.dock.pk: dock.dock.name for dock in profile.docks}
    return {
        "site": site,
        "zone": site.time_zone,
        "zone_label": zone_label(site.time_zone, now),
        "address": address(site),
        "hours": weekly_hours(of_site),
        "policies": rules.describe_site(site),
        "site_rules": [rules.describe(rule, site.name) for rule in site_rules.values()],
        "handling": [_handling(time, names) for time in times.values()],
        "docks": [_dock(dock, profile.windows) for dock in profile.docks],
        "seasons": [_season(season, site) for season in profile.seasons if season.days.upper > now.date()],
        "reserved": _reserved(profile),
        "closures": [_closure(c, profile) for c in profile.closures if c.during.upper > now],
        "papers": [_paper(requirement) for requirement in profile.requirements],
    }


def version_page(version: ReadVersion, site: Site) -> Context:
    """Context of ``portal/site_version.html``."""
    return {
        "site": site,
        "zone": site.time_zone,
        "version": version,
        "is_current": version.number == site.version,
        "sections": [(heading, sentences) for heading, sentences in version.sections if sentences],
    }


def address(site: Site) -> list[str]:
    """The address by lines, empty ones left out."""
    town = " ".join(part for part in (site.postal_code, site.city) if part)
    return [line for line in (site.street, town, site.region, site.country) if line]


def weekly_hours(
    windows: Iterable[ReceivingWindow | Reservation], *, only_open: bool = False
) -> list[Context]:
    """One line per run of weekdays with the same hours: “Monday – Friday”, “07:00–15:00”."""
    by_day: dict[int, list[str]] = {}
    for window in sorted(windows, key=lambda w: (w.weekday, w.opens)):
        by_day.setdefault(window.weekday, []).append(_hours(window))
    days = [(weekday, ", ".join(by_day.get(weekday, []))) for weekday in range(1, 8)]
    lines = []
    for hours, run in groupby(days, key=lambda day: day[1]):
        weekdays = [weekday for weekday, _hours_of_day in run]
        if only_open and not hours:
            continue
        lines.append({"days": _run(weekdays), "hours": hours or _("closed"), "is_closed": not hours})
    return lines


def _hours(window: ReceivingWindow | Reservation) -> str:
    hours = f"{time_format(window.opens, 'TIME_FORMAT')}–{time_format(window.closes, 'TIME_FORMAT')}"
    if isinstance(window, ReceivingWindow) and window.load_type:
        return f"{hours} ({window.get_load_type_display()})"
    return hours


def _run(weekdays: list[int]) -> str:
    first, last = (date_format(date(2024, 1, number), "l") for number in (weekdays[0], weekdays[-1]))
    return first if first == last else f"{first} – {last}"


def _dock(profile: DockProfile, windows: Iterable[ReceivingWindow]) -> Context:
    dock = profile.dock
    own = [window for window in windows if window.dock_id == dock.pk]
    return {
        "name": dock.name,
        "lanes": ngettext("%(n)s vehicle at a time", "%(n)s vehicles at a time", dock.lanes)
        % {"n": dock.lanes},
        "direction": str(dock.get_direction_display()),
        "buffers": describe_buffers(dock),
        "rules": [rules.describe(rule, dock.name) for rule in profile.rules if rule.dock_id is not None],
        "hours": weekly_hours(own) if own else [],
    }


def _handling(time: HandlingTime, names: Mapping[UUID, str]) -> str:
    sentence = rules.describe_handling(time)
    name = names.get(time.dock_id) if time.dock_id else None
    return f"{name}: {sentence}" if name else sentence


def _season(season: Season, site: Site) -> Context:
    windows = sorted(season.windows.all(), key=lambda window: window.dock.name if window.dock else "")
    of_docks = [(dock, list(of_dock)) for dock, of_dock in groupby(windows, key=lambda window: window.dock)]
    return {
        "when": season_days(season),
        "hours": [
            {"dock": dock.name if dock else "", "lines": weekly_hours(of_dock)} for dock, of_dock in of_docks
        ],
        "rules": [
            rules.describe(rule, rule.dock.name if rule.dock else site.name) for rule in season.rules.all()
        ],
    }


def _reserved(profile: SiteProfile) -> list[Context]:
    """Time that is reserved by dock, as weekly hours; for whom stays between the site and that shipper."""
    by_dock = sorted(profile.reserved, key=lambda each: each.dock.name if each.dock else "")
    return [
        {"dock": dock.name if dock else _("All docks"), "lines": weekly_hours(of_dock, only_open=True)}
        for dock, of_dock in groupby(by_dock, key=lambda each: each.dock)
    ]


def _closure(closure: Closure, profile: SiteProfile) -> Context:
    names: dict[UUID, str] = {dock.dock.pk: dock.dock.name for dock in profile.docks}
    where = names.get(closure.dock_id, "") if closure.dock_id else _("All docks")
    when = span_label(closure.during.lower, closure.during.upper, profile.site.time_zone)
    only = f" ({closure.get_equipment_display()})" if closure.equipment else ""
    return {"when": when, "where": where, "reason": f"{closure.reason}{only}"}


def _goods(requirement: DocumentRequirement) -> list[str]:
    """What narrows the demand, in words; nothing where it holds for all goods."""
    kinds = [
        str(requirement.get_load_type_display()) if requirement.load_type else "",
        str(requirement.get_temperature_class_display()) if requirement.temperature_class else "",
        _("dangerous goods") if requirement.dangerous_only else "",
    ]
    return [kind for kind in kinds if kind]


def _paper(requirement: DocumentRequirement) -> Context:
    return {
        "name": str(requirement.get_document_type_display()),
        "needed": str(requirement.get_step_display()),
        "provider": str(requirement.get_provider_display()),
        "only_for": ", ".join(_goods(requirement)),
    }
