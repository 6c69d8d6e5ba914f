"""Many deliveries at once: which of a day are chosen, and how their slots are to be."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.deliveries.services.bulk.asking import MOST_DAYS, MOST_SLOTS
from apps.facilities.models import Site
from apps.portal.forms_desk import DATE, Filter


class BulkFilter(Filter):
    """Which deliveries are chosen from."""

    day = forms.DateField(label=_("Asked for"), required=False, widget=DATE)
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), required=False, empty_label=_("Every site")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["site"]
        assert isinstance(sites, forms.ModelChoiceField)
        sites.queryset = Site.objects.filter(recipient__isnull=False, active=True)


def chosen_deliveries(typed: QueryDict) -> set[UUID]:
    """The chosen deliveries; what is no id is left out, as it can't have come from the page."""
    found = set()
    for value in typed.getlist("delivery"):
        try:
            found.add(UUID(value))
        except ValueError:
            continue
    return found


class BulkForm(forms.Form):
    """How the slots are to be."""

    wanted_from = forms.TimeField(
        label=_("Best at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "step": 900}, format="%H:%M"),
        help_text=_("In each site’s own time; empty: when it opens."),
    )
    days = forms.IntegerField(
        label=_("Days to look at"),
        initial=2,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_DAYS}),
        help_text=_("The day asked for and those after it."),
    )
    slots_each = forms.IntegerField(
        label=_("Slots in each offer"),
        initial=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_SLOTS)],
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_SLOTS}),
        help_text=_("All of them are held until the recipient answers."),
    )
