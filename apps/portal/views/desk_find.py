"""Looking for slots at several sites and on several days for one load: the best first, with the reasons."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from uuid import UUID
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.appointments.load import Load, Slot
from apps.appointments.ranking import Ranked, RouteCost, Wish, best
from apps.appointments.search import day_bounds
from apps.appointments.selectors import find_at_sites
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries
from apps.deliveries.standing import to_book
from apps.facilities.models import Site
from apps.portal.access import desk_page
from apps.portal.forms_find import FindForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import found as present
from apps.routing.services import route_costs

BEST, EACH = 12, 6


@desk_page
@require_GET
def find(request: ActingRequest) -> HttpResponse:
    """The form, and below it what fits best over all the chosen sites, and each site day by day."""
    now = timezone.now()
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    asked = "first_day" in request.GET
    form = FindForm(request.GET if asked else None, actor=request.actor, initial={"first_day": tomorrow})
    context = {
        **desk_frame(request, section="deliveries"),
        "crumbs": [{"label": _("Deliveries"), "url": reverse("desk:deliveries")}],
        "form": form,
        "asked": asked,
    }
    if asked and form.is_valid():
        context |= _found(request, form, now)
    return render(request, "portal/desk/find.html", context, status=422 if form.errors else 200)


def _found(request: ActingRequest, form: FindForm, now: datetime) -> dict[str, object]:
    sites: list[Site] = list(form.cleaned_data["site"])
    load, first_day, days = form.load(), form.cleaned_data["first_day"], form.cleaned_data["days"]
    searches = find_at_sites(sites=sites, load=load, first_day=first_day, days=days, now=now)
    waiting = _to_book(sites, first_day, days)
    ranked: list[tuple[Site, Wish, Ranked]] = []
    for site in sites:
        wish = _wish(request, site, form, waiting.get(site.pk), load, now)
        ranked += [(site, wish, one) for one in best(searches[site.pk], wish, EACH)]
    ranked.sort(key=lambda one: (one[2].score, one[2].slot.start))
    return {
        "best": [
            present.row(site, searches[site.pk], wish, one, waiting.get(site.pk), place)
            for place, (site, wish, one) in enumerate(ranked[:BEST], start=1)
        ],
        "days": present.days(first_day, days),
        "sites": [present.site_line(site, searches[site.pk]) for site in sites],
    }


def _to_book(sites: Iterable[Site], first_day: date, days: int) -> Mapping[UUID, Delivery]:
    """For each site the delivery that wants a slot first, if any: what is found can be offered for it."""
    last = first_day + timedelta(days=days)
    found = to_book(deliveries().filter(site__in=list(sites), day__lt=last))
    first: dict[UUID, Delivery] = {}
    for delivery in found.select_related("site__recipient", "origin").order_by("day", "number"):
        first.setdefault(delivery.site_id, delivery)
    return first


def _wish(
    request: ActingRequest, site: Site, form: FindForm, delivery: Delivery | None, load: Load, now: datetime
) -> Wish:
    """The best time, on the first day by the site's own clock; and what the routes pay for the delivery."""
    zone = ZoneInfo(site.time_zone)
    start, end = day_bounds(form.cleaned_data["first_day"], zone)
    at: time | None = form.cleaned_data["at"]
    if at is not None:
        start = end = datetime.combine(form.cleaned_data["first_day"], at, tzinfo=zone).astimezone(UTC)
    costs = partial(_costs, request, delivery, load, now) if delivery is not None else None
    return Wish(earliest=start, latest=end, route_costs=costs)


def _costs(
    request: ActingRequest, delivery: Delivery, load: Load, now: datetime, slots: Sequence[Slot]
) -> list[RouteCost]:
    return route_costs(actor=request.actor, delivery=delivery, slots=slots, now=now, load=load)
