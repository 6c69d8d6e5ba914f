"""Every shared read of facilities: which sites somebody may see, and a site with all that holds there."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.actors import Actor, Side
from apps.accounts.models import Role
from apps.facilities import rules
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    HandlingTime,
    Partnership,
    ReceivingWindow,
    Reservation,
    Season,
    Site,
    SiteVersion,
)
from apps.facilities.profile import Sections, differences, sections_of
from apps.facilities.rules import DockProfile, SeasonRules


@dataclass(frozen=True)
class SiteProfile:
    """A site as a partner may read it: docks by preference, weekly hours, closures ahead, rules, papers.

    ``windows`` are the usual ones; a season has its own, and its rules, as related rows. ``reserved`` is what
    the reader may know of: all of it at the hub, a shipper's own at its desk.
    """

    site: Site
    docks: tuple[DockProfile, ...]
    windows: tuple[ReceivingWindow, ...]
    closures: tuple[Closure, ...]
    requirements: tuple[DocumentRequirement, ...]
    seasons: tuple[Season, ...] = ()
    reserved: tuple[Reservation, ...] = ()

    def sentences(self) -> list[str]:
        """The site's policies, its rules and its docks' own rules, a sentence each."""
        site_rules = {
            rule.pk: rule for profile in self.docks for rule in profile.rules if rule.dock_id is None
        }
        own_rules = [(rule, p.dock) for p in self.docks for rule in p.rules if rule.dock_id is not None]
        return [
            *rules.describe_site(self.site),
            *(rules.describe(rule, self.site.name) for rule in site_rules.values()),
            *(rules.describe(rule, dock.name) for rule, dock in own_rules),
        ]


def sites_visible_to(actor: Actor | None) -> QuerySet[Site]:
    """Sites that ``actor`` may read: its recipients', its partners' and its own; all for the operator."""
    if not actor:
        return Site.objects.none()
    if actor.side == Side.RECIPIENT:
        return Site.objects.filter(recipient_id__in=actor.recipient_ids)
    if actor.side == Side.SHIPPER and actor.shipper_id:
        partners = Partnership.objects.filter(shipper_id=actor.shipper_id, active=True).values("recipient_id")
        return Site.objects.filter(recipient_id__in=partners, active=True) | Site.objects.filter(
            shipper_id=actor.shipper_id
        )
    return (
        Site.objects.all() if actor.person_id is None or Role.OPERATOR in actor.roles else Site.objects.none()
    )


def receiving_sites_visible_to(actor: Actor | None) -> QuerySet[Site]:
    """Those of the visible sites that receive: a recipient's, in use."""
    return sites_visible_to(actor).filter(recipient__isnull=False, active=True)


def docks_of(site: Site) -> tuple[DockProfile, ...]:
    """The site's docks in use, the preferred first, with the rules and times in force; 1 query.

    The rows come as models that are only good for reading: every search and every offer asks, so what no
    rule looks at stays in the database.
    """
    with connection.cursor() as cursor:
        cursor.execute(DOCKS, {"site": site.pk})
        docks, dock_rules, times, seasons = (
            json.loads(rows, parse_float=Decimal) for rows in cursor.fetchone()
        )
    site_rules = [DockRule(site=site, **_keyed(row)) for row in dock_rules]
    site_times = [HandlingTime(site=site, **_keyed(row)) for row in times]
    return tuple(
        DockProfile(
            dock,
            rules.rules_at(dock.pk, site_rules),
            _times_at(dock.pk, site_times),
            tuple(_season(row, dock.pk, site_rules) for row in seasons),
        )
        for dock in (Dock(site=site, **_keyed(row)) for row in docks)
    )


def _season(row: dict[str, Any], dock_id: UUID, site_rules: list[DockRule]) -> SeasonRules:
    first, end = (date.fromisoformat(row[name]) for name in ("first_day", "end_day"))
    return SeasonRules(row["name"], first, end, rules.rules_at(dock_id, site_rules, UUID(row["id"])))


