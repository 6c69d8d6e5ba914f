"""Answers without a person: a recipient's policies for its partners, a shipper's for their sites."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.actors import Side
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.appointments import services
from apps.appointments.models import AnswerPolicy
from apps.facilities.models import Partnership, Site
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.access import desk_page, hub_page
from apps.portal.forms_policies import PolicyForm
from apps.portal.frame import desk_frame, hub_frame
from apps.portal.presenters.policies import policy_line, policy_sentences
from apps.portal.presenters.stale import stale
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper


@dataclass(frozen=True)
class Scope:
    """Whose policy a page is about: at which site, with or of which shipper, and where it lies."""

    side: Side
    site: Site
    shipper_id: UUID | None
    title: str
    needs: str
    list_url: str

    def held(self) -> AnswerPolicy | None:
        """The policy as it stands; None while people answer."""
        return (
            AnswerPolicy.objects.select_related("site")
            .filter(Q(shipper_id=self.shipper_id), side=str(self.side), site=self.site)
            .first()
        )


@require_GET
@hub_page
def hub_policies(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """How offers at a site are answered: for every shipper, and for each partner on its own."""
    site = _managed(request, site_id)
    held = {p.shipper_id: p for p in AnswerPolicy.objects.filter(side=str(Side.RECIPIENT), site=site)}
    lines = [
        policy_line(
            held.get(None), name=_("Every shipper"), url=reverse("hub:policy_for_all", args=[site.pk])
        )
    ]
    lines += [
        policy_line(
            held.get(shipper.pk), name=shipper.name, url=reverse("hub:policy", args=[site.pk, shipper.pk])
        )
        for shipper in _partners(site)
    ]
    context = hub_frame(request, site=site) | {"site": site, "lines": lines, "zone": site.time_zone}
    return render(request, "portal/hub/policies.html", context)


@require_http_methods(["GET", "POST"])
@hub_page
def hub_policy(request: ActingRequest, site_id: UUID, partner_id: UUID | None = None) -> HttpResponse:
    """One of them, for a partner or for all: its terms (GET), setting or dropping it (POST)."""
    site = _managed(request, site_id)
    partner = next((p for p in _partners(site) if p.pk == partner_id), None) if partner_id else None
    if partner_id and partner is None:
        raise Http404
    scope = Scope(
        side=Side.RECIPIENT,
        site=site,
        shipper_id=partner_id,
        title=_("Answers to %(who)s") % {"who": partner.name if partner else _("every shipper")},
        needs=_("What Dockside answers for %(site)s; everything else waits for a person.")
        % {"site": site.name},
        list_url=reverse("hub:policies", args=[site.pk]),
    )
    return _edit(request, scope, "portal/hub/policy.html", hub_frame(request, site=site))


@require_GET
@desk_page
def desk_policies(request: ActingRequest) -> HttpResponse:
    """How the shipper answers what recipients propose, site by site."""
    held = {p.site_id: p for p in AnswerPolicy.objects.filter(side=str(Side.SHIPPER))}
    lines = [
        policy_line(held.get(site.pk), name=site.name, url=reverse("desk:policy", args=[site.pk]))
        for site in receiving_sites_visible_to(request.actor).order_by("name")
    ]
    context = desk_frame(request, section="offers") | {"lines": lines, "zone": "UTC"}
    return render(request, "portal/desk/policies.html", context)


@require_http_methods(["GET", "POST"])
@desk_page
def desk_policy(request: ActingRequest, site_id: UUID) -> HttpResponse:
    """The shipper's policy at one site: its terms (GET), setting or dropping it (POST)."""
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    shipper = current_shipper()
    scope = Scope(
        side=Side.SHIPPER,
        site=site,
        shipper_id=shipper.pk,
        title=_("Answers to %(who)s") % {"who": site.name},
        needs=_("What Dockside answers for %(shipper)s; everything else waits for a person.")
        % {"shipper": shipper.name},
        list_url=reverse("desk:policies"),
    )
    return _edit(request, scope, "portal/desk/policy.html", desk_frame(request, section="offers"))


def _edit(request: ActingRequest, scope: Scope, template: str, frame: dict[str, Any]) -> HttpResponse:
    held = scope.held()
    if request.method == "POST" and request.POST.get("action") == "drop":
        return _drop(request, scope, held)
    form = PolicyForm(request.POST or None, side=scope.side, policy=held)
    conflict: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            services.set_policy(
                actor=request.actor,
                side=scope.side,
                site=scope.site,
                shipper_id=scope.shipper_id,
                terms=form.terms(),
                version=form.cleaned_data["version"],
                now=timezone.now(),
            )
        except services.ChangedMeanwhile as refusal:
            held = scope.held()
            by = held.set_by if held else ""
            conflict = stale(refusal.message, held or AnswerPolicy(), form.terms(), by=by)
            retyped = request.POST.copy()
            retyped["version"] = str(held.version) if held else ""
            form = PolicyForm(retyped, side=scope.side, policy=held)
        else:
            messages.success(request, _("The policy is set; it answers from the next offer on."))
            return redirect(scope.list_url)
    context = frame | {
        "scope": scope,
        "form": form,
        "bounds": [
            form[name]
            for name in ("weekdays", "opens", "closes", "most_pallets", "notice_hours", "most_shift_minutes")
            if name in form.fields
        ],
        "answers": [form[name] for name in ("accepts", "counters", "counter_slots")],
        "times": [form[name] for name in ("answer_hours", "remind_minutes", "remind_also")],
        "held": held,
        "sentences": policy_sentences(held) if held else [],
        "zone": scope.site.time_zone,
        "stale": conflict,
    }
    return render(request, template, context, status=409 if conflict else 422 if form.errors else 200)


def _drop(request: ActingRequest, scope: Scope, held: AnswerPolicy | None) -> HttpResponse:
    """Drop the policy that the page showed; one that was set anew meanwhile stays, and is shown."""
    if held is None:
        return redirect(scope.list_url)
    seen = request.POST.get("version", "")
    held.version = int(seen) if seen.isdecimal() else held.version
    try:
        services.drop_policy(actor=request.actor, policy=held)
    except services.ChangedMeanwhile as refusal:
        messages.error(request, refusal.message)
        return redirect(request.path)
    messages.success(request, _("The policy is dropped; people answer."))
    return redirect(scope.list_url)


def _managed(request: ActingRequest, site_id: UUID) -> Site:
    """A site of the actor's recipients, for its receiving manager.

    Raises:
        Http404, PermissionRefused
    """
    site = get_object_or_404(receiving_sites_visible_to(request.actor), pk=site_id)
    require(request.actor, "appointments.set_policy", AnswerPolicy(side=str(Side.RECIPIENT), site=site))
    return site


def _partners(site: Site) -> list[Shipper]:
    partnerships = Partnership.objects.filter(recipient=site.recipient, active=True)
    return [each.shipper for each in partnerships.select_related("shipper").order_by("shipper__name")]
