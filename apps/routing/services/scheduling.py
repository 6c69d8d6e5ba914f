"""Planning by itself at a set time: each own site's schedule, and the days that are due by it."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import SYSTEM, Actor
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.core.models import Job
from apps.routing.depots import lead_of
from apps.routing.models import RoutePlan, Schedule
from apps.routing.selectors import own_site
from apps.routing.services.planning import request_plan
from apps.tenancy.doorway import current_shipper

FURTHEST = 14
"""Days ahead that a schedule may plan; what lies further is rarely agreed yet."""


class UnusableSchedule(DomainError):
    """The days of a schedule make no sense; the message says which."""

    code = "unusable-schedule"


@transaction.atomic
def set_schedule(
    *,
    actor: Actor,
    site_id: UUID,
    active: bool,
    plans_at: time,
    first_day_ahead: int,
    last_day_ahead: int,
    repairs_itself: bool,
    now: datetime,
) -> Schedule:
    """Say when an own site's days are planned by themselves; ``plans_at`` is the site's local time.

    A time that is past today counts from tomorrow on.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: the site is not this shipper's own.
        UnusableSchedule: the days are out of order or more than 14 ahead.
    """
    require(actor, "routing.plan")
    site = own_site(site_id, shipper_id=current_shipper().pk)
    if not 0 <= first_day_ahead <= last_day_ahead <= FURTHEST:
        raise UnusableSchedule(
            f"The first day can't be after the last, and days at most {FURTHEST} ahead are planned."
        )
    local = now.astimezone(ZoneInfo(site.time_zone))
    schedule, _ = Schedule.objects.update_or_create(
        site=site,
        defaults={
            "active": active,
            "plans_at": plans_at,
            "first_day_ahead": first_day_ahead,
            "last_day_ahead": last_day_ahead,
            "repairs_itself": repairs_itself,
            "last_run_on": local.date() if local.time() >= plans_at else None,
        },
    )
    return schedule


def run_schedules(*, now: datetime) -> list[Job]:
    """Ask for every plan that is due by a schedule; a schedule runs once a day, however often this is called.

    A worker that was away at the set time makes up for it the same day. Days with a plan in force are left to
    be repaired; a site that is planned with another has no schedule but that one's.
    """
    asked: list[Job] = []
    for schedule in Schedule.objects.filter(active=True, site__active=True).select_related("site"):
        local = now.astimezone(ZoneInfo(schedule.site.time_zone))
        if local.time() >= schedule.plans_at and lead_of(schedule.site) == schedule.site:
            asked += _run(schedule, local.date(), now)
    return asked


@transaction.atomic
def _run(schedule: Schedule, today: date, now: datetime) -> list[Job]:
    """The run of one day: whoever sets ``last_run_on`` first does it, and nobody after."""
    due = Schedule.objects.filter(Q(last_run_on=None) | Q(last_run_on__lt=today), pk=schedule.pk)
    if not due.update(last_run_on=today):
        return []
    ahead = range(schedule.first_day_ahead, schedule.last_day_ahead + 1)
    days = [today + timedelta(days=number) for number in ahead]
    in_force = set(
        RoutePlan.objects.filter(
            site=schedule.site, day__in=days, state=RoutePlan.State.PUBLISHED
        ).values_list("day", flat=True)
    )
    return [
        request_plan(actor=SYSTEM, site=schedule.site, day=day, now=now)
        for day in days
        if day not in in_force
    ]
