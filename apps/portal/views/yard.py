"""Who came unannounced, and who did not come: the gate's two steps beside those of an agreed visit."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.deliveries import services
from apps.deliveries.doorway import enter_announced, enter_delivery
from apps.deliveries.errors import NotAWalkIn, UnknownDelivery
from apps.facilities.models import Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import hub_page
from apps.portal.forms_board import WalkInForm
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment
from apps.portal.views.answer import SHOWN_IN_PLACE
from apps.portal.views.appointment import appointment_page
from apps.tenancy.models import Shipper


@require_http_methods(["GET", "POST"])
@hub_page
def walk_in(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """Register a vehicle that stands at the gate without an appointment; it then waits for a dock."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.block", site)
    form = WalkInForm(
        request.POST or None, shippers=_partners(site), vehicle=request.GET.get("vehicle", "")[:20]
    )
    known = ""
    if request.method == "POST" and form.is_valid():
        try:
            number = _register(request, site, form)
        except NotAWalkIn as refusal:
            form.add_error("number", refusal.message)
            known = reverse("hub:appointment", args=[refusal.details["appointment"]])
        except UnknownDelivery as refusal:
            form.add_error("number", refusal.message)
        except DomainError as refusal:
            if refusal.status not in SHOWN_IN_PLACE:
                raise
            form.add_error(None, refusal.message)
        else:
            messages.success(
                request, _("%(number)s is registered and waits for a dock.") % {"number": number}
            )
            return redirect("hub:board", site.pk)
    context = hub_frame(request, site=site) | {"site": site, "form": form, "known_url": known}
    return render(request, "portal/hub/walk_in.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@hub_page
def no_show(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Ask once more (GET), then record that nobody came (POST)."""
    appointment = hub_appointment(request.actor, appointment_id)
    require(request.actor, "appointments.move", appointment)
    if request.method == "GET":
        words = {
            "title": _("Record a no-show"),
            "text": _(
                "The dock time is free again. Both sides are told; the shipper may ask for other slots."
            ),
            "confirm_label": _("Record a no-show"),
        }
        context = hub_frame(request, site=appointment.site) | words | {"appointment": appointment}
        return render(request, "portal/hub/reason.html", context)
    try:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.record_no_show(actor=request.actor, delivery_id=delivery.pk, now=timezone.now())
    except DomainError as refusal:
        if refusal.status not in SHOWN_IN_PLACE:
            raise
        return appointment_page(request, appointment_id, refusal=refusal)
    messages.success(request, _("The no-show is recorded; the dock is free again."))
    return redirect("hub:appointment", appointment_id)


def _register(request: ActingRequest, site: Site, form: WalkInForm) -> str:
    """Returns the number by which the vehicle is known from now on."""
    typed = form.cleaned_data
    with enter_announced(
        actor=request.actor, site=site, shipper_id=UUID(typed["shipper"]), number=typed["number"].strip()
    ) as delivery:
        registered = services.record_walk_in(
            actor=request.actor, delivery=delivery, vehicle=typed["vehicle"], now=timezone.now()
        )
        return str(registered)


def _partners(site: Site) -> list[Shipper]:
    """The shippers that the site's recipient trades with."""
    partners = Shipper.objects.filter(
        partnerships__recipient_id=site.recipient_id, partnerships__active=True, state=Shipper.State.ACTIVE
    )
    return list(partners.order_by("name").distinct())
