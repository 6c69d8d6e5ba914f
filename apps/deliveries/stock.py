"""Which deliveries take their goods from the stock of the site they leave, what they take, and when."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.consignments.services import give_back_to_stock, take_from_stock
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.deliveries.states import State

Goods = Mapping[tuple[str, str], Decimal]
"""How much of each article, by GTIN and name."""

AT_THE_SHIPPER = frozenset({State.OPEN, State.LOADED})
GONE = frozenset({State.IN_TRANSIT, State.ARRIVED, State.DELIVERED})


def from_stock(found: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Those of the deliveries whose goods leave the stock of their origin as they set off.

    Not what is brought again or back: it was taken when it set off first. Nor what goes on from a terminal:
    the leg that brings it there takes it where it was.
    """
    via = Delivery.objects.filter(leg=Delivery.Leg.TO_TERMINAL).exclude(state=State.CANCELLED)
    return (
        found.filter(follows=None, leg_for__follows=None)
        .exclude(leg=Delivery.Leg.BACK)
        .exclude(Exists(via.filter(leg_for=OuterRef("pk"))))
    )


def goods_from_stock(found: QuerySet[Delivery]) -> dict[UUID, Goods]:
    """What each of these deliveries takes or took from stock, all lines of its consignments; one query."""
    taking = from_stock(found).order_by().values("pk")
    lines = DeliveryConsignment.objects.filter(delivery__in=taking).values_list(
        "delivery_id", *(f"consignment__items__{name}" for name in ("gtin", "article", "quantity"))
    )
    taken: defaultdict[UUID, defaultdict[tuple[str, str], Decimal]]
    taken = defaultdict(lambda: defaultdict(Decimal))
    for delivery_id, gtin, article, quantity in lines:
        if quantity is not None:
            taken[delivery_id][gtin, article] += quantity
    return {delivery_id: dict(goods) for delivery_id, goods in taken.items()}


def follow_step(delivery: Delivery, before: State, to: State, *, now: datetime) -> None:
    """Take from stock as goods leave, whoever recorded it first; give back as they are at the site again."""
    if to in GONE and before in AT_THE_SHIPPER | {State.FAILED}:
        if goods := goods_from_stock(Delivery.objects.filter(pk=delivery.pk)).get(delivery.pk):
            take_from_stock(
                site_id=delivery.origin_id,
                goods=goods,
                delivery_id=delivery.pk,
                delivery_number=delivery.number,
                now=now,
            )
    elif to == State.OPEN and before == State.FAILED:
        give_back_to_stock(delivery_id=delivery.pk, now=now)
