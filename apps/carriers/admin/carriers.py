"""Carriers: whom to reach, where they drive, what they have to prove, and whether they can be used today."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import DateField, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, StackedInline, TabularInline
from unfold.decorators import display

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers.admin.bulk import Extending, Sharing
from apps.carriers.admin.drivers import DriverInline
from apps.carriers.admin.fleet import VehicleInline
from apps.carriers.admin.ruled import Ruled
from apps.carriers.admin.terms import CommitmentInline, TariffInline
from apps.carriers.forms import CarrierForm, ComplianceForm
from apps.carriers.models import Carrier, ComplianceDocument, Contact, ServiceArea
from apps.carriers.papers import ComplianceSheet, ServiceAreaSheet
from apps.carriers.selectors import carriers_with_facts, day_here, with_readiness
from apps.carriers.sheets import CarrierSheet
from apps.carriers.usability import lapsing, usable_on
from apps.core.admin_actions import ActivityActions
from apps.core.admin_exchange import Exchange
from apps.core.admin_history import FieldHistory


class ContactInline(Ruled, RuledInline, TabularInline):
    model = Contact
    extra = 0
    tab = True
    hide_title = True
    fields = ["purpose", "name", "email", "phone"]


class ServiceAreaInline(Ruled, RuledInline, TabularInline):
    model = ServiceArea
    extra = 0
    tab = True
    hide_title = True
    fields = ["country", "region", "postal_prefix", "latitude", "longitude", "radius_km"]


class _KeptFile:
    """Shows a document's file as a link."""

    @admin.display(description=gettext_lazy("File kept"), empty_value="–")
    def kept_file(self, document: ComplianceDocument) -> SafeString | None:
        """A link to the file, which is given as a download."""
        if not document.path:
            return None
        return format_html('<a href="/carriers/documents/{}/">{}</a>', document.pk, document.file_name)


class ComplianceInline(_KeptFile, Ruled, RuledInline, StackedInline):
    model = ComplianceDocument
    form = ComplianceForm
    extra = 0
    tab = True
    collapsible = True
    readonly_fields = ["kept_file"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    ("kind", "vehicle"),
                    ("number", "blocks"),
                    ("valid_from", "valid_until"),
                    ("upload", "kept_file"),
                ]
            },
        )
    ]


class UsableToday(admin.SimpleListFilter):
    """Carriers that can, or can't, be used today; asks what planning asks."""

    title = gettext_lazy("can be used today")
    parameter_name = "usable"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Carrier]) -> QuerySet[Carrier]:
        if self.value() not in {"yes", "no"}:
            return queryset
        day = _today()
        usable = [one.pk for one in carriers_with_facts() if not usable_on(one, day)]
        return queryset.filter(pk__in=usable) if self.value() == "yes" else queryset.exclude(pk__in=usable)


@admin.register(Carrier, site=desk_admin_site)
class CarrierAdmin(Ruled, FieldHistory, Exchange, RuledAdmin, ActivityActions, ModelAdmin):
    resource_classes = [CarrierSheet]
    form = CarrierForm
    list_display = ["name", "usable_today", "against", "scac", "kind", "vehicles_in_use", "drivers_in_use"]
    list_filter = [UsableToday, "active", "own_fleet"]
    search_fields = ["name", "scac", "contact_name", "email", "vehicles__plate", "drivers__name"]
    search_help_text = gettext_lazy("Name, SCAC, contact, plate or driver")
    actions = ["activate", "deactivate"]
    inlines = [
        VehicleInline,
        DriverInline,
        TariffInline,
        CommitmentInline,
        ComplianceInline,
        ContactInline,
        ServiceAreaInline,
    ]
    warn_unsaved_form = True
    fieldsets = [
        (
            None,
            {"fields": [("name", "scac"), ("own_fleet", "active"), ("routes_per_day", "answer_minutes")]},
        ),
        (gettext_lazy("Contact"), {"fields": [("contact_name", "phone"), "email"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Carrier]:
        day = _today()
        rows = with_readiness(super().get_queryset(request), day=day)
        return carriers_with_facts(rows).annotate(day=Value(day, DateField())).order_by("name")

    def view_on_site(self, carrier: Carrier) -> str:
        """The desk's page of the carrier: usable today or why not, what lapses, its scorecard."""
        return f"/carriers/{carrier.pk}/"

    @display(
        description=gettext_lazy("Today"), label={"ready": "success", "lapsing": "warning", "not": "danger"}
    )
    def usable_today(self, carrier: Any) -> tuple[str, str]:
        """Whether it can be used today, and whether something lapses within 30 days."""
        if usable_on(carrier, carrier.day):
            return "not", _("Not today")
        return ("lapsing", _("Lapses soon")) if lapsing(carrier, day=carrier.day) else ("ready", _("Ready"))

    @admin.display(description=gettext_lazy("Why not"), empty_value="–")
    def against(self, carrier: Any) -> str | None:
        return " ".join(usable_on(carrier, carrier.day)) or None

    @admin.display(description=gettext_lazy("Kind"), ordering="own_fleet")
    def kind(self, carrier: Carrier) -> str:
        return _("Own fleet") if carrier.own_fleet else _("Contracted")

    @admin.display(description=gettext_lazy("Vehicles"), ordering="active_vehicles")
    def vehicles_in_use(self, carrier: Any) -> int:
        return int(carrier.active_vehicles)

    @admin.display(description=gettext_lazy("Drivers"), ordering="active_drivers")
    def drivers_in_use(self, carrier: Any) -> int:
        return int(carrier.active_drivers)


@admin.register(ComplianceDocument, site=desk_admin_site)
class ComplianceDocumentAdmin(_KeptFile, Ruled, FieldHistory, Exchange, RuledAdmin, Extending, ModelAdmin):
    resource_classes = [ComplianceSheet]
    form = ComplianceForm
    list_display = ["kind", "carrier", "vehicle", "number", "valid_from", "valid_until", "blocks"]
    list_filter = ["kind", "blocks", "carrier"]
    list_select_related = ["carrier", "vehicle"]
    search_fields = ["number", "carrier__name", "vehicle__plate"]
    search_help_text = gettext_lazy("Number, carrier or plate")
    autocomplete_fields = ["carrier"]
    date_hierarchy = "valid_until"
    actions = ["extend"]
    readonly_fields = ["kept_file"]
    fieldsets = [
        (
            None,
            {
                "fields": [
                    "carrier",
                    ("kind", "vehicle"),
                    ("number", "blocks"),
                    ("valid_from", "valid_until"),
                    ("upload", "kept_file"),
                ]
            },
        )
    ]


@admin.register(ServiceArea, site=desk_admin_site)
class ServiceAreaAdmin(Ruled, FieldHistory, Exchange, RuledAdmin, Sharing, ModelAdmin):
    resource_classes = [ServiceAreaSheet]
    list_display = ["area", "carrier", "country", "region", "postal_prefix", "radius_km"]
    list_filter = ["country", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["carrier__name", "region", "postal_prefix"]
    search_help_text = gettext_lazy("Carrier, region or postal code")
    autocomplete_fields = ["carrier"]
    actions = ["share"]
    fields = ["carrier", ("country", "region", "postal_prefix"), ("latitude", "longitude", "radius_km")]

    @admin.display(description=gettext_lazy("Area"))
    def area(self, area: ServiceArea) -> str:
        return str(area)


def _today() -> date:
    return day_here(now=timezone.now())
