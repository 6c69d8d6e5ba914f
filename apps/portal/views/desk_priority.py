"""Which deliveries go before others and which can wait: of one, or of many of a day."""

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.carriers.selectors import day_here
from apps.consignments.models import Priority
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import deliveries, delivery_by_id
from apps.deliveries.services.bulk.asking import MOST_AT_ONCE
from apps.deliveries.services.priority import PLANNABLE
from apps.portal.access import desk_page
from apps.portal.forms_bulk import BulkFilter, chosen_deliveries
from apps.portal.forms_plan import PriorityForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import bulk as present
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
        chosen = Priority(form.cleaned_data["priority"])
        services.set_priority(
            actor=request.actor, delivery_ids=[delivery.pk], priority=chosen, now=timezone.now()
        )
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
    today = day_here(now=timezone.now())
    asked = BulkFilter(request.GET).values()
    day = asked.get("day") or today + timedelta(days=1)
    found = _open().filter(day=day)
    if "site" in asked:
        found = found.filter(site=asked["site"])
    listed = found.order_by("site__name", "number")[:MOST_AT_ONCE]
    counts = _open().filter(day__gte=today).order_by("day").values_list("day").annotate(Count("pk"))
    picks_all = chosen is None and request.GET.get("pick") == "all"
    return render(
        request,
        "portal/desk/priorities.html",
        {
            **desk_frame(request, section="deliveries"),
            "crumbs": [{"label": _("Deliveries"), "url": reverse("desk:deliveries")}],
            "form": form,
            "filter": BulkFilter(initial={"day": day, "site": asked.get("site")}),
            "day": day,
            "days": present.days(dict(counts), shown=day, today=today),
            "rows": [
                {
                    **present.choice(each),
                    "priority": each.get_priority_display(),
                    "is_chosen": picks_all or each.pk in (chosen or ()),
                }
                for each in listed
            ],
            "picks_all": picks_all,
            "refused": refused,
        },
        status=status,
    )
