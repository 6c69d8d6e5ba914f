"""Which deliveries go before others and which can wait: of one, or of many of a day."""

from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.consignments.models import Priority
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries, delivery_by_id
from apps.deliveries.services.priority import PLANNABLE
from apps.portal.access import desk_page
from apps.portal.forms_bulk import chosen_deliveries
from apps.portal.forms_plan import PriorityForm
from apps.portal.views.asking import Done, ask, of_delivery
from apps.portal.views.choosing import choosing


@desk_page
@require_http_methods(["GET", "POST"])
def priority(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Set a delivery's priority."""
    delivery = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    asked = request.POST if request.method == "POST" else None
    form = PriorityForm(asked, initial={"priority": delivery.priority})

    def act() -> Done:
        chosen = Priority(form.cleaned_data["priority"])
        changed = services.set_priority(
            actor=request.actor, delivery_ids=[delivery.pk], priority=chosen, now=timezone.now()
        )
        others = [one.number for one in changed if one.pk != delivery.pk]
        also = _("%(others)s on the way of the same goods has it as well.")
        return Done(
            " ".join(
                [
                    _("The priority is set."),
                    *([also % {"others": ", ".join(others)}] if others else []),
                    _("Plans made from now on heed it."),
                ]
            )
        )

    return ask(
        request,
        form,
        act,
        **of_delivery(request, delivery),
        title=_("Priority of %(number)s") % {"number": delivery.number},
        needs=_(
            "It counts when a day is planned or repaired; a plan in force stays as it is. What is not loaded"
            " yet of the same goods’ way, by a terminal, back or again, gets it too."
        ),
        verb=_("Set the priority"),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def priorities(request: ActingRequest) -> HttpResponse:
    """The deliveries of one day that are not loaded yet (GET); those chosen get a priority (POST)."""
    require(request.actor, "deliveries.plan")
    form = PriorityForm(request.POST if request.method == "POST" else None)
    if request.method == "GET":
        return _choose(request, form)
    chosen = chosen_deliveries(request.POST)
    if not form.is_valid():
        return _choose(request, form, chosen=chosen, status=422)
    if not chosen:
        return _choose(request, form, status=422, refused=_("Choose at least one delivery."))
    try:
        changed = services.set_priority(
            actor=request.actor,
            delivery_ids=chosen,
            priority=Priority(form.cleaned_data["priority"]),
            now=timezone.now(),
        )
    except PermissionRefused:
        raise
    except DomainError as error:
        return _choose(request, form, chosen=chosen, status=error.status, refused=error.message)
    words = ngettext("%(n)d priority is changed.", "%(n)d priorities are changed.", len(changed))
    messages.success(
        request, words % {"n": len(changed)} + " " + _("Plans made from now on heed what is set.")
    )
    return redirect(request.get_full_path())


def _open() -> QuerySet[Delivery]:
    found = deliveries().select_related("site__recipient", "site__shipper", "origin")
    return found.filter(state__in=PLANNABLE)


def _choose(
    request: ActingRequest,
    form: PriorityForm,
    *,
    chosen: set[UUID] | None = None,
    status: int = 200,
    refused: str = "",
) -> HttpResponse:
    picks_all = chosen is None and request.GET.get("pick") == "all"
    context = choosing(
        request,
        form,
        _open(),
        chosen=chosen or (),
        picks_all=picks_all,
        refused=refused,
        more=lambda each: {"priority": each.get_priority_display()},
    )
    return render(request, "portal/desk/priorities.html", context | {"picks_all": picks_all}, status=status)
