"""What the desk says of each kind of background work: its title, where its result lies, who may watch it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.actors import Actor
from apps.core.models import Job
from apps.custody.services import cancel_export
from apps.custody.services.export_jobs import KIND as EXPORT
from apps.deliveries.services import cancel_day_papers
from apps.deliveries.services.bulk import cancel_bulk_job
from apps.deliveries.services.bulk.asking import FINDING, SENDING
from apps.deliveries.services.day_papers import KIND as DAY_PAPERS
from apps.routing.selectors import JOB_KIND as PLANNING
from apps.routing.selectors import plan_of_job
from apps.routing.services import cancel_plan_job


@dataclass(frozen=True)
class Kind:
    """``leads_on``: when it is done, the page goes on to its result by itself."""

    permission: str
    section: str
    title: Callable[[Job], str]
    back: Callable[[Job], str]
    result: Callable[[Job], str]
    result_label: str | Promise
    stop: Callable[[Actor, Job], object]
    leads_on: bool = False


def _plan_address(job: Job) -> str:
    plan = plan_of_job(job)
    if plan is None:
        return reverse("desk:plan")
    return f"{reverse('desk:plan')}?site={plan.site_id}&day={plan.day:%Y-%m-%d}&version={plan.version}"


def _bulk_address(job: Job) -> str:
    return reverse("desk:bulk_request", args=[job.subject_id])


KINDS = {
    **{
        kind: Kind(
            permission="deliveries.plan",
            section="deliveries",
            title=title,
            back=_bulk_address,
            result=_bulk_address,
            result_label=gettext_lazy("Open the proposal"),
            stop=lambda actor, job: cancel_bulk_job(actor=actor, job_id=job.pk, now=timezone.now()),
            leads_on=True,
        )
        for kind, title in (
            (FINDING, lambda job: _("Looking for slots")),
            (SENDING, lambda job: _("Sending the offers")),
        )
    },
    PLANNING: Kind(
        permission="routing.plan",
        section="plan",
        title=lambda job: _("Planning the day"),
        back=_plan_address,
        result=_plan_address,
        result_label=gettext_lazy("Open the plan"),
        stop=lambda actor, job: cancel_plan_job(actor=actor, job_id=job.pk, now=timezone.now()),
        leads_on=True,
    ),
    DAY_PAPERS: Kind(
        permission="deliveries.plan",
        section="deliveries",
        title=lambda job: _("Delivery notes to print"),
        back=lambda job: reverse("desk:deliveries"),
        result=lambda job: reverse("desk:day_papers_file", args=[job.pk]) if job.artefact else "",
        result_label=gettext_lazy("Open the file to print"),
        stop=lambda actor, job: cancel_day_papers(actor=actor, job_id=job.pk, now=timezone.now()),
    ),
    EXPORT: Kind(
        permission="custody.export",
        section="custody",
        title=lambda job: _("Custody bundle"),
        back=lambda job: reverse("desk:exports"),
        result=lambda job: reverse("desk:export_download", args=[job.pk]) if job.artefact else "",
        result_label=gettext_lazy("Download the bundle"),
        stop=lambda actor, job: cancel_export(actor=actor, job_id=job.pk, now=timezone.now()),
    ),
}
