"""The period and the site that figures are asked of."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.facilities.models import Site

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LONGEST = timedelta(days=366)


class PeriodForm(forms.Form):
    """From a day to a day, both included, at most a year; one site or all."""

    first = forms.DateField(label=_("From"), widget=_DATE)
    last = forms.DateField(label=_("To"), widget=_DATE)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].queryset = Site.objects.exclude(recipient=None).order_by("name")  # type: ignore[attr-defined]  # of a model choice

    def clean(self) -> dict[str, Any]:
        """A period ends after it begins, and not years later."""
        typed: dict[str, Any] = super().clean() or {}
        first, last = typed.get("first"), typed.get("last")
        if first and last and first > last:
            self.add_error("last", _("Choose a day after the first; the period includes both."))
        elif first and last and last - first > LONGEST:
            self.add_error("last", _("Choose at most a year."))
        return typed
