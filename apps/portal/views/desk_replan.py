"""What a planner does to a plan that is there: keep parts, report, repair, propose other slots, schedule."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError, PermissionRefused
from apps.facilities.models import Site
from apps.portal.access import desk_page
from apps.portal.forms_plan import BreakdownForm, ScheduleForm
from apps.portal.frame import desk_frame
from apps.portal.views.desk_plan import address
from apps.routing import services
from apps.routing.errors import UnknownPlan
from apps.routing.models import Route, RoutePlan, Schedule
from apps.routing.selectors import own_site
from apps.tenancy.doorway import current_shipper


@desk_page
@require_POST
def repair(request: ActingRequest, plan_id: UUID) -> HttpResponse:
    """Have the plan repaired with as little change as possible; what comes of it is a draft to compare."""
    services.request_repair(actor=request.actor, plan_id=plan_id, now=timezone.now())
    plan = RoutePlan.objects.select_related("site").get(pk=plan_id)
    return redirect(address(plan.site, plan.day))


@desk_page
@require_POST
def propose(request: ActingRequest, plan_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Offer the recipient the slots that would bring a left-out delivery onto a route."""
    try:
        appointment = services.propose_slots(
            actor=request.actor, plan_id=plan_id, delivery_id=delivery_id, now=timezone.now()
        )
    except (PermissionRefused, UnknownPlan):
        raise
    except DomainError as error:
        messages.error(request, error.message)
        plan = RoutePlan.objects.select_related("site").get(pk=plan_id)
        return redirect(f"{address(plan.site, plan.day)}&version={plan.version}#left-out-title")
    messages.success(
        request,
        _("%(site)s is asked for another time; the agreed one stands until it accepts.")
        % {"site": appointment.site.name},
    )
    return redirect("desk:delivery", delivery_id)


@desk_page
@require_POST
def lock_route(request: ActingRequest, route_id: UUID) -> HttpResponse:
    """Keep a route as it is when the day is planned again, or let it go (``locked``)."""
    locked = request.POST.get("locked") == "1"
    route = services.lock_route(actor=request.actor, route_id=route_id, locked=locked)
    return redirect(_back(route.plan, route.number))


@desk_page
@require_POST
def lock_stop(request: ActingRequest, stop_id: UUID) -> HttpResponse:
    """Keep a stop on its vehicle when the day is planned again, or let it go (``locked``)."""
    locked = request.POST.get("locked") == "1"
    stop = services.lock_stop(actor=request.actor, stop_id=stop_id, locked=locked)
    return redirect(_back(stop.route.plan, stop.route.number))


@desk_page
@require_http_methods(["GET", "POST"])
def breakdown(request: ActingRequest, route_id: UUID) -> HttpResponse:
    """Ask what happened, then put on record that the route's vehicle can't drive on that day."""
    route = get_object_or_404(Route.objects.select_related("plan__site", "vehicle", "carrier"), pk=route_id)
    form = BreakdownForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.report_breakdown(
            actor=request.actor, route_id=route.pk, note=form.cleaned_data["note"], now=timezone.now()
        )
        messages.success(request, _("%(plate)s is out for that day.") % {"plate": route.vehicle.plate})
        return redirect(_back(route.plan, route.number))
    return render(
        request,
        "portal/desk/plan_question.html",
        {
            **desk_frame(request, section="plan"),
            "form": form,
            "title": _("%(plate)s can’t drive") % {"plate": route.vehicle.plate},
            "needs": _("It stays out for that day; the plan says that it needs re-planning."),
            "verb": _("Report the breakdown"),
            "is_danger": True,
            "back": _back(route.plan, route.number),
        },
        status=422 if form.errors else 200,
    )


@desk_page
@require_POST
def withdraw(request: ActingRequest, disruption_id: UUID) -> HttpResponse:
    """The vehicle that was reported can drive after all."""
    plan = services.withdraw_breakdown(actor=request.actor, disruption_id=disruption_id, now=timezone.now())
    messages.success(request, _("The report is taken back."))
    return redirect(address(plan.site, plan.day))


@desk_page
@require_http_methods(["GET", "POST"])
def schedule(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """When the days of one own site are planned by themselves."""
    site: Site = own_site(site_id, shipper_id=current_shipper().pk)
    form = ScheduleForm(
        request.POST or None, instance=Schedule.objects.filter(site=site).first() or Schedule(site=site)
    )
    refused: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        try:
            services.set_schedule(
                actor=request.actor, site_id=site.pk, now=timezone.now(), **form.cleaned_data
            )
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The schedule is kept."))
            return redirect("desk:plan")
    return render(
        request,
        "portal/desk/plan_question.html",
        {
            **desk_frame(request, section="plan"),
            "form": form,
            "refused": refused,
            "title": _("Plan %(site)s by itself") % {"site": site.name},
            "needs": _("Times are those of %(zone)s. Publishing stays a planner’s step.")
            % {"zone": site.time_zone},
            "verb": _("Keep the schedule"),
            "back": address(site, timezone.now().date()),
        },
        status=refused.status if refused else 422 if form.errors else 200,
    )


def _back(plan: RoutePlan, route: int) -> str:
    return f"{address(plan.site, plan.day)}&version={plan.version}&route={route}#route-{route}"
