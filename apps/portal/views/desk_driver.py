"""Drivers' phones from the planner's side: links to a route or a leg are made, access is ended."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.carriers.models import Vehicle
from apps.core.errors import DomainError
from apps.deliveries.models import Delivery
from apps.documents.rendering import qr_code
from apps.driving import services
from apps.driving.models import DriverAction, DriverSession
from apps.driving.selectors import sessions_of_route
from apps.portal.access import desk_page
from apps.portal.frame import desk_frame
from apps.portal.presenters.driving import said_of
from apps.routing.models import Route
from apps.tenancy.addresses import desk_address
from apps.tenancy.doorway import current_shipper


class LegDriverForm(forms.Form):
    """Who drives a leg, and with which vehicle of the shipper's carriers."""

    vehicle = forms.ModelChoiceField(label=gettext_lazy("Vehicle"), queryset=Vehicle.objects.none())
    driver = forms.CharField(label=gettext_lazy("Driver"), max_length=100, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        vehicles = self.fields["vehicle"]
        assert isinstance(vehicles, forms.ModelChoiceField)
        in_use = Vehicle.objects.filter(active=True, carrier__active=True).select_related("carrier")
        vehicles.queryset = in_use.order_by("carrier__name", "plate")


@desk_page
@require_http_methods(["GET", "POST"])
def invite(request: ActingRequest, route_id: UUID) -> HttpResponse:
    """Make the link that a driver opens the route with, as an address and as a code; or end all access."""
    route = get_object_or_404(Route.objects.select_related("plan", "vehicle", "driver"), pk=route_id)
    return _invite(
        request,
        title=_("Driver’s phone for %(route)s, %(plate)s") % {"route": route, "plate": route.vehicle.plate},
        needs=_(
            "The link opens this vehicle’s published route of the day on one phone, once, without an account."
        ),
        make=lambda now: services.invite_driver(actor=request.actor, route_id=route.pk, now=now),
        end=lambda now: services.end_access(actor=request.actor, route_id=route.pk, now=now),
        sessions=sessions_of_route(route),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def invite_for_leg(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """The same for a leg, which no plan holds: who drives it and with which vehicle is said here."""
    leg = get_object_or_404(Delivery.objects.exclude(leg="").select_related("site"), pk=delivery_id)
    form = LegDriverForm(request.POST if request.POST.get("step") == "link" else None)
    return _invite(
        request,
        title=_("Driver’s phone for %(leg)s to %(site)s") % {"leg": leg.number, "site": leg.site.name},
        needs=_("The link opens this leg on one phone, once, without an account."),
        make=lambda now: services.invite_for_leg(
            actor=request.actor,
            leg_id=leg.pk,
            vehicle_id=form.cleaned_data["vehicle"].pk,
            driver_name=form.cleaned_data["driver"],
            now=now,
        ),
        end=lambda now: services.end_leg_access(actor=request.actor, leg_id=leg.pk, now=now),
        sessions=DriverSession.objects.filter(leg=leg),
        form=form,
        crumbs=[
            {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
            {"label": leg.number, "url": reverse("desk:delivery", args=[leg.pk])},
        ],
    )


def _invite(
    request: ActingRequest,
    *,
    title: str,
    needs: str,
    make: Callable[[datetime], str],
    end: Callable[[datetime], int],
    sessions: QuerySet[DriverSession],
    form: forms.Form | None = None,
    crumbs: Sequence[Mapping[str, str]] = (),
) -> HttpResponse:
    """Make a link, or end all access: what is asked for by ``step``."""
    require(request.actor, "deliveries.plan")
    now, address, refused = timezone.now(), "", None
    step = request.POST.get("step", "")
    status = 200
    if request.method == "POST":
        try:
            if step == "end":
                messages.success(request, _("Access is ended; phones signed off: %(n)s.") % {"n": end(now)})
                return redirect(request.path)
            if form is None or form.is_valid():
                address = desk_address(current_shipper(), reverse("desk:drive_open", args=[make(now)]))
            else:
                status = 422
        except DomainError as error:
            refused, status = error, error.status
    context = {
        **desk_frame(request, section="plan" if form is None else "deliveries"),
        "title": title,
        "needs": needs,
        "form": form,
        "crumbs": crumbs,
        "address": address,
        "code": qr_code(address) if address else "",
        "refused": refused,
        "phones": sessions.filter(ended_at=None, expires_at__gt=now),
        "refusals": [
            (action, said_of(action))
            for action in DriverAction.objects.filter(
                session__in=sessions, outcome=DriverAction.Outcome.REFUSED
            ).select_related("stop__delivery", "session__leg")
        ],
    }
    return render(request, "portal/drive/invite.html", context, status=status)
