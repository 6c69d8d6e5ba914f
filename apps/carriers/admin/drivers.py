"""Drivers: what they are qualified for, when they work, when they are away, at the desk's admin."""

from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers.admin.ruled import Ruled
from apps.carriers.forms import AbsenceForm
from apps.carriers.models import Absence, Driver, Qualification, Shift
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


class QualificationInline(Ruled, RuledInline, TabularInline):
    model = Qualification
    extra = 0
    tab = True
    hide_title = True
    fields = ["kind", "number", "valid_until", "site"]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """The sites that this shipper may see: its own and its partners'."""
        if db_field.name == "site":
            kwargs["queryset"] = Site.objects.filter(active=True).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


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
