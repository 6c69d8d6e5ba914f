"""The code at a gate by which drivers report: made and ended by the site, and what was reported by it."""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.accounts.services import LinkClosed, find_link, issue_link, revoke_links
from apps.appointments.models import Appointment, SelfReport
from apps.core.errors import DomainError
from apps.facilities.models import Site

PURPOSE = "gate.report"
#: A poster that nobody ends is good for so long.
POSTER_LASTS = timedelta(days=730)
#: So many reports are taken within ``WHILE`` from one address, and at one site at all.
WHILE = timedelta(minutes=10)
FROM_ONE_ADDRESS, AT_ONE_SITE = 20, 100
#: What was reported is kept for so long.
KEPT = timedelta(days=7)


class TooManyReports(DomainError):
    """More was reported by the code than drivers do; the gate itself still checks everybody in."""

    code = "too-many-reports"
    status = 429


class ReportNotFound(DomainError):
    """There is no such report at the site."""

    code = "not-found"
    status = 404


@transaction.atomic
def make_poster(*, actor: Actor, site: Site, now: datetime) -> tuple[str, datetime]:
    """A token for the address that a poster at the site's gate shows, and until when it is good.

    The token is kept nowhere. Earlier posters stay good until they are ended: a site may have several gates.

    Raises:
        PermissionRefused: ``actor`` is no receiving manager of the site.
    """
    require(actor, "appointments.set_terms", site)
    until = now + POSTER_LASTS
    return issue_link(PURPOSE, subject_id=site.pk, issued_to=actor.name, expires_at=until), until


@transaction.atomic
def end_posters(*, actor: Actor, site: Site, now: datetime) -> int:
    """Every poster of the site is void from now on; how many there were.

    Raises:
        PermissionRefused: ``actor`` is no receiving manager of the site.
    """
    require(actor, "appointments.set_terms", site)
    return revoke_links(PURPOSE, subject_id=site.pk, now=now)


def site_of_poster(token: str, *, now: datetime) -> Site:
    """The site at whose gate the poster hangs.

    Raises:
        LinkClosed: it was ended, ran out, or is none; or the site receives nothing any more.
    """
    link = find_link(token, PURPOSE, now=now)
    site = Site.objects.select_related("recipient").filter(pk=link.subject_id, active=True).first()
    if site is None or site.recipient_id is None:
        raise LinkClosed("This code no longer works. Report to the gate in person.")
    return site


def require_few_reports(*, site: Site, address: str, now: datetime) -> None:
    """
    Raises:
        TooManyReports: from this address or at this site, within the last minutes.
    """
    lately = SelfReport.objects.filter(site=site, at__gt=now - WHILE)
    if lately.filter(came_from=_hashed(address)).count() >= FROM_ONE_ADDRESS or lately.count() >= AT_ONE_SITE:
        raise TooManyReports(
            "Too much was reported by this code just now. Go to the gate in person; it checks the vehicle in."
        )


@transaction.atomic
def note_report(
    *, site: Site, said: str, verdict: str, appointment: Appointment | None, address: str, now: datetime
) -> SelfReport:
    """Keep one report; the same again while the gate has not seen to it stands there once.

    What was kept long enough goes.
    """
    SelfReport.objects.filter(site=site, at__lt=now - KEPT).delete()
    said = " ".join(said.upper().split())[:40]
    if appointment is None:
        waiting = SelfReport.objects.filter(site=site, appointment=None, said=said, seen_at=None)
        waiting.update(seen_at=now)
    return SelfReport.objects.create(
        site=site,
        appointment=appointment,
        said=said,
        verdict=verdict,
        came_from=_hashed(address),
        at=now,
    )


@transaction.atomic
def see_to_report(*, actor: Actor, site: Site, report_id: UUID, now: datetime) -> None:
    """The gate saw to a vehicle that was not known; it stands in the list no more.

    Raises:
        PermissionRefused: ``actor`` does not work the site.
        ReportNotFound: nothing of that kind was reported there.
    """
    require(actor, "appointments.block", site)
    reported = SelfReport.objects.filter(pk=report_id, site=site)
    if not reported.exists():
        raise ReportNotFound("This was not reported at this gate, or it is no longer kept.")
    reported.filter(seen_at=None).update(seen_at=now)


def open_reports(site: Site, *, now: datetime) -> list[SelfReport]:
    """Vehicles that stand at the gate by their own word and are not known there, the first one first."""
    since = now - timedelta(hours=24)
    found = SelfReport.objects.filter(site=site, appointment=None, seen_at=None, at__gt=since)
    return list(found.order_by("id")[:20])


def _hashed(address: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), f"gate:{address}".encode(), sha256).hexdigest()
