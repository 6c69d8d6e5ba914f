"""Taking a custody bundle away: its scope, what it would hold, having it made, downloading it."""

from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.custody import selectors
from apps.custody.network.selectors import network_state
from apps.custody.preview import Preview, preview_of, signed_sizes
from apps.custody.services import (
    ExportChoice,
    ExportFailed,
    exports_of,
    note_access,
    open_export,
    request_export,
)
from apps.custody.services.export_jobs import KEPT_FOR
from apps.custody.spreadsheet import COLUMNS
from apps.portal.access import shipper_page
from apps.portal.bundles import bundle_response, digest_of
from apps.portal.forms_audit import ExportForm
from apps.portal.frame import desk_frame
from apps.portal.presenters import exports as present
from apps.portal.presenters.custody import checkpoint_facts
from apps.portal.views.desk_jobs import facts

LISTED = 30
PERMISSION = "custody.export"


@shipper_page
@require_http_methods(["GET", "POST"])
def exports(request: ActingRequest) -> HttpResponse:
    """The scope in the address, what it would hold; posted, the bundle is asked for. And former ones."""
    require(request.actor, PERMISSION)
    typed = request.POST or request.GET
    form = ExportForm(typed if "scope" in typed else None)
    preview = _preview(form)
    if request.method == "POST" and preview and preview.events:
        request_export(
            actor=request.actor,
            scope=form.cleaned_data["chosen"],
            choice=ExportChoice(
                copies=tuple(form.cleaned_data["copies"]),
                columns=tuple(form.cleaned_data["columns"]) or COLUMNS,
            ),
            older_size=form.cleaned_data["kept"],
            now=timezone.now(),
        )
        return redirect("desk:exports")
    here = reverse("desk:exports")
    jobs = list(exports_of(request.actor)[:LISTED])
    context = {
        **desk_frame(request, section="custody"),
        "form": form,
        "fields": present.carried(form),
        "preview": present.preview_context(preview),
        "running": [facts(job, back=here) for job in jobs if not job.is_over],
        "former": [
            present.former(job, facts(job), digest_of(job), again=present.again(here, job))
            for job in jobs
            if job.is_over
        ],
        "kept_days": KEPT_FOR.days,
        "signed_sizes": signed_sizes(),
        "checkpoint": checkpoint_facts(
            selectors.latest_checkpoint(), selectors.verifier_key(), network_state()
        ),
    }
    return render(request, "portal/audit/exports.html", context, status=422 if form.errors else 200)


@shipper_page
@require_safe
def download(request: ActingRequest, job_id: UUID) -> HttpResponseBase:
    """The bundle of a finished export, or the part that is still missing of it."""
    bundle = open_export(actor=request.actor, job_id=job_id)
    note_access(actor=request.actor, what=f"bundle of export {job_id}", now=timezone.now())
    return bundle_response(request, bundle, job_id)


def _preview(form: ExportForm) -> Preview | None:
    """What the chosen scope would hold; None where nothing valid is chosen, which the form then says."""
    if not (form.is_bound and form.is_valid()):
        return None
    try:
        return preview_of(form.cleaned_data["chosen"])
    except ExportFailed as error:
        form.add_error("consignments", error.message)
        return None
