"""Shapes of what planners and auditors type at the desk: filters, files, vehicles, answers, exports."""

import re
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
from apps.consignments.models import Consignment
from apps.consignments.parsing import MAX_BYTES
from apps.custody.services import ExportScope
from apps.custody.services.scoping import COPIES
from apps.deliveries.models import Delivery
from apps.deliveries.standing import Standing
from apps.facilities.models import Recipient, Site

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


class CustodyFilter(Filter):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=80,
        widget=forms.SearchInput(attrs={"placeholder": _("Consignment, delivery or recipient")}),
    )
    day = forms.DateField(label=_("Day"), required=False, widget=DATE)


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


class ExportForm(forms.Form):
    """What a custody bundle is to hold. After validation ``chosen`` is the ``ExportScope``."""

    SCOPES = (
        ("delivery", _("One delivery")),
        ("consignments", _("Named consignments")),
        ("recipient", _("One recipient")),
        ("item", _("An article or batch, as for a recall")),
        ("carrier", _("One carrier")),
        ("period", _("A period")),
        ("log", _("The whole log")),
    )

    scope = forms.ChoiceField(
        label=_("What to export"), choices=SCOPES, widget=forms.RadioSelect, initial="delivery"
    )
    number = forms.CharField(label=_("Delivery number"), required=False, max_length=40)
    consignments = forms.CharField(
        label=_("Consignment numbers"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("With commas or line breaks between."),
    )
    recipient = forms.ModelChoiceField(
        Recipient.objects.none(), label=_("Recipient"), required=False, empty_label=_("Choose one")
    )
    article = forms.CharField(
        label=_("Article"), required=False, max_length=200, help_text=_("Its name as ordered, or its GTIN.")
    )
    batch = forms.CharField(label=_("Batch"), required=False, max_length=60)
    carrier = forms.CharField(
        label=_("Carrier"), required=False, max_length=200, help_text=_("Its name as planned.")
    )
    first_day = forms.DateField(label=_("Recorded from"), required=False, widget=DATE)
    last_day = forms.DateField(
        label=_("Recorded until"), required=False, widget=DATE, help_text=_("Days in UTC, both counted.")
    )
    copies = forms.MultipleChoiceField(
        label=_("Reading copies"),
        required=False,
        initial=COPIES,
        widget=forms.CheckboxSelectMultiple,
        choices=(
            ("epcis", "EPCIS 2.0"),
            ("ubl", _("UBL despatch and receipt advice")),
            ("workbook", _("Spreadsheet (XLSX)")),
            ("dossier", _("Dossier (PDF, signed)")),
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        recipients = self.fields["recipient"]
        assert isinstance(recipients, forms.ModelChoiceField)
        recipients.queryset = Recipient.objects.all()

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        others = {
            "recipient": ("recipient", typed.get("recipient"), _now("Choose a recipient.")),
            "item": (
                "article",
                typed.get("article") or typed.get("batch"),
                _now("Name an article, a batch, or both."),
            ),
            "carrier": ("carrier", typed.get("carrier"), _now("Name the carrier.")),
            "period": (
                "first_day",
                typed.get("first_day") or typed.get("last_day"),
                _now("Give the first day, the last, or both."),
            ),
        }
        if (asked := typed.get("scope")) in others:
            field, value, what_is_missing = others[asked]
            if not value:
                self.add_error(field, what_is_missing)
            else:
                typed["chosen"] = self._other_scope(asked, typed)
        if typed.get("scope") == "delivery":
            delivery = Delivery.objects.filter(number__iexact=(typed.get("number") or "").strip()).first()
            if delivery is None:
                self.add_error("number", _now("There is no delivery with this number."))
            else:
                typed["chosen"] = ExportScope(delivery_id=delivery.pk)
        elif typed.get("scope") == "consignments":
            numbers = tuple(re.split(r"[,;\s]+", (typed.get("consignments") or "").strip(" ,;\r\n")))
            known = set(Consignment.objects.filter(number__in=numbers).values_list("number", flat=True))
            if unknown := [number for number in numbers if number not in known]:
                names = ", ".join(unknown[:5])
                self.add_error(
                    "consignments", _now("These are not known: %(names)s.") % {"names": names or "–"}
                )
            else:
                typed["chosen"] = ExportScope(consignments=numbers)
        elif typed.get("scope") == "log":
            typed["chosen"] = ExportScope()
        return typed

    def _other_scope(self, asked: str, typed: dict[str, Any]) -> ExportScope:
        if asked == "recipient":
            return ExportScope(recipient_id=typed["recipient"].pk)
        if asked == "item":
            return ExportScope(article=typed["article"].strip(), batch=typed["batch"].strip())
        if asked == "carrier":
            return ExportScope(carrier=typed["carrier"].strip())
        return ExportScope(first_day=typed["first_day"], last_day=typed["last_day"])
