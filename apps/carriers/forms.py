"""How carriers' facts are typed in: money in units of the currency, periods by their first and last day."""

# Django's model forms take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib.postgres.forms import DateRangeField, RangeWidget
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminSingleDateWidget,
)

from apps.carriers import files
from apps.carriers.errors import FileRefused
from apps.carriers.models import (
    Absence,
    Carrier,
    Commitment,
    ComplianceDocument,
    EmissionZone,
    Outage,
    Tariff,
    Vehicle,
)
from apps.facilities.models import Site, TemperatureClass

AMOUNTS = ("per_route", "per_km", "per_hour", "per_stop", "per_pallet", "per_waiting_hour", "minimum")
ONE_DAY = timedelta(days=1)


class AmountField(forms.DecimalField):
    """An amount of money: typed in units of the currency, kept in cents."""

    widget = UnfoldAdminDecimalFieldWidget

    def __init__(self, **kwargs: Any) -> None:
        limits = {"min_value": 0, "max_value": Decimal(10**7), "decimal_places": 2, "required": False}
        super().__init__(**{**kwargs, **limits})

    def prepare_value(self, value: Any) -> Any:
        return Decimal(value).scaleb(-2) if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        return int((super().clean(value) or Decimal(0)) * 100)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class OpenAmountField(AmountField):
    """An amount that may be left open."""

    def clean(self, value: Any) -> int | None:  # type: ignore[override]  # empty is not zero here
        return None if value in self.empty_values else super().clean(value)


class PeriodWidget(RangeWidget):
    """Two days: the first and the last of a period."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(UnfoldAdminSingleDateWidget(), attrs)
        self.widgets = [
            UnfoldAdminSingleDateWidget({"aria-label": label, "placeholder": label})
            for label in (gettext_lazy("First day"), gettext_lazy("Last day"))
        ]

    def decompress(self, value: Any) -> tuple[date | None, date | None]:
        return _first_and_last(value) if isinstance(value, DateRange) else (None, None)


class PeriodField(DateRangeField):
    """A period by its first and last day; blank means open. Kept as ``[first, day after last)``."""

    widget = PeriodWidget

    def prepare_value(self, value: Any) -> Any:
        return list(_first_and_last(value)) if isinstance(value, DateRange) else value

    def compress(self, values: Any) -> DateRange | None:
        first, last = values or (None, None)
        if not first and not last:
            return None
        if first and last and last < first:
            raise ValidationError(_("The last day is before the first."), code="bound_ordering")
        return DateRange(first, last + ONE_DAY if last else None)


def _first_and_last(period: DateRange) -> tuple[date | None, date | None]:
    return period.lower, period.upper - ONE_DAY if period.upper else None


def period_in_words(period: DateRange) -> str:
    """“from 1 Jan 2026 to 31 Dec 2026”, with the open sides left out."""
    first, last = _first_and_last(period)
    said = [
        _("from %s") % date_format(first, "j M Y") if first else "",
        _("to %s") % date_format(last, "j M Y") if last else "",
    ]
    return " ".join(filter(None, said)) or _("always")


class VehicleForm(forms.ModelForm):
    """A vehicle; its temperature classes are boxes to tick, it starts from one of the shipper's own sites."""

    temperature_classes = forms.MultipleChoiceField(
        label=gettext_lazy("Temperature classes"),
        choices=TemperatureClass.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        initial=[TemperatureClass.AMBIENT],
        help_text=gettext_lazy("What it can carry at the right temperature."),
    )

    class Meta:
        model = Vehicle
        fields = "__all__"  # noqa: DJ007 the admin names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        home = self.fields.get("home")
        if isinstance(home, forms.ModelChoiceField):
            home.queryset = Site.objects.filter(shipper__isnull=False, active=True).order_by("name")

    def clean_plate(self) -> str:
        """Plates are compared as they are read out: capital letters, single spaces."""
        return " ".join(self.cleaned_data["plate"].upper().split())


class TariffForm(forms.ModelForm):
    """A tariff; the overlap with others is said in words, and the database has the last one."""

    class Meta:
        model = Tariff
        fields = "__all__"  # noqa: DJ007 the admin names the fields
        field_classes = {"valid": PeriodField, **dict.fromkeys(AMOUNTS, AmountField)}
        widgets = {"valid": PeriodWidget, **dict.fromkeys(AMOUNTS, UnfoldAdminDecimalFieldWidget)}
        labels = {
            "valid": gettext_lazy("Valid"),
            "per_route": gettext_lazy("Per route"),
            "per_km": gettext_lazy("Per km"),
            "per_hour": gettext_lazy("Per hour"),
            "per_stop": gettext_lazy("Per stop"),
            "per_pallet": gettext_lazy("Per pallet"),
            "per_waiting_hour": gettext_lazy("Per hour of waiting"),
            "minimum": gettext_lazy("Minimum per route"),
        }
        help_texts = {"valid": gettext_lazy("First and last day; leave one blank for no end.")}

    def clean_currency(self) -> str:
        currency: str = self.cleaned_data["currency"].upper()
        if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
            raise ValidationError(_("A currency has three letters, such as ZAR."))
        return currency


