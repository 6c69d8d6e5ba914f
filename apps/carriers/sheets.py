"""Carriers, vehicles, drivers and tariffs as tables: their columns, and how a row finds its record."""

from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget, SimpleArrayWidget, Widget

from apps.carriers.models import Carrier, Driver, Tariff, Vehicle
from apps.core.admin_exchange import Sheet, YesNo
from apps.facilities.models import Site

ONE_DAY = timedelta(days=1)


class CarrierByName(ForeignKeyWidget):
    """A carrier by its name."""

    def __init__(self) -> None:
        super().__init__(Carrier, "name")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            found = super().clean(value, row, **kwargs)
        except Carrier.DoesNotExist as error:
            raise ValueError(_("There is no carrier called “%s”. Import carriers first.") % value) from error
        if found is None:
            raise ValueError(_("Name the carrier."))
        return found


class OwnSiteByCode(ForeignKeyWidget):
    """One of the shipper's own sites by its code; empty for none."""

    def __init__(self) -> None:
        super().__init__(Site, "code")

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Site.objects.filter(shipper__isnull=False)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return super().clean(value, row, **kwargs)
        except Site.DoesNotExist as error:
            raise ValueError(_("There is no site of one's own with the code “%s”.") % value) from error


class Amount(Widget):
    """Money in units of the currency, kept in cents."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int:
        try:
            amount = Decimal(str(value or 0).replace(",", ""))
        except InvalidOperation as error:
            raise ValueError(_("“%s” is no amount. Write 1250.50.") % value) from error
        if not 0 <= amount <= 10**7 or amount != round(amount, 2):
            raise ValueError(_("An amount is from 0 to 10,000,000 and has at most two decimals."))
        return int(amount * 100)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return f"{Decimal(value or 0).scaleb(-2):.2f}"


class CarrierSheet(Sheet):
    own_fleet = Field("own_fleet", "own_fleet", YesNo(), default=False)
    active = Field("active", "active", YesNo(), default=True)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        if "scac" in row:
            row["scac"] = row["scac"].upper()

    class Meta(Sheet.Meta):
        model = Carrier
        import_id_fields: ClassVar = ["name"]
        fields: ClassVar = ["name", "scac", "own_fleet", "contact_name", "email", "phone"]
        fields += ["routes_per_day", "answer_minutes", "active"]
        export_order = fields


class VehicleSheet(Sheet):
    carrier = Field("carrier", "carrier", CarrierByName())
    temperature_classes = Field("temperature_classes", "temperature_classes", SimpleArrayWidget())
    tail_lift = Field("tail_lift", "tail_lift", YesNo(), default=False)
    adr = Field("adr", "adr", YesNo(), default=False)
    home = Field("home", "home", OwnSiteByCode())
    active = Field("active", "active", YesNo(), default=True)

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        row["plate"] = " ".join(row.get("plate", "").upper().split())
        if "temperature_classes" in row:
            row["temperature_classes"] = row["temperature_classes"].replace(" ", "")

    class Meta(Sheet.Meta):
        model = Vehicle
        import_id_fields: ClassVar = ["plate"]
        fields: ClassVar = ["carrier", "plate", "vehicle_class", "length_m", "width_m", "height_m"]
        fields += ["gross_weight_kg", "capacity_pallets", "capacity_kg", "capacity_m3", "tail_lift"]
        fields += ["temperature_classes", "min_celsius", "max_celsius", "adr", "emission_class"]
        fields += ["shift_start", "shift_end", "longest_route_minutes", "home"]
        fields += ["trips_per_day", "reload_minutes", "active"]
        export_order = fields


class DriverSheet(Sheet):
    carrier = Field("carrier", "carrier", CarrierByName())
    active = Field("active", "active", YesNo(), default=True)

    class Meta(Sheet.Meta):
        model = Driver
        import_id_fields: ClassVar = ["carrier", "name"]
        fields: ClassVar = ["carrier", "name", "phone", "licence", "longest_duty_minutes", "active"]
        export_order = fields


class PeriodSheet(Sheet):
    """Of records with a period: the column of the last day includes it. A row finds its record by the columns
    in ``import_id_fields`` and by its first day."""

    valid_from = Field(column_name="valid_from", readonly=True)
    valid_to = Field(column_name="valid_to", readonly=True)

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        first = _day(row, "valid_from")
        names = self.get_import_id_fields()
        facts = {self.fields[name].attribute: self.fields[name].clean(row) for name in names}
        same = self.get_queryset().filter(**facts)
        if first is None:
            return same.filter(valid__startswith__isnull=True).first()
        return same.filter(valid__startswith=first).first()

    def import_instance(self, instance: Any, row: Any, **kwargs: Any) -> None:
        errors: dict[str, Any] = {}
        try:
            super().import_instance(instance, row, **kwargs)
        except ValidationError as error:
            errors = error.error_dict
        try:
            instance.valid = _period(row)
        except ValueError as error:
            errors["valid"] = [ValidationError(str(error))]
        if errors:
            raise ValidationError(errors)

    def dehydrate_valid_from(self, record: Any) -> str:
        lower = record.valid.lower if record.valid else None
        return lower.isoformat() if lower else ""

    def dehydrate_valid_to(self, record: Any) -> str:
        upper = record.valid.upper if record.valid else None
        return (upper - ONE_DAY).isoformat() if upper else ""

    def skip_row(self, instance: Any, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        """The period is no column of its own, so it is compared here."""
        if instance.valid != original.valid:
            return False
        return bool(super().skip_row(instance, original, row, import_validation_errors))


class TariffSheet(PeriodSheet):
    carrier = Field("carrier", "carrier", CarrierByName())
    per_route = Field("per_route", "per_route", Amount())
    per_km = Field("per_km", "per_km", Amount())
    per_hour = Field("per_hour", "per_hour", Amount())
    per_stop = Field("per_stop", "per_stop", Amount())
    per_pallet = Field("per_pallet", "per_pallet", Amount())
    per_waiting_hour = Field("per_waiting_hour", "per_waiting_hour", Amount())
    minimum = Field("minimum", "minimum", Amount())

    class Meta(Sheet.Meta):
        model = Tariff
        import_id_fields: ClassVar = ["carrier", "vehicle_class"]
        fields: ClassVar = ["carrier", "vehicle_class", "valid_from", "valid_to", "currency", "per_route"]
        fields += ["per_km", "per_hour", "per_stop", "per_pallet", "per_waiting_hour", "minimum"]
        export_order = fields


def _period(row: Any) -> DateRange:
    first, last = _day(row, "valid_from"), _day(row, "valid_to")
    if first and last and last < first:
        raise ValueError(_("The last day is before the first."))
    return DateRange(first, last + ONE_DAY if last else None)


def _day(row: Any, column: str) -> date | None:
    said = row.get(column) or ""
    try:
        return date.fromisoformat(said) if said else None
    except ValueError as error:
        raise ValueError(_("“%s” is no day. Write 2026-03-31.") % said) from error
