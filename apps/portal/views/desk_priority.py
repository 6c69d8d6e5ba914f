"""Whether a delivery goes before others or can wait, said by its planner."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id
from apps.portal.access import desk_page
from apps.portal.forms_plan import PriorityForm
from apps.portal.views.asking import Done, ask, of_delivery


@desk_page
@require_http_methods(["GET", "POST"])
def priority(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Set a delivery's priority."""
    delivery = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    asked = request.POST if request.method == "POST" else None
    form = PriorityForm(asked, initial={"priority": delivery.priority})

    def act() -> Done:
        chosen = Delivery.Priority(form.cleaned_data["priority"])
        services.set_priority(actor=request.actor, delivery_id=delivery.pk, priority=chosen)
        return Done(_("The priority is set. Plans made from now on heed it."))

    return ask(
        request,
        form,
        act,
        **of_delivery(request, delivery),
        title=_("Priority of %(number)s") % {"number": delivery.number},
        needs=_("It counts when a day is planned or repaired; a plan in force stays as it is."),
        verb=_("Set the priority"),
    )
