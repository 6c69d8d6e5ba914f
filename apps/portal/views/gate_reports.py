"""The code at a gate: the site's poster with it, and the driver's phone that scanned it, without account."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.http import ActingRequest, client_address
from apps.accounts.models import Link
from apps.accounts.permissions import require
from apps.appointments.models import Appointment
from apps.appointments.services.self_reports import (
    PURPOSE,
    TooManyReports,
    end_posters,
    make_poster,
    see_to_report,
    site_of_poster,
)
from apps.deliveries import services
from apps.documents.printing import print_gate_poster
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page
from apps.portal.forms_gate import ReportForm
from apps.portal.frame import hub_frame
from apps.portal.presenters.gate_reports import reported_page
from apps.tenancy.addresses import hub_address

#: A phone shows how its visit stands for so many seconds after it reported.
SHOWN_FOR = 24 * 3600


@require_http_methods(["GET", "POST"])
@hub_page
@never_cache
def poster(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The posters in force (GET); make one, which is shown this once as a PDF, or end all (POST)."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.set_terms", site)
    now = timezone.now()
    if request.method == "POST" and request.POST.get("step") == "end":
        ended = end_posters(actor=request.actor, site=site, now=now)
        messages.success(request, _("Posters that no longer work: %(n)s.") % {"n": ended})
        return redirect("hub:gate_poster", site.pk)
    if request.method == "POST":
        token, until = make_poster(actor=request.actor, site=site, now=now)
        address = hub_address(reverse("hub:gate_report", args=[token]))
        answer = HttpResponse(
            print_gate_poster(
                site.name, address=address, until=until, zone=site.time_zone, language=site.paper_language
            ),
            content_type="application/pdf",
        )
        answer["Content-Disposition"] = f'inline; filename="gate-{site.code}.pdf"'
        answer["X-Content-Type-Options"] = "nosniff"
        return answer
    context = hub_frame(request, site=site) | {
        "site": site,
        "zone": site.time_zone,
        "posters": Link.objects.filter(
            purpose=PURPOSE, subject_id=site.pk, revoked_at=None, expires_at__gt=now
        ),
        "gate_url": reverse("hub:gate_list", args=[site.pk]),
    }
    return render(request, "portal/hub/gate_poster.html", context)


@require_POST
@hub_page
def seen(request: ActingRequest, site_id: UUID, report_id: UUID) -> HttpResponse:
    """The gate saw to a vehicle that nobody expected."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    see_to_report(actor=request.actor, site=site, report_id=report_id, now=timezone.now())
    return redirect("hub:gate_list", site.pk)


@require_http_methods(["GET", "POST"])
@never_cache
def report(request: HttpRequest, token: str) -> HttpResponse:
    """The driver says who they are; who is known goes on to a page that says how the visit stands."""
    now = timezone.now()
    site = site_of_poster(token, now=now)
    form = ReportForm(request.POST or None)
    context: dict[str, Any] = {"site": site, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            answer = services.report_at_gate(
                site=site, said=form.cleaned_data["said"], address=client_address(request), now=now
            )
        except TooManyReports as refusal:
            context["refusal"] = refusal
            return render(request, "portal/gate/report.html", context, status=refusal.status)
        if answer.appointment is not None:
            return redirect("hub:gate_reported", token, _sealed(site, answer.appointment))
        context |= reported_page(answer, site=site, now=now)
    return render(request, "portal/gate/report.html", context, status=422 if form.errors else 200)


@require_safe
@never_cache
def reported(request: HttpRequest, token: str, visit: str) -> HttpResponse:
    """How the visit stands that this phone reported: what to do next, and where to go when it is called."""
    now = timezone.now()
    site = site_of_poster(token, now=now)
    try:
        site_id, appointment_id = signing.loads(visit, salt=PURPOSE, max_age=SHOWN_FOR)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise Http404 from error
    found = Appointment.objects.select_related("shipper", "site__recipient", "dock")
    appointment = get_object_or_404(found, pk=appointment_id, site__recipient_id=site.recipient_id)
    if site_id != str(site.pk):
        raise Http404
    context = {"site": site, "again_url": reverse("hub:gate_report", args=[token])}
    context |= reported_page(services.standing_of(appointment, at=site, now=now), site=site, now=now)
    return render(request, "portal/gate/reported.html", context)


def _sealed(site: Site, appointment: Appointment) -> str:
    return signing.dumps([str(site.pk), str(appointment.pk)], salt=PURPOSE)
