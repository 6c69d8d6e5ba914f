"""One row of each thing that belongs to a site, as it is typed in."""

# Django's model forms take no type arguments at run time.
# mypy: disable-error-code="type-arg"

import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.facilities.fields import CLOCK, DATE, HoursField, LocalDateTimeField, NamesField
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    Equipment,
    HandlingTime,
    LoadType,
    Season,
    Site,
    TemperatureClass,
    VehicleType,
)
from apps.tenancy.models import Shipper

ADR_CLASS = re.compile(r"[1-9](\.[1-6])?")
BLANKS: dict[str, Any] = {
    "load_type": gettext_lazy("All loads"),
    "temperature_class": gettext_lazy("All goods"),
    "equipment": gettext_lazy("Everything"),
}


class Row(forms.ModelForm):
    """One thing that belongs to a site; its docks and seasons are the only ones to choose from."""

    id = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, site: Site, **options: Any) -> None:
        super().__init__(*args, **options)
        self.site = site
        for name, blank in BLANKS.items():
            if name in self.fields and not self.fields[name].required:
                choices: Any = self.fields[name]
                choices.choices = [("", blank), *choices.choices[1:]]
        choose_of_site(self, site)

    def has_changed(self) -> bool:
        """The row's own id is no change."""
        return bool(set(self.changed_data) - {"id"})


def choose_of_site(form: forms.BaseForm, site: Site) -> None:
    """Offer the site's docks and seasons; leaving them out means all of them."""
    if "dock" in form.fields:
        docks: Any = form.fields["dock"]
        docks.queryset, docks.empty_label = site.docks.all(), _("All docks")
    if "season" in form.fields:
        seasons: Any = form.fields["season"]
        seasons.queryset, seasons.empty_label = site.seasons.all(), _("Usual days")


class DockRow(Row):
    class Meta:
        model = Dock
        fields = [
            "name",
            "group",
            "lanes",
            "direction",
            "rank",
            "setup_minutes",
            "clear_minutes",
            "active",
        ]
        labels = {
            "active": gettext_lazy("In use"),
            "lanes": gettext_lazy("Vehicles at once"),
            "rank": gettext_lazy("Taken as number"),
        }


class SeasonRow(Row):
    """A season, first and last day included."""

    first_day = forms.DateField(label=gettext_lazy("First day"), widget=DATE)
    last_day = forms.DateField(label=gettext_lazy("Last day"), widget=DATE)

    class Meta:
        model = Season
        fields = ["name"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if days := self.instance.days:
            self.initial["first_day"], self.initial["last_day"] = days.lower, days.upper - timedelta(days=1)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("first_day"), data.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("Can’t be before the first day."))
        elif first and last:
            self.instance.days = DateRange(first, last + timedelta(days=1))
        return data


