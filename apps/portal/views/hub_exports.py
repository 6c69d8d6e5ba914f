"""Bundles of what a recipient received, one from each shipper's log, for its auditors."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from apps.accounts.actors import Actor
from apps.accounts.http import ActingRequest
from apps.accounts.models import Role
from apps.accounts.permissions import require
from apps.core.models import Job
from apps.custody import selectors
from apps.custody.network.selectors import network_head
from apps.custody.preview import preview_of
from apps.custody.services import (
    ExportScope,
    cancel_export,
    exports_of,
    note_access,
    open_export,
    request_export,
)
from apps.custody.services.export_jobs import KEPT_FOR
from apps.custody.services.handing import agrees_with_held
from apps.deliveries.doorway import enter_received, enter_received_at, shippers_delivering_to
from apps.facilities.models import Recipient
from apps.portal.access import hub_page
from apps.portal.bundles import bundle_response, digest_of
from apps.portal.forms_audit import ReceivedExportForm
from apps.portal.frame import hub_frame
from apps.portal.presenters import exports as present
from apps.portal.presenters.jobs import progress
from apps.receipts.selectors import first_contradiction, oldest_held
from apps.tenancy.models import Shipper

LISTED = 10  # of each shipper
PERMISSION = "custody.export_received"


@hub_page
@require_http_methods(["GET", "POST"])
@never_cache
def exports(request: ActingRequest) -> HttpResponse:
    """What to take, what it would hold at each shipper; posted, a bundle of each is asked for."""
    require(request.actor, PERMISSION)
    shippers = shippers_delivering_to(request.actor)
    audited = _audited(request.actor)
    typed = request.POST or request.GET
    form = ReceivedExportForm(
        typed if "shipper" in typed else None,
        shippers=[(each.slug, each.name) for each in shippers],
        recipients=[(str(each.pk), each.name) for each in audited],
    )
    previews: list[dict[str, Any]] | None = None
    if form.is_bound and form.is_valid():
        chosen = form.cleaned_data["recipient"] or str(audited[0].pk)
        actor = request.actor.at_recipient(UUID(chosen))
        scope = form.scope(UUID(chosen))
        asked = [each for each in shippers if form.cleaned_data["shipper"] in ("", each.slug)]
        previews = [_preview(actor, each, scope) for each in asked if actor]
        if request.method == "POST" and any(each["preview"]["events"] for each in previews):
            for each in previews:
                _request(actor, each, scope, form.cleaned_data["kept"])
            return redirect("hub:received_exports")
    running, former, heads = _jobs_and_heads(request.actor, shippers)
    context = hub_frame(request, section="records") | {
        "form": form,
        "fields": present.carried(form),
        "previews": previews,
        "any_events": bool(previews) and any(each["preview"]["events"] for each in previews or ()),
        "running": running,
        "former": former,
        "heads": heads,
        "network": network_head(),
        "kept_days": KEPT_FOR.days,
    }
    return render(request, "portal/hub/exports.html", context, status=422 if form.errors else 200)


@hub_page
@require_safe
def download(request: ActingRequest, shipper: str, job_id: UUID) -> HttpResponseBase:
    """The bundle of a finished export, or the part that is still missing of it."""
    require(request.actor, PERMISSION)
    with enter_received_at(actor=request.actor, slug=shipper):
        bundle = open_export(actor=request.actor, job_id=job_id)
        job = exports_of(request.actor).get(pk=job_id)
        actor = request.actor.at_recipient(UUID(job.facts["scope"]["recipient_id"]))
        assert actor is not None
        note_access(actor=actor, what=f"bundle of export {job_id}", now=timezone.now())
        return bundle_response(request, bundle, job_id)


@hub_page
@require_GET
@never_cache
def watch(request: ActingRequest, shipper: str, job_id: UUID) -> HttpResponse:
    """The progress alone for htmx; everybody else finds it on the page of exports."""
    require(request.actor, PERMISSION)
    with enter_received_at(actor=request.actor, slug=shipper) as entered:
        job = exports_of(request.actor).filter(pk=job_id).first()
        if job is None:
            raise Http404
        context = {"job": _facts(job, entered)}
    if not request.htmx:
        return redirect("hub:received_exports")
    return render(request, "components/job_progress.html", context)


@hub_page
@require_POST
def cancel(request: ActingRequest, shipper: str, job_id: UUID) -> HttpResponse:
    """Ask the work to stop at its next safe point."""
    require(request.actor, PERMISSION)
    with enter_received_at(actor=request.actor, slug=shipper):
        cancel_export(actor=request.actor, job_id=job_id, now=timezone.now())
    return redirect("hub:received_exports")


@hub_page
@require_GET
def checkpoint(request: ActingRequest, shipper: str) -> HttpResponse:
    """The newest signed head of one shipper's log, for the recipient to keep: it tells a rewritten log."""
    require(request.actor, "custody.view")
    with enter_received_at(actor=request.actor, slug=shipper):
        newest = selectors.latest_checkpoint()
    if newest is None:
        raise Http404
    return _note(newest.note, f"{shipper}-{newest.size}.note")


