"""Legs of a delivery that end at the shipper's own sites: via a terminal, back again, and taking them in."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.deliveries import services
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id, ssccs_of
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.portal.access import desk_page
from apps.portal.views.asking import Done, ask, of_delivery
from apps.tenancy.doorway import current_shipper

TO_RECEIVE = (State.IN_TRANSIT, State.ARRIVED, State.UNLOADING, State.FAILED)


class TerminalForm(forms.Form):
    """Which of the shipper's own sites the goods go through."""

    terminal = forms.ModelChoiceField(label=gettext_lazy("Terminal"), queryset=Site.objects.none())

    def __init__(self, *args: Any, terminals: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["terminal"].queryset = terminals  # type: ignore[attr-defined]  # a choice field


class ReceiveForm(forms.Form):
    """What came, from whom, to whom."""

    came = forms.MultipleChoiceField(
        label=gettext_lazy("Handling units that came"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What is not ticked is recorded as short."),
    )
    released_by = forms.CharField(label=gettext_lazy("Driver who releases the goods"), max_length=100)
    released_for = forms.CharField(
        label=gettext_lazy("Company that the driver drives for"),
        required=False,
        max_length=150,
        help_text=gettext_lazy("Blank for a vehicle of your own."),
    )
    received_by = forms.CharField(label=gettext_lazy("Received by"), max_length=100)
    reservation = forms.CharField(
        label=gettext_lazy("Reservation"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )


def legs_of(shown: Delivery, may_plan: bool) -> dict[str, Any]:
    """What the delivery's page says of its legs, and which ways are open."""
    legs = list(shown.legs.select_related("site").order_by("number"))
    kinds = {leg.leg for leg in legs}
    is_open = may_plan and shown.state == State.OPEN and not shown.leg
    return {
        "legs": legs,
        "leg_for": Delivery.objects.filter(pk=shown.leg_for_id).first() if shown.leg_for_id else None,
        "via_url": reverse("desk:via", args=[shown.pk])
        if is_open and Delivery.Leg.TO_TERMINAL not in kinds and terminals_for(shown).exists()
        else "",
        "back_url": reverse("desk:take_back", args=[shown.pk])
        if may_plan and Delivery.Leg.BACK not in kinds and services.on_the_vehicle(shown)
        else "",
        "receive_url": reverse("desk:receive_leg", args=[shown.pk])
        if may_plan and shown.leg and shown.state in TO_RECEIVE
        else "",
        "phone_url": reverse("desk:leg_driver", args=[shown.pk])
        if may_plan and shown.leg and shown.state not in (State.DELIVERED, State.REFUSED, State.CANCELLED)
        else "",
    }


def terminals_for(shown: Delivery) -> Any:
    """The shipper's own sites that a delivery may go through."""
    own = Site.objects.filter(shipper_id=current_shipper().pk, active=True)
    return own.exclude(pk=shown.origin_id).order_by("name")


@desk_page
@require_http_methods(["GET", "POST"])
def via(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Choose the terminal that the goods are brought to first."""
    shown = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    form = TerminalForm(request.POST or None, terminals=terminals_for(shown))

    def act() -> Done:
        leg = services.send_via(
            actor=request.actor,
            delivery_id=shown.pk,
            terminal_id=form.cleaned_data["terminal"].pk,
            now=timezone.now(),
        )
        said = _("%(leg)s brings the goods to the terminal.") % {"leg": leg.number}
        return Done(said, reverse("desk:delivery", args=[leg.pk]))

    return ask(
        request,
        form,
        act,
        **of_delivery(request, shown),
        title=_("Send %(number)s via a terminal") % {"number": shown.number},
        needs=_("A leg of its own brings the goods there; the delivery then leaves from the terminal."),
        verb=_("Send via the terminal"),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def receive(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Take in what a leg brought to a site of the shipper's own."""
    shown = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.receive", shown)
    units = ssccs_of(shown)
    initial = {"came": units, "received_by": request.actor.name}
    form = ReceiveForm(request.POST if request.method == "POST" else None, initial=initial)
    form.fields["came"].choices = [(sscc, sscc) for sscc in units]  # type: ignore[attr-defined]  # a choice field

    def act() -> Done:
        services.receive_leg(
            actor=request.actor, delivery_id=shown.pk, now=timezone.now(), **form.cleaned_data
        )
        return Done(_("%(leg)s is received.") % {"leg": shown.number})

    return ask(
        request,
        form,
        act,
        **of_delivery(request, shown),
        title=_("Receive %(number)s at %(site)s") % {"number": shown.number, "site": shown.site.name},
        needs=_("Custody passes from the vehicle to the site; it goes on record once."),
        verb=_("Receive the goods"),
    )


@desk_page
@require_POST
def take_back(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """What was refused comes back on the vehicle; open that leg."""
    delivery_by_id(delivery_id)
    try:
        leg = services.take_back(actor=request.actor, delivery_id=delivery_id, now=timezone.now())
    except PermissionRefused:
        raise
    except DomainError as error:
        messages.error(request, error.message)
        return redirect("desk:delivery", delivery_id)
    messages.success(request, _("%(number)s brings it back.") % {"number": leg.number})
    return redirect("desk:delivery", leg.pk)
