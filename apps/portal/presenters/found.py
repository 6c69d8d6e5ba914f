"""What a search over several sites found: the best slots with their reasons, and each site day by day."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.appointments.ranking import Ranked, Wish
from apps.appointments.search import SlotSearch, local_day
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.portal.choosing import write_slot
from apps.portal.presenters.fits import fit, why_nothing

Context = dict[str, Any]


def row(
    site: Site, search: SlotSearch, wish: Wish, found: Ranked, delivery: Delivery | None, place: int
) -> Context:
    """One of the best slots: its place, what speaks for it, and for which delivery it can be offered."""
    slot = found.slot
    day = local_day(slot.start, ZoneInfo(site.time_zone))
    chosen = urlencode([("slot", write_slot(slot)), ("day", day.isoformat())])
    return {
        "place": place,
        "site": site.name,
        "site_url": reverse("desk:site", args=[site.pk]),
        "zone": site.time_zone,
        "start": slot.start,
        "end": slot.end,
        "dock": search.dock_names.get(slot.dock_id, ""),
        "fits": fit(found, wish),
        "delivery": delivery.number if delivery else "",
        "offer_url": f"{reverse('desk:ask', args=[delivery.pk])}?{chosen}" if delivery else "",
    }


def days(first_day: date, count: int) -> list[date]:
    """The days that were searched, in order."""
    return [first_day + timedelta(days=number) for number in range(count)]


def site_line(site: Site, search: SlotSearch) -> Context:
    """One site: the starts that each day has left or why it has none, and why none has any."""
    return {
        "name": site.name,
        "url": reverse("desk:site", args=[site.pk]),
        "days": [
            {
                "day": count.day,
                "starts": count.starts,
                "label": ngettext("%(n)d start", "%(n)d starts", count.starts) % {"n": count.starts}
                if count.starts
                else _("none"),
                "why": count.why,
            }
            for count in search.per_day
        ],
        "nothing": why_nothing(search, site),
        "whom": " · ".join(part for part in (site.contact_name, site.contact_phone) if part),
    }
