"""Stock falls as goods leave, and gets back what it gave when they return unaccepted; each once.

What was handed over and came back rises it by what a planner says, for somebody has to look at it first.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Least

from apps.consignments.models import StockedArticle, StockTaken
from apps.core.turns import one_at_a_time

MOST = Decimal("999999999.999")
"""What a figure can hold; goods that come back never make a step fail."""


@transaction.atomic
def take_from_stock(
    *,
    site_id: UUID,
    goods: Mapping[tuple[str, str], Decimal],
    delivery_id: UUID,
    delivery_number: str,
    now: datetime,
) -> None:
    """Take ``goods`` (how much, by GTIN and name) from what was entered as being at the site.

    The goods have left, so nothing is refused: where the figure has less it falls to zero, and what was
    missing is kept beside it. What a delivery took already is not taken again before it was given back.
    """
    wanted = _by_row(site_id, goods)
    if not wanted:
        return
    _lock_stock({site_id})
    away = StockTaken.objects.filter(delivery_id=delivery_id, site_id=site_id, back_at=None)
    known = set(away.values_list("gtin", "article"))
    for row in StockedArticle.objects.select_for_update().filter(pk__in=wanted).order_by("pk"):
        if row.quantity is None or (row.gtin, row.article) in known:
            continue
        quantity = wanted[row.pk]
        taken = min(row.quantity, quantity)
        StockTaken.objects.create(
            site_id=site_id,
            gtin=row.gtin,
            article=row.article,
            delivery_id=delivery_id,
            delivery_number=delivery_number,
            quantity=quantity,
            taken=taken,
            at=now,
        )
        row.quantity -= taken
        row.missing += quantity - taken
        row.save(update_fields=["quantity", "missing"])


@transaction.atomic
def give_back_to_stock(*, delivery_id: UUID, now: datetime) -> None:
    """Give back exactly what a delivery took and has not given back; its goods are at the site again.

    An article that is counted no more gets nothing.
    """
    away = {
        (one.site_id, one.gtin, one.article): one
        for one in StockTaken.objects.filter(delivery_id=delivery_id, back_at=None)
    }
    if not away:
        return
    sites, gtins, articles = (set(part) for part in zip(*away, strict=True))
    _lock_stock(sites)
    counted = StockedArticle.objects.filter(
        site__in=sites, gtin__in=gtins, article__in=articles, quantity__isnull=False
    )
    for row in counted.select_for_update().order_by("pk"):
        one = away.get((row.site_id, row.gtin, row.article))
        if one is not None and row.quantity is not None:
            row.quantity = min(row.quantity + one.taken, MOST)
            row.missing = max(row.missing - (one.quantity - one.taken), Decimal(0))
            row.save(update_fields=["quantity", "missing"])
    StockTaken.objects.filter(pk__in=[one.pk for one in away.values()]).update(back_at=now)


@transaction.atomic
def put_back_to_stock(goods: Mapping[UUID, Mapping[tuple[str, str], Decimal]]) -> set[tuple[UUID, str, str]]:
    """Add goods (how much, by GTIN and name), by site, to what was entered as being there.

    Returns those of which no figure is kept at the site, by site, GTIN and name: nothing rose for them.
    """
    _lock_stock(goods)
    uncounted = set()
    for site_id, back in goods.items():
        for (gtin, article), quantity in back.items():
            rows = StockedArticle.objects.filter(
                pk__in=_by_row(site_id, {(gtin, article): quantity}), quantity__isnull=False
            )
            if not rows.update(quantity=Least(F("quantity") + quantity, MOST)):
                uncounted.add((site_id, gtin, article))
    return uncounted


def _lock_stock(site_ids: Collection[UUID]) -> None:
    """Until the transaction ends, nobody else's goods leave these sites or come back.

    A vehicle sets off with several deliveries in one transaction; locking articles as they come up, two
    vehicles with the same articles would wait for each other.
    """
    for site_id in sorted(site_ids):
        one_at_a_time(f"stock {site_id}")


def _by_row(site_id: UUID, goods: Mapping[tuple[str, str], Decimal]) -> dict[UUID, Decimal]:
    """How much of each stocked article goes along: of the one with its GTIN, or else with its name."""
    gtins = {gtin for gtin, _ in goods if gtin}
    rows = StockedArticle.objects.filter(Q(gtin="") | Q(gtin__in=gtins), site=site_id)
    known = {
        (gtin, "" if gtin else article.casefold()): pk
        for pk, gtin, article in rows.values_list("pk", "gtin", "article")
    }
    found: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for (gtin, article), quantity in goods.items():
        row = known.get((gtin, "")) or known.get(("", article.casefold()))
        if row is not None:
            found[row] += quantity
    return dict(found)
