"""Shape of what people type to let another system in: whose it is, what for, how long."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.integrations.models import Scope


class KeyForm(forms.Form):
    """A key for another system; ``valid_for`` is how long it opens something."""

    name = forms.CharField(
        label=_("Whose system"),
        max_length=100,
        help_text=_("The name stands on record for everything that the system asks and captures."),
        widget=forms.TextInput(attrs={"placeholder": _("Warehouse system"), "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(
        label=_("Valid for"),
        coerce=int,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("One year"))],
        initial=90,
    )

    @property
    def valid_for(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


class ShippersKeyForm(KeyForm):
    """A key to a shipper's whole record, for what is ticked."""

    scopes = forms.MultipleChoiceField(
        label=_("Good for"), choices=Scope.choices, initial=[Scope.QUERY], widget=forms.CheckboxSelectMultiple
    )


class ReceivedKeyForm(KeyForm):
    """A key to what a recipient received from one shipper."""

    shipper = forms.ChoiceField(label=_("Shipper"))
    recipient = forms.ChoiceField(label=_("For"))

    def __init__(
        self, *args: Any, shippers: list[tuple[str, str]], recipients: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("shipper", shippers), ("recipient", recipients)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices
        if len(recipients) == 1:
            self.fields["recipient"].widget = forms.HiddenInput()
            self.fields["recipient"].initial = recipients[0][0]
