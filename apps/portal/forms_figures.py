"""What figures are asked of: a period, a site, an origin, a carrier; what they are put beside."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier
from apps.facilities.models import Site
from apps.figures.definitions import DEFINITIONS
from apps.figures.reading import By, Choice, Period
from apps.tenancy.doorway import current_shipper

_DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
LONGEST = timedelta(days=366)
USUAL = timedelta(days=27)
BY = {"site": By.SITE, "carrier": By.CARRIER, "lane": By.LANE}


class FiguresForm(forms.Form):
    """From a day to a day, both included, at most a year; narrowed down; put beside another period."""

    first = forms.DateField(label=_("From"), widget=_DATE)
    last = forms.DateField(label=_("To"), widget=_DATE)
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("All sites")
    )
    origin = forms.ModelChoiceField(
        label=_("From the site"), queryset=Site.objects.none(), required=False, empty_label=_("All origins")
    )
    carrier = forms.ModelChoiceField(
        label=_("Carrier"), queryset=Carrier.objects.none(), required=False, empty_label=_("All carriers")
    )
    against = forms.ChoiceField(
        label=_("Beside"),
        choices=[("before", _("the period before")), ("year", _("52 weeks earlier"))],
        required=False,
    )
    by = forms.ChoiceField(
        label=_("Compare by"),
        choices=[("site", _("site")), ("carrier", _("carrier")), ("lane", _("lane"))],
        required=False,
    )
    figure = forms.ChoiceField(
        label=_("Figure to compare"),
        choices=[(name, told.label) for name, told in DEFINITIONS.items()],
        required=False,
    )

    def __init__(self, data: Any, *, today: date) -> None:
        given = {"first": today - USUAL, "last": today} | {name: data[name] for name in data}
        super().__init__(given)
        sites = Site.objects.order_by("name")
        own = current_shipper().pk
        self.fields["site"].queryset = sites.exclude(recipient=None)  # type: ignore[attr-defined]  # of a model choice
        self.fields["origin"].queryset = sites.filter(shipper_id=own)  # type: ignore[attr-defined]  # of a model choice
        self.fields["carrier"].queryset = Carrier.objects.order_by("name")  # type: ignore[attr-defined]  # of a model choice
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
    def choice(self) -> Choice:
        """What is asked for; of everything in the last four weeks where it is not valid."""
        if not self.is_valid():
            return Choice(self._usual)
        typed = self.cleaned_data
        return Choice(
            Period(typed["first"], typed["last"]),
            site_id=typed["site"].pk if typed["site"] else None,
            origin_id=typed["origin"].pk if typed["origin"] else None,
            carrier_id=typed["carrier"].pk if typed["carrier"] else None,
        )

    @property
    def beside(self) -> Choice:
        """The same of the period that it is put beside."""
        chosen = self.choice
        if self.is_valid() and self.cleaned_data["against"] == "year":
            return chosen.over(chosen.period.year_before)
        return chosen.over(chosen.period.before)

    @property
    def grouped_by(self) -> By:
        """By what one figure is compared."""
        return BY.get(self.cleaned_data.get("by") or "site", By.SITE) if self.is_valid() else By.SITE

    @property
    def compared(self) -> str:
        """Which figure is compared."""
        return (self.cleaned_data.get("figure") or "on_time") if self.is_valid() else "on_time"

    @property
    def kept(self) -> dict[str, str]:
        """What stands in the address, for links that keep it."""
        if not self.is_valid():
            return {}
        typed = self.cleaned_data
        plain = {name: typed[name] for name in ("against", "by", "figure") if typed[name]}
        picked = {name: str(typed[name].pk) for name in ("site", "origin", "carrier") if typed[name]}
        return {"first": typed["first"].isoformat(), "last": typed["last"].isoformat(), **picked, **plain}
