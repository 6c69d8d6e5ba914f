"""Reads of the shipper's goods; all of them run in its schema."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from apps.consignments.models import Consignment, StockedArticle, StockTaken
from apps.facilities.models import Site


@dataclass(frozen=True)
class WaitingGoods:
    """What waits to be grouped into deliveries to one site on one day."""

    site: Site
    day: date
    consignments: int
    pallets: int


Shelf = tuple[UUID, str, str]
"""An article at a site: by its GTIN, or else by its name without regard to case."""


@dataclass(frozen=True)
class Stock:
    """What sites carry, and how much of it is there; None is as much as is asked for."""

    amounts: Mapping[Shelf, Decimal | None]

    def shelf(self, site_id: UUID, gtin: str, article: str) -> Shelf | None:
        """Where a site has an article; None where it does not carry it."""
        named = ((site_id, gtin, ""), (site_id, "", article.casefold()))
        return next((one for one in named if one in self.amounts), None)


def stocked_at(site_ids: Collection[UUID]) -> Stock:
    """What those sites carry; one query."""
    rows = StockedArticle.objects.filter(site__in=site_ids)
    return Stock(
        {
            (site, gtin, "" if gtin else article.casefold()): quantity
            for site, gtin, article, quantity in rows.values_list("site_id", "gtin", "article", "quantity")
        }
    )


def taken_from_stock(delivery_id: UUID) -> list[StockTaken]:
    """What a delivery took from stock and has not given back, with the sites; one query."""
    found = StockTaken.objects.filter(delivery_id=delivery_id, back_at=None)
    return list(found.select_related("site").order_by("gtin", "article"))


def consignments(
    *, search: str = "", site_id: UUID | None = None, day: date | None = None, grouped: bool | None = None
) -> QuerySet[Consignment]:
    """Consignments with their sites, newest first; ``search`` looks in the number, the order and the site.

    ``grouped`` True keeps those that ride in a delivery, False those that wait for one.
    """
    found = Consignment.objects.select_related("site", "origin").order_by("-id")
    if search:
        found = found.filter(
            Q(number__icontains=search)
            | Q(order_reference__icontains=search)
            | Q(site__name__icontains=search)
            | Q(site__code__iexact=search)
        )
    if site_id is not None:
        found = found.filter(site_id=site_id)
    if day is not None:
        found = found.filter(requested_date=day)
    if grouped is not None:
        riding = found.filter(ride__isnull=False).values("pk")
        found = found.filter(pk__in=riding) if grouped else found.filter(ride__isnull=True)
    return found


def with_load(found: QuerySet[Consignment]) -> QuerySet[Consignment]:
    """Add ``pallets``, ``total_kg`` and ``total_m3`` of each consignment's handling units."""
    return found.annotate(
        pallets=Count("handling_units"),
        total_kg=Sum("handling_units__weight_kg"),
        total_m3=Sum("handling_units__volume_m3"),
    )


def ungrouped(*, site_id: UUID, day: date) -> QuerySet[Consignment]:
    """Consignments for that site and day that ride in no delivery yet, in the order of their numbers."""
    return consignments(site_id=site_id, day=day, grouped=False).order_by("number")


def waiting_goods(*, since: date) -> list[WaitingGoods]:
    """Where and when goods wait to be grouped, from ``since`` on, soonest first."""
    rows = (
        Consignment.objects.filter(ride__isnull=True, requested_date__gte=since)
        .values("site_id", "requested_date")
        .annotate(consignments=Count("id", distinct=True), pallets=Count("handling_units"))
        .order_by("requested_date", "site_id")
    )
    found = list(rows)
    sites = Site.objects.in_bulk({row["site_id"] for row in found})
    return [
        WaitingGoods(sites[row["site_id"]], row["requested_date"], row["consignments"], row["pallets"])
        for row in found
        if row["site_id"] in sites
    ]