@hub_page
@require_GET
def held_checkpoint(request: ActingRequest, shipper: str) -> HttpResponse:
    """The oldest head of the shipper's log that the recipient was handed, from the hub's own copy of it."""
    require(request.actor, PERMISSION)
    found = next((each for each in shippers_delivering_to(request.actor) if each.slug == shipper), None)
    held = oldest_held(audited_by(request.actor), found.pk) if found else None
    if held is None:
        raise Http404
    return _note(held.note, f"{shipper}-{held.size}-held.note")


def _note(note: str, name: str) -> HttpResponse:
    response = HttpResponse(note, content_type="text/plain; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


def audited_by(actor: Actor) -> list[UUID]:
    """The recipients that the actor audits for."""
    return [recipient_id for recipient_id, role in actor.recipient_roles if role == Role.AUDITOR]


def _audited(actor: Actor) -> list[Recipient]:
    return list(Recipient.objects.filter(pk__in=audited_by(actor)).order_by("name"))


def _preview(actor: Actor, shipper: Shipper, scope: ExportScope) -> dict[str, Any]:
    with enter_received(actor=actor, shipper_id=shipper.pk):
        return {"shipper": shipper, "preview": present.preview_context(preview_of(scope))}


def _request(actor: Actor | None, each: dict[str, Any], scope: ExportScope, kept: int | None) -> None:
    """Ask for a bundle that goes on from the oldest checkpoint that the hub holds, or from the one named."""
    if not actor or not each["preview"]["events"]:
        return
    shipper = each["shipper"]
    held = None if kept else oldest_held(actor.recipient_ids, shipper.pk)
    with enter_received(actor=actor, shipper_id=shipper.pk):
        if held and agrees_with_held(held.size, bytes(held.root)):
            kept = held.size
        request_export(actor=actor, scope=scope, older_size=kept, now=timezone.now())


def _jobs_and_heads(
    actor: Actor, shippers: list[Shipper]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[dict[str, Any]]]:
    """Work that runs, former exports, and the signed head and key of each log to keep."""
    running, former, heads = [], [], []
    for shipper in shippers:
        held = oldest_held(audited_by(actor), shipper.pk)
        broken = first_contradiction(audited_by(actor), shipper.pk)
        with enter_received(actor=actor, shipper_id=shipper.pk):
            for job in exports_of(actor)[:LISTED]:
                if job.is_over:
                    former.append(present.former(job, _facts(job, shipper), digest_of(job)))
                else:
                    running.append(_facts(job, shipper))
            key = selectors.verifier_key() or ""
            agrees = held is None or agrees_with_held(held.size, bytes(held.root))
        heads.append(
            {
                "shipper": shipper.name,
                "vkey": key,
                "url": reverse("hub:received_checkpoint", args=[shipper.slug]) if key else "",
                "held": held,
                "held_url": reverse("hub:held_checkpoint", args=[shipper.slug]) if held else "",
                "broken": broken,
                "differs": None if agrees else held,
            }
        )
    return running, sorted(former, key=lambda each: each["at"], reverse=True), heads


def _facts(job: Job, shipper: Shipper) -> dict[str, Any]:
    at = [shipper.slug, job.pk]
    return progress(
        job,
        title=f"{shipper.name}: {present.what_of(job)}",
        now=timezone.now(),
        result_url=reverse("hub:received_download", args=at) if job.artefact else "",
        result_label=str(_("Download the bundle")),
        url=reverse("hub:received_watch", args=at),
        cancel_url=reverse("hub:received_cancel", args=at),
    )