DOCKS = """
    SELECT (SELECT coalesce(json_agg(d ORDER BY d.rank, d.name), '[]')
              FROM (SELECT id, name, lanes, direction, rank, setup_minutes, clear_minutes
                      FROM public.facilities_dock WHERE site_id = %(site)s AND active) AS d)::text,
           (SELECT coalesce(json_agg(r), '[]')
              FROM (SELECT id, dock_id, season_id, kind, "limit", "values"
                      FROM public.facilities_dockrule WHERE site_id = %(site)s) AS r)::text,
           (SELECT coalesce(json_agg(t), '[]')
              FROM (SELECT id, dock_id, load_type, fixed_minutes, minutes_per_pallet, minutes_per_line
                      FROM public.facilities_handlingtime WHERE site_id = %(site)s) AS t)::text,
           (SELECT coalesce(json_agg(s ORDER BY s.first_day), '[]')
              FROM (SELECT id, name, lower(days) AS first_day, upper(days) AS end_day
                      FROM public.facilities_season AS season
                     WHERE site_id = %(site)s
                       AND EXISTS (SELECT 1 FROM public.facilities_dockrule WHERE season_id = season.id)
                   ) AS s)::text
"""


def _keyed(row: dict[str, Any]) -> dict[str, Any]:
    """A row with its keys as UUIDs."""
    return {name: UUID(value) if value and name.endswith("id") else value for name, value in row.items()}


def profiles_of(docks: Iterable[Dock]) -> dict[UUID, DockProfile]:
    """Each dock, of whatever site, with the rules and handling times in force there; 2 queries."""
    docks = list(docks)
    sites = {dock.site_id for dock in docks}
    site_rules, times = defaultdict(list), defaultdict(list)
    for rule in DockRule.objects.filter(site__in=sites):
        site_rules[rule.site_id].append(rule)
    for time in HandlingTime.objects.filter(site__in=sites):
        times[time.site_id].append(time)
    return {
        dock.pk: DockProfile(
            dock, rules.rules_at(dock.pk, site_rules[dock.site_id]), _times_at(dock.pk, times[dock.site_id])
        )
        for dock in docks
    }


def site_profile(site: Site) -> SiteProfile:
    """The whole public profile of a site; 6 queries, and 4 for its seasons."""
    return SiteProfile(
        site=site,
        docks=docks_of(site),
        windows=tuple(ReceivingWindow.objects.filter(site=site, season=None).order_by("weekday", "opens")),
        closures=tuple(Closure.objects.filter(site=site).order_by("during")),
        requirements=tuple(DocumentRequirement.objects.filter(site=site).order_by("step", "document_type")),
        seasons=tuple(
            Season.objects.filter(site=site).order_by("days").prefetch_related("windows__dock", "rules__dock")
        ),
        reserved=tuple(Reservation.objects.filter(site=site).select_related("dock")),
    )


@dataclass(frozen=True)
class ReadVersion:
    """What held at a site at one version, and what is different now; ``kept`` None while it was never kept.

    A version is written down when it is replaced, so one that was never kept is what holds now.
    """

    number: int
    sections: Sections
    kept: SiteVersion | None
    differences: list[str]


def version_of(site: Site, number: int) -> ReadVersion | None:
    """One version of a site that the reader may see; None where there is no such version.

    Of what holds now the kept sentences are shown too: a shipper's role can't read all that they are of.
    """
    kept = {
        each.number: each for each in SiteVersion.objects.filter(site=site, number__in=(number, site.version))
    }
    latest = kept[site.version].sections if site.version in kept else sections_of(site)
    if number == site.version:
        return ReadVersion(number, latest, kept.get(number), [])
    if number not in kept:
        return None
    then = kept[number]
    return ReadVersion(number, then.sections, then, differences(then.sections, latest))


def keeps_apart(site: Site, adr_classes: Iterable[str]) -> bool:
    """Whether the site keeps one of these dangerous goods classes apart from others; 1 query or none."""
    classes = list(adr_classes)
    return (
        bool(classes)
        and DockRule.objects.filter(site=site, kind=DockRule.Kind.APART, values__overlap=classes).exists()
    )


def _times_at(dock_id: UUID, times: list[HandlingTime]) -> tuple[HandlingTime, ...]:
    return tuple(time for time in times if time.dock_id in (None, dock_id))
