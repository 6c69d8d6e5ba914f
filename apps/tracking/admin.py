"""What goods may see on the way, at the desk's admin."""

from django.contrib import admin
from unfold.admin import ModelAdmin

from apps.accounts.admin_sites import RuledAdmin, desk_admin_site
from apps.tracking.models import ConditionLimits


@admin.register(ConditionLimits, site=desk_admin_site)
class ConditionLimitsAdmin(RuledAdmin, ModelAdmin):
    view_rule = "deliveries.plan"
    manage_rule = "deliveries.plan"
    list_display = [
        "temperature_class",
        "lowest_celsius",
        "highest_celsius",
        "highest_humidity",
        "highest_shock",
        "tolerated_minutes",
    ]
