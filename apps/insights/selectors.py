"""Reads of exceptions for the list and for one of them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from apps.insights.models import DeliveryException


def open_exceptions(*, now: datetime, with_snoozed: bool = False) -> QuerySet[DeliveryException]:
    """Those on the list, what does harm soonest first; what was put off is left out until its time."""
    rows = DeliveryException.objects.filter(ended_at=None)
    if not with_snoozed:
        rows = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    return rows.select_related("delivery__site").order_by("harm_at", "id")


def recently_ended(*, limit: int = 20) -> QuerySet[DeliveryException]:
    """The last that left the list."""
    rows = DeliveryException.objects.exclude(ended_at=None).select_related("delivery__site")
    return rows.order_by("-ended_at")[:limit]
