"""How a site's rules are typed in: hours of the week, dates in the site's own zone, lists by their names."""

# Django's model forms take no type arguments at run time.
# mypy: disable-error-code="type-arg"

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleTimeWidget,
    UnfoldAdminTextInputWidget,
)

from apps.facilities.models import (
    Closure,
    DockRule,
    LoadType,
    ReceivingWindow,
    Site,
    TemperatureClass,
    is_time_zone,
)

DURATIONS = ("min_lead_time", "max_lead_time", "change_cutoff", "answer_within")
MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
ADR_CLASS = re.compile(r"[1-9](\.[1-6])?")


class HoursField(forms.FloatField):
    """A duration, typed in hours."""

    def prepare_value(self, value: Any) -> Any:
        return f"{value / timedelta(hours=1):g}" if isinstance(value, timedelta) else value

    def clean(self, value: Any) -> timedelta | None:
        hours = super().clean(value)
        if hours is None:
            return None
        if not 0 <= hours <= 24 * 366:
            raise ValidationError(_("Write hours from 0 to 8784 (a year)."))
        return timedelta(hours=hours)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class LocalDateTimeField(forms.DateTimeField):
    """A moment as the clock on a site's wall shows it; the form knows the zone."""

    widget = UnfoldAdminTextInputWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs, widget=LocalDateTimeInput())

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        return moment.replace(tzinfo=None) if moment else None


class LocalDateTimeInput(forms.DateTimeInput):
    """The browser's own picker for a date and a time, dressed like the other inputs."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        attrs = UnfoldAdminTextInputWidget().attrs
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")


class NamesField(forms.CharField):
    """Several names with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list where CharField has a string
        text = super().to_python(value) or ""
        return list(dict.fromkeys(name for name in re.split(r"[\s,;]+", text.lower()) if name))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)


class SiteForm(forms.ModelForm):
    """A site; its durations are typed in hours."""

    class Meta:
        model = Site
        fields = "__all__"  # noqa: DJ007 the admin names the fields
        field_classes = dict.fromkeys(DURATIONS, HoursField)
        widgets = dict.fromkeys(DURATIONS, UnfoldAdminDecimalFieldWidget)
        labels = {
            "min_lead_time": gettext_lazy("Book at the latest (hours before)"),
            "max_lead_time": gettext_lazy("Book at the earliest (hours before)"),
            "change_cutoff": gettext_lazy("Change until (hours before)"),
            "answer_within": gettext_lazy("Offers expire after (hours)"),
        }
        help_texts = {
            "time_zone": gettext_lazy("All hours below are meant in it, such as Africa/Johannesburg."),
            "vehicles_at_once": gettext_lazy("On the whole site; empty means as many as the docks take."),
            "pallets_per_day": gettext_lazy("Empty means no limit."),
        }

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        is_time_zone(name)
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        latest, earliest = data.get("min_lead_time"), data.get("max_lead_time")
        if latest is not None and earliest is not None and earliest <= latest:
            self.add_error("max_lead_time", _("Has to be more hours before than the latest booking."))
        return data


class SiteFormSet(PaginationInlineFormSet):
    """What belongs to a site: its docks are the only ones to choose from, and nothing is said twice."""

    #: Fields that together may be used once; with a dock left out they count as "all docks".
    once: ClassVar[tuple[str, ...]] = ()

    def add_fields(self, form: forms.ModelForm, index: int | None) -> None:
        super().add_fields(form, index)
        if "dock" in form.fields:
            docks: Any = form.fields["dock"]
            docks.queryset = self.instance.docks.all() if self.instance.pk else docks.queryset.none()
            docks.empty_label = _("All docks")

    def kept(self) -> Iterator[forms.ModelForm]:
        """The valid rows that will be there after saving."""
        for form in self.forms:
            data = getattr(form, "cleaned_data", None)
            if data and not form.errors and not data.get("DELETE"):
                yield form

    def clean(self) -> None:
        super().clean()
        seen = set()
        for form in list(self.kept()) if self.once else []:
            key = tuple(form.cleaned_data.get(name) for name in self.once)
            if key in seen:
                form.add_error(self.once[-1], _("This is there already for the same dock."))
            seen.add(key)


class DockRuleFormSet(SiteFormSet):
    once = ("dock", "kind")


class HandlingTimeFormSet(SiteFormSet):
    once = ("dock", "load_type")


