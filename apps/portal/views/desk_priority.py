"""Whether a delivery goes before others or can wait, said by its planner."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id
from apps.portal.access import desk_page
from apps.portal.forms_plan import PriorityForm
from apps.portal.frame import desk_frame


@desk_page
@require_http_methods(["GET", "POST"])
def priority(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Set a delivery's priority."""
    delivery = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    asked = request.POST if request.method == "POST" else None
    form = PriorityForm(asked, initial={"priority": delivery.priority})
    refused: DomainError | None = None
    if asked is not None and form.is_valid():
        chosen = Delivery.Priority(form.cleaned_data["priority"])
        try:
            services.set_priority(actor=request.actor, delivery_id=delivery.pk, priority=chosen)
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            messages.success(request, _("The priority is set. Plans made from now on heed it."))
            return redirect("desk:delivery", delivery.pk)
    context = desk_frame(request, section="deliveries") | {
        "base": "desk_base.html",
        "title": _("Priority of %(number)s") % {"number": delivery.number},
        "needs": _("It counts when a day is planned or repaired; a plan in force stays as it is."),
        "verb": _("Set the priority"),
        "form": form,
        "back": reverse("desk:delivery", args=[delivery.pk]),
        "refused": refused,
    }
    status = refused.status if refused else 422 if form.errors else 200
    return render(request, "portal/paper_form.html", context, status=status)