class ClosureRow(Row):
    """A closure, from and until as the site's own clock shows it."""

    starts = LocalDateTimeField(label=gettext_lazy("From"))
    ends = LocalDateTimeField(label=gettext_lazy("Until"))
    field_order = ["starts", "ends", "reason", "dock", "equipment"]

    class Meta:
        model = Closure
        fields = ["reason", "dock", "equipment"]
        labels = {"equipment": gettext_lazy("What is out")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if during := self.instance.during:
            zone = ZoneInfo(self.site.time_zone)
            for name, moment in (("starts", during.lower), ("ends", during.upper)):
                self.initial[name] = moment.astimezone(zone).replace(tzinfo=None)

    def clean_starts(self) -> datetime:
        return self._at_site(self.cleaned_data["starts"])

    def clean_ends(self) -> datetime:
        return self._at_site(self.cleaned_data["ends"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        starts, ends = data.get("starts"), data.get("ends")
        if starts and ends and ends <= starts:
            self.add_error("ends", _("Has to be later than the start."))
        elif starts and ends:
            self.instance.during = DateTimeTZRange(starts, ends)
        return data

    def _at_site(self, shown: datetime) -> datetime:
        """The moment in UTC.

        Raises:
            ValidationError: the clock never shows that time, because summer time begins.
        """
        zone = ZoneInfo(self.site.time_zone)
        moment = shown.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) != shown:
            raise ValidationError(_("That time is skipped when the clocks change; choose another."))
        return moment


class RuleRow(Row):
    """A rule: its kind decides whether it takes a limit or a list of what is accepted."""

    ACCEPTED: ClassVar[dict[str, list[str]]] = {
        DockRule.Kind.TEMPERATURE: list(TemperatureClass.values),
        DockRule.Kind.LOAD_TYPES: list(LoadType.values),
        DockRule.Kind.VEHICLE_TYPES: list(VehicleType.values),
        DockRule.Kind.EQUIPMENT: list(Equipment.values),
    }
    CLASSES: ClassVar[tuple[str, ...]] = (DockRule.Kind.ADR, DockRule.Kind.APART)

    values = NamesField(label=gettext_lazy("Accepted"), required=False)

    class Meta:
        model = DockRule
        fields = ["kind", "dock", "season", "limit", "values"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind, names = data.get("kind"), data.get("values") or []
        if kind and kind not in DockRule.LIMITING and data.get("limit") is not None:
            self.add_error("limit", _("This rule takes no limit."))
        if kind in self.ACCEPTED:
            self._check_names(names, self.ACCEPTED[kind], may_be_none=kind == DockRule.Kind.EQUIPMENT)
        elif kind in self.CLASSES:
            unknown = [name for name in names if not ADR_CLASS.fullmatch(name)]
            if unknown:
                self.add_error("values", _("%s is no ADR class; write as in 3 or 4.1.") % unknown[0])
        elif kind and names:
            self.add_error("values", _("This rule takes no list."))
        return data

    def _check_names(self, names: list[str], known: list[str], *, may_be_none: bool) -> None:
        unknown = [name for name in names if name not in known]
        if unknown or (not names and not may_be_none):
            said = _("%s is not one of") % unknown[0] if unknown else _("Name at least one of")
            self.add_error("values", f"{said} {', '.join(known)}.")


class HandlingRow(Row):
    class Meta:
        model = HandlingTime
        fields = ["dock", "load_type", "fixed_minutes", "minutes_per_pallet", "minutes_per_line"]


class PaperRow(Row):
    class Meta:
        model = DocumentRequirement
        fields = ["document_type", "step", "provider", "load_type", "temperature_class", "dangerous_only"]


WEEKDAY_CHOICES = [(number + 1, name) for number, name in WEEKDAYS_ABBR.items()]


class HoursRow(forms.Form):
    """The same hours on some days of the week; closing at or before opening means into the next day."""

    days = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Days"),
        coerce=int,
        choices=WEEKDAY_CHOICES,
        widget=forms.CheckboxSelectMultiple,
    )
    opens = forms.TimeField(label=gettext_lazy("From"), widget=CLOCK)
    closes = forms.TimeField(label=gettext_lazy("Until"), widget=CLOCK)
    dock = forms.ModelChoiceField(Dock.objects.none(), label=gettext_lazy("Dock"), required=False)

    def __init__(self, *args: Any, site: Site, **options: Any) -> None:
        super().__init__(*args, **options)
        choose_of_site(self, site)


class WindowRow(HoursRow):
    """Receiving hours, of one load type or of all."""

    load_type = forms.ChoiceField(
        label=gettext_lazy("Load type"),
        choices=[("", BLANKS["load_type"]), *LoadType.choices],
        required=False,
    )
    season = forms.ModelChoiceField(Season.objects.none(), label=gettext_lazy("Season"), required=False)


class ReservationRow(HoursRow):
    """Dock time kept for one of the recipient's partners."""

    shipper = forms.ModelChoiceField(Shipper.objects.none(), label=gettext_lazy("For"))
    lapses_before = HoursField(
        label=gettext_lazy("Free for all before (hours)"), initial=timedelta(hours=24), min_value=0
    )

    def __init__(self, *args: Any, site: Site, **options: Any) -> None:
        super().__init__(*args, site=site, **options)
        shippers: Any = self.fields["shipper"]
        shippers.queryset = Shipper.objects.filter(
            partnerships__recipient_id=site.recipient_id, partnerships__active=True
        ).order_by("name")