class WindowForm(forms.ModelForm):
    """Weekly hours on one day."""

    weekday = forms.TypedChoiceField(
        label=gettext_lazy("Weekday"),
        coerce=int,
        choices=[(number + 1, name) for number, name in WEEKDAYS.items()],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = ReceivingWindow
        fields = ["weekday", "opens", "closes", "dock", "load_type"]
        widgets = {name: UnfoldAdminSingleTimeWidget(format="%H:%M") for name in ("opens", "closes")}
        help_texts = {
            "closes": gettext_lazy("At or before the opening time: over midnight into the next day."),
        }


class WindowFormSet(SiteFormSet):
    """A site's weekly hours: those for the same dock and load don't overlap, over midnight neither."""

    def clean(self) -> None:
        super().clean()
        windows: dict[Any, list[tuple[forms.ModelForm, list[tuple[int, int]]]]] = {}
        for form in list(self.kept()):
            data = form.cleaned_data
            spans = week_spans(data["weekday"], data["opens"], data["closes"])
            others = windows.setdefault((data["dock"], data["load_type"]), [])
            for other, other_spans in others:
                if _meet(spans, other_spans):
                    form.add_error("opens", _("Overlaps the hours %s.") % _hours(other.cleaned_data))
                    break
            others.append((form, spans))


def week_spans(weekday: int, opens: time, closes: time) -> list[tuple[int, int]]:
    """A weekly window as minutes of the week ``[start, end)``, in two where it runs over Sunday midnight.

    ``weekday`` is ISO (1 is Monday); closing at or before opening means into the next day.
    """
    start = (weekday - 1) * MINUTES_A_DAY + _minutes(opens)
    length = (_minutes(closes) - _minutes(opens)) % MINUTES_A_DAY or MINUTES_A_DAY
    end = start + length
    if end <= MINUTES_A_WEEK:
        return [(start, end)]
    return [(start, MINUTES_A_WEEK), (0, end - MINUTES_A_WEEK)]


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _meet(ours: Iterable[tuple[int, int]], theirs: list[tuple[int, int]]) -> bool:
    return any(start < end_2 and start_2 < end for start, end in ours for start_2, end_2 in theirs)


def _hours(window: dict[str, Any]) -> str:
    return f"{WEEKDAYS[window['weekday'] - 1]} {window['opens']:%H:%M}–{window['closes']:%H:%M}"


class ClosureForm(forms.ModelForm):
    """A closure, from and until as the site's own clock shows it."""

    starts = LocalDateTimeField(label=gettext_lazy("From"))
    ends = LocalDateTimeField(label=gettext_lazy("Until"))
    site: Site

    class Meta:
        model = Closure
        fields = ["dock", "reason"]

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
        zone = _zone_of(self.site)  # read here and not before: the same page may have changed it
        moment = shown.replace(tzinfo=zone).astimezone(UTC)
        if moment.astimezone(zone).replace(tzinfo=None) != shown:
            raise ValidationError(_("That time is skipped when the clocks change; choose another."))
        return moment


class ClosureFormSet(SiteFormSet):
    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.site = self.instance
        during = form.instance.during
        if during:
            for name, moment in (("starts", during.lower), ("ends", during.upper)):
                form.initial[name] = moment.astimezone(_zone_of(self.instance)).replace(tzinfo=None)


def _zone_of(site: Site) -> ZoneInfo:
    """The site's zone; UTC while its name is not valid, which the site's own form says."""
    try:
        is_time_zone(site.time_zone)
    except ValidationError:
        return ZoneInfo("UTC")
    return ZoneInfo(site.time_zone)


class DockRuleForm(forms.ModelForm):
    """A rule: its kind decides whether it takes a limit or a list of what is accepted."""

    ACCEPTED: ClassVar[dict[str, list[str]]] = {
        DockRule.Kind.TEMPERATURE: list(TemperatureClass.values),
        DockRule.Kind.LOAD_TYPES: list(LoadType.values),
    }

    values = NamesField(
        label=gettext_lazy("Accepted"),
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy(
            "With commas. Temperature: ambient, chilled, frozen. Loads: pallets, parcels, bulk, container. "
            "ADR: classes such as 3, 4.1; none means no dangerous goods."
        ),
    )

    class Meta:
        model = DockRule
        fields = ["dock", "kind", "limit", "values"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        kind, names = data.get("kind"), data.get("values") or []
        if kind and kind not in DockRule.LIMITING and data.get("limit") is not None:
            self.add_error("limit", _("This rule takes no limit."))
        if kind in self.ACCEPTED:
            self._check_names(names, self.ACCEPTED[kind])
        elif kind == DockRule.Kind.ADR:
            unknown = [name for name in names if not ADR_CLASS.fullmatch(name)]
            if unknown:
                self.add_error("values", _("%s is no ADR class; write as in 3 or 4.1.") % unknown[0])
        elif kind and names:
            self.add_error("values", _("This rule takes no list."))
        return data

    def _check_names(self, names: list[str], known: list[str]) -> None:
        unknown = [name for name in names if name not in known]
        if unknown or not names:
            said = _("%s is not one of") % unknown[0] if unknown else _("Name at least one of")
            self.add_error("values", f"{said} {', '.join(known)}.")
