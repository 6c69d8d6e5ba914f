"""The hub's first page: what waits, what it waits for, the day at each site."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.core.exceptions import PermissionDenied
from django.db.models import Max, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actors import Actor
from apps.accounts.http import ActingRequest
from apps.accounts.models import Role
from apps.appointments.models import Appointment
from apps.appointments.search import day_bounds, local_day
from apps.appointments.selectors import waiting_for
from apps.appointments.states import State
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import member_page
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointments
from apps.portal.presenters import inbox as rows

LATELY = timedelta(days=7)
SHOWN_DECIDED = 12


@require_GET
@member_page
def inbox(request: ActingRequest) -> HttpResponse:
    """What waits for the recipient first, then what it waits for, then the day at each of its sites."""
    actor: Actor = request.actor
    if not actor.recipient_roles:
        if Role.OPERATOR in actor.roles:
            return redirect("hub:shippers")
        raise PermissionDenied
    now = timezone.now()
    may_answer = actor.has_role(Role.RECEIVING_MANAGER)
    waiting = _with_offers(waiting_for(actor).select_related("shipper"))
    sites = list(receiving_sites_visible_to(actor).order_by("name"))
    context = hub_frame(request, section="inbox") | {
        "now": now,
        "needs": rows.needs(len(waiting), may_answer=may_answer),
        "may_answer": may_answer,
        "waiting": [rows.waiting_row(a, list(a.offers.all()), now=now) for a in waiting],
        "pending": [rows.pending_row(a, list(a.offers.all()), now=now) for a in _pending(actor)],
        "decided": [rows.decided_row(a, now=now) for a in _decided(actor, now)],
        "days": rows.site_days(sites, _today(actor, sites, now), now=now),
    }
    return render(request, "portal/hub/inbox.html", context)


def _with_offers(appointments: QuerySet[Appointment]) -> list[Appointment]:
    return list(appointments.prefetch_related("offers__slots__dock"))


def _pending(actor: Actor) -> list[Appointment]:
    """Offers of the recipient that the shipper has to answer, those to move what is agreed included."""
    asked = hub_appointments(actor).filter(must_act="shipper")
    return _with_offers(asked.order_by("must_act_by"))


def _decided(actor: Actor, now: datetime) -> list[Appointment]:
    """What was agreed or ended in the last days, the latest first."""
    ended = [State.CONFIRMED, State.DECLINED, State.EXPIRED, State.CANCELLED]
    return list(
        hub_appointments(actor)
        .filter(state__in=ended)
        .annotate(decided_at=Max("events__at"))
        .filter(decided_at__gt=now - LATELY)
        .order_by("-decided_at")[:SHOWN_DECIDED]
    )


def _today(actor: Actor, sites: list[Site], now: datetime) -> list[Appointment]:
    """What has a slot today, by each site's own calendar."""
    today = Q(pk__in=[])
    for place in sites:
        zone = ZoneInfo(place.time_zone)
        today |= Q(site=place, during__overlap=day_bounds(local_day(now, zone), zone))
    agreed = [State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS, State.COMPLETED, State.NO_SHOW]
    return list(hub_appointments(actor).filter(today, state__in=agreed))
