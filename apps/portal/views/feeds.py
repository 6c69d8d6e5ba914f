"""Calendars that other programs read: made for a site, a dock or the shipper, shown once, revoked, read."""

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.appointments.feeds import entries_of
from apps.facilities.models import Dock, Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.notices.calendar import feed as write_feed
from apps.notices.models import CalendarFeed
from apps.notices.permissions import FeedOwner
from apps.notices.selectors import feeds_of
from apps.notices.services import find_feed, open_feed, revoke_feed
from apps.portal.access import member_page
from apps.portal.frame import frame
from apps.tenancy.doorway import current_shipper

SCOPE = CalendarFeed.Scope


class FeedForm(forms.Form):
    """Of what a calendar is made; only what belongs to the person's organisation can be chosen."""

    what = forms.ChoiceField(label=gettext_lazy("Calendar of"))


@never_cache
@require_http_methods(["GET", "POST"])
@member_page
def feeds(request: ActingRequest) -> HttpResponse:
    """The organisation's calendars (GET); making one (POST) shows its address, this once."""
    choices = {
        f"{scope}_{subject}": (scope, subject, label, owner) for scope, subject, label, owner in _own(request)
    }
    if not choices:
        raise PermissionDenied
    form = FeedForm(request.POST if request.method == "POST" else None)
    form.fields["what"].choices = [(key, label) for key, (_s, _i, label, _o) in choices.items()]  # type: ignore[attr-defined]  # a choice field
    address = ""
    if request.method == "POST" and form.is_valid():
        scope, subject, label, owner = choices[form.cleaned_data["what"]]
        token = open_feed(actor=request.actor, scope=scope, subject_id=subject, label=label, owner=owner)
        address = request.build_absolute_uri(reverse("calendar", args=[token]))
    context = frame(request, section="notices") | {
        "form": form,
        "address": address,
        "feeds": feeds_of(request.actor).order_by("-id"),
        "zone": "UTC",
    }
    status = 422 if form.errors else 201 if address else 200
    return render(request, "portal/notices/feeds.html", context, status=status)


@require_POST
@member_page
def revoke(request: ActingRequest, feed_id: UUID) -> HttpResponse:
    """End a calendar for good."""
    revoke_feed(actor=request.actor, feed_id=feed_id, now=timezone.now())
    messages.success(request, _("The calendar’s address no longer works."))
    return redirect("feeds")


@require_safe
def calendar(request: HttpRequest, token: str) -> HttpResponseBase:
    """The calendar behind a token, for programs: unchanged since it was last read, it is not sent again."""
    now = timezone.now()
    found = find_feed(token, now=now)
    body = write_feed(entries_of(found, now=now), name=found.label)
    etag = quote_etag(sha256(body).hexdigest()[:32])
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Cache-Control"] = "private, max-age=900"
    response["X-Robots-Tag"] = "noindex"
    response["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response)
    return answer or response


def _own(request: ActingRequest) -> Iterable[tuple[CalendarFeed.Scope, UUID, str, FeedOwner]]:
    """What the person may make calendars of: scope, id, name, and whose it is."""
    actor = request.actor
    sites = receiving_sites_visible_to(actor).order_by("name")
    if actor.side == Side.SHIPPER:
        shipper = current_shipper()
        owner = FeedOwner(shipper_id=shipper.pk)
        if not allows(actor, "notices.feed", owner):
            return
        yield SCOPE.SHIPPER, shipper.pk, shipper.name, owner
        for site in sites:
            yield SCOPE.SITE, site.pk, f"{shipper.name}: {site.name}", owner
        return
    docks = _docks(sites)
    for site in sites:
        owner = FeedOwner(recipient_id=site.recipient_id)
        if not allows(actor, "notices.feed", owner):
            continue
        yield SCOPE.SITE, site.pk, site.name, owner
        for dock in docks.get(site.pk, ()):
            yield SCOPE.DOCK, dock.pk, f"{site.name}, {dock.name}", owner


def _docks(sites: Iterable[Site]) -> dict[UUID, list[Dock]]:
    by_site: dict[UUID, list[Dock]] = {}
    for dock in Dock.objects.filter(site__in=sites, active=True).order_by("rank", "name"):
        by_site.setdefault(dock.site_id, []).append(dock)
    return by_site
