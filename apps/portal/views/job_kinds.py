"""What the desk says of each kind of background work: its title, where its result lies, who may watch it."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.models import Job
from apps.custody.services.export_jobs import KIND as EXPORT
from apps.routing.models import RoutePlan
from apps.routing.services import KIND as PLANNING


@dataclass(frozen=True)
class Kind:
    """``leads_on``: when it is done, the page goes on to its result by itself."""

    permission: str
    section: str
    title: Callable[[Job], str]
    back: Callable[[Job], str]
    result: Callable[[Job], str]
    result_label: str | Promise
    leads_on: bool = False


def _plan_address(job: Job) -> str:
    plan = RoutePlan.objects.filter(job_id=job.pk).first()
    if plan is None:
        return reverse("desk:plan")
    return f"{reverse('desk:plan')}?site={plan.site_id}&day={plan.day:%Y-%m-%d}&version={plan.version}"


KINDS = {
    PLANNING: Kind(
        permission="routing.plan",
        section="plan",
        title=lambda job: _("Planning the day"),
        back=lambda job: f"{reverse('desk:plan')}?job={job.pk}",
        result=_plan_address,
        result_label=gettext_lazy("Open the plan"),
        leads_on=True,
    ),
    EXPORT: Kind(
        permission="custody.export",
        section="custody",
        title=lambda job: _("Custody bundle"),
        back=lambda job: reverse("desk:exports"),
        result=lambda job: reverse("desk:export_download", args=[job.pk]) if job.artefact else "",
        result_label=gettext_lazy("Download the bundle"),
    ),
}
