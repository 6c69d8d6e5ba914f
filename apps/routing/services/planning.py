"""Asking for a day's plan, and asking for the planning to stop. The work itself is ``running``'s."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.core.jobs import stop
from apps.core.models import Job
from apps.core.turns import one_at_a_time
from apps.facilities.models import Site
from apps.routing.depots import lead_of
from apps.routing.errors import UnknownPlan
from apps.routing.models import RoutePlan
from apps.routing.selectors import JOB_KIND, day_key, own_site
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue


@transaction.atomic
def request_plan(*, actor: Actor, site: Site, day: date, now: datetime, seed: int = 1) -> Job:
    """Have the routes of one own site and day planned in the background; the job says how far it is.

    A site that is planned with another is planned there (``depots.lead_of``).

    While a job for that site and day waits or runs, asking again gives that one. ``day`` is in the site's
    zone. What is locked in the newest version stays, and so do routes under way.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: the site is not this shipper's own.
    """
    return _ask(actor, site, day, now, seed, repairs=None)


@transaction.atomic
def request_repair(*, actor: Actor, plan_id: UUID, now: datetime) -> Job:
    """Have a plan repaired in the background with as little change as possible, as a new version.

    What was delivered, loaded or locked stays; a job for that site and day that is not over is given instead.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such plan in this schema.
    """
    plan = RoutePlan.objects.select_related("site").filter(pk=plan_id).first()
    if plan is None:
        require(actor, "routing.ask")
        raise UnknownPlan("There is no such plan.")
    return _ask(actor, plan.site, plan.day, now, plan.seed, repairs=plan.pk)


def _ask(actor: Actor, site: Site, day: date, now: datetime, seed: int, *, repairs: UUID | None) -> Job:
    require(actor, "routing.ask")
    site = lead_of(own_site(site.pk, shipper_id=current_shipper().pk))
    subject = day_key(site, day)
    one_at_a_time(f"routing jobs {subject}")
    waiting = Job.objects.filter(
        kind=JOB_KIND, subject_id=subject, state__in=[Job.State.WAITING, Job.State.RUNNING]
    ).first()
    if waiting is not None:
        return waiting
    job = Job.objects.create(
        kind=JOB_KIND,
        subject_id=subject,
        message="Waiting for a worker.",
        asked_by_id=actor.person_id,
        asked_by_name=actor.name,
    )
    enqueue(
        JOB_KIND,
        job_id=str(job.pk),
        site_id=str(site.pk),
        day=day.isoformat(),
        seed=seed,
        asked_at=now.isoformat(),
        repairs=str(repairs) if repairs else None,
    )
    return job


@transaction.atomic
def cancel_plan_job(*, actor: Actor, job_id: UUID, now: datetime) -> Job:
    """Stop a planning: one that waits is cancelled, one that runs ends with the best plan found so far.

    A job that is over already is returned as it is.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownPlan: there is no such planning in this schema.
    """
    require(actor, "routing.plan")
    job = Job.objects.select_for_update().filter(pk=job_id, kind=JOB_KIND).first()
    if job is None:
        raise UnknownPlan("There is no such planning.")
    stop(job, by=actor.name, now=now)
    return job
