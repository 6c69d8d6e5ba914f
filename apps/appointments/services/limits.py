"""How many slots one shipper may hold at a site: counted by one at a time, so that nobody slips through."""

from datetime import datetime
from zoneinfo import ZoneInfo

from apps.accounts.actors import Actor, Side
from apps.appointments.models import Appointment, SiteTerms
from apps.appointments.selectors import live_holds
from apps.appointments.services.errors import TooManyHolds
from apps.appointments.services.occupancy import lock_holder


def require_few_holds(appointment: Appointment, actor: Actor, now: datetime) -> None:
    """Count what the shipper holds at the site, what was just offered or picked included; call it after that.

    Slots that the recipient offered are held for the shipper, not by it, and don't count.

    Raises:
        TooManyHolds: more than the site's terms allow; says when the next one ends and what would work.
        DockBusy: others are counting for too long.
    """
    if actor.side != Side.SHIPPER:
        return
    terms = SiteTerms.objects.filter(site_id=appointment.site_id, live_holds_per_shipper__isnull=False)
    limit = terms.values_list("live_holds_per_shipper", flat=True).first()
    if limit is None:
        return
    lock_holder(appointment.site_id, appointment.shipper_id)
    held = live_holds(site_id=appointment.site_id, shipper_id=appointment.shipper_id, now=now)
    if len(held) <= limit:
        return
    others = [one for one in held if one.subject_id != appointment.pk]
    room = max(0, limit - len(others))
    until = others[0].ends if others else None
    rule = f"{appointment.site.name} lets one shipper hold {limit} slots at a time."
    raise TooManyHolds(
        f"{rule} {_what_works(appointment, room, until)}",
        limit=limit,
        held=len(others),
        until=until.isoformat() if until else None,
    )


def _what_works(appointment: Appointment, room: int, until: datetime | None) -> str:
    if room:
        return f"Offer at most {room} here, or withdraw another offer."
    if until is None:
        return "Offer fewer slots."
    local = until.astimezone(ZoneInfo(appointment.site.time_zone))
    return f"Withdraw an offer, or wait for its answer; the next one ends {local:%d %B, %H:%M %Z}."
