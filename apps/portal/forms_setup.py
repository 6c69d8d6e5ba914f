"""What goes with a site's set-up beside its steps: as which load next week is looked at, and holidays."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.appointments.load import Load
from apps.facilities.models import LoadType, TemperatureClass
from apps.facilities.services import Holiday


class SampleForm(forms.Form):
    """The load for which next week is shown; every control belongs to the step's form."""

    load_type = forms.ChoiceField(label=_("Load type"), choices=LoadType.choices)
    temperature = forms.ChoiceField(label=_("Temperature"), choices=TemperatureClass.choices)
    pallets = forms.IntegerField(label=_("Pallets"), min_value=0, max_value=999)

    DEFAULT: ClassVar[dict[str, Any]] = {
        "load_type": LoadType.PALLETS,
        "temperature": TemperatureClass.AMBIENT,
        "pallets": 6,
    }

    def __init__(self, data: QueryDict | None = None) -> None:
        is_there = data is not None and "seen-pallets" in data
        super().__init__(data if is_there else None, prefix="seen", initial=self.DEFAULT)
        for field in self.fields.values():
            field.widget.attrs["form"] = "setup"

    def load(self) -> Load:
        """The load as chosen; what can't be read is as usual."""
        chosen = dict(self.DEFAULT)
        if self.is_bound:
            self.is_valid()
            chosen |= self.cleaned_data
        return Load(
            load_type=str(chosen["load_type"]),
            temperature_class=str(chosen["temperature"]),
            pallets=int(chosen["pallets"]),
            lines=1,
            tail_lift=True,
        )


class HolidaysForm(forms.Form):
    """Public holidays on which the site is to be closed; none is chosen beforehand."""

    days = forms.MultipleChoiceField(label=_("Public holidays"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: QueryDict | None = None, *, holidays: Iterable[Holiday]) -> None:
        super().__init__(data)
        days: forms.MultipleChoiceField = self.fields["days"]  # type: ignore[assignment]  # declared above
        days.choices = [(f"{each.day:%Y-%m-%d}", each.name) for each in holidays if not each.is_closed]
