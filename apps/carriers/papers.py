"""Commitments, compliance documents, drivers' qualifications and service areas as tables."""

from datetime import date
from typing import Any, ClassVar

from django.core.exceptions import MultipleObjectsReturned
from django.utils.translation import gettext as _
from import_export.fields import Field
from import_export.widgets import ForeignKeyWidget, Widget

from apps.carriers.models import Commitment, ComplianceDocument, Driver, Qualification, ServiceArea, Vehicle
from apps.carriers.sheets import Amount, CarrierByName, PeriodSheet
from apps.core.admin_exchange import Sheet, YesNo
from apps.facilities.models import Site


class Day(Widget):
    """A day, written as 2026-03-31; empty for none."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        try:
            return date.fromisoformat(value) if value else None
        except ValueError as error:
            raise ValueError(_("“%s” is no day. Write 2026-03-31.") % value) from error

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return value.isoformat() if value else ""


class OpenAmount(Amount):
    """Money that may be left open."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        return super().clean(value, row, **kwargs) if value else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else super().render(value, obj, **kwargs)


class PlateOfTheCarrier(ForeignKeyWidget):
    """A vehicle of the row's carrier by its plate; empty for none."""

    def __init__(self) -> None:
        super().__init__(Vehicle, "plate")

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Vehicle.objects.filter(carrier__name=row.get("carrier"))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        plate = " ".join((value or "").upper().split())
        try:
            return super().clean(plate, row, **kwargs)
        except Vehicle.DoesNotExist as error:
            raise ValueError(_("The carrier has no vehicle “%s”.") % plate) from error


class DriverOfTheCarrier(ForeignKeyWidget):
    """A driver of the row's carrier by name."""

    def __init__(self) -> None:
        super().__init__(Driver, "name")

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Driver.objects.filter(carrier__name=row.get("carrier"))

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            found = super().clean(value, row, **kwargs)
        except Driver.DoesNotExist as error:
            raise ValueError(_("The carrier has no driver called “%s”.") % value) from error
        except Driver.MultipleObjectsReturned as error:
            raise ValueError(_("The carrier has several drivers called “%s”.") % value) from error
        if found is None:
            raise ValueError(_("Name the driver."))
        return found


class SiteByCode(ForeignKeyWidget):
    """A site that the shipper may see, by its code; empty for all."""

    def __init__(self) -> None:
        super().__init__(Site, "code")

    def get_queryset(self, value: Any, row: Any, *args: Any, **kwargs: Any) -> Any:
        return Site.objects.filter(active=True)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        try:
            return super().clean(value, row, **kwargs)
        except Site.DoesNotExist as error:
            raise ValueError(_("There is no site with the code “%s”.") % value) from error
        except Site.MultipleObjectsReturned as error:
            raise ValueError(_("Several sites have the code “%s”.") % value) from error


class Several(Sheet):
    """A row finds its record by the columns of ``found_by``; one that is left out counts as empty."""

    found_by: ClassVar[tuple[str, ...]]

    def get_instance(self, instance_loader: Any, row: Any) -> Any:
        columns = [self.fields[name] for name in self.found_by]
        facts = {
            one.attribute: one.clean(row) if one.column_name in row else one.widget.clean("", row)
            for one in columns
        }
        try:
            return self.get_queryset().filter(**facts).get()
        except MultipleObjectsReturned as error:
            raise ValueError(_("Several records fit this row. Change them on their own pages.")) from error
        except self._meta.model.DoesNotExist:
            return None


class CommitmentSheet(PeriodSheet):
    carrier = Field("carrier", "carrier", CarrierByName())
    shortfall = Field("shortfall", "shortfall", OpenAmount())

    class Meta(Sheet.Meta):
        model = Commitment
        import_id_fields: ClassVar = ["carrier", "measure", "period"]
        fields: ClassVar = ["carrier", "measure", "period", "valid_from", "valid_to"]
        fields += ["at_least", "at_most", "shortfall"]
        export_order = fields


class ComplianceSheet(Several):
    """Files stay where they are; what is exchanged are the documents' days."""

    found_by = ("carrier", "vehicle", "kind", "number", "valid_from")
    carrier = Field("carrier", "carrier", CarrierByName())
    vehicle = Field("vehicle", "vehicle", PlateOfTheCarrier())
    valid_from = Field("valid_from", "valid_from", Day())
    valid_until = Field("valid_until", "valid_until", Day())
    blocks = Field("blocks", "blocks", YesNo(), default=True)

    class Meta(Sheet.Meta):
        model = ComplianceDocument
        import_id_fields: ClassVar = ["carrier", "kind"]
        fields: ClassVar = ["carrier", "vehicle", "kind", "number", "valid_from", "valid_until", "blocks"]
        export_order = fields


class QualificationSheet(Several):
    """The carrier's column is there to tell drivers of one name apart."""

    found_by = ("driver", "kind", "site")
    carrier = Field("driver__carrier__name", "carrier", readonly=True)
    driver = Field("driver", "driver", DriverOfTheCarrier())
    site = Field("site", "site", SiteByCode())
    valid_until = Field("valid_until", "valid_until", Day())

    class Meta(Sheet.Meta):
        model = Qualification
        import_id_fields: ClassVar = ["driver", "kind"]
        fields: ClassVar = ["carrier", "driver", "kind", "site", "number", "valid_until"]
        export_order = fields


class ServiceAreaSheet(Several):
    """A row that is there already stays as it is; another one is one more area of the carrier."""

    found_by = ("carrier", "country", "region", "postal_prefix", "latitude", "longitude", "radius_km")
    carrier = Field("carrier", "carrier", CarrierByName())

    def before_import_row(self, row: Any, **kwargs: Any) -> None:
        super().before_import_row(row, **kwargs)
        if "country" in row:
            row["country"] = row["country"].upper()

    class Meta(Sheet.Meta):
        model = ServiceArea
        import_id_fields: ClassVar = ["carrier"]
        fields: ClassVar = ["carrier", "country", "region", "postal_prefix"]
        fields += ["latitude", "longitude", "radius_km"]
        export_order = fields
