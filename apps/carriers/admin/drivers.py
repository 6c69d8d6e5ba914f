"""Drivers: what they are qualified for, when they work, when they are away, at the desk's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers.admin.bulk import Extending
from apps.carriers.admin.ruled import Ruled
from apps.carriers.forms import AbsenceForm
from apps.carriers.models import Absence, Driver, Qualification, Shift
from apps.carriers.papers import QualificationSheet
from apps.carriers.sheets import DriverSheet
from apps.core.admin_actions import ActivityActions
from apps.core.admin_exchange import Exchange
from apps.core.admin_history import FieldHistory
from apps.facilities.models import Site


class DriverInline(Ruled, RuledInline, TabularInline):
    model = Driver
    extra = 0
    tab = True
    hide_title = True
    fields = ["name", "phone", "licence", "longest_duty_minutes", "active"]


class _SitesSeen:
    """A choice of sites offers those that this shipper may see: its own and its partners'."""

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "site":
            kwargs["queryset"] = Site.objects.filter(active=True).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin


class QualificationInline(_SitesSeen, Ruled, RuledInline, TabularInline):
    model = Qualification
    extra = 0
    tab = True
    hide_title = True
    fields = ["kind", "number", "valid_until", "site"]


class ShiftInline(Ruled, RuledInline, TabularInline):
    model = Shift
    extra = 0
    tab = True
    hide_title = True
    fields = ["weekday", "starts", "ends"]


class AbsenceInline(Ruled, RuledInline, TabularInline):
    model = Absence
    form = AbsenceForm
    extra = 0
    tab = True
    hide_title = True
    fields = ["during", "reason"]


@admin.register(Driver, site=desk_admin_site)
class DriverAdmin(Ruled, FieldHistory, Exchange, RuledAdmin, ActivityActions, ModelAdmin):
    resource_classes = [DriverSheet]
    list_display = ["name", "carrier", "phone", "licence", "active"]
    list_filter = ["active", "carrier"]
    list_select_related = ["carrier"]
    search_fields = ["name", "phone", "licence", "carrier__name"]
    search_help_text = gettext_lazy("Name, phone, licence or carrier")
    autocomplete_fields = ["carrier"]
    actions = ["activate", "deactivate"]
    inlines = [QualificationInline, ShiftInline, AbsenceInline]
    fields = ["carrier", "name", "phone", "licence", "longest_duty_minutes", "active"]


@admin.register(Qualification, site=desk_admin_site)
class QualificationAdmin(_SitesSeen, Ruled, FieldHistory, Exchange, RuledAdmin, Extending, ModelAdmin):
    resource_classes = [QualificationSheet]
    list_display = ["driver", "carrier", "kind", "site", "number", "valid_until"]
    list_filter = ["kind", "driver__carrier"]
    list_select_related = ["driver__carrier", "site"]
    search_fields = ["driver__name", "number", "driver__carrier__name"]
    search_help_text = gettext_lazy("Driver, number or carrier")
    autocomplete_fields = ["driver"]
    date_hierarchy = "valid_until"
    actions = ["extend"]
    fields = ["driver", "kind", "number", "valid_until", "site"]

    @admin.display(description=gettext_lazy("Carrier"), ordering="driver__carrier__name")
    def carrier(self, qualification: Qualification) -> str:
        return qualification.driver.carrier.name
