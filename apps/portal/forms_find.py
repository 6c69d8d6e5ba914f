"""Shape of a search over several sites and days: which sites, when, for what load in which vehicle."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from apps.accounts.actors import Actor
from apps.appointments.load import Load
from apps.facilities.models import LoadType, Site, TemperatureClass
from apps.facilities.selectors import receiving_sites_visible_to
from apps.portal.forms_desk import DATE, VehicleForm

MOST_DAYS, MOST_SITES = 14, 12


class FindForm(VehicleForm):
    """What is looked for. Everything lies in the address, so a search can be shared and come back to."""

    site = forms.ModelMultipleChoiceField(
        Site.objects.none(),
        label=_("Sites"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one site.")},
    )
    first_day = forms.DateField(label=_("From"), widget=DATE)
    days = forms.IntegerField(
        label=_("Days to look at"),
        initial=5,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_DAYS)],
        widget=forms.NumberInput(attrs={"min": 1, "max": MOST_DAYS}),
    )
    at = forms.TimeField(
        label=_("Best at"),
        required=False,
        widget=forms.TimeInput(attrs={"type": "time", "step": 900}, format="%H:%M"),
        help_text=_("In each site’s own time."),
    )
    load_type = forms.ChoiceField(label=_("Load type"), choices=LoadType, initial=LoadType.PALLETS)
    pallets = forms.IntegerField(label=_("Pallets"), min_value=0, max_value=200, initial=1)
    temperature_class = forms.ChoiceField(
        label=_("Temperature"), choices=TemperatureClass, initial=TemperatureClass.AMBIENT
    )

    field_order = ("site", "first_day", "days", "at", "load_type", "pallets", "temperature_class")

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["site"]
        assert isinstance(sites, forms.ModelMultipleChoiceField)
        sites.queryset = receiving_sites_visible_to(actor).filter(active=True).order_by("name")

    def clean_site(self) -> Any:
        sites = self.cleaned_data["site"]
        if len(sites) > MOST_SITES:
            raise forms.ValidationError(
                _("Choose at most %(most)s sites at a time."), params={"most": MOST_SITES}
            )
        return sites

    def load(self) -> Load:
        """What was typed as a load; call it after ``is_valid``."""
        typed = self.cleaned_data
        return Load(
            load_type=typed["load_type"],
            pallets=typed["pallets"],
            temperature_class=typed["temperature_class"],
            vehicle_length_m=typed["length"],
            vehicle_height_m=typed["height"],
            vehicle_weight_kg=typed["weight"],
            tail_lift=typed["tail_lift"],
        )
