"""Changing a site's set-up: one editor wins, the other reads what changed; every version is kept."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.core.ids import new_id
from apps.facilities import permissions as permissions  # registers the rule named below
from apps.facilities.models import Site, SiteVersion
from apps.facilities.profile import Facts, differences, facts_of, sections_of


class StaleSite(DomainError):
    """Somebody else changed the site meanwhile: ``changed_by``, ``at``, ``changes`` in words, ``version``."""

    code = "stale-site"
    status = 409


@transaction.atomic
def open_site(*, actor: Actor, site: Site, now: datetime) -> Site:
    """Keep a new site of a recipient; it takes nothing until it has docks and hours.

    Raises:
        PermissionRefused: ``actor`` doesn't manage the recipient.
    """
    require(actor, "facilities.manage", site.recipient)
    site.pk = site.pk or new_id()
    site.save(force_insert=True)
    _keep(site, changed_by=actor.name, now=now)
    return site


@transaction.atomic
def change_site(
    *, actor: Actor, site_id: UUID, version: int, apply: Callable[[Site], None], now: datetime
) -> Site:
    """Have ``apply`` change the site and what belongs to it, unless somebody changed it after ``version``.

    The site's row is locked meanwhile. Whatever changed counts the version up by one, and the new version
    is kept with the sentences that it did away with and brought; where nothing changed none is made.
    Whatever ``apply`` raises undoes everything.

    Raises:
        Site.DoesNotExist
        PermissionRefused: ``actor`` doesn't manage the site.
        StaleSite: it is at another version; nothing has changed.
    """
    site = Site.objects.select_for_update(of=("self",)).get(pk=site_id)
    require(actor, "facilities.manage", site)
    if site.version != version:
        raise _stale(site, version)
    kept = SiteVersion.objects.filter(site=site, number=site.version).first() or _keep(site, now=now)
    before = facts_of(site_id)
    apply(site)
    return _count(site_id, before, kept, changed_by=actor.name, now=now)


def _count(site_id: UUID, before: Facts, kept: SiteVersion, *, changed_by: str, now: datetime) -> Site:
    """The site as it is now, one version up if anything is different."""
    site = Site.objects.get(pk=site_id)
    if facts_of(site_id) == before:
        return site
    site.version = kept.number + 1
    site.save(update_fields=["version"])
    _keep(site, changed_by=changed_by, now=now, since=kept)
    return site


def _keep(
    site: Site, *, now: datetime, changed_by: str = "", since: SiteVersion | None = None
) -> SiteVersion:
    """Write the version that the site is at."""
    sections = sections_of(site)
    return SiteVersion.objects.create(
        site=site,
        number=site.version,
        at=now,
        changed_by=changed_by,
        sections=sections,
        changes=differences(since.sections, sections) if since else [],
    )


def _stale(site: Site, version: int) -> StaleSite:
    later = list(SiteVersion.objects.filter(site=site, number__gt=version).order_by("number"))
    names = ", ".join(dict.fromkeys(each.changed_by for each in later if each.changed_by))
    return StaleSite(
        _("%(who)s changed %(site)s meanwhile; nothing of this page has been saved.")
        % {"who": names or _("Somebody"), "site": site.name},
        changed_by=names,
        at=later[-1].at.isoformat() if later else "",
        changes=[change for each in later for change in each.changes],
        version=site.version,
    )
