"""What came back to the shipper's own sites: what waits to be looked at, and deciding what becomes of it."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.returned import returned_lines, returned_of, undecided
from apps.deliveries.selectors import delivery_by_id
from apps.portal.access import desk_page
from apps.portal.forms_returned import ReturnedLineForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import returned as present

PAGE = 50


@desk_page
@require_GET
def returned(request: ActingRequest) -> HttpResponse:
    """Order lines that came back and wait, the longest waiting first; or those decided, the latest first."""
    require(request.actor, "deliveries.plan")
    shows_decided = request.GET.get("show") == "decided"
    found = undecided()
    if shows_decided:
        found = returned_lines().filter(decided_at__isnull=False).order_by("-decided_at", "-id")
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": present.rows(page.object_list), "shows_decided": shows_decided}
    return render(request, "portal/desk/returned.html", desk_frame(request, section="deliveries") | context)


@desk_page
@require_http_methods(["GET", "POST"])
def decide(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Ask of each line that came back with a delivery what becomes of it; those left blank wait on."""
    shown = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    lines = list(undecided().filter(delivery=shown))
    sites = services.own_sites()
    typed = request.POST if request.method == "POST" else None
    forms = [ReturnedLineForm(typed, line=line, sites=sites) for line in lines]
    refused: DomainError | None = None
    if request.method == "POST" and all(form.is_valid() for form in forms):
        try:
            decided = services.decide_returned(
                actor=request.actor,
                delivery_id=shown.pk,
                decisions=[said for form in forms if (said := form.decision()) is not None],
                now=timezone.now(),
            )
        except PermissionRefused:
            raise
        except DomainError as error:
            refused = error
        else:
            _say(request, decided)
            return redirect("desk:delivery", shown.pk)
    status = refused.status if refused else 422 if request.method == "POST" else 200
    context = {
        **desk_frame(request, section="deliveries"),
        "title": _("What came back with %(number)s") % {"number": shown.number},
        "crumbs": [
            {"label": _("Deliveries"), "url": reverse("desk:deliveries")},
            {"label": _("Returned goods"), "url": reverse("desk:returned")},
        ],
        "lines": list(zip(present.rows(lines), forms, strict=True)),
        "is_uncertain": not all(line.is_counted for line in lines),
        "refused": refused,
        "back": reverse("desk:delivery", args=[shown.pk]),
    }
    return render(request, "portal/desk/decide_returned.html", context, status=status)


def returned_facts(shown: Delivery) -> dict[str, Any]:
    """What the delivery's page says of goods that came back, with the pages that decide about them."""
    lines = list(returned_of(shown).order_by("item__consignment__number", "item__line"))
    waits = undecided().filter(pk__in=[line.pk for line in lines]).values_list("pk", flat=True)
    rows = present.rows(lines, frozenset(waits) if lines else frozenset())
    return {
        "returned": rows,
        "decide_urls": {row["decide_url"]: row["number"] for row in rows if row["waits"]},
    }


def _say(request: ActingRequest, decided: services.Decided) -> None:
    words = ngettext("%(n)d order line is decided.", "%(n)d order lines are decided.", len(decided.lines))
    messages.success(request, words % {"n": len(decided.lines)})
    for line in decided.uncounted:
        said = _("No figure of %(article)s is kept at %(site)s, so none rose.")
        messages.warning(request, said % {"article": line.item.article, "site": line.stocked_at})
