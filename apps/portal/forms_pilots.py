"""What a pilot is asked of: who takes part, since when, over how many weeks, which figure."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier
from apps.facilities.models import LoadType, Site, TemperatureClass
from apps.figures.definitions import DEFINITIONS
from apps.figures.pilots import Pilot
from apps.portal.forms_desk import DATE

WEEKS = (1, 2, 4, 8, 12, 26)


class PilotForm(forms.Form):
    """Read from the address; at least one of site, region, carrier and kind of goods says who takes part."""

    since = forms.DateField(label=_("Changed on"), widget=DATE)
    weeks = forms.TypedChoiceField(
        label=_("Weeks before and after"), coerce=int, choices=[(n, str(n)) for n in WEEKS]
    )
    site = forms.ModelChoiceField(
        label=_("Site"), queryset=Site.objects.none(), required=False, empty_label=_("Any site")
    )
    region = forms.ChoiceField(label=_("Region"), required=False)
    carrier = forms.ModelChoiceField(
        label=_("Carrier"), queryset=Carrier.objects.none(), required=False, empty_label=_("Any carrier")
    )
    load_type = forms.ChoiceField(
        label=_("Load type"), required=False, choices=[("", _("Any load")), *LoadType.choices]
    )
    temperature = forms.ChoiceField(
        label=_("Temperature"), required=False, choices=[("", _("Any")), *TemperatureClass.choices]
    )
    figure = forms.ChoiceField(
        label=_("Figure"), choices=[(name, told.label) for name, told in DEFINITIONS.items()]
    )

    def __init__(self, data: Any) -> None:
        given = {"weeks": "4", "figure": "on_time"} | {name: data[name] for name in data}
        self.is_asked = any(data.get(name) for name in ("since", *_WHO))
        super().__init__(given if self.is_asked else None, initial=given)
        self._sites = Site.objects.exclude(recipient=None).order_by("name")
        self.fields["site"].queryset = self._sites  # type: ignore[attr-defined]  # a model choice
        self.fields["carrier"].queryset = Carrier.objects.order_by("name")  # type: ignore[attr-defined]  # a model choice
        regions = (
            self._sites.exclude(region="").order_by("region").values_list("region", flat=True).distinct()
        )
        self.fields["region"].choices = [("", _("Any region")), *((name, name) for name in regions)]  # type: ignore[attr-defined]  # a choice field

    def clean(self) -> dict[str, Any]:
        """Somebody has to take part, and the change has to be a day of the calendar's middle."""
        typed: dict[str, Any] = super().clean() or {}
        if not any(typed.get(name) for name in _WHO) and not self.errors:
            self.add_error(None, _("Say who takes part: a site, a region, a carrier or a kind of goods."))
        since = typed.get("since")
        if since is not None and not date(2000, 1, 1) <= since <= date(2100, 1, 1):
            self.add_error("since", _("Choose a day between 2000 and 2100."))
        return typed

    @property
    def pilot(self) -> Pilot:
        """What was asked for; call it after ``is_valid``."""
        typed = self.cleaned_data
        sites = None
        if typed["site"] or typed["region"]:
            chosen = self._sites
            chosen = chosen.filter(pk=typed["site"].pk) if typed["site"] else chosen
            chosen = chosen.filter(region=typed["region"]) if typed["region"] else chosen
            sites = list(chosen.values_list("pk", flat=True))
        return Pilot(
            since=typed["since"],
            weeks=typed["weeks"],
            site_ids=sites,
            carrier_id=typed["carrier"].pk if typed["carrier"] else None,
            load_type=typed["load_type"],
            temperature_class=typed["temperature"],
        )

    @property
    def kept(self) -> dict[str, str]:
        """What stands in the address, for links that keep it."""
        return {name: str(self.data[name]) for name in self.fields if self.data.get(name)}


_WHO = ("site", "region", "carrier", "load_type", "temperature")
