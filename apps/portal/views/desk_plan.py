"""Planning a day: asking for a plan, looking at what came of it, publishing it."""

from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.appointments.search import local_day
from apps.core.errors import DomainError, PermissionRefused
from apps.core.models import Job
from apps.deliveries.models import Delivery
from apps.deliveries.standing import to_book
from apps.facilities.models import Site
from apps.portal.access import desk_page
from apps.portal.forms_desk import PlanFilter
from apps.portal.frame import desk_frame
from apps.portal.presenters import plan as present
from apps.portal.views.desk_jobs import facts
from apps.routing import selectors
from apps.routing.depots import lead_of
from apps.routing.models import RoutePlan
from apps.routing.services import publish_plan, request_plan


@desk_page
@require_http_methods(["GET", "POST"])
def plan(request: ActingRequest) -> HttpResponse:
    """The plan of one site and day, the newest version unless another is named; posted, a new one is made.

    A site that is planned with another shows that one's plan.
    """
    form = PlanFilter(request.POST or request.GET)
    asked = form.values()
    site = asked.get("site") or Site.objects.filter(shipper__isnull=False, active=True).first()
    if site is None:
        return render(request, "portal/desk/plan.html", {**desk_frame(request, section="plan"), "site": None})
    site = lead_of(site)
    day = asked.get("day") or local_day(timezone.now(), ZoneInfo(site.time_zone))
    if request.method == "POST":
        request_plan(actor=request.actor, site=site, day=day, now=timezone.now())
        return redirect(address(site, day))
    return _page(request, site, day)


@desk_page
@require_POST
def publish(request: ActingRequest, plan_id: UUID) -> HttpResponse:
    """Make a plan the one that counts; one that is outdated is refused in place, with what has changed."""
    shown = RoutePlan.objects.select_related("site").filter(pk=plan_id).first()
    try:
        published = publish_plan(actor=request.actor, plan_id=plan_id, now=timezone.now())
    except PermissionRefused:
        raise
    except DomainError as error:
        if shown is None:
            raise
        return _page(request, shown.site, shown.day, version=shown.version, refused=error)
    messages.success(request, _("Version %(version)d is published.") % {"version": published.version})
    return redirect(f"{address(published.site, published.day)}&version={published.version}")


def address(site: Site, day: date) -> str:
    """The address of the plan of a site and day."""
    return f"{reverse('desk:plan')}?{urlencode({'site': str(site.pk), 'day': day.isoformat()})}"


def _page(
    request: ActingRequest,
    site: Site,
    day: date,
    *,
    version: int | None = None,
    refused: DomainError | None = None,
) -> HttpResponse:
    versions = list(selectors.versions(site=site, day=day))
    wanted = version or request.GET.get("version", "")
    numbers = [each.version for each in versions]
    number = next((each for each in numbers if str(each) == str(wanted)), numbers[0] if numbers else 0)
    found = {
        each.version: each
        for each in selectors.plans().filter(site=site, day=day, version__in=[number, number - 1])
    }
    shown = found.get(number)
    job = selectors.latest_job(site=site, day=day)
    context: dict[str, Any] = {
        **desk_frame(request, section="plan"),
        "form": PlanFilter(initial={"site": site.pk, "day": day}),
        "site": site,
        "day": day,
        "zone": site.time_zone,
        "address": address(site, day),
        "job": facts(job, back=address(site, day)) if job and job.state != Job.State.DONE else None,
        "may_plan": allows(request.actor, "routing.plan"),
        "refused": refused,
        "versions": versions,
        "plan": shown,
        "selected_route": request.GET.get("route", ""),
    }
    if shown is not None:
        context |= _drawn(shown, found.get(number - 1)) | _standing(shown)
    return render(request, "portal/desk/plan.html", context, status=refused.status if refused else 200)


def _drawn(shown: RoutePlan, previous: RoutePlan | None) -> dict[str, Any]:
    without_slot = _without_slot(shown)
    return {
        "tiles": present.tiles(shown),
        **present.drawings(shown, now=timezone.now()),
        "routes": present.route_table(shown),
        "left_out": present.left_out_table(shown, without_slot),
        "to_book": len(without_slot),
        "comparison": present.comparison(shown, previous),
        "previous": previous,
        "notes": [*filter(None, [present.bound_sentence(shown)]), *shown.notes],
        "needs": _needs(shown, len(shown.unassigned.all())),
    }


def _without_slot(shown: RoutePlan) -> set[UUID]:
    """Deliveries on no route for which slots can be asked now."""
    left_out = [one.delivery_id for one in shown.unassigned.all()]
    if not left_out:
        return set()
    return set(to_book(Delivery.objects.filter(pk__in=left_out)).values_list("pk", flat=True))


def _standing(shown: RoutePlan) -> dict[str, Any]:
    """Why the plan in force needs re-planning; of a draft, what publishing it would change."""
    if shown.state == RoutePlan.State.PUBLISHED:
        return {"disruptions": list(shown.disruptions.filter(settled_at=None)), "changes": None}
    if shown.state == RoutePlan.State.DRAFT:
        in_force = selectors.published_plan(site=shown.site, day=shown.day)
        return {"disruptions": [], "changes": present.changes(shown, in_force)}
    return {"disruptions": [], "changes": None}


def _needs(shown: RoutePlan, left_out: int) -> str:
    outside = (
        ngettext(
            "%(n)d delivery is on no route; its reasons are below.",
            "%(n)d deliveries are on no route; their reasons are below.",
            left_out,
        )
        % {"n": left_out}
        if left_out
        else _("Every delivery of the day is on a route.")
    )
    if shown.state == RoutePlan.State.DRAFT:
        return f"{outside} " + _("Version %(version)d is a draft: nobody is told before it is published.") % {
            "version": shown.version
        }
    return outside
