"""Beginning a search: for every route of a plan that was published, or for one route again."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.routing.models import Route, RoutePlan
from apps.tendering.errors import NotTendered, UnknownTender
from apps.tendering.models import Tender, TenderEvent, Tendering
from apps.tendering.ranking import candidates_for
from apps.tendering.services.asking import ask, end_search
from apps.tendering.services.transitions import DOCKSIDE, By, begin, lock_search
from apps.tendering.states import Channel, SearchState

GONE = "The plan was changed; this route is not needed any more."
LIVE = (SearchState.OPEN, SearchState.ASSIGNED)


@transaction.atomic
def begin_for_plan(*, plan_id: UUID, now: datetime) -> None:
    """Tender the routes of a published plan, for those not of the own fleet; may run twice.

    A search of the plan before goes on where the new plan has the same route: same carrier, vehicle, times
    and visits. Others of that plan are called off and the carriers told.
    """
    plan = RoutePlan.objects.select_related("site").filter(pk=plan_id).first()
    if plan is None or plan.state != RoutePlan.State.PUBLISHED:
        return
    routes = {_key(route): route for route in _routes(plan)}
    for tendering_id in _live_of_former_plans(plan):
        tendering = lock_search(tendering_id)
        same = routes.get(_key(tendering.route))
        if same is not None and not same.tenderings.exists():
            _carry_over(tendering, same, plan, now)
        else:
            end_search(tendering, by=DOCKSIDE, now=now, note=GONE)
    for route in routes.values():
        if not route.carrier.own_fleet and not route.tenderings.exists():
            open_search(route, mode=Tendering.Mode.WATERFALL, by=DOCKSIDE, now=now)


@transaction.atomic
def start_tendering(*, actor: Actor, route_id: UUID, mode: Tendering.Mode, now: datetime) -> Tendering:
    """Search a carrier for one route of the plan in force, again or in another way.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownTender: there is no such route in this schema.
        NotTendered: its plan is not in force, or a search is under way or has found a carrier.
    """
    require(actor, "tendering.manage")
    route = Route.objects.select_related("plan__site", "carrier").filter(pk=route_id).first()
    if route is None:
        raise UnknownTender("There is no such route.")
    if route.plan.state != RoutePlan.State.PUBLISHED:
        raise NotTendered("Only routes of the plan in force are tendered. Publish the plan first.")
    for tendering in route.tenderings.filter(state__in=LIVE):
        raise NotTendered(
            "A search for this route is under way. Call it off before another begins."
            if tendering.state == SearchState.OPEN
            else "This route has a carrier. Take it back before it is offered again."
        )
    return open_search(route, mode=mode, by=By(actor.name, Channel.DESK), now=now)


def open_search(
    route: Route, *, mode: Tendering.Mode, by: By, now: datetime, but_not: Iterable[UUID] = ()
) -> Tendering:
    """Rank the carriers that can drive ``route`` and ask the first, or all of them."""
    found = candidates_for(route, now=now, but_not=but_not)
    last = route.tenderings.aggregate(last=Max("number"))["last"] or 0
    tendering = Tendering.objects.create(
        route=route,
        number=last + 1,
        mode=mode,
        left_out=list(found.left_out),
        started_by=by.name,
        started_at=now,
    )
    begin(tendering, by=by, at=now)
    Tender.objects.bulk_create(
        Tender(
            tendering=tendering,
            carrier=one.carrier,
            vehicle=one.vehicle,
            rank=rank,
            price_cents=one.price_cents,
            cost_parts=one.cost_parts,
            weighed_cents=one.weighed_cents,
            currency=route.plan.currency,
            reasons=list(one.reasons),
        )
        for rank, one in enumerate(found.ranked, start=1)
    )
    ask(tendering, now=now)
    return tendering


def _routes(plan: RoutePlan) -> Iterable[Route]:
    return plan.routes.select_related("carrier", "vehicle", "driver", "plan__site").prefetch_related("stops")


def _key(route: Route) -> tuple[object, ...]:
    """Two routes with the same key are the same to whoever drives them."""
    stops = sorted(route.stops.all(), key=lambda stop: stop.position)
    return (
        route.vehicle_id,
        route.departs_at,
        route.returns_at,
        tuple((stop.delivery_id, stop.arrives_at) for stop in stops),
    )


def _live_of_former_plans(plan: RoutePlan) -> list[UUID]:
    rows = Tendering.objects.filter(route__plan__site=plan.site, route__plan__day=plan.day).exclude(
        route__plan=plan
    )
    live = rows.filter(state__in=[*LIVE, SearchState.UNCOVERED])
    return list(live.order_by("id").values_list("pk", flat=True))


def _carry_over(tendering: Tendering, same: Route, plan: RoutePlan, now: datetime) -> None:
    """The search goes on for the same route of the new plan."""
    tendering.route = same
    tendering.save(update_fields=["route"])
    TenderEvent.objects.create(
        tendering=tendering,
        from_state=tendering.state,
        to_state=tendering.state,
        actor_name=DOCKSIDE.name,
        channel=Channel.SYSTEM,
        note=f"The route is the same in version {plan.version}.",
        at=now,
    )
