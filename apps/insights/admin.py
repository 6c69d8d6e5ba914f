"""Escalation rules at the desk's admin: who is told, after how long, by what."""

from django.contrib import admin
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin

from apps.accounts.admin_sites import RuledAdmin, desk_admin_site
from apps.insights import permissions as permissions  # registers the rule that is named below
from apps.insights.models import EscalationRule


@admin.register(EscalationRule, site=desk_admin_site)
class EscalationRuleAdmin(RuledAdmin, ModelAdmin):
    view_rule = "insights.act"
    manage_rule = "insights.act"
    list_display = ["name", "kind", "least_severity", "after_minutes", "until", "whom", "active"]
    list_filter = ["active", "kind", "whom"]
    search_fields = ["name"]
    fieldsets = [
        (None, {"fields": [("name", "active")]}),
        (gettext_lazy("If"), {"fields": [("kind", "least_severity"), ("after_minutes", "until")]}),
        (gettext_lazy("Then"), {"fields": [("whom", "mailbox")]}),
    ]
