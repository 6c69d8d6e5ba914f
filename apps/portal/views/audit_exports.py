"""Taking a custody bundle away: its scope, what it would hold, having it made, downloading it."""

import hashlib
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

from django.core.cache import cache
from django.db.models import Sum
from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.models import Job
from apps.custody import selectors
from apps.custody.models import CustodyEvent
from apps.custody.services import ExportChoice, ExportScope, UnknownExport, open_export, request_export
from apps.custody.services.export_jobs import KEPT_FOR, KIND
from apps.custody.services.scoping import numbers_in
from apps.deliveries.models import Delivery
from apps.documents.models import Document
from apps.portal.access import shipper_page
from apps.portal.forms_desk import ExportForm
from apps.portal.frame import desk_frame
from apps.portal.presenters.custody import checkpoint_facts
from apps.portal.views.desk_jobs import facts

LISTED = 30
SAMPLE = 10
CHUNK = 1 << 20
BYTES_PER_EVENT = 2_500  # canonical bytes, reading copy and proof together, as bundles turn out
PERMISSION = "custody.export"


@dataclass(frozen=True)
class Preview:
    """What a bundle would hold: how many events and papers, about how many bytes, its first events."""

    events: int
    documents: int
    size: int
    sample: list[selectors.TimelineEntry]


@shipper_page
@require_http_methods(["GET", "POST"])
def exports(request: ActingRequest) -> HttpResponse:
    """The scope in the address, what it would hold; posted, the bundle is asked for. And former ones."""
    require(request.actor, PERMISSION)
    typed = request.POST or request.GET
    form = ExportForm(typed if "scope" in typed else None)
    preview = None
    if form.is_bound and form.is_valid():
        scope: ExportScope = form.cleaned_data["chosen"]
        preview = preview_of(scope)
        if request.method == "POST" and preview.events:
            choice = ExportChoice(copies=tuple(form.cleaned_data["copies"]))
            request_export(actor=request.actor, scope=scope, choice=choice, now=timezone.now())
            return redirect("desk:exports")
    jobs = list(Job.objects.filter(kind=KIND)[:LISTED])
    context = {
        **desk_frame(request, section="custody"),
        "form": form,
        "fields": [(name, value) for name in form.fields if (value := form[name].value())]
        if form.is_bound
        else [],
        "preview": preview,
        "size": filesizeformat(preview.size) if preview else "",
        "running": [facts(job, back=reverse("desk:exports")) for job in jobs if not job.is_over],
        "former": [_former(request, job) for job in jobs if job.is_over],
        "kept_days": KEPT_FOR.days,
        "checkpoint": checkpoint_facts(selectors.latest_checkpoint(), selectors.verifier_key()),
    }
    return render(request, "portal/audit/exports.html", context, status=422 if form.errors else 200)


@shipper_page
@require_GET
def download(request: ActingRequest, job_id: UUID) -> HttpResponseBase:
    """The bundle of a finished export; its SHA-256 goes along in the header."""
    bundle = open_export(actor=request.actor, job_id=job_id)
    digest = _digest_of(bundle, job_id)
    response = FileResponse(
        bundle, as_attachment=True, filename=f"custody-{str(job_id)[-8:]}.zip", content_type="application/zip"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    response["ETag"] = f'"{digest}"'
    response["Digest"] = f"sha-256={digest}"
    return response


def preview_of(scope: ExportScope) -> Preview:
    """What a bundle of ``scope`` would hold as the log stands now."""
    events = CustodyEvent.objects.all()
    documents = Document.objects.all()
    if not scope.is_whole_log:
        events = selectors.events_of_consignments(numbers_in(scope))
        documents = documents.filter(delivery_id__in=events.exclude(delivery_id=None).values("delivery_id"))
    count = events.count()
    papers = documents.aggregate(size=Sum("size"))["size"] or 0
    first = list(events.order_by("ordinal").values_list("pk", flat=True)[:SAMPLE])
    return Preview(
        events=count,
        documents=documents.count(),
        size=count * BYTES_PER_EVENT + papers,
        sample=selectors.entries(CustodyEvent.objects.filter(pk__in=first)),
    )


def sha256_of(file: BinaryIO) -> str:
    """The digest of a file in hex, read through once and wound back."""
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _digest_of(bundle: BinaryIO, job_id: UUID) -> str:
    """A bundle never changes, so it is read for its digest once while it is kept."""
    key = f"export-sha256-{job_id}"
    digest: str | None = cache.get(key)
    if digest is None:
        digest = sha256_of(bundle)
        cache.set(key, digest, KEPT_FOR.total_seconds())
    return digest


def _former(request: ActingRequest, job: Job) -> dict[str, Any]:
    """One row of former exports; a bundle that is gone can be made again."""
    number = (
        Delivery.objects.filter(pk=job.subject_id).values_list("number", flat=True).first()
        if job.subject_id
        else ""
    )
    return {
        "job": facts(job),
        "asked_by": job.asked_by_name,
        "at": job.created_at,
        "what": number or _("Consignments or the whole log"),
        "sha256": _digest(request, job),
        "is_gone": job.state == Job.State.DONE and not job.artefact,
    }


def _digest(request: ActingRequest, job: Job) -> str:
    """The SHA-256 of a bundle that is still kept, to compare a download with."""
    try:
        with open_export(actor=request.actor, job_id=job.pk) as bundle:
            return _digest_of(bundle, job.pk)
    except UnknownExport:
        return ""
