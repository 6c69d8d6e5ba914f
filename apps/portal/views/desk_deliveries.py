"""The desk's first page: deliveries, where each stands and who acts next; grouping goods into deliveries."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.consignments.selectors import consignments
from apps.deliveries.errors import NothingToGroup
from apps.deliveries.models import Delivery
from apps.deliveries.returned import undecided
from apps.deliveries.selectors import deliveries as all_deliveries
from apps.deliveries.selectors import visits
from apps.deliveries.services import group_consignments
from apps.deliveries.standing import Standing, count_by_standing, current, with_standing
from apps.portal.access import desk_page, shipper_page
from apps.portal.forms_desk import DeliveryFilter
from apps.portal.frame import desk_frame
from apps.portal.presenters import deliveries as present

PAGE = 50


@shipper_page
@require_GET
def deliveries(request: ActingRequest) -> HttpResponse:
    """The table of deliveries, filtered by the address; an auditor's desk begins at custody instead."""
    if not allows(request.actor, "deliveries.plan"):
        return redirect("desk:custody")
    form = DeliveryFilter(request.GET)
    asked = form.values()
    show_all = request.GET.get("show") == "all"
    found = _found(asked, show_all=show_all)
    counts = count_by_standing(found)
    listed = with_standing(found).select_related("site__recipient", "origin").order_by("day", "number")
    if "standing" in asked:
        listed = listed.filter(standing=asked["standing"])
    page = Paginator(listed, PAGE).get_page(request.GET.get("page"))
    frame = desk_frame(request, section="deliveries")
    waiting_goods = consignments(grouped=False).count()
    returned_goods = undecided().count()
    kept = form.kept("q", "day", "site", "how") | ({"show": "all"} if show_all else {})
    return render(
        request,
        "portal/desk/deliveries.html",
        {
            **frame,
            "form": form,
            "page": page,
            "rows": _rows(page.object_list, frame["shipper_name"]),
            "tiles": present.tiles(counts, kept),
            "needs": present.needs(counts, waiting_goods, returned_goods),
            "waiting_goods": waiting_goods,
            "returned_goods": returned_goods,
            "is_filtered": bool(asked),
            "is_empty": not page.paginator.count and not asked and not Delivery.objects.exists(),
            "show_all": show_all,
            "density": request.GET.get("density"),
        },
    )


@desk_page
@require_POST
def group(request: ActingRequest) -> HttpResponse:
    """Group what rides in no delivery yet; then back to the list."""
    try:
        made = group_consignments(actor=request.actor, now=timezone.now())
    except NothingToGroup as error:
        messages.info(request, error.message)
    else:
        words = ngettext("%(count)d delivery is made.", "%(count)d deliveries are made.", len(made))
        messages.success(request, words % {"count": len(made)})
    return redirect("desk:deliveries")


def _found(asked: dict[str, Any], *, show_all: bool) -> QuerySet[Delivery]:
    found = all_deliveries()
    if "day" in asked:
        found = found.filter(day=asked["day"])
    elif not show_all:
        found = current(found, today=timezone.now().date())
    if "site" in asked:
        found = found.filter(site=asked["site"])
    if how := asked.get("how"):
        found = found.exclude(leg="") if how == "leg" else found.filter(leg="", format=how)
    if words := asked.get("q"):
        riding = Delivery.objects.filter(
            Q(rides__consignment__number__icontains=words)
            | Q(rides__consignment__order_reference__icontains=words)
        ).values("pk")
        found = found.filter(
            Q(number__icontains=words)
            | Q(site__name__icontains=words)
            | Q(site__code__iexact=words)
            | Q(pk__in=riding)
        )
    return found


def _rows(listed: Any, shipper: str) -> list[dict[str, Any]]:
    standings = {delivery.pk: Standing(delivery.standing) for delivery in listed}
    return [present.row(visit, standings[visit.delivery.pk], shipper=shipper) for visit in visits(listed)]
