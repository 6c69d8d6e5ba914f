"""What people say of causes and cost: another cause with a reason, and the shipper's own rates."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.figures.causes import Cause
from apps.figures.services.saying import PRICED

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class OverrideForm(forms.Form):
    """Another cause than the record shows, and how one knows."""

    cause = forms.ChoiceField(label=_("It went wrong by"), choices=Cause.choices)
    reason = forms.CharField(
        label=_("How do you know?"), max_length=300, help_text=_("Stays beside what the record says.")
    )


def _amount(label: Any, help_text: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label, help_text=help_text, required=False, min_value=0, max_digits=9, decimal_places=2
    )


class RatesForm(forms.Form):
    """What failure costs, in the currency's units; what is left empty is not counted."""

    valid_from = forms.DateField(label=_("From"), widget=_DATE)
    currency = forms.RegexField(
        r"^[A-Z]{3}$", label=_("Currency"), help_text=_("Three capital letters: ZAR.")
    )
    redelivery = _amount(_("Another attempt"), _("What bringing a delivery again costs."))
    detention_hour = _amount(_("An hour of detention"), _("What a carrier charges beyond free time."))
    late_penalty = _amount(_("Coming late"), _("What a recipient charges for a late arrival."))
    spoilage_pallet = _amount(_("A spoiled pallet"), _("Damaged, or refused and not ambient."))

    @property
    def rates(self) -> dict[str, int | None]:
        """In cents, by the names of the service."""
        typed = {name: self.cleaned_data[name] for name in PRICED}
        return {name: None if amount is None else _cents(amount) for name, amount in typed.items()}


def _cents(amount: Decimal) -> int:
    return int(amount * 100)
