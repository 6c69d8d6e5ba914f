"""Moving a delivery by hand to another vehicle or place: what it would come to, and doing it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.http import ActingRequest
from apps.core.errors import DomainError, PermissionRefused
from apps.portal.access import desk_page
from apps.portal.forms_plan import MoveForm
from apps.portal.frame import desk_frame
from apps.portal.presenters.plan import dearer
from apps.portal.views.desk_plan import address
from apps.routing import services
from apps.routing.errors import UnknownPlan
from apps.routing.models import RoutePlan
from apps.routing.selectors import plan_by_id


@desk_page
@require_http_methods(["GET", "POST"])
def move(request: ActingRequest, plan_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Ask where a delivery shall go (GET), say what that would come to (GET with a vehicle), do it (POST).

    For htmx only the form, for its dialog, or the verdict (``?part=verdict``).
    """
    plan = plan_by_id(plan_id)
    back = f"{address(plan.site, plan.day)}&version={plan.version}"
    asked: dict[str, Any] = {
        "actor": request.actor,
        "plan_id": plan_id,
        "delivery_id": delivery_id,
        "now": timezone.now(),
    }
    try:
        choices = services.move_choices(**asked)
    except (PermissionRefused, UnknownPlan):
        raise
    except DomainError as error:
        return _show(request, plan, {"refused": error, "back": back}, error.status)
    typed = request.POST or (request.GET if "plate" in request.GET else None)
    form = MoveForm(typed, choices=choices, initial={"plate": choices.plate_now})
    context = {"form": form, "number": choices.number, "back": back, "action": request.path}
    if not form.is_bound:
        return _show(request, plan, context, 200)
    if not form.is_valid():
        return _show(request, plan, context, 422)
    try:
        if request.method == "POST":
            moved = services.move_delivery(**asked, **form.cleaned_data)
        else:
            weighed = services.weigh_move(**asked, **form.cleaned_data)
            return _show(request, plan, context | {"verdict": _in_words(plan, weighed)}, 200)
    except PermissionRefused:
        raise
    except DomainError as error:
        return _show(request, plan, context | {"refused": error}, error.status)
    messages.success(
        request,
        _("%(number)s is moved; nobody is told before version %(version)d is published.")
        % {
            "number": choices.number,
            "version": moved.version,
        },
    )
    forward = f"{address(plan.site, plan.day)}&version={moved.version}"
    return HttpResponseClientRedirect(forward) if request.htmx else redirect(forward)


def _in_words(plan: RoutePlan, weighed: services.Weighed) -> str:
    return _("It fits as stop %(position)d, %(cost)s.") % {
        "position": weighed.position,
        "cost": dearer(weighed.extra_cents, plan.currency),
    }


def _show(request: ActingRequest, plan: RoutePlan, context: dict[str, Any], status: int) -> HttpResponse:
    """The page, or for htmx the form alone; of a verdict that was asked for, the verdict alone."""
    if request.htmx:
        part = "_move_verdict" if request.GET.get("part") == "verdict" else "_move_form"
        return render(request, f"portal/desk/{part}.html", context | {"in_dialog": True}, status=status)
    frame = desk_frame(request, section="plan")
    return render(request, "portal/desk/move.html", frame | context | {"plan": plan}, status=status)
