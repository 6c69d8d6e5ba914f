"""What a site asks of those who hold slots or wait for them: set by one of its managers at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.models import SiteTerms
from apps.appointments.services.errors import ChangedMeanwhile
from apps.facilities.models import Site

CHANGED = "Somebody else set these terms meanwhile; look at both and set them again."


def terms_of(site_id: UUID) -> SiteTerms:
    """The site's terms; the usual ones, at version 0, where none were set."""
    return SiteTerms.objects.filter(site_id=site_id).first() or SiteTerms(site_id=site_id, version=0)


def set_terms(
    *, actor: Actor, site: Site, terms: Mapping[str, Any], version: int, now: datetime
) -> SiteTerms:
    """Set all that the site's terms may say; ``version`` is theirs as they were read, 0 where none were set.

    Raises:
        PermissionRefused: ``actor`` doesn't manage the site.
        ChangedMeanwhile: somebody else set them since they were read; nothing has changed by this.
    """
    require(actor, "appointments.set_terms", site)
    changed = {**terms, "set_by": actor.name, "set_at": now, "version": version + 1}
    if version:
        if not SiteTerms.objects.filter(site=site, version=version).update(**changed):
            raise ChangedMeanwhile(CHANGED)
    else:
        try:
            with transaction.atomic():
                SiteTerms.objects.create(site=site, **changed)
        except IntegrityError as error:
            if "site_id" not in str(error):
                raise
            raise ChangedMeanwhile(CHANGED) from error
    return SiteTerms.objects.get(site=site)
