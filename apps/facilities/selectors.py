"""Every shared read of facilities: which sites somebody may see, and a site with all that holds there."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

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
    Site,
)
from apps.facilities.rules import DockProfile


@dataclass(frozen=True)
class SiteProfile:
    """A site as a partner may read it: docks by preference, weekly hours, closures ahead, rules, papers."""

    site: Site
    docks: tuple[DockProfile, ...]
    windows: tuple[ReceivingWindow, ...]
    closures: tuple[Closure, ...]
    requirements: tuple[DocumentRequirement, ...]

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
    if actor.side == Side.SHIPPER:
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
    """The site's docks in use, the preferred first, with the rules and times in force; 3 queries."""
    return tuple(profiles_of(Dock.objects.filter(site=site, active=True).order_by("rank", "name")).values())


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
    """The whole public profile of a site; 6 queries."""
    return SiteProfile(
        site=site,
        docks=docks_of(site),
        windows=tuple(ReceivingWindow.objects.filter(site=site).order_by("weekday", "opens")),
        closures=tuple(Closure.objects.filter(site=site).order_by("during")),
        requirements=tuple(DocumentRequirement.objects.filter(site=site).order_by("step", "document_type")),
    )


def _times_at(dock_id: UUID, times: list[HandlingTime]) -> tuple[HandlingTime, ...]:
    return tuple(time for time in times if time.dock_id in (None, dock_id))
