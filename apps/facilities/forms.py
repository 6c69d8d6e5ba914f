"""How a site's own facts and policies are typed in, and what of another site is copied."""

# Django's model forms take no type arguments at run time.
# mypy: disable-error-code="type-arg"

import re
from collections.abc import Collection
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.facilities.fields import HoursField
from apps.facilities.models import Site, is_time_zone
from apps.facilities.services import PARTS

DURATIONS = ("min_lead_time", "max_lead_time", "change_cutoff", "answer_within")


class OfSite(forms.ModelForm):
    """Fields of the site itself."""

    def apply(self, site: Site) -> None:
        """Give the (locked) site what was typed."""
        for name in self.fields:
            setattr(site, name, self.cleaned_data[name])
        site.save(update_fields=list(self.fields))


class PlaceForm(OfSite):
    """Where it is, what its gate asks for, whom to call."""

    class Meta:
        model = Site
        fields = [
            "name",
            "code",
            "gln",
            "time_zone",
            "paper_language",
            "street",
            "postal_code",
            "city",
            "region",
            "country",
            "latitude",
            "longitude",
            "contact_name",
            "contact_phone",
            "protective_equipment",
            "gate_instructions",
            "allows_unattended",
            "asks_code",
            "active",
        ]
        widgets = {
            "time_zone": forms.TextInput(attrs={"list": "zones", "autocomplete": "off"}),
            "gate_instructions": forms.Textarea(attrs={"rows": 3}),
        }
        labels = {"active": gettext_lazy("In use: partners see it and can book")}
        help_texts = {
            "time_zone": gettext_lazy("All its hours are meant in it, such as Africa/Johannesburg."),
            "country": gettext_lazy("Two letters, as in ZA; its public holidays are suggested."),
            "region": gettext_lazy("As the country names it; some have holidays of their own."),
        }

    #: What the browser offers while the time zone is typed.
    zones: ClassVar[Collection[str]] = sorted(available_timezones())

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"].strip()
        is_time_zone(name)
        return name

    def clean_country(self) -> str:
        code: str = self.cleaned_data["country"].strip().upper()
        if not re.fullmatch(r"[A-Z]{2}", code):
            raise ValidationError(_("Write two letters, such as ZA."))
        return code

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = Site.objects.filter(recipient_id=self.instance.recipient_id, code=code)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError(_("Another of your sites has this code."))
        return code


class BookingForm(OfSite):
    """Lead times, limits and grace; durations are typed in hours."""

    class Meta:
        model = Site
        fields = [
            *DURATIONS,
            "early_minutes",
            "grace_minutes",
            "free_minutes",
            *Site.COUNTED,
        ]
        field_classes = dict.fromkeys(DURATIONS, HoursField)
        labels = {
            "min_lead_time": gettext_lazy("Book at the latest (hours before)"),
            "max_lead_time": gettext_lazy("Book at the earliest (hours before)"),
            "change_cutoff": gettext_lazy("Change until (hours before)"),
            "answer_within": gettext_lazy("Offers expire after (hours)"),
        }
        help_texts = {
            "vehicles_at_once": gettext_lazy("On the whole site; empty means as many as the docks take."),
            "appointments_per_hour": gettext_lazy("Empty means no limit, here and below."),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        latest, earliest = data.get("min_lead_time"), data.get("max_lead_time")
        if latest is not None and earliest is not None and earliest <= latest:
            self.add_error("max_lead_time", _("Has to be more hours before than the latest booking."))
        for name in Site.COUNTED:
            if data.get(name) == 0:
                self.add_error(name, _("At least 1; to take nothing, close the site."))
        return data


class CopyForm(forms.Form):
    """From which of one's own sites, and what of it."""

    source = forms.ModelChoiceField(Site.objects.none(), label=gettext_lazy("Copy from"))
    parts = forms.MultipleChoiceField(
        choices=list(PARTS.items()),
        label=gettext_lazy("What"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Takes the place of what this site has. Closures and reserved time stay."),
    )

    def __init__(self, data: Any = None, *, sources: Any, **options: Any) -> None:
        super().__init__(data, **options)
        source: Any = self.fields["source"]
        source.queryset = sources
