"""What every page of a standing appointment needs: whose it is, at which host, and the way back."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments.models import StandingAppointment
from apps.facilities.models import Dock, Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.frame import desk_frame, hub_frame
from apps.tenancy.doorway import current_shipper


def series_for(request: ActingRequest, standing_id: UUID) -> StandingAppointment:
    """A series of the actor's organisation, for who negotiates there.

    Raises:
        Http404, PermissionRefused
    """
    actor = request.actor
    mine = every_series().filter(pk=standing_id)
    if actor.side == Side.SHIPPER:
        mine = mine.filter(shipper_id=current_shipper().pk)
    else:
        mine = mine.filter(site__recipient_id__in=actor.recipient_ids)
    series = mine.first()
    if series is None:
        raise Http404
    require(actor, "appointments.standing", series)
    return series


def every_series() -> Any:
    return StandingAppointment.objects.select_related("shipper", "site__recipient", "dock").order_by("-id")


def managed_site(request: ActingRequest, site_id: UUID) -> Site:
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.standing", StandingAppointment(site=site))
    return site


def docks_of(site: Site) -> list[Dock]:
    return list(Dock.objects.filter(site=site, active=True).order_by("rank", "name"))


def space_of(request: ActingRequest) -> str:
    return "desk" if request.actor.side == Side.SHIPPER else "hub"


def frame_at(request: ActingRequest, site: Site | None) -> dict[str, Any]:
    if request.actor.side == Side.SHIPPER:
        return desk_frame(request, section="offers") | {"base": "desk_base.html"}
    return hub_frame(request, site=site) | {"base": "hub_base.html"}


def list_url(request: ActingRequest, site: Site) -> str:
    return (
        reverse("desk:series_list")
        if space_of(request) == "desk"
        else reverse("hub:series_list", args=[site.pk])
    )


def go_to(request: ActingRequest, series: StandingAppointment) -> HttpResponse:
    return redirect(f"{space_of(request)}:series", series.pk)
