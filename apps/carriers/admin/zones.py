"""Emission zones and their land, at the desk's admin."""

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.carriers.admin.ruled import Ruled
from apps.carriers.forms import EmissionZoneForm, period_in_words
from apps.carriers.models import EmissionZone, ZoneArea
from apps.core.admin_history import FieldHistory


class ZoneAreaInline(Ruled, RuledInline, TabularInline):
    model = ZoneArea
    extra = 0
    min_num = 1
    hide_title = True
    fields = ["country", "region", "postal_prefix", "latitude", "longitude", "radius_km"]


@admin.register(EmissionZone, site=desk_admin_site)
class EmissionZoneAdmin(Ruled, FieldHistory, RuledAdmin, ModelAdmin):
    form = EmissionZoneForm
    list_display = ["name", "least_class", "from_kg", "period"]
    list_filter = ["least_class"]
    search_fields = ["name"]
    search_help_text = gettext_lazy("Name")
    inlines = [ZoneAreaInline]
    warn_unsaved_form = True
    fields = ["name", ("least_class", "from_kg"), "valid"]

    @admin.display(description=gettext_lazy("In force"), ordering="valid")
    def period(self, zone: EmissionZone) -> str:
        return period_in_words(zone.valid)
