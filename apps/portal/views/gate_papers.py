"""Papers of a gate to print: the day's list, and for each side the statement of a vehicle's time on site."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.views.decorators.http import require_GET

from apps.accounts.http import ActingRequest
from apps.appointments.board import day_board
from apps.appointments.models import Appointment
from apps.deliveries.selectors import delivery_by_id, visit_of
from apps.documents.detention import print_detention
from apps.documents.printing import print_gate_list
from apps.documents.templatetags.papers import dated
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page, shipper_page
from apps.portal.hub_visit import hub_appointment
from apps.portal.presenters import board as presenter
from apps.portal.presenters.gate import expected_lines
from apps.portal.views.board import read_shown


@require_GET
@hub_page
def gate_list(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The day's vehicles, for a gate without a screen."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    now = timezone.now()
    day = day_board(site=site, day=read_shown(request.GET, site, now).day, now=now)
    with translation.override(site.paper_language):
        title = f"{site.name}, {date_format(day.day, 'l')}, {dated(day.day)}"
        shown = presenter.gate_list(day)
        keys = [line["key"] for line in shown]
        plates = dict(Appointment.objects.filter(pk__in=keys).values_list("pk", "plate"))
        lines = expected_lines(shown, plates)
    pdf = print_gate_list(title, lines, as_of=now, zone=site.time_zone, language=site.paper_language)
    return _pdf(pdf, f"gate-{site.code}-{day.day:%Y-%m-%d}.pdf")


@require_GET
@hub_page
def hub_detention(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """The statement of a visit to one of the recipient's sites."""
    return _detention(hub_appointment(request.actor, appointment_id))


@require_GET
@shipper_page
def desk_detention(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """The statement of the latest visit of one of the shipper's deliveries."""
    appointment = visit_of(delivery_by_id(delivery_id)).appointment
    if appointment is None:
        raise Http404
    found = Appointment.objects.select_related("site__recipient", "shipper")
    return _detention(found.get(pk=appointment.pk))


def _detention(appointment: Appointment) -> HttpResponse:
    return _pdf(print_detention(appointment, now=timezone.now()), f"detention-{appointment}.pdf")


def _pdf(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="{name}"'  # numbers and codes are plain ASCII
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "private, no-store"
    return answer
