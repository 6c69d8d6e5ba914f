"""A site as its partners read it, now and at the version that something was agreed under; at hub and desk."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.facilities.models import Site, SiteVersion
from apps.facilities.selectors import receiving_sites_visible_to, site_profile, version_of
from apps.portal.access import hub_page, shipper_page
from apps.portal.frame import desk_frame, hub_frame
from apps.portal.presenters.sites import site_page, version_page

SHOWN_VERSIONS = 20


@require_GET
@hub_page
def hub_site(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The public profile of one of the recipient's sites: what every shipper may read of it."""
    return _site(request, site_id)


@require_GET
@shipper_page
def desk_site(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The public profile of a partner's site."""
    return _site(request, site_id)


@require_GET
@hub_page
def hub_version(request: ActingRequest, site_id: UUID, number: int) -> HttpResponse:
    """What held at a version of one of the recipient's sites."""
    return _version(request, site_id, number)


@require_GET
@shipper_page
def desk_version(request: ActingRequest, site_id: UUID, number: int) -> HttpResponse:
    """What held at a version of a partner's site."""
    return _version(request, site_id, number)


def _site(request: ActingRequest, site_id: UUID) -> HttpResponse:
    site = _visible(request, site_id)
    space = _space(request)
    edit = allows(request.actor, "facilities.manage", site)
    context = _frame(request, site) | site_page(site_profile(site), now=timezone.now())
    context |= {
        "edit_url": reverse("hub:setup", args=[site.pk, "place"]) if edit else "",
        "board_url": reverse("hub:board", args=[site.pk]) if space == "hub" else "",
        "version_url": reverse(f"{space}:site_version", args=[site.pk, site.version]),
    }
    return render(request, "portal/site.html", context)


def _version(request: ActingRequest, site_id: UUID, number: int) -> HttpResponse:
    site = _visible(request, site_id)
    space = _space(request)
    read = version_of(site, number)
    if read is None:
        raise Http404
    kept = SiteVersion.objects.filter(site=site).values_list("number", flat=True)[:SHOWN_VERSIONS]
    context = _frame(request, site) | version_page(read, site)
    context |= {
        "profile_url": reverse(f"{space}:site", args=[site.pk]),
        "others": [
            {"number": other, "url": reverse(f"{space}:site_version", args=[site.pk, other])}
            for other in sorted({*kept, site.version} - {number}, reverse=True)
        ],
    }
    return render(request, "portal/site_version.html", context)


def _visible(request: ActingRequest, site_id: UUID) -> Site:
    return get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)


def _space(request: ActingRequest) -> str:
    return "desk" if request.actor.side == Side.SHIPPER else "hub"


def _frame(request: ActingRequest, site: Site) -> dict[str, object]:
    if request.actor.side == Side.SHIPPER:
        return desk_frame(request, section="") | {"base": "desk_base.html", "is_desk": True}
    return hub_frame(request, site=site) | {"base": "hub_base.html", "is_desk": False}
