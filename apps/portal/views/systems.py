"""Letting other systems in: keys are listed, made (the token is shown this once) and revoked."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.actors import Actor
from apps.accounts.http import ActingRequest
from apps.accounts.permissions import allows, require
from apps.deliveries.doorway import enter_received, enter_received_at, shippers_delivering_to
from apps.facilities.models import Recipient
from apps.integrations.models import Scope
from apps.integrations.permissions import speaks_for_recipient
from apps.integrations.services import issue_key, keys_seen_by, revoke_key
from apps.portal.access import hub_page, shipper_page
from apps.portal.forms_systems import ReceivedKeyForm, ShippersKeyForm
from apps.portal.frame import desk_frame, hub_frame
from apps.portal.presenters.systems import key_rows
from apps.tenancy.addresses import desk_address
from apps.tenancy.doorway import current_shipper
from apps.tenancy.models import Shipper

TEMPLATE = "portal/systems/keys.html"


@never_cache
@require_http_methods(["GET", "POST"])
@shipper_page
def desk_keys(request: ActingRequest) -> HttpResponse:
    """The shipper's keys and those of its recipients; an administrator makes one, which shows its token."""
    require(request.actor, "integrations.view")
    now, token = timezone.now(), ""
    may_manage = allows(request.actor, "integrations.manage")
    form = ShippersKeyForm(request.POST if request.method == "POST" and may_manage else None)
    if form.is_bound and form.is_valid():
        _key, token = issue_key(
            actor=request.actor,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            valid_for=form.valid_for,
            now=now,
        )
    rows = key_rows(keys_seen_by(request.actor).select_related("recipient"), actor=request.actor, now=now)
    context = {
        **desk_frame(request, section="systems"),
        "base": "desk_base.html",
        "form": form if may_manage and not token else None,
        "token": token,
        "interface": _interface(current_shipper()),
        "rows": rows,
        "zone": "UTC",
    }
    return render(request, TEMPLATE, context, status=_status(form.errors, token))


@require_POST
@shipper_page
def desk_revoke(request: ActingRequest, key_id: UUID) -> HttpResponse:
    """End a key for good."""
    _revoke(request, key_id)
    return redirect("desk:keys")


@never_cache
@require_http_methods(["GET", "POST"])
@hub_page
def hub_keys(request: ActingRequest) -> HttpResponse:
    """A recipient's own keys at every shipper; making one shows its token."""
    require(request.actor, "integrations.manage_received")
    now, token, interface = timezone.now(), "", ""
    shippers = shippers_delivering_to(request.actor)
    form = ReceivedKeyForm(
        request.POST if request.method == "POST" else None,
        shippers=[(each.slug, each.name) for each in shippers],
        recipients=[(str(each.pk), each.name) for each in _spoken_for(request.actor)],
    )
    if form.is_bound and form.is_valid():
        with enter_received_at(actor=request.actor, slug=form.cleaned_data["shipper"]) as shipper:
            _key, token = issue_key(
                actor=request.actor,
                name=form.cleaned_data["name"],
                scopes=[Scope.QUERY.value],
                valid_for=form.valid_for,
                recipient_id=UUID(form.cleaned_data["recipient"]),
                now=now,
            )
        interface = _interface(shipper)
    rows = []
    for each in shippers:
        with enter_received(actor=request.actor, shipper_id=each.pk):
            keys = list(keys_seen_by(request.actor).select_related("recipient"))
        rows += key_rows(keys, actor=request.actor, now=now, shipper=each)
    context = hub_frame(request, section="systems") | {
        "base": "hub_base.html",
        "form": form if shippers and not token else None,
        "token": token,
        "interface": interface,
        "rows": rows,
        "is_hub": True,
        "zone": "UTC",
    }
    return render(request, TEMPLATE, context, status=_status(form.errors, token))


@require_POST
@hub_page
def hub_revoke(request: ActingRequest, shipper: str, key_id: UUID) -> HttpResponse:
    """End a recipient's own key for good."""
    require(request.actor, "integrations.manage_received")
    with enter_received_at(actor=request.actor, slug=shipper):
        _revoke(request, key_id)
    return redirect("hub:keys")


def _revoke(request: ActingRequest, key_id: UUID) -> None:
    key = revoke_key(actor=request.actor, key_id=key_id, now=timezone.now())
    messages.success(request, _("The key of %(name)s opens nothing any more.") % {"name": key.name})


def _spoken_for(actor: Actor) -> list[Recipient]:
    """The recipients that the actor may make keys for."""
    own = Recipient.objects.filter(pk__in=actor.recipient_ids).order_by("name")
    return [each for each in own if speaks_for_recipient(actor, each.pk)]


def _interface(shipper: Shipper) -> str:
    """Where the shipper's EPCIS interface is."""
    return desk_address(shipper, reverse("epcis:root", urlconf="config.urls_shipper"))


def _status(errors: object, token: str) -> int:
    return 422 if errors else 201 if token else 200
