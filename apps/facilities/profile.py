"""A site's whole set-up in sentences under headings: what a version keeps, and what two versions differ in.

It names no shipper: time that is reserved is reserved, for whom is between the site and that shipper.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Model, QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.facilities import rules
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    HandlingTime,
    ReceivingWindow,
    Reservation,
    Season,
    Site,
)

#: Headings with their sentences, in the order in which a page shows them.
Sections = list[tuple[str, list[str]]]
Facts = tuple[Counter[tuple[object, ...]], ...]

#: Whatever belongs to a site's set-up beside its own row.
BELONGINGS = (
    Dock,
    Season,
    ReceivingWindow,
    Reservation,
    DockRule,
    HandlingTime,
    Closure,
    DocumentRequirement,
)


def facts_of(site_id: UUID) -> Facts:
    """Every value of a site and of what belongs to it, in no order and without row ids; 9 queries.

    Two of them are equal exactly when nothing changed; a row that is written anew with its old values
    is no change.
    """
    rows = [Site.objects.filter(pk=site_id), *(model.objects.filter(site=site_id) for model in BELONGINGS)]
    return tuple(Counter(_values(query)) for query in rows)


def _values(query: QuerySet[Any]) -> Iterator[tuple[object, ...]]:
    for row in query.values_list(*_told(query.model)):
        yield tuple(tuple(value) if isinstance(value, list) else value for value in row)


def _told(model: type[Model]) -> Iterator[str]:
    """The names of what is compared: docks and seasons by what they are called and when, not by row id."""
    for field in model._meta.concrete_fields:
        if field.name == "dock":
            yield "dock__name"
        elif field.name == "season":
            yield from ("season__name", "season__days")
        elif field.name not in ("id", "version", "created_at"):
            yield field.attname


def sections_of(site: Site) -> Sections:
    """Everything that holds at a site by heading, a sentence each, as the database has it now; 8 queries.

    In the installation's language, whoever asks: what is kept of one version is compared with another.
    """
    with override(settings.LANGUAGE_CODE):
        return _sections(site)


def _sections(site: Site) -> Sections:
    windows = ReceivingWindow.objects.filter(site=site).select_related("dock", "season")
    dock_rules = DockRule.objects.filter(site=site).select_related("dock", "season")
    closures = Closure.objects.filter(site=site).select_related("dock")
    reserved = Reservation.objects.filter(site=site).select_related("dock")
    times = HandlingTime.objects.filter(site=site).select_related("dock")
    papers = DocumentRequirement.objects.filter(site=site)
    return [
        (_("Place"), _place(site)),
        (_("Docks"), [_dock(dock) for dock in Dock.objects.filter(site=site).order_by("rank", "name")]),
        (_("Seasons"), [season_days(season) for season in Season.objects.filter(site=site).order_by("days")]),
        (
            _("Receiving windows"),
            [
                f"{_hours(window)}{_where(window.dock, window.season)}."
                for window in windows.order_by("season__days", "dock__name", "weekday", "opens")
            ],
        ),
        (_("Reserved dock time"), [_reserved(each) for each in reserved]),
        (
            _("Rules"),
            [
                *rules.describe_site(site),
                *sorted(
                    rules.describe(rule, rule.dock.name if rule.dock else site.name)
                    + (f" ({rule.season.name})" if rule.season else "")
                    for rule in dock_rules
                ),
                *(f"{rules.describe_handling(time)[:-1]}{_where(time.dock)}." for time in times),
            ],
        ),
        (_("Closures"), [_closure(closure, site) for closure in closures.order_by("during")]),
        (_("Papers"), [_paper(paper) for paper in papers.order_by("step", "document_type")]),
    ]


def differences(old_sections: Sections, new_sections: Sections) -> list[str]:
    """What was said before and is no more (“− …”), and what is said now (“+ …”), heading by heading.

    A sentence that was said twice and is now said once is gone once.
    """
    before, after = dict(old_sections), dict(new_sections)
    found = []
    for heading in dict.fromkeys([*before, *after]):
        old, new = Counter(before.get(heading, ())), Counter(after.get(heading, ()))
        found += [f"− {heading}: {sentence}" for sentence in (old - new).elements()]
        found += [f"+ {heading}: {sentence}" for sentence in (new - old).elements()]
    return found


def season_days(season: Season) -> str:
    """“Winter: 1 June 2026 to 31 August 2026.”"""
    first, last = season.days.lower, season.days.upper - timedelta(days=1)
    return _("%(name)s: %(first)s to %(last)s.") % {
        "name": season.name,
        "first": date_format(first, "j F Y"),
        "last": date_format(last, "j F Y"),
    }


def _place(site: Site) -> list[str]:
    facts = (
        (_("Name"), site.name),
        (_("Code"), site.code),
        (_("GLN"), site.gln),
        (_("Address"), ", ".join(filter(None, (site.street, site.postal_code, site.city, site.region)))),
        (_("Country"), site.country),
        (_("Position"), f"{site.latitude:.5f}, {site.longitude:.5f}"),
        (_("Time zone"), site.time_zone),
        (_("Papers in"), "" if site.paper_language == "en" else site.get_paper_language_display()),
        (_("Gate"), site.gate_instructions),
        (_("Protective equipment"), site.protective_equipment),
        (_("Contact"), " ".join(filter(None, (site.contact_name, site.contact_phone)))),
        (_("In use"), "" if site.active else _("no")),
    )
    return [f"{name}: {value}" for name, value in facts if value]


def _dock(dock: Dock) -> str:
    lanes = _("%(n)s at a time") % {"n": dock.lanes}
    rank = _("taken as number %(rank)s") % {"rank": dock.rank}
    way = str(dock.get_direction_display()).lower()
    parts = [dock.name, way, lanes, rank, dock.group, describe_buffers(dock)]
    sentence = ", ".join(part for part in parts if part)
    return f"{sentence}." if dock.active else _("%(dock)s (not in use).") % {"dock": sentence}


def describe_buffers(dock: Dock) -> str:
    """The dock's own time around a vehicle: “10 min before and 5 min after each vehicle”; empty when none."""
    before, after = dock.setup_minutes, dock.clear_minutes
    if before and after:
        words = _("%(before)s min before and %(after)s min after each vehicle")
    elif before:
        words = _("%(before)s min before each vehicle")
    else:
        words = _("%(after)s min after each vehicle") if after else ""
    return words % {"before": before, "after": after}


