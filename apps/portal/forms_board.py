"""Shapes of what is typed at the gate and on the day board: a block, a vehicle that came unannounced."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.facilities.models import Dock, Site
from apps.portal.presenters.moving import read_place, write_place
from apps.tenancy.models import Shipper

TIME = {"type": "time", "step": 300}


class BlockForm(forms.Form):
    """One lane of a dock, a day and two times by the site's clock; an end before the start is next day's."""

    place = forms.ChoiceField(label=_("Dock"))
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    begins = forms.TimeField(label=_("From"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    ends = forms.TimeField(label=_("To"), widget=forms.TimeInput(attrs=TIME, format="%H:%M"))
    note = forms.CharField(
        label=_("What for"), max_length=200, help_text=_("Stands on the board; shippers don’t read it.")
    )

    def __init__(
        self, data: QueryDict | None, *, site: Site, docks: Sequence[Dock], day: date, **options: Any
    ) -> None:
        super().__init__(data, initial={"day": day}, **options)
        self._zone = ZoneInfo(site.time_zone)
        self._docks = {dock.pk: dock for dock in docks}
        self.fields["place"].widget.choices = self.fields["place"].choices = [  # type: ignore[attr-defined]  # a select
            (write_place(dock.pk, lane), f"{dock.name} · {lane}" if dock.lanes > 1 else dock.name)
            for dock in docks
            for lane in range(1, dock.lanes + 1)
        ]

    def wanted(self) -> tuple[Dock, int, DateTimeTZRange]:
        """The lane and the time of a valid form."""
        typed = self.cleaned_data
        place = read_place(typed["place"])
        assert place is not None
        until = typed["day"] + timedelta(days=typed["ends"] <= typed["begins"])
        begins, ends = (
            datetime.combine(day, at, tzinfo=self._zone).astimezone(UTC)
            for day, at in ((typed["day"], typed["begins"]), (until, typed["ends"]))
        )
        return self._docks[place[0]], place[1], DateTimeTZRange(begins, ends)


class WalkInForm(forms.Form):
    """What the papers of a vehicle at the gate say: whose delivery it is, and its number."""

    shipper = forms.ChoiceField(label=_("Shipper"))
    number = forms.CharField(
        label=_("Delivery’s number"),
        max_length=40,
        help_text=_("As the papers name it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    vehicle = forms.CharField(
        label=_("Number plate"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, data: QueryDict | None, *, shippers: Iterable[Shipper], vehicle: str = "") -> None:
        super().__init__(data, initial={"vehicle": vehicle})
        choices = [(str(shipper.pk), shipper.name) for shipper in shippers]
        self.fields["shipper"] = forms.ChoiceField(
            label=_("Shipper"), choices=[("", _("Choose the shipper")), *choices]
        )
        self.order_fields(["shipper", "number", "vehicle"])
