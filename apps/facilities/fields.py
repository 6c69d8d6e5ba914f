"""Fields that a site's set-up needs: durations in hours, moments on the site's wall clock, lists of names."""

import re
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
CLOCK = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


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
        hours = initial / timedelta(hours=1) if isinstance(initial, timedelta) else initial
        return super().has_changed(hours, data)


class LocalDateTimeField(forms.DateTimeField):
    """A moment as the clock on a site's wall shows it; the form knows the zone."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def to_python(self, value: Any) -> datetime | None:
        moment: datetime | None = super().to_python(value)
        return moment.replace(tzinfo=None) if moment else None


class NamesField(forms.CharField):
    """Several names with commas between them."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]  # a list where CharField has a string
        text = super().to_python(value) or ""
        return list(dict.fromkeys(name for name in re.split(r"[\s,;]+", text.lower()) if name))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != self.to_python(data)