def _hours(window: ReceivingWindow | Reservation) -> str:
    opens, closes = (time_format(moment, "TIME_FORMAT") for moment in (window.opens, window.closes))
    only = ""
    if isinstance(window, ReceivingWindow) and window.load_type:
        only = f" ({str(window.get_load_type_display()).lower()})"
    return f"{WEEKDAYS[window.weekday - 1]} {opens}–{closes}{only}"


def _reserved(each: Reservation) -> str:
    lapses = _("free for all %(span)s before") % {"span": rules.spell(each.lapses_before)}
    return f"{_hours(each)}{_where(each.dock)}, {lapses}."


def _paper(paper: DocumentRequirement) -> str:
    only = [
        str(paper.get_load_type_display()) if paper.load_type else "",
        str(paper.get_temperature_class_display()) if paper.temperature_class else "",
        _("dangerous goods") if paper.dangerous_only else "",
    ]
    kinds = ", ".join(filter(None, only))
    words = f"{paper.get_document_type_display()}: {str(paper.get_step_display()).lower()}"
    return f"{words}, {str(paper.get_provider_display()).lower()}{f' ({kinds})' if kinds else ''}."


def _where(dock: Dock | None, season: Season | None = None) -> str:
    return "".join(f", {thing}" for thing in (dock, season) if thing)


def _closure(closure: Closure, site: Site) -> str:
    zone = ZoneInfo(site.time_zone)
    start, end = (
        date_format(at.astimezone(zone), "j F Y H:i") for at in (closure.during.lower, closure.during.upper)
    )
    only = f" ({closure.get_equipment_display()})" if closure.equipment else ""
    return f"{start} – {end}{_where(closure.dock)}: {closure.reason}{only}."
