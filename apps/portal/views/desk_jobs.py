"""Work in the background, as its own small page: how far it is, stopping it, coming back to it."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows
from apps.core.models import Job
from apps.portal.access import shipper_page
from apps.portal.frame import desk_frame
from apps.portal.presenters.jobs import progress
from apps.portal.views.job_kinds import KINDS


@shipper_page
@require_GET
@never_cache
def job(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """The progress alone for htmx, a page around it for everybody else."""
    shown = find(request, job_id)
    kind = KINDS[shown.kind]
    back = back_to(request, kind.back(shown))
    context: dict[str, Any] = {"job": facts(shown, back=back)}
    if not request.htmx:
        context |= desk_frame(request, section=kind.section) | {"title": kind.title(shown), "back": back}
        return render(request, "portal/desk/job.html", context)
    response = render(request, "components/job_progress.html", context)
    if shown.state == Job.State.DONE and kind.leads_on:
        response["HX-Redirect"] = kind.result(shown)
    return response


@shipper_page
@require_POST
def cancel(request: ActingRequest, job_id: UUID) -> HttpResponse:
    """Ask the work to stop at its next safe point."""
    shown = find(request, job_id)
    KINDS[shown.kind].stop(request.actor, shown)
    return redirect(back_to(request, KINDS[shown.kind].back(shown)))


def facts(shown: Job, *, back: str = "") -> dict[str, Any]:
    """A job as ``job_progress.html`` takes it."""
    kind = KINDS[shown.kind]
    return progress(
        shown,
        title=kind.title(shown),
        now=timezone.now(),
        result_url=kind.result(shown) if shown.state == Job.State.DONE else "",
        result_label=str(kind.result_label),
        back=back,
    )


def back_to(request: ActingRequest, otherwise: str) -> str:
    """The page of this host that ``?back`` names, else ``otherwise``."""
    asked = request.GET.get("back", "")
    is_here = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if asked and is_here else otherwise


def find(request: ActingRequest, job_id: UUID) -> Job:
    """The job, for whoever may ask for work of its kind."""
    shown = Job.objects.filter(pk=job_id).first()
    if shown is None or shown.kind not in KINDS or not allows(request.actor, KINDS[shown.kind].permission):
        raise Http404
    return shown
