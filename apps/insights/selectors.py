"""Reads of exceptions for the list and for one of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, CharField, Count, F, Q, QuerySet, When, Window
from django.db.models.functions import Cast, RowNumber

from apps.insights.models import CustomerContact, DeliveryException


def open_exceptions(*, now: datetime, with_snoozed: bool = False) -> QuerySet[DeliveryException]:
    """Those on the list, what does harm soonest first; what was put off is left out until its time."""
    rows = DeliveryException.objects.filter(ended_at=None)
    if not with_snoozed:
        rows = rows.filter(Q(snoozed_until=None) | Q(snoozed_until__lte=now))
    return rows.select_related("delivery__site").order_by("harm_at", "id")


@dataclass(frozen=True, slots=True)
class Lead:
    """Of exceptions with one cause the one that does harm soonest, and how many they are ``together``."""

    exception: DeliveryException
    together: int


def grouped(rows: QuerySet[DeliveryException]) -> QuerySet[DeliveryException, Any]:
    """Of those with one cause the one that does harm soonest: its ``pk``, and how many there are as
    ``together``. Narrow, so that sorting and counting carry no facts: `leads` reads the rest of a page."""
    lead = Case(When(group="", then=Cast("pk", CharField())), default=F("group"))
    of_one_cause = [F("lead")]
    return (
        rows.select_related(None)
        .annotate(lead=lead)
        .annotate(
            place=Window(RowNumber(), partition_by=of_one_cause, order_by=["harm_at", "id"]),
            together=Window(Count("pk"), partition_by=of_one_cause),
        )
        .filter(place=1)
        .values("pk", "together")
    )


def leads(found: Iterable[dict[str, Any]]) -> list[Lead]:
    """What `grouped` found, in its order, with deliveries and sites; one query."""
    counts = {row["pk"]: row["together"] for row in found}
    rows = DeliveryException.objects.select_related("delivery__site").in_bulk(list(counts))
    return [Lead(rows[pk], together) for pk, together in counts.items() if pk in rows]


def with_the_same_cause(exception: DeliveryException) -> QuerySet[DeliveryException]:
    """The other open exceptions of its group."""
    if not exception.group:
        return DeliveryException.objects.none()
    others = DeliveryException.objects.filter(group=exception.group, ended_at=None).exclude(pk=exception.pk)
    return others.select_related("delivery__site").order_by("harm_at", "id")


def recently_ended(*, limit: int = 20) -> QuerySet[DeliveryException]:
    """The last that left the list."""
    rows = DeliveryException.objects.exclude(ended_at=None).select_related("delivery__site")
    return rows.order_by("-ended_at")[:limit]


def contacts_with(exception: DeliveryException, *, limit: int = 10) -> QuerySet[CustomerContact]:
    """What was said with the customer about this delivery and others to its site, the newest first."""
    rows = CustomerContact.objects.filter(delivery__site=exception.delivery.site_id).select_related(
        "delivery"
    )
    return rows.order_by("-id")[:limit]