class TariffInlineForm(TariffForm):
    """A row of a carrier's tariffs: the formset compares them all as they will be."""

    def validate_constraints(self) -> None:
        """The stored tariffs are about to change with this one; ``TariffFormSet`` checks them together."""


class TariffFormSet(PaginationInlineFormSet):
    """A carrier's tariffs as they will be after saving: at any time one per class of vehicle."""

    def clean(self) -> None:
        super().clean()
        for earlier, later in list(_overlaps(self._kept())):
            words = _("%(class)s: overlaps the tariff that is valid %(period)s.") % {
                "class": later.instance.get_vehicle_class_display(),
                "period": period_in_words(earlier.instance.valid),
            }
            later.add_error("valid", words)

    def _kept(self) -> Iterator[TariffForm]:
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            if data.get("valid") and data.get("vehicle_class") and not data.get("DELETE"):
                yield form


def _overlaps(forms_kept: Iterable[TariffForm]) -> Iterator[tuple[TariffForm, TariffForm]]:
    """Pairs of one class of vehicle of which the first is not over when the second begins."""
    latest: dict[str, TariffForm] = {}
    for form in sorted(forms_kept, key=lambda form: form.cleaned_data["valid"].lower or date.min):
        vehicle_class = form.cleaned_data["vehicle_class"]
        before = latest.get(vehicle_class)
        if before is not None and _end(before) > (form.cleaned_data["valid"].lower or date.min):
            yield before, form
        if before is None or _end(form) > _end(before):
            latest[vehicle_class] = form


def _end(form: TariffForm) -> date:
    upper: date | None = form.cleaned_data["valid"].upper
    return upper or date.max


class CommitmentForm(forms.ModelForm):
    """How much was promised, or is taken, in each period; what one short is worth may stay open."""

    class Meta:
        model = Commitment
        fields = "__all__"  # noqa: DJ007 the admin names the fields
        field_classes = {"valid": PeriodField, "shortfall": OpenAmountField}
        widgets = {"valid": PeriodWidget, "shortfall": UnfoldAdminDecimalFieldWidget}
        labels = {"shortfall": gettext_lazy("Each one short")}
        help_texts = {
            "shortfall": gettext_lazy("Empty: as much as a route costs before the first kilometre.")
        }


class EmissionZoneForm(forms.ModelForm):
    """A zone by the first and the last day that it is in force."""

    class Meta:
        model = EmissionZone
        fields = "__all__"  # noqa: DJ007 the admin names the fields
        field_classes = {"valid": PeriodField}
        widgets = {"valid": PeriodWidget}
        help_texts = {"valid": gettext_lazy("First and last day; leave one blank for no end.")}


class OutageForm(forms.ModelForm):
    """Days on which a vehicle can't drive, by the first and the last."""

    class Meta:
        model = Outage
        fields = "__all__"  # noqa: DJ007 the admin names the fields
        field_classes = {"during": PeriodField}
        widgets = {"during": PeriodWidget}


class AbsenceForm(forms.ModelForm):
    """Days on which a driver is away, by the first and the last."""

    class Meta:
        model = Absence
        fields = "__all__"  # noqa: DJ007 the admin names the fields
        field_classes = {"during": PeriodField}
        widgets = {"during": PeriodWidget}


class ComplianceForm(forms.ModelForm):
    """A compliance document; its file is looked at before anything is stored."""

    upload = forms.FileField(
        label=gettext_lazy("File"),
        required=False,
        widget=UnfoldAdminFileFieldWidget,
        help_text=gettext_lazy("PDF, JPEG or PNG, at most 10 MB."),
    )

    class Meta:
        model = ComplianceDocument
        fields = "__all__"  # noqa: DJ007 the admin names the fields

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        vehicle = self.fields.get("vehicle")
        if isinstance(vehicle, forms.ModelChoiceField):
            carrier = self.instance.carrier_id
            vehicle.queryset = Vehicle.objects.filter(carrier=carrier) if carrier else Vehicle.objects.all()

    def clean(self) -> dict[str, Any]:
        facts: dict[str, Any] = super().clean() or self.cleaned_data
        vehicle, carrier = facts.get("vehicle"), facts.get("carrier")
        owner = carrier.pk if carrier else self.instance.carrier_id
        if vehicle and vehicle.carrier_id != owner:
            self.add_error("vehicle", _("This vehicle is another carrier's."))
        return facts

    def clean_upload(self) -> files.Inspected | None:
        sent = self.cleaned_data["upload"]
        if not sent:
            return None
        if sent.size > files.LARGEST:
            raise ValidationError(files.TOO_LARGE)
        try:
            return files.inspect(sent.name, sent.read())
        except FileRefused as error:
            raise ValidationError(error.message) from error

    def save(self, commit: bool = True) -> Any:
        inspected: files.Inspected | None = self.cleaned_data.get("upload")
        if inspected is not None:
            for name, value in vars(files.store(inspected)).items():
                setattr(self.instance, name, value)
        return super().save(commit)


class CarrierForm(forms.ModelForm):
    """A carrier; its SCAC is written in capitals."""

    class Meta:
        model = Carrier
        fields = "__all__"  # noqa: DJ007 the admin names the fields

    def clean_scac(self) -> str:
        scac: str = self.cleaned_data["scac"]
        return scac.upper()
