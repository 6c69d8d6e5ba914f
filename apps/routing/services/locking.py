"""Locking what a planner wants to keep when the day is planned again, and letting it go."""

from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.core.errors import IllegalTransition
from apps.routing.errors import UnknownPlan
from apps.routing.models import Route, RoutePlan, Stop


@transaction.atomic
def lock_route(*, actor: Actor, route_id: UUID, locked: bool) -> Route:
    """A locked route keeps its vehicle, its stops and its times in the versions to come.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such route in this schema.
        IllegalTransition: the plan was replaced; lock in the one that came after.
    """
    require(actor, "routing.plan")
    route = (
        Route.objects.select_for_update(of=("self",)).select_related("plan__site").filter(pk=route_id).first()
    )
    if route is None:
        raise UnknownPlan("There is no such route.")
    _require_open(route.plan)
    route.is_locked = locked
    route.save(update_fields=["is_locked"])
    return route


@transaction.atomic
def lock_stop(*, actor: Actor, stop_id: UUID, locked: bool) -> Stop:
    """A locked stop stays on its vehicle in the versions to come; its place in the order may change.

    Raises:
        PermissionRefused, UnknownPlan, IllegalTransition: as ``lock_route``.
    """
    require(actor, "routing.plan")
    stop = (
        Stop.objects.select_for_update(of=("self",))
        .select_related("route__plan__site", "delivery")
        .filter(pk=stop_id)
        .first()
    )
    if stop is None:
        raise UnknownPlan("There is no such stop.")
    _require_open(stop.route.plan)
    stop.is_locked = locked
    stop.save(update_fields=["is_locked"])
    return stop


def _require_open(plan: RoutePlan) -> None:
    if plan.state == RoutePlan.State.REPLACED:
        raise IllegalTransition(
            f"Version {plan.version} was replaced; lock in the version in force or a draft.", state=plan.state
        )
