"""What is typed or scanned at the gate."""

from datetime import datetime

from django import forms
from django.core import signing
from django.utils.translation import gettext_lazy as _

BEGUN = "gate.check-in"


class FindForm(forms.Form):
    """A scanner types into this field and ends with Enter."""

    code = forms.CharField(
        label=_("Scan or type"),
        max_length=400,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
        help_text=_("The QR code of a paper, a confirmation number, a delivery number or a plate."),
    )


class CheckInForm(forms.Form):
    """The plate, and when the gate turned to the vehicle (signed, so that nobody types it)."""

    vehicle = forms.CharField(
        label=_("Number plate"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )
    begun = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def begun_at(self) -> datetime | None:
        """When the page was opened; None when that can't be read."""
        try:
            return datetime.fromisoformat(signing.loads(self.cleaned_data["begun"], salt=BEGUN))
        except (signing.BadSignature, ValueError, TypeError):
            return None


class ReportForm(forms.Form):
    """What a driver at the gate types into their own phone."""

    said = forms.CharField(
        label=_("Confirmation number or number plate"),
        max_length=40,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
        help_text=_("The confirmation number stands on the delivery note, like K7M-4QX."),
    )


def begun(now: datetime) -> str:
    """The value of the hidden field."""
    return signing.dumps(now.isoformat(), salt=BEGUN)
