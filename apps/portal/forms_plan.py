"""Shapes of what planners type about plans: breakdowns, moves, and when days are planned by themselves."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.consignments.models import Priority
from apps.routing.models import Schedule
from apps.routing.services import Choices


class BreakdownForm(forms.Form):
    note = forms.CharField(label=_("What happened"), max_length=200, required=False)


class MoveForm(forms.Form):
    """Where a delivery goes: which vehicle, and as which stop; empty is wherever it costs least."""

    plate = forms.ChoiceField(label=_("Vehicle"))
    position = forms.IntegerField(
        label=_("As stop number"),
        required=False,
        min_value=1,
        help_text=_("Empty: wherever it costs least."),
    )

    def __init__(self, *args: Any, choices: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plates = self.fields["plate"]
        assert isinstance(plates, forms.ChoiceField)
        plates.choices = [
            (plate, _vehicle_in_words(plate, choices.labels[plate], stops, plate == choices.plate_now))
            for plate, stops in choices.stops.items()
        ]


def _vehicle_in_words(plate: str, carrier: str, stops: int, is_here: bool) -> str:
    if is_here:
        said = _now("where it is now")
    elif stops:
        said = ngettext("%(n)d stop", "%(n)d stops", stops) % {"n": stops}
    else:
        said = _now("not used yet")
    return f"{plate}, {carrier} ({said})"


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg] # Django's is generic in its stubs alone
    """Fields and bounds are the model's; ``routing.services.set_schedule`` writes it."""

    class Meta:
        model = Schedule
        fields = ["active", "plans_at", "first_day_ahead", "last_day_ahead", "repairs_itself"]
        widgets = {"plans_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}


class PriorityForm(forms.Form):
    """How much it matters that a delivery is on the day's routes."""

    priority = forms.ChoiceField(
        label=_("Priority"),
        choices=Priority.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "Where not everything fits, what goes before others is left out last. What can wait goes along "
            "with others; it is left out where it would add more than three quarters of what the cheapest "
            "vehicle would cost for it alone."
        ),
    )
