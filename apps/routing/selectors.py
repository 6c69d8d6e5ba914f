"""Shared reads of a shipper's plans. Called in the shipper's schema."""

from datetime import date
from uuid import UUID, uuid5

from django.db.models import Prefetch, QuerySet

from apps.core.models import Job
from apps.facilities.models import Site
from apps.routing.errors import UnknownPlan
from apps.routing.models import Route, RoutePlan, Stop, Unassigned

JOB_KIND = "routing.plan"


def plans() -> QuerySet[RoutePlan]:
    """Plans with all that a page shows of them: routes, stops, deliveries, docks; 4 queries however many."""
    stops = Stop.objects.select_related("delivery__site", "dock").order_by("position")
    routes = Route.objects.select_related("carrier", "vehicle", "driver", "depot").order_by("number")
    left_out = Unassigned.objects.select_related("delivery__site").order_by("delivery__number")
    return RoutePlan.objects.select_related("site").prefetch_related(
        Prefetch("routes", routes.prefetch_related(Prefetch("stops", stops))),
        Prefetch("unassigned", left_out),
    )


def plan_by_id(plan_id: UUID) -> RoutePlan:
    """
    Raises:
        UnknownPlan: there is none with that id in this schema.
    """
    plan = plans().filter(pk=plan_id).first()
    if plan is None:
        raise UnknownPlan("There is no such plan.")
    return plan


def latest_plan(*, site: Site, day: date) -> RoutePlan | None:
    """The newest version for that site and day, whatever its state."""
    return plans().filter(site=site, day=day).order_by("-version").first()


def published_plan(*, site: Site, day: date) -> RoutePlan | None:
    """The version in force for that site and day."""
    return plans().filter(site=site, day=day, state=RoutePlan.State.PUBLISHED).first()


def versions(*, site: Site, day: date) -> QuerySet[RoutePlan]:
    """Every version for that site and day, the newest first, without its routes."""
    return RoutePlan.objects.filter(site=site, day=day).order_by("-version")


def latest_job(*, site: Site, day: date) -> Job | None:
    """The planning asked for last for that site and day, over or not."""
    return Job.objects.filter(kind=JOB_KIND, subject_id=day_key(site, day)).order_by("-id").first()


def plan_of_job(job: Job) -> RoutePlan | None:
    """The plan that a job made, without its routes."""
    return RoutePlan.objects.filter(job_id=job.pk).first()


def day_key(site: Site, day: date) -> UUID:
    """What a planning job is about: one site and day, as the one id that a job's row has room for."""
    return uuid5(site.pk, day.isoformat())


def own_site(site_id: UUID, *, shipper_id: UUID) -> Site:
    """
    Raises:
        UnknownPlan: that shipper has no such site; a partner's site is none to plan from.
    """
    site = Site.objects.filter(pk=site_id, shipper_id=shipper_id).first()
    if site is None:
        raise UnknownPlan("Routes are planned from a site of one's own; there is no such site.")
    return site
