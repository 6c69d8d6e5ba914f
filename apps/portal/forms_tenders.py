"""What is typed in about tenders: an answer on a carrier's behalf or by its link, and a new search."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Driver, Vehicle
from apps.tendering.models import Tendering
from apps.tendering.states import ReasonCode


class AcceptForm(forms.Form):
    """Accepting: with which vehicle, and by whom if that is known."""

    prefix = "accept"

    vehicle = forms.TypedChoiceField(label=_("Vehicle"))
    driver = forms.TypedChoiceField(
        label=_("Driver"), required=False, help_text=_("May be left open: then one who is free is put in.")
    )

    def __init__(
        self, *args: Any, vehicles: Iterable[Vehicle], drivers: Iterable[Driver], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["vehicle"].choices = [(str(one.pk), str(one)) for one in vehicles]  # type: ignore[attr-defined]
        self.fields["driver"].choices = [("", _("Open")), *((str(one.pk), one.name) for one in drivers)]  # type: ignore[attr-defined]


class DeclineForm(forms.Form):
    """Declining, or giving back: why."""

    prefix = "decline"

    reason = forms.ChoiceField(label=_("Reason"), choices=ReasonCode.choices)
    note = forms.CharField(label=_("Note"), max_length=300, required=False)


class SearchForm(forms.Form):
    """In which way carriers are asked."""

    mode = forms.ChoiceField(label=_("Ask carriers"), choices=Tendering.Mode.choices)
