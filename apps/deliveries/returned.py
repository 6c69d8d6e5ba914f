"""Reads of goods that came back to the shipper's own sites: what waits for a decision, what was decided."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from apps.deliveries.models import Delivery, DeliveryConsignment, ReturnedLine
from apps.deliveries.states import State


def returned_lines() -> QuerySet[ReturnedLine]:
    """All of them, with what a page shows; ``root`` is the delivery that they were sent with."""
    found = ReturnedLine.objects.select_related(
        "delivery__site__recipient",
        "delivery__leg_for__site__recipient",
        "item__consignment",
        "site",
        "stocked_at",
    )
    return found.annotate(root=Coalesce("delivery__leg_for", "delivery"))


def undecided() -> QuerySet[ReturnedLine]:
    """Those that a planner still has to decide about, the longest waiting first.

    Not those whose handling units another delivery brings again: they are on their way, not to be put away.
    """
    again = DeliveryConsignment.objects.filter(
        consignment=OuterRef("item__consignment"),
        delivery__follows=OuterRef("root"),
        ssccs__overlap=OuterRef("ssccs"),
    ).exclude(delivery__state=State.CANCELLED)
    return returned_lines().filter(Q(decided_at=None) & ~Exists(again))


def returned_of(delivery: Delivery) -> QuerySet[ReturnedLine]:
    """What came back of a delivery, with itself or its leg back; of a leg what came with it."""
    return returned_lines().filter(Q(delivery=delivery) | Q(delivery__leg_for=delivery))


def put_away(delivery: Delivery) -> set[str]:
    """SSCCs of the delivery that were decided about, be it one line of them alone: brought no more."""
    decided = returned_of(delivery).filter(decided_at__isnull=False)
    return {sscc for ssccs in decided.values_list("ssccs", flat=True) for sscc in ssccs}
