"""Shapes of what a recipient's people type: a reason, a counter-offer's words, a vehicle's plate."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.appointments.states import ReasonCode

#: Why a recipient says no; the shipper's own reasons are left out.
RECIPIENT_REASONS = (
    ReasonCode.NO_CAPACITY,
    ReasonCode.NO_STAFF,
    ReasonCode.WRONG_DOCK,
    ReasonCode.PAPERS_MISSING,
    ReasonCode.NOT_ORDERED,
    ReasonCode.OTHER,
)
REASONS = [(reason.value, reason.label) for reason in RECIPIENT_REASONS]
MESSAGE = forms.Textarea(attrs={"rows": 3, "maxlength": 1000})


class ReasonForm(forms.Form):
    """Why an offer is declined or an appointment is cancelled; the other side reads it."""

    reason_code = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose a reason")), *REASONS])
    message = forms.CharField(label=_("Message"), required=False, max_length=1000, widget=MESSAGE)


class CounterForm(forms.Form):
    """What goes with a counter-offer beside its slots."""

    reason_code = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[("", _("No reason given")), *REASONS]
    )
    message = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=1000,
        widget=MESSAGE,
        help_text=_("Both sides read it."),
    )


class ArrivalForm(forms.Form):
    vehicle = forms.CharField(
        label=_("Number plate"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
