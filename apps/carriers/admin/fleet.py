"""Vehicles and when they can't drive, at the desk's admin."""

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers.admin.ruled import Ruled
from apps.carriers.forms import OutageForm, VehicleForm
from apps.carriers.models import Outage, Vehicle
from apps.carriers.sheets import VehicleSheet
from apps.core.admin_actions import ActivityActions
from apps.core.admin_exchange import Exchange
from apps.core.admin_history import FieldHistory
from apps.facilities.models import TemperatureClass


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
                    ("length_m", "width_m", "height_m"),
                    ("gross_weight_kg", "capacity_kg"),
                    ("capacity_pallets", "capacity_m3"),
                    "temperature_classes",
                    ("min_celsius", "max_celsius"),
                    ("tail_lift", "adr"),
                    "emission_class",
                    ("shift_start", "shift_end", "longest_route_minutes"),
                    ("home", "trips_per_day", "reload_minutes"),
                    "active",
                ]
            },
        )
    ]


class OutageInline(Ruled, RuledInline, TabularInline):
    model = Outage
    form = OutageForm
    extra = 0
    tab = True
    hide_title = True
    fields = ["during", "reason", "note"]


@admin.register(Vehicle, site=desk_admin_site)
class VehicleAdmin(Ruled, FieldHistory, Exchange, RuledAdmin, ActivityActions, ModelAdmin):
    resource_classes = [VehicleSheet]
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
    list_filter = ["active", "vehicle_class", "tail_lift", "adr", "emission_class", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["plate", "carrier__name"]
    search_help_text = gettext_lazy("Plate or carrier")
    autocomplete_fields = ["carrier"]
    actions = ["activate", "deactivate"]
    inlines = [OutageInline]
    warn_unsaved_form = True
    fieldsets = [
        (None, {"fields": [("carrier", "plate"), ("vehicle_class", "active")]}),
        (gettext_lazy("Size"), {"fields": [("length_m", "width_m", "height_m"), "gross_weight_kg"]}),
        (gettext_lazy("Carries"), {"fields": [("capacity_pallets", "capacity_kg"), "capacity_m3"]}),
        (
            gettext_lazy("Equipment"),
            {
                "fields": [
                    "temperature_classes",
                    ("min_celsius", "max_celsius"),
                    ("tail_lift", "adr"),
                    "emission_class",
                ]
            },
        ),
        (
            gettext_lazy("A day's work"),
            {
                "fields": [
                    ("shift_start", "shift_end", "longest_route_minutes"),
                    ("home", "trips_per_day", "reload_minutes"),
                ]
            },
        ),
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
