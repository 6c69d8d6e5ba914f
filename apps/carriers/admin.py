"""A shipper's carriers, vehicles, drivers and tariffs, at its desk's admin."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import display

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers import permissions as permissions  # registers the rules that are named below
from apps.carriers.forms import (
    CarrierForm,
    TariffForm,
    TariffFormSet,
    TariffInlineForm,
    VehicleForm,
    period_in_words,
)
from apps.carriers.models import Carrier, Driver, Tariff, Vehicle
from apps.carriers.selectors import with_readiness
from apps.core.admin_actions import ActivityActions
from apps.facilities.models import TemperatureClass


class Ruled:
    view_rule = "carriers.manage"
    manage_rule = "carriers.manage"


class VehicleInline(Ruled, RuledInline, StackedInline):
    model = Vehicle
    form = VehicleForm
    extra = 0
    tab = True
    show_change_link = True
    collapsible = True
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("plate", "vehicle_class"),
                    ("length_m", "height_m"),
                    ("gross_weight_kg", "capacity_kg"),
                    ("capacity_pallets", "capacity_m3"),
                    "temperature_classes",
                    ("tail_lift", "adr"),
                    ("shift_start", "shift_end"),
                    "active",
                ]
            },
        )
    ]


class DriverInline(Ruled, RuledInline, TabularInline):
    model = Driver
    extra = 0
    tab = True
    hide_title = True
    fields = ["name", "phone", "licence", "active"]


class TariffInline(Ruled, RuledInline, StackedInline):
    model = Tariff
    form = TariffInlineForm
    formset = TariffFormSet
    extra = 0
    tab = True
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("vehicle_class", "currency"),
                    "valid",
                    ("per_route", "minimum"),
                    ("per_km", "per_hour"),
                    ("per_stop", "per_pallet"),
                ]
            },
        )
    ]


class UsableToday(admin.SimpleListFilter):
    """Carriers that can, or can't, be planned with today."""

    title = gettext_lazy("can be used today")
    parameter_name = "usable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> QuerySet[Carrier]:
        usable = Q(active=True, has_tariff=True)
        if self.value() == "yes":
            return queryset.filter(usable)
        return queryset.exclude(usable) if self.value() == "no" else queryset


