"""Which of the shipper's own sites are planned together, when each is open, and which of them stock what."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from uuid import UUID

from django.db.models import QuerySet

from apps.consignments.selectors import Shelf, Stock, stocked_at
from apps.deliveries.models import Delivery, DeliveryConsignment
from apps.deliveries.stock import AT_THE_SHIPPER, Goods, goods_from_stock
from apps.facilities.models import Site
from apps.routing.models import Depot


@dataclass(frozen=True)
class Depots:
    """Sites that are planned together: ``lead``, whose plans they are, and then the others by code.

    ``hours`` are those that were entered: from when vehicles leave, by when they are back, each None where
    nothing bounds it.
    """

    lead: Site
    others: tuple[Site, ...]
    hours: Mapping[UUID, tuple[time | None, time | None]]

    @property
    def sites(self) -> tuple[Site, ...]:
        """All of them, the lead first."""
        return (self.lead, *self.others)


def depots_of(site: Site) -> Depots:
    """The own sites that ``site`` is planned together with; one query.

    Sites follow each other: where A is planned with B and B with C, all three are C's. In a circle the one
    with the first code leads.
    """
    rows = list(Depot.objects.filter(site__shipper=site.shipper_id).select_related("site", "planned_with"))
    known = {row.site_id: row.site for row in rows} | {
        row.planned_with.pk: row.planned_with for row in rows if row.planned_with is not None
    }
    known.setdefault(site.pk, site)
    after = {row.site_id: row.planned_with_id for row in rows if row.planned_with_id is not None}
    lead = _root(site.pk, after, known)
    others = [one for key, one in known.items() if key != lead and _root(key, after, known) == lead]
    return Depots(
        lead=known[lead],
        others=tuple(sorted((one for one in others if one.active), key=lambda one: one.code)),
        hours={row.site_id: (row.opens, row.closes) for row in rows},
    )


def lead_of(site: Site) -> Site:
    """The own site whose plans hold what leaves from ``site``; one query."""
    return depots_of(site).lead


def _root(start: UUID, after: Mapping[UUID, UUID], known: Mapping[UUID, Site]) -> UUID:
    passed = [start]
    while (following := after.get(passed[-1])) is not None:
        if following in passed:
            circle = passed[passed.index(following) :]
            return min(circle, key=lambda key: known[key].code)
        passed.append(following)
    return passed[-1]


@dataclass(frozen=True)
class Origins:
    """From which sites each delivery may leave, by ids; ``notes`` say where a site had not enough."""

    of: Mapping[UUID, frozenset[UUID]]
    notes: tuple[str, ...] = ()


def origins_of(deliveries: Iterable[Delivery], sites: Iterable[Site]) -> Origins:
    """From which of ``sites`` each delivery may leave; six queries, none where there is one site.

    From where it leaves now, from where each of its goods was ordered, and from every site that carries each
    of its articles and has enough of them: what leaves from there anyway comes first, and what one delivery
    might take is kept for it whatever the plan decides, so that no plan takes more than is there. What was
    sent via a terminal leaves from there alone.
    """
    rows, named = list(deliveries), {site.pk: site.name for site in sites}
    here = set(named)
    if len(here) < 2:
        return Origins({delivery.pk: frozenset({delivery.origin_id}) for delivery in rows})
    keys = [one.pk for one in rows]
    needed = _needed(Delivery.objects.filter(pk__in=keys))
    via = Delivery.objects.filter(leg=Delivery.Leg.TO_TERMINAL, leg_for__in=keys)
    bound = set(via.values_list("leg_for_id", flat=True))
    own = _own(rows, here)
    shelves = _beside_other_days(keys, here)
    for one in rows:
        for site in own[one.pk]:
            shelves.take(site, needed[one.pk])
    found, notes = {}, []
    for one in rows:
        if one.pk in bound:
            found[one.pk] = frozenset({one.origin_id} & here)
            continue
        stocking, short = shelves.give(here - own[one.pk], needed[one.pk])
        found[one.pk] = frozenset(own[one.pk] | stocking)
        notes += [f"{named[site]} has not enough {what} left for {one.number}." for site, what in short]
    return Origins(found, tuple(sorted(notes)))


def _own(rows: Sequence[Delivery], here: set[UUID]) -> dict[UUID, set[UUID]]:
    """From where each delivery may leave whatever is stocked: from where it leaves now, and from where all of
    its goods were ordered; one query."""
    ordered: defaultdict[UUID, set[UUID]] = defaultdict(set)
    rides = DeliveryConsignment.objects.filter(delivery__in=[one.pk for one in rows])
    for delivery_id, origin_id in rides.values_list("delivery_id", "consignment__origin_id"):
        ordered[delivery_id].add(origin_id)
    return {
        one.pk: {one.origin_id, *(ordered[one.pk] if len(ordered[one.pk]) == 1 else ())} & here
        for one in rows
    }


def _needed(found: QuerySet[Delivery]) -> dict[UUID, Goods]:
    """What these deliveries take from stock; nothing where their goods have left it already; one query."""
    return defaultdict(dict, goods_from_stock(found))


class _Shelves:
    """What is left of each article at each site while deliveries are given theirs."""

    def __init__(self, stock: Stock) -> None:
        self._stock, self._left = stock, dict(stock.amounts)

    def take(self, site: UUID, goods: Goods) -> None:
        """Keep so much for somebody who gets it anyway, be it more than there is."""
        for (gtin, article), quantity in goods.items():
            shelf = self._stock.shelf(site, gtin, article)
            left = None if shelf is None else self._left[shelf]
            if shelf is not None and left is not None:
                self._left[shelf] = left - quantity

    def give(self, sites: Iterable[UUID], goods: Goods) -> tuple[set[UUID], list[tuple[UUID, str]]]:
        """Which of these sites carry all of it and have enough, which is taken; and where what fell short.

        Goods that nobody listed are carried nowhere.
        """
        enough, short = set(), []
        for site in sites:
            shelves = {one: self._stock.shelf(site, *one) for one in goods}
            if not goods or None in shelves.values():
                continue
            before = dict(self._left)
            self.take(site, goods)
            lacking = [article for (_, article), shelf in shelves.items() if shelf and self._overdrawn(shelf)]
            if lacking:
                self._left = before
                short.append((site, lacking[0]))
            else:
                enough.add(site)
        return enough, short

    def _overdrawn(self, shelf: Shelf) -> bool:
        left = self._left[shelf]
        return left is not None and left < 0


def _beside_other_days(keys: Collection[UUID], here: set[UUID]) -> _Shelves:
    """What sites have beside what other deliveries than these take from there; three queries."""
    shelves = _Shelves(stocked_at(here))
    others = Delivery.objects.filter(origin__in=here, state__in=AT_THE_SHIPPER).exclude(pk__in=keys)
    leaving = dict(others.values_list("pk", "origin_id"))
    for delivery_id, goods in _needed(others).items():
        shelves.take(leaving[delivery_id], goods)
    return shelves
