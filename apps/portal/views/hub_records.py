"""The custody records of what a recipient received, across shippers: found by its auditors and managers."""

from typing import Any
from uuid import UUID

from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.accounts.actors import Actor
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.appointments.models import Appointment
from apps.custody.selectors import event_by_hash
from apps.custody.services import ExportScope
from apps.custody.services.scoping import deliveries_in
from apps.deliveries.doorway import enter_received, shippers_delivering_to
from apps.deliveries.models import Delivery
from apps.portal.access import hub_page
from apps.portal.forms_audit import ReceivedFilter
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointments
from apps.portal.presenters.custody import anchor
from apps.tenancy.models import Shipper

PAGE = 50


@require_GET
@hub_page
def records(request: ActingRequest) -> HttpResponse:
    """Deliveries to the recipient's sites, whoever shipped them, the latest first."""
    require(request.actor, "custody.view")
    shippers = shippers_delivering_to(request.actor)
    form = ReceivedFilter(request.GET, shippers=[(each.slug, each.name) for each in shippers])
    asked = form.values()
    if "shipper" in asked:
        shippers = [each for each in shippers if each.slug == asked["shipper"]]
    if address := _address_of_hash(request.actor, shippers, asked.get("q", "")):
        return redirect(address)
    page = Paginator(_found(request.actor, shippers, asked), PAGE).get_page(request.GET.get("page"))
    context = hub_frame(request, section="records") | {
        "form": form,
        "is_filtered": bool(asked),
        "page": page,
        "rows": [_row(each) for each in page.object_list],
        "export_url": reverse("hub:received_exports")
        if allows(request.actor, "custody.export_received")
        else "",
    }
    return render(request, "portal/hub/records.html", context)


def _found(actor: Actor, shippers: list[Shipper], asked: dict[str, Any]) -> QuerySet[Appointment]:
    """Of each delivery its newest appointment at one of the actor's sites."""
    own = hub_appointments(actor).filter(shipper__in=shippers)
    if asked.keys() - {"shipper"}:
        meeting = [found for each in shippers for found in _deliveries_of(actor, each, asked)]
        own = own.filter(delivery_id__in=meeting)
    newest = own.order_by("delivery_id", "-id").distinct("delivery_id").values("pk")
    return hub_appointments(actor).filter(pk__in=newest).order_by("-id")


def _deliveries_of(actor: Actor, shipper: Shipper, asked: dict[str, Any]) -> list[UUID]:
    """What meets the conditions in one shipper's record of what the actor's recipients received."""
    conditions = {
        name: asked[name] for name in ("article", "batch", "first_day", "last_day") if name in asked
    }
    with enter_received(actor=actor, shipper_id=shipper.pk):
        found = Delivery.objects.filter(site__recipient_id__in=actor.recipient_ids)
        if conditions:
            received: set[UUID] = set()
            for recipient_id in actor.recipient_ids:
                scope = ExportScope(recipient_id=recipient_id, received_only=True, **conditions)
                received.update(filter(None, deliveries_in(scope)))
            found = found.filter(pk__in=received)
        if words := asked.get("q"):
            riding = Delivery.objects.filter(
                Q(rides__consignment__number__icontains=words)
                | Q(rides__consignment__handling_units__sscc=words)
            )
            found = found.filter(Q(number__icontains=words) | Q(pk__in=riding.values("pk")))
        return list(found.values_list("pk", flat=True))


def _address_of_hash(actor: Actor, shippers: list[Shipper], text: str) -> str:
    """Where the event with this hash is shown; empty where the actor's recipients received no such goods."""
    for shipper in shippers if text else ():
        with enter_received(actor=actor, shipper_id=shipper.pk):
            event = event_by_hash(text)
        if event is None or event.delivery_id is None:
            continue
        visit = hub_appointments(actor).filter(shipper=shipper, delivery_id=event.delivery_id).first()
        if visit:
            return f"{reverse('hub:custody', args=[visit.pk])}#{anchor(event.pk)}"
    return ""


def _row(visit: Appointment) -> dict[str, Any]:
    return {
        "url": reverse("hub:custody", args=[visit.pk]),
        "number": visit.reference,
        "shipper": visit.shipper.name,
        "site": visit.site.name,
        "zone": visit.site.time_zone,
        "start": visit.during.lower if visit.during else None,
        "state": visit.state,
        "state_label": visit.get_state_display(),
    }
