"""What a recipient's figures are asked of: a period, and one of the reader's sites or all."""

from datetime import date
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.facilities.models import Site
from apps.figures.reading import Period
from apps.portal.forms_figures import LONGEST, USUAL

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class ReceivingForm(forms.Form):
    """From a day to a day, both included, at most a year."""

    first = forms.DateField(label=_("From"), widget=_DATE)
    last = forms.DateField(label=_("To"), widget=_DATE)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )

    def __init__(self, data: Any, *, today: date, sites: QuerySet[Site]) -> None:
        super().__init__({"first": today - USUAL, "last": today} | {name: data[name] for name in data})
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]  # of a model choice
        self._usual = Period(today - USUAL, today)

    def clean(self) -> dict[str, Any]:
        """A period ends after it begins, and not years later."""
        typed: dict[str, Any] = super().clean() or {}
        first, last = typed.get("first"), typed.get("last")
        if first and last and first > last:
            self.add_error("last", _("Choose a day after the first; the period includes both."))
        elif first and last and last - first > LONGEST:
            self.add_error("last", _("Choose at most a year."))
        return typed

    @property
    def period(self) -> Period:
        """What is asked for; the last four weeks where it is not valid."""
        if not self.is_valid():
            return self._usual
        return Period(self.cleaned_data["first"], self.cleaned_data["last"])

    @property
    def chosen(self) -> Site | None:
        """The chosen site."""
        return self.cleaned_data["site"] if self.is_valid() else None

    @property
    def kept(self) -> dict[str, str]:
        """What stands in the address."""
        if not self.is_valid():
            return {}
        kept = {"first": self.period.first.isoformat(), "last": self.period.last.isoformat()}
        return kept | ({"site": str(self.chosen.pk)} if self.chosen else {})
