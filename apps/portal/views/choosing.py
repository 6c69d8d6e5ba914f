"""Choosing among the deliveries of one day for what is done with many at once."""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet
from django.forms import Form
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.http import ActingRequest
from apps.carriers.selectors import day_here
from apps.deliveries.models import Delivery
from apps.deliveries.services.bulk import MOST_AT_ONCE
from apps.portal.forms_bulk import BulkFilter
from apps.portal.frame import desk_frame
from apps.portal.presenters import bulk as present


def choosing(
    request: ActingRequest,
    form: Form,
    of: QuerySet[Any],
    *,
    chosen: Collection[UUID],
    picks_all: bool = False,
    refused: str = "",
    more: Callable[[Delivery], Mapping[str, Any]] = lambda _each: {},
) -> dict[str, Any]:
    """Context of ``portal/desk/choose.html``: of the deliveries ``of`` those of the day in the address.

    Without a day it is tomorrow. Ticked are those ``chosen``, or all; ``more`` is what a row has besides.
    """
    today = day_here(now=timezone.now())
    asked = BulkFilter(request.GET).values()
    day = asked.get("day") or today + timedelta(days=1)
    found = of.filter(day=day)
    if "site" in asked:
        found = found.filter(site=asked["site"])
    counts = of.filter(day__gte=today).order_by("day").values_list("day").annotate(Count("pk"))
    return {
        **desk_frame(request, section="deliveries"),
        "crumbs": [{"label": _("Deliveries"), "url": reverse("desk:deliveries")}],
        "form": form,
        "filter": BulkFilter(initial={"day": day, "site": asked.get("site")}),
        "day": day,
        "days": present.days(dict(counts), shown=day, today=today),
        "rows": [
            {**present.choice(each), **more(each), "is_chosen": picks_all or each.pk in chosen}
            for each in found.order_by("site__name", "number")[:MOST_AT_ONCE]
        ],
        "refused": refused,
    }
