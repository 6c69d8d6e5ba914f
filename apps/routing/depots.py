"""Which of the shipper's own sites are planned together, when each is open, and which of them stock what."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import time
from uuid import UUID

from apps.consignments.models import ConsignmentItem
from apps.consignments.selectors import stocked_at
from apps.deliveries.models import Delivery, DeliveryConsignment
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


def origins_of(deliveries: Iterable[Delivery], sites: Iterable[Site]) -> dict[UUID, frozenset[UUID]]:
    """From which of ``sites`` each delivery may leave, by ids; six queries, none where there is one site.

    From where it leaves now, from where each of its goods was ordered, and from every site that carries each
    of its articles. What was sent via a terminal leaves from there alone.
    """
    rows, here = list(deliveries), {site.pk for site in sites}
    if len(here) < 2:
        return {delivery.pk: frozenset({delivery.origin_id}) for delivery in rows}
    rides = DeliveryConsignment.objects.filter(delivery__in=[one.pk for one in rows])
    ordered: defaultdict[UUID, set[UUID]] = defaultdict(set)
    carried: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for delivery_id, consignment_id, origin_id in rides.values_list(
        "delivery_id", "consignment_id", "consignment__origin_id"
    ):
        ordered[delivery_id].add(origin_id)
        carried[delivery_id].append(consignment_id)
    items = ConsignmentItem.objects.filter(consignment__in=[key for keys in carried.values() for key in keys])
    articles: defaultdict[UUID, set[tuple[str, str]]] = defaultdict(set)
    for consignment_id, gtin, article in items.values_list("consignment_id", "gtin", "article"):
        articles[consignment_id].add((gtin, article))
    stock = stocked_at(here)
    via = Delivery.objects.filter(leg=Delivery.Leg.TO_TERMINAL, leg_for__in=[one.pk for one in rows])
    bound = set(via.values_list("leg_for_id", flat=True))
    found = {}
    for delivery in rows:
        if delivery.pk in bound:
            found[delivery.pk] = frozenset({delivery.origin_id} & here)
            continue
        needed = {one for key in carried[delivery.pk] for one in articles[key]}
        stocking = {site for site in here if needed and all(stock.carries(site, *one) for one in needed)}
        from_where = ordered[delivery.pk] if len(ordered[delivery.pk]) == 1 else set()
        found[delivery.pk] = frozenset({delivery.origin_id, *from_where, *stocking} & here)
    return found