@admin.register(Carrier, site=desk_admin_site)
class CarrierAdmin(Ruled, RuledAdmin, ActivityActions, ModelAdmin):
    form = CarrierForm
    list_display = ["name", "usable_today", "scac", "kind", "vehicles_in_use", "drivers_in_use", "contact"]
    list_filter = [UsableToday, "active", "own_fleet"]
    search_fields = ["name", "scac", "contact_name", "email", "vehicles__plate", "drivers__name"]
    search_help_text = gettext_lazy("Name, SCAC, contact, plate or driver")
    actions = ["activate", "deactivate"]
    inlines = [VehicleInline, DriverInline, TariffInline]
    warn_unsaved_form = True
    fieldsets = [
        (None, {"fields": [("name", "scac"), ("own_fleet", "active"), "routes_per_day"]}),
        (gettext_lazy("Contact"), {"fields": [("contact_name", "phone"), "email"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Carrier]:
        return with_readiness(super().get_queryset(request), day=timezone.now().date()).order_by("name")

    @display(
        description=gettext_lazy("Today"),
        label={"ready": "success", "inactive": "", "vehicle": "warning", "tariff": "warning"},
    )
    def usable_today(self, carrier: Any) -> tuple[str, str]:
        """Whether it can be planned with today and, if not, what is missing."""
        if not carrier.active:
            return "inactive", _("Inactive")
        if not carrier.active_vehicles:
            return "vehicle", _("No active vehicle")
        if not carrier.has_tariff:
            return "tariff", _("No tariff today")
        return "ready", _("Ready")

    @admin.display(description=gettext_lazy("Kind"), ordering="own_fleet")
    def kind(self, carrier: Carrier) -> str:
        return _("Own fleet") if carrier.own_fleet else _("Contracted")

    @admin.display(description=gettext_lazy("Vehicles"), ordering="active_vehicles")
    def vehicles_in_use(self, carrier: Any) -> int:
        return int(carrier.active_vehicles)

    @admin.display(description=gettext_lazy("Drivers"), ordering="active_drivers")
    def drivers_in_use(self, carrier: Any) -> int:
        return int(carrier.active_drivers)

    @admin.display(description=gettext_lazy("Contact"), empty_value="–")
    def contact(self, carrier: Carrier) -> str | None:
        return " · ".join(filter(None, [carrier.contact_name, carrier.phone])) or None


@admin.register(Vehicle, site=desk_admin_site)
class VehicleAdmin(Ruled, RuledAdmin, ActivityActions, ModelAdmin):
    form = VehicleForm
    list_display = [
        "plate",
        "carrier",
        "vehicle_class",
        "size",
        "capacity",
        "temperatures",
        "equipment",
        "active",
    ]
    list_filter = ["active", "vehicle_class", "tail_lift", "adr", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["plate", "carrier__name"]
    search_help_text = gettext_lazy("Plate or carrier")
    autocomplete_fields = ["carrier"]
    actions = ["activate", "deactivate"]
    warn_unsaved_form = True
    fieldsets = [
        (None, {"fields": [("carrier", "plate"), ("vehicle_class", "active")]}),
        (gettext_lazy("Size"), {"fields": [("length_m", "height_m"), "gross_weight_kg"]}),
        (gettext_lazy("Carries"), {"fields": [("capacity_pallets", "capacity_kg"), "capacity_m3"]}),
        (gettext_lazy("Equipment"), {"fields": ["temperature_classes", ("tail_lift", "adr")]}),
        (gettext_lazy("Shift"), {"fields": [("shift_start", "shift_end")]}),
    ]

    @admin.display(description=gettext_lazy("Length × height"), ordering="length_m")
    def size(self, vehicle: Vehicle) -> str:
        return f"{vehicle.length_m} × {vehicle.height_m} m"

    @admin.display(description=gettext_lazy("Carries"), ordering="capacity_pallets")
    def capacity(self, vehicle: Vehicle) -> str:
        return _("%(pallets)d pallets, %(kg)s kg") % {
            "pallets": vehicle.capacity_pallets,
            "kg": f"{vehicle.capacity_kg:,}",
        }

    @admin.display(description=gettext_lazy("Equipment"), empty_value="–")
    def equipment(self, vehicle: Vehicle) -> str | None:
        said = [_("Tail-lift") if vehicle.tail_lift else "", _("Dangerous goods") if vehicle.adr else ""]
        return ", ".join(filter(None, said)) or None

    @admin.display(description=gettext_lazy("Temperature"))
    def temperatures(self, vehicle: Vehicle) -> str:
        return ", ".join(str(TemperatureClass(name).label) for name in vehicle.temperature_classes)


@admin.register(Driver, site=desk_admin_site)
class DriverAdmin(Ruled, RuledAdmin, ActivityActions, ModelAdmin):
    list_display = ["name", "carrier", "phone", "licence", "active"]
    list_filter = ["active", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["name", "phone", "licence", "carrier__name"]
    search_help_text = gettext_lazy("Name, phone, licence or carrier")
    autocomplete_fields = ["carrier"]
    actions = ["activate", "deactivate"]
    fields = ["carrier", "name", "phone", "licence", "active"]


class ValidOn(admin.SimpleListFilter):
    """Tariffs by whether they are valid now."""

    title = gettext_lazy("validity")
    parameter_name = "valid"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", _("Valid today")), ("later", _("Not yet")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Tariff]) -> QuerySet[Tariff]:
        today: date = timezone.now().date()
        conditions = {
            "now": Q(valid__contains=today),
            "later": Q(valid__startswith__gt=today),
            "over": Q(valid__endswith__lte=today),
        }
        return queryset.filter(conditions.get(self.value() or "", Q()))


@admin.register(Tariff, site=desk_admin_site)
class TariffAdmin(Ruled, RuledAdmin, ModelAdmin):
    form = TariffForm
    list_display = [
        "carrier",
        "vehicle_class",
        "period",
        "route",
        "km",
        "hour",
        "stop",
        "pallet",
        "least",
        "currency",
    ]
    list_filter = [ValidOn, "vehicle_class", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["carrier__name"]
    search_help_text = gettext_lazy("Carrier")
    autocomplete_fields = ["carrier"]
    fieldsets = [
        (None, {"fields": [("carrier", "vehicle_class"), "valid", "currency"]}),
        (
            gettext_lazy("Charges"),
            {"fields": [("per_route", "minimum"), ("per_km", "per_hour"), ("per_stop", "per_pallet")]},
        ),
    ]

    @admin.display(description=gettext_lazy("Valid"), ordering="valid")
    def period(self, tariff: Tariff) -> str:
        return period_in_words(tariff.valid)

    @admin.display(description=gettext_lazy("Per route"), ordering="per_route")
    def route(self, tariff: Tariff) -> str:
        return _amount(tariff.per_route)

    @admin.display(description=gettext_lazy("Per km"), ordering="per_km")
    def km(self, tariff: Tariff) -> str:
        return _amount(tariff.per_km)

    @admin.display(description=gettext_lazy("Per hour"), ordering="per_hour")
    def hour(self, tariff: Tariff) -> str:
        return _amount(tariff.per_hour)

    @admin.display(description=gettext_lazy("Per stop"), ordering="per_stop")
    def stop(self, tariff: Tariff) -> str:
        return _amount(tariff.per_stop)

    @admin.display(description=gettext_lazy("Per pallet"), ordering="per_pallet")
    def pallet(self, tariff: Tariff) -> str:
        return _amount(tariff.per_pallet)

    @admin.display(description=gettext_lazy("Minimum"), ordering="minimum")
    def least(self, tariff: Tariff) -> str:
        return _amount(tariff.minimum)


def _amount(cents: int) -> str:
    return f"{cents / 100:,.2f}" if cents else "–"
