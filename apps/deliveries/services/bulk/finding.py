"""Looking for the slots, in the worker: gather, search outside any transaction, check, write down."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction

from apps.accounts.actors import Actor
from apps.appointments import bulk
from apps.appointments.bulk import Answer, Ask, Ground, Place, Problem, Progress
from apps.appointments.many import Wanted, asks_of, why_not
from apps.appointments.ranking import RouteCost
from apps.appointments.search import local_day
from apps.core.jobs import Reporter, fail, finish, lock_open, take_up
from apps.core.models import Job
from apps.deliveries.models import BulkLine, BulkRequest, Delivery
from apps.deliveries.selectors import deliveries
from apps.deliveries.services.bulk.asking import asker
from apps.deliveries.services.bulk.pricing import Prices, Pricing, prices_of, weighed
from apps.deliveries.standing import Standing, with_standing
from apps.deliveries.vehicles import largest_for, load_with, vehicles_by_size
from apps.facilities.models import Partnership, Site
from apps.tenancy.doorway import current_shipper

SECONDS = 60.0
"""So long the search may take at most; mostly it is proven best long before."""


@dataclass
class _Gathered:
    """The problem, and what its values stand for: ``refused`` are lines that are not asked at all."""

    problem: Problem
    wanted: Mapping[UUID, Wanted]
    sites: Mapping[UUID, Site]
    docks: Mapping[UUID, str]
    prices: Prices
    refused: dict[UUID, str] = field(default_factory=dict)


def run_bulk_search(
    *,
    job_id: UUID,
    request_id: UUID,
    clock: Callable[[], datetime],
    seconds: float | None = None,
    pricing: Pricing | None = None,
) -> None:
    """Do one search to its end; one that is over is left alone, so this may run twice.

    With ``pricing`` what a stop would cost on the plan of its day is weighed too, where a day is planned.

    What is written down stands in the rows of the request's lines, all at once; nothing is held by it.
    """
    job = take_up(job_id, message="Gathering deliveries, docks and hours.", now=clock())
    if job is None:
        return
    try:
        request = BulkRequest.objects.get(pk=request_id)
        now = clock()
        gathered = _gather(request, now, SECONDS if seconds is None else seconds)
        if pricing is not None:
            gathered = _priced(gathered, pricing, asker(job), now)
        reporter = Reporter(job_id)
        answer = bulk.assign(
            gathered.problem,
            progress=lambda progress: _tell(reporter, progress, gathered),
            cancelled=lambda: reporter.is_stopped,
        )
        broken = bulk.check(gathered.problem, answer.slots)
        if broken:
            fail(
                job_id,
                f"The slots broke rules in their own check and were thrown away: {'; '.join(broken[:3])}.",
                now=clock(),
            )
            return
        _write_down(job_id, request, gathered, answer, now, clock())
    except Exception:
        fail(job_id, "The search ended with an internal error; nothing is proposed. Ask again.", now=clock())
        raise


def _gather(request: BulkRequest, now: datetime, seconds: float) -> _Gathered:
    lines = request.lines.values_list("delivery_id", flat=True)
    found = with_standing(Delivery.objects.filter(pk__in=lines)).select_related("site__recipient")
    partners = set(
        Partnership.objects.filter(shipper_id=current_shipper().pk, active=True).values_list(
            "recipient_id", flat=True
        )
    )
    vehicles = vehicles_by_size()
    refused, wanted = {}, {}
    by_site: dict[UUID, list[Wanted]] = defaultdict(list)
    sites: dict[UUID, Site] = {}
    for delivery in found.order_by("day", "number"):
        if why := _not_bookable(delivery, partners):
            refused[delivery.pk] = why
            continue
        site = sites.setdefault(delivery.site_id, delivery.site)
        one = wanted[delivery.pk] = Wanted(
            delivery.pk,
            load_with(delivery, largest_for(delivery, vehicles)),
            max(delivery.day, local_day(now, ZoneInfo(site.time_zone))),
            request.days,
            request.wanted_from,
        )
        by_site[site.pk].append(one)
    asks: list[Ask] = []
    grounds: dict[UUID, Ground] = {}
    docks: dict[UUID, str] = {}
    for site_id, some in by_site.items():
        site = sites[site_id]
        more, grounds[site_id] = asks_of(site, some, shipper_id=current_shipper().pk, now=now)
        asks += more
        docks |= dict(site.docks.values_list("pk", "name"))
    problem = Problem(tuple(asks), grounds, slots_each=request.slots_each, seed=request.seed, seconds=seconds)
    return _Gathered(problem, wanted, sites, docks, {}, refused)


def _priced(gathered: _Gathered, pricing: Pricing, actor: Actor, now: datetime) -> _Gathered:
    """The same problem with what planned routes would pay for each start."""
    prices = prices_of(
        gathered.problem.asks,
        deliveries().in_bulk(gathered.wanted),
        {key: one.load for key, one in gathered.wanted.items()},
        pricing=pricing,
        actor=actor,
        now=now,
    )
    asks = tuple(weighed(ask, prices.get(ask.id, {})) for ask in gathered.problem.asks)
    return replace(gathered, problem=replace(gathered.problem, asks=asks), prices=prices)


def _not_bookable(delivery: Delivery, partners: set[UUID]) -> str:
    """Why no slots can be offered for the delivery now; empty when they can."""
    standing = Standing(delivery.standing)  # type: ignore[attr-defined]  # added by with_standing
    if standing != Standing.TO_BOOK:
        return f"{delivery.number} is “{standing.label}”; only deliveries to book are asked for."
    if not delivery.site.active:
        return f"{delivery.site.name} takes no deliveries any more."
    if delivery.site.recipient_id not in partners:
        return f"There is no partnership with {delivery.site.name}’s recipient."
    return ""


def _tell(reporter: Reporter, progress: Progress, gathered: _Gathered) -> None:
    asked = len(gathered.problem.asks)
    reporter.tell(
        progress.sites_done,
        progress.sites,
        f"Searching site by site; slots for {progress.placed} of {asked} deliveries so far.",
    )


@transaction.atomic
def _write_down(
    job_id: UUID, request: BulkRequest, gathered: _Gathered, answer: Answer, now: datetime, ended: datetime
) -> None:
    """Write the proposal and end the job, both or neither."""
    job = lock_open(job_id)
    if job is None:
        return
    asks = {ask.id: ask for ask in gathered.problem.asks}
    lines = list(request.lines.all())
    for line in lines:
        places = answer.slots.get(line.delivery_id, ())
        priced = gathered.prices.get(line.delivery_id, {})
        line.slots = [_described(place, gathered, priced.get(place.start)) for place in places]
        line.chosen = bool(places)
        line.late_minutes = (places[0].start - asks[line.delivery_id].wanted) // 60 if places else None
        line.why_not = "" if places else _why(line, gathered, answer, now)
    BulkLine.objects.bulk_update(lines, ["slots", "chosen", "late_minutes", "why_not"])
    figures = answer.figures
    request.figures = {
        "asked": len(lines),
        "placed": figures.placed,
        "cost": figures.cost,
        "most_placed": figures.most_placed,
        "least_cost": figures.least_cost,
        "proven": figures.proven,
        "finished": answer.is_finished,
        "sites": len(gathered.sites),
        "off_minutes": sum(abs(line.late_minutes or 0) for line in lines),
        "priced": len(gathered.prices),
    }
    request.save(update_fields=["figures"])
    job.done = job.total = max(1, len(gathered.sites))
    finish(job, Job.State.DONE, _in_words(figures.placed, len(lines)), now=ended)


def _why(line: BulkLine, gathered: _Gathered, answer: Answer, now: datetime) -> str:
    if line.delivery_id in gathered.refused:
        return gathered.refused[line.delivery_id]
    one = gathered.wanted.get(line.delivery_id)
    if one is None:
        return "The delivery is not there any more."
    site = gathered.sites[_site_of(gathered.problem.asks, line.delivery_id)]
    return why_not(site, one, answer.why_not[line.delivery_id], now=now)


def _site_of(asks: Iterable[Ask], delivery_id: UUID) -> UUID:
    return next(ask.site_id for ask in asks if ask.id == delivery_id)


def _described(place: Place, gathered: _Gathered, cost: RouteCost | None) -> dict[str, Any]:
    start, end = (datetime.fromtimestamp(moment, UTC).isoformat() for moment in (place.start, place.end))
    dock = {"dock_id": str(place.dock_id), "dock": gathered.docks[place.dock_id]}
    route = {"route": {"cents": cost.cents, "currency": cost.currency}} if cost is not None else {}
    return {**dock, "start": start, "end": end, **route}


def _in_words(placed: int, asked: int) -> str:
    """“Slots for 498 of 500 deliveries; the others say why there is none.”"""
    rest = "" if placed == asked else " The others say why they have none."
    return f"Slots for {placed} of {asked} {'delivery' if asked == 1 else 'deliveries'}.{rest}"
