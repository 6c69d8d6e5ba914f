"""How a delivery reaches its recipient: chosen, made ready to be collected, and handed out by its code."""

from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from apps.accounts.http import ActingRequest
from apps.accounts.permissions import require
from apps.deliveries import services
from apps.deliveries.errors import CodeRefused
from apps.deliveries.models import Delivery, Discrepancy
from apps.deliveries.selectors import delivery_by_id, ssccs_of
from apps.deliveries.states import State
from apps.portal.access import desk_page
from apps.portal.views.asking import Done, ask, of_delivery

Format = Delivery.Format


class FormatForm(forms.Form):
    """One of the ways in which goods reach their recipient."""

    format = forms.ChoiceField(
        label=gettext_lazy("How it is delivered"),
        choices=Format.choices,
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "What is collected takes no slot: its recipient comes to where it leaves from."
            " A locker or place is for sites that take goods unattended."
        ),
    )


class HandOutForm(forms.Form):
    """The statement with whoever collects: the code, the names, what was taken, where."""

    code = forms.CharField(
        label=gettext_lazy("Code that was said"),
        max_length=12,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    released_by = forms.CharField(label=gettext_lazy("Released by"), max_length=100)
    received_by = forms.CharField(label=gettext_lazy("Collected by"), max_length=100)
    place = forms.CharField(label=gettext_lazy("Dock"), required=False, max_length=100)
    taken = forms.MultipleChoiceField(
        label=gettext_lazy("Handling units that were taken"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("What is not ticked was refused and stays here."),
    )
    reservation = forms.CharField(
        label=gettext_lazy("Reservation"), required=False, max_length=1000, widget=forms.Textarea({"rows": 3})
    )

    def __init__(self, *args: Any, units: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["taken"].choices = [(sscc, sscc) for sscc in units]  # type: ignore[attr-defined]  # a choice field

    def statement(self, units: list[str]) -> services.Statement:
        """The valid form as a statement."""
        typed = self.cleaned_data
        stayed = [sscc for sscc in units if sscc not in typed["taken"]]
        return services.Statement(
            released_by=typed["released_by"],
            received_by=typed["received_by"],
            findings=tuple(services.UnitFinding(Discrepancy.Kind.REFUSED, sscc) for sscc in stayed),
            reservation=typed["reservation"],
            place=typed["place"],
        )


class ReadyForm(forms.Form):
    """Until when the goods are kept for whoever collects them."""

    last_day = forms.DateField(
        label=gettext_lazy("Keep it until"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("Blank for a week from today."),
    )


def format_of(shown: Delivery, may_plan: bool) -> dict[str, Any]:
    """What the delivery's page says of how it reaches its recipient, and what can be done."""
    is_pickup = shown.format == Format.PICKUP and shown.state == State.OPEN
    return {
        "format_url": reverse("desk:choose_format", args=[shown.pk])
        if may_plan and not shown.leg and shown.state in (State.OPEN, State.FAILED)
        else "",
        "ready_url": reverse("desk:ready_to_collect", args=[shown.pk]) if may_plan and is_pickup else "",
        "hand_out_url": reverse("desk:hand_out", args=[shown.pk])
        if may_plan and is_pickup and shown.ready_at
        else "",
    }


@desk_page
@require_http_methods(["GET", "POST"])
def choose(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """To the dock, collected, or left with a code."""
    shown = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    form = FormatForm(request.POST or None, initial={"format": shown.format})

    def act() -> Done:
        chosen = form.cleaned_data["format"]
        services.choose_format(actor=request.actor, delivery_id=shown.pk, format=chosen, now=timezone.now())
        return Done(_("%(number)s: chosen.") % {"number": shown.number})

    return ask(
        request,
        form,
        act,
        **of_delivery(request, shown),
        title=_("How %(number)s is delivered") % {"number": shown.number},
        needs=_("%(origin)s is where it leaves from, and where it would be collected.")
        % {"origin": shown.origin.name},
        verb=_("Choose"),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def ready(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """The goods stand ready, kept for a while; the code goes out by mail, and again where it is asked for."""
    shown = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.plan")
    given = request.POST if request.method == "POST" else None
    form = ReadyForm(given, initial={"last_day": shown.last_day})

    def act() -> Done:
        services.ready_to_collect(
            actor=request.actor, delivery_id=shown.pk, now=timezone.now(), **form.cleaned_data
        )
        return Done(_("The recipient’s people get the code by mail."))

    return ask(
        request,
        form,
        act,
        **of_delivery(request, shown),
        title=_("%(number)s stands ready at %(origin)s")
        % {"number": shown.number, "origin": shown.origin.name},
        needs=_("The recipient’s people get the code by mail, and are reminded a day before the last one."),
        verb=_("Send another code") if shown.ready_at else _("Ready to be collected"),
    )


@desk_page
@require_http_methods(["GET", "POST"])
def hand_out(request: ActingRequest, delivery_id: UUID) -> HttpResponse:
    """Hand the goods to whoever says the code; a wrong one is counted."""
    shown = delivery_by_id(delivery_id)
    require(request.actor, "deliveries.check_in", shown)
    units = ssccs_of(shown)
    initial = {"taken": units, "released_by": request.actor.name}
    form = HandOutForm(request.POST if request.method == "POST" else None, units=units, initial=initial)

    def act() -> Done:
        this: dict[str, Any] = {"actor": request.actor, "delivery_id": shown.pk}
        code = form.cleaned_data["code"]
        try:
            services.hand_out(**this, code=code, statement=form.statement(units), now=timezone.now())
        except CodeRefused:
            services.note_wrong_code(**this)
            raise
        return Done(_("%(number)s is handed over; both sides get the proof.") % {"number": shown.number})

    return ask(
        request,
        form,
        act,
        **of_delivery(request, shown),
        title=_("Hand out %(number)s to %(site)s") % {"number": shown.number, "site": shown.site.name},
        needs=_("Who says the code gets the goods; custody passes from %(origin)s to %(site)s.")
        % {"origin": shown.origin.name, "site": shown.site.name},
        verb=_("Sign and hand over"),
    )
