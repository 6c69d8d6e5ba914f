"""Moving a site to another time zone while vehicles are expected there."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.models import Appointment
from apps.appointments.reasons import at_site
from apps.appointments.states import State
from apps.core.errors import DomainError
from apps.facilities.models import Closure, Site

LIVE = (State.OFFERED, State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS)


class SiteIsBooked(DomainError):
    """Slots are offered or agreed whose local times would become others; nothing has changed."""

    code = "site-is-booked"
    status = 409


def require_same_clock(site: Site, time_zone: str, *, now: datetime) -> None:
    """Refuse another time zone while its clock would show another time for a slot that is held or agreed.

    What both sides read is the site's clock; its moments would silently become other times of day. A zone
    whose clock is the same at all of these moments is no other time, and is let through. Closures ahead
    are meant by the wall clock and are moved with it; call this before the site is saved, inside its change.

    Raises:
        SiteIsBooked: there are such slots; says how many and until when.
    """
    if time_zone == site.time_zone:
        return
    old, new = ZoneInfo(site.time_zone), ZoneInfo(time_zone)
    booked = sorted(_moments(site, now))
    if any(_shown(at, old) != _shown(at, new) for at in booked):
        words = ngettext(
            "%(n)s slot at %(site)s is offered or agreed by the clock of %(zone)s; the last begins %(last)s.",
            "%(n)s slots at %(site)s are offered or agreed by the clock of %(zone)s; "
            "the last begins %(last)s.",
            len(booked),
        )
        last = at_site(booked[-1], old)
        said = words % {"n": len(booked), "site": site.name, "zone": site.time_zone, "last": last}
        raise SiteIsBooked(f"{said} {_('Agree on other times, or move the site after it.')}")
    for closure in Closure.objects.filter(site=site, during__endswith__gt=now):
        closure.during = type(closure.during)(
            *(_shown(at, old).replace(tzinfo=new) for at in (closure.during.lower, closure.during.upper))
        )
        closure.save(update_fields=["during"])


def _moments(site: Site, now: datetime) -> list[datetime]:
    """When the agreed slots and those that are still offered begin and end, from now on."""
    live = Appointment.objects.filter(site=site, state__in=LIVE)
    agreed = live.filter(during__endswith__gt=now).values_list(F("during__startswith"), flat=True)
    held = live.filter(
        occupancies__hold_expires_at__gt=now, occupancies__offered_slot__isnull=False
    ).values_list("occupancies__offered_slot__during__startswith", flat=True)
    return [*agreed, *held]


def _shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
