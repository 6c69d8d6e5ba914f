"""What was left at a site for its people: they say what they found when they took it out."""

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
from apps.deliveries.doorway import enter_delivery
from apps.portal.access import hub_page
from apps.portal.frame import hub_frame
from apps.portal.hub_visit import hub_appointment, read_goods
from apps.portal.views.asking import Done, ask


class EmptyForm(forms.Form):
    """Who took the goods out, and which of them were not there or damaged."""

    taken_by = forms.CharField(label=gettext_lazy("Taken out by"), max_length=100)
    missing = forms.MultipleChoiceField(
        label=gettext_lazy("Not there"), required=False, widget=forms.CheckboxSelectMultiple
    )
    damaged = forms.MultipleChoiceField(
        label=gettext_lazy("Damaged"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, units: list[str], **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("missing", "damaged"):
            self.fields[name].choices = [(sscc, sscc) for sscc in units]  # type: ignore[attr-defined]  # a choice field


@require_http_methods(["GET", "POST"])
@hub_page
def empty_drop(request: ActingRequest, appointment_id: UUID) -> HttpResponse:
    """Say what was found where the goods had been left; once."""
    appointment = hub_appointment(request.actor, appointment_id)
    with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
        delivery.site = appointment.site
        require(request.actor, "deliveries.receive", delivery)
        units = [unit.sscc for unit in read_goods(delivery)]
    typed = request.POST if request.method == "POST" else None
    form = EmptyForm(typed, units=units, initial={"taken_by": request.actor.name})

    def act() -> Done:
        with enter_delivery(actor=request.actor, appointment_id=appointment_id) as delivery:
            services.empty_drop(
                actor=request.actor, delivery_id=delivery.pk, now=timezone.now(), **form.cleaned_data
            )
        return Done(_("What was found is on record."))

    return ask(
        request,
        form,
        act,
        **hub_frame(request, site=appointment.site),
        base="hub_base.html",
        back=reverse("hub:appointment", args=[appointment_id]),
        title=_("Goods taken out"),
        needs=_("What is ticked was not as it had been left; both sides read it."),
        verb=_("Put it on record"),
    )
