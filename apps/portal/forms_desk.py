"""Shapes of what planners type at the desk: filters, files, vehicles, answers."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MaxValueValidator, MinValueValidator
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.appointments.states import ReasonCode
from apps.consignments.parsing import MAX_BYTES
from apps.deliveries.models import Delivery
from apps.deliveries.standing import Standing
from apps.facilities.models import Site

#: Why a shipper says no; the recipient's own reasons are left out.
REASONS = [
    (reason.value, reason.label)
    for reason in (
        ReasonCode.VEHICLE_UNAVAILABLE,
        ReasonCode.GOODS_NOT_READY,
        ReasonCode.ORDER_CHANGED,
        ReasonCode.OTHER,
    )
]
DATE = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Filter(forms.Form):
    """A filter in the address: what can't be read is left out, never an error page."""

    def values(self) -> dict[str, Any]:
        """What was asked for and could be read, by field."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}

    def kept(self, *names: str) -> dict[str, str]:
        """The readable parameters as they stood in the address, for links that keep them."""
        self.is_valid()
        return {name: self.data[name] for name in names if self.cleaned_data.get(name) not in (None, "")}


class DeliveryFilter(Filter):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=80,
        widget=forms.SearchInput(attrs={"placeholder": _("Number, order or site")}),
    )
    day = forms.DateField(label=_("Day"), required=False, widget=DATE)
    site = forms.ModelChoiceField(
        Site.objects.none(), label=_("Site"), required=False, empty_label=_("Every site")
    )
    standing = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("Every state")), *Standing.choices]
    )

    how = forms.ChoiceField(
        label=_("How"),
        required=False,
        choices=[("", _("Every way")), *Delivery.Format.choices, ("leg", _("A leg to a site of our own"))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["site"]
        assert isinstance(sites, forms.ModelChoiceField)
        sites.queryset = Site.objects.filter(recipient__isnull=False)


class OrdersForm(forms.Form):
    file = forms.FileField(
        label=_("Orders as CSV"), widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"})
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        size = file.size or 0
        if size > MAX_BYTES:
            raise forms.ValidationError(
                _now(
                    "The file has %(size)s; at most %(most)s are read at once. Split it and import the parts."
                )
                % {"size": filesizeformat(size), "most": filesizeformat(MAX_BYTES)}
            )
        return file


class VehicleForm(forms.Form):
    """The largest vehicle that may come: what docks limit. Metres and kilograms."""

    length = forms.DecimalField(
        label=_("Length (m)"), required=False, min_value=Decimal(1), max_value=Decimal(30), decimal_places=2
    )
    height = forms.DecimalField(
        label=_("Height (m)"), required=False, min_value=Decimal(1), max_value=Decimal(6), decimal_places=2
    )
    weight = forms.DecimalField(
        label=_("Gross weight (kg)"),
        required=False,
        min_value=Decimal(500),
        max_value=Decimal(80000),
        decimal_places=2,
    )
    tail_lift = forms.BooleanField(label=_("Has a tail-lift"), required=False)


class PlanFilter(Filter):
    """A shipper's own site and a day; years far away are no days to plan."""

    site = forms.ModelChoiceField(Site.objects.none(), label=_("From"), required=False, empty_label=None)
    day = forms.DateField(
        label=_("Day"),
        required=False,
        widget=DATE,
        validators=[MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2100, 1, 1))],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        sites = self.fields["site"]
        assert isinstance(sites, forms.ModelChoiceField)
        sites.queryset = Site.objects.filter(shipper__isnull=False, active=True)


class ReasonForm(forms.Form):
    """Why, as a code that can be counted, and in one's own words."""

    reason_code = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose a reason")), *REASONS])
    message = forms.CharField(
        label=_("Message"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )


class DepartureForm(forms.Form):
    vehicle = forms.CharField(
        label=_("Vehicle"),
        required=False,
        max_length=15,
        help_text=_("Its plate, as planned unless changed."),
    )


class LoadingForm(DepartureForm):
    seals = forms.CharField(
        label=_("Seals"), required=False, max_length=200, help_text=_("Their numbers, with commas between.")
    )

    def clean_seals(self) -> tuple[str, ...]:
        return tuple(seal.strip() for seal in self.cleaned_data["seals"].split(",") if seal.strip())
