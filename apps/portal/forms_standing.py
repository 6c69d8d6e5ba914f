"""The shape of a standing appointment as it is typed: when it comes, at which dock, with which load."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.appointments.load import Load
from apps.appointments.models import StandingAppointment
from apps.appointments.recurrence import MOST_WEEKS, read
from apps.appointments.services.standing import Terms
from apps.facilities.models import Dock, LoadType, TemperatureClass
from apps.portal.forms_desk import DATE
from apps.portal.forms_policies import DAYS, TIME


class SeriesForm(forms.Form):
    """The terms of a series, by the site's own clock."""

    weekdays = forms.MultipleChoiceField(
        label=_("Days of the week"), choices=DAYS, widget=forms.CheckboxSelectMultiple
    )
    every = forms.TypedChoiceField(
        label=_("How often"),
        coerce=int,
        choices=[(1, _("Every week")), *((n, _("Every %d weeks") % n) for n in range(2, MOST_WEEKS + 1))],
    )
    starts = forms.TimeField(
        label=_("Starts at"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"), help_text=_("Site time.")
    )
    first_day = forms.DateField(label=_("From"), widget=DATE)
    last_day = forms.DateField(label=_("Until"), widget=DATE, required=False)
    dock = forms.ChoiceField(label=_("Dock"), required=False)
    message = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}),
        help_text=_("Both sides read it."),
    )

    def __init__(
        self,
        data: QueryDict | None,
        *,
        docks: Iterable[Dock],
        series: StandingAppointment | None = None,
        **options: Any,
    ) -> None:
        super().__init__(data, initial=_initial(series) if series else options.pop("initial", None))
        self._docks = {str(dock.pk): dock for dock in docks}
        names = [(key, dock.name) for key, dock in self._docks.items()]
        self.fields["dock"].choices = [("", _("The preferred one that is free")), *names]  # type: ignore[attr-defined]  # a choice field

    def terms(self) -> Terms:
        """The typed terms; call it after ``is_valid``."""
        typed = self.cleaned_data
        return Terms(
            weekdays=tuple(int(day) for day in typed["weekdays"]),
            every=typed["every"],
            starts=typed["starts"],
            first_day=typed["first_day"],
            last_day=typed["last_day"],
            dock=self._docks.get(typed["dock"]),
        )


class NewSeriesForm(SeriesForm):
    """A series that is proposed for the first time: with whom, and the load that is planned."""

    partner = forms.ChoiceField(label=_("Shipper"))
    load_type = forms.ChoiceField(label=_("Load type"), choices=LoadType.choices)
    pallets = forms.IntegerField(label=_("Pallets"), min_value=0, max_value=1000)
    weight_kg = forms.DecimalField(
        label=_("Weight (kg)"), required=False, min_value=0, max_digits=8, decimal_places=2
    )
    temperature_class = forms.ChoiceField(label=_("Temperature"), choices=TemperatureClass.choices)

    field_order = ("partner",)

    def __init__(
        self,
        data: QueryDict | None,
        *,
        docks: Iterable[Dock],
        partners: Iterable[tuple[str, str]],
        **options: Any,
    ) -> None:
        super().__init__(data, docks=docks, **options)
        choices = list(partners)
        if choices:
            self.fields["partner"].choices = choices  # type: ignore[attr-defined]  # a choice field
        else:
            del self.fields["partner"]

    def load(self) -> Load:
        """The planned load; call it after ``is_valid``."""
        typed = self.cleaned_data
        return Load(
            load_type=typed["load_type"],
            pallets=typed["pallets"],
            weight_kg=typed["weight_kg"] or Decimal(0),
            temperature_class=typed["temperature_class"],
        )


def _initial(series: StandingAppointment) -> dict[str, Any]:
    weekdays, every = read(series.rule)
    return {
        "weekdays": [str(day) for day in weekdays],
        "every": every,
        "starts": series.starts,
        "first_day": series.first_day,
        "last_day": series.last_day,
        "dock": str(series.dock_id or ""),
    }
