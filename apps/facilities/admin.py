"""A recipient's sites and what holds there, at the hub's admin; and who trades with whom.

Row-level security lets the hub see every recipient's rows, so each queryset here is narrowed to the
recipients that the person manages. Sites and docks are switched off, never deleted: shippers' records
point at them.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Count, F, Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, hub_admin_site
from apps.accounts.http import actor_of
from apps.accounts.models import Role
from apps.accounts.permissions import allows
from apps.facilities import permissions as permissions  # registers the rules that are named below
from apps.facilities.forms import (
    ClosureForm,
    ClosureFormSet,
    DockRuleForm,
    DockRuleFormSet,
    HandlingTimeFormSet,
    SiteForm,
    SiteFormSet,
    WindowForm,
    WindowFormSet,
)
from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    HandlingTime,
    Partnership,
    ReceivingWindow,
    Recipient,
    Site,
)


def managed_by(request: HttpRequest) -> list[UUID]:
    """The recipients whose receiving manager the person is."""
    actor = actor_of(request)
    held = actor.recipient_roles if actor else ()
    return [recipient_id for recipient_id, role in held if role == Role.RECEIVING_MANAGER]


def is_operator(request: HttpRequest) -> bool:
    """Whether the person runs the network."""
    return allows(actor_of(request), "facilities.agree")


class OfASite(RuledInline):
    view_rule = "facilities.manage"
    manage_rule = "facilities.manage"
    formset = SiteFormSet
    extra = 0
    tab = True
    hide_title = True
    #: What leaving a choice out means.
    blank_means: ClassVar[dict[str, Any]] = {
        "load_type": gettext_lazy("All loads"),
        "temperature_class": gettext_lazy("All goods"),
    }

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.blank and db_field.name in self.blank_means:
            blank = [("", self.blank_means[db_field.name])]
            kwargs["choices"] = db_field.get_choices(include_blank=True, blank_choice=blank)
        return super().formfield_for_choice_field(db_field, request, **kwargs)  # type: ignore[misc]  # a mixin


class DockInline(OfASite, TabularInline):
    model = Dock
    fields = ["name", "lanes", "direction", "rank", "setup_minutes", "clear_minutes", "active"]
    can_delete = False


class WindowInline(OfASite, TabularInline):
    model = ReceivingWindow
    form = WindowForm
    formset = WindowFormSet
    fields = ["weekday", "opens", "closes", "dock", "load_type"]
    ordering = ["weekday", "opens"]


class ClosureInline(OfASite, TabularInline):
    model = Closure
    form = ClosureForm
    formset = ClosureFormSet
    fields = ["starts", "ends", "dock", "reason"]


class DockRuleInline(OfASite, TabularInline):
    model = DockRule
    form = DockRuleForm
    formset = DockRuleFormSet
    fields = ["kind", "dock", "limit", "values"]


class HandlingTimeInline(OfASite, TabularInline):
    model = HandlingTime
    formset = HandlingTimeFormSet
    fields = ["dock", "load_type", "fixed_minutes", "minutes_per_pallet", "minutes_per_line"]


class DocumentRequirementInline(OfASite, TabularInline):
    model = DocumentRequirement
    fields = ["document_type", "step", "provider", "load_type", "temperature_class", "dangerous_only"]


@admin.register(Site, site=hub_admin_site)
class SiteAdmin(RuledAdmin, ModelAdmin):
    view_rule = "facilities.manage"
    manage_rule = "facilities.manage"
    form = SiteForm
    list_display = ["name", "code", "recipient", "city", "docks_in_use", "time_zone", "active"]
    list_filter = ["active", ("recipient", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["recipient"]
    search_fields = ["name", "code", "city", "gln"]
    search_help_text = gettext_lazy("Name, code, city or GLN")
    warn_unsaved_form = True
    inlines = [
        DockInline,
        WindowInline,
        ClosureInline,
        DockRuleInline,
        HandlingTimeInline,
        DocumentRequirementInline,
    ]
    fieldsets = [
        (None, {"fields": [("name", "code"), ("recipient", "gln"), ("time_zone", "active")]}),
        (
            gettext_lazy("Address"),
            {"fields": ["street", ("postal_code", "city"), ("region", "country"), ("latitude", "longitude")]},
        ),
        (
            gettext_lazy("At the gate"),
            {"fields": ["gate_instructions", "protective_equipment", ("contact_name", "contact_phone")]},
        ),
        (gettext_lazy("At the handover"), {"fields": ["allows_unattended", "asks_code"]}),
        (
            gettext_lazy("Booking"),
            {
                "fields": [
                    ("min_lead_time", "max_lead_time"),
                    ("change_cutoff", "answer_within"),
                    ("early_minutes", "grace_minutes"),
                    "free_minutes",
                    ("vehicles_at_once", "pallets_per_day"),
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        own = super().get_queryset(request).filter(recipient_id__in=managed_by(request))
        return own.annotate(active_docks=Count("docks", filter=Q(docks__active=True))).order_by("name")

    def get_readonly_fields(self, request: HttpRequest, obj: Site | None = None) -> list[str]:
        return ["recipient"] if obj else []

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "recipient":
            own = Recipient.objects.filter(pk__in=managed_by(request))
            kwargs |= {"queryset": own, "required": True, "initial": own.first()}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """A site counts its changes, rules included, so that others see that what they read is old."""
        super().save_related(request, form, formsets, change)
        Site.objects.filter(pk=form.instance.pk).update(version=F("version") + 1)

    @admin.display(description=gettext_lazy("Docks"), ordering="active_docks")
    def docks_in_use(self, site: Any) -> int:
        return int(site.active_docks)


class PartnershipInline(RuledInline, TabularInline):
    """Whom a recipient trades with; said by the operator, seen by the recipient's managers."""

    view_rule = "facilities.see_partnership"
    manage_rule = "facilities.agree"
    model = Partnership
    fields = ["shipper", "active"]
    extra = 0
    hide_title = True
    can_delete = False


@admin.register(Recipient, site=hub_admin_site)
class RecipientAdmin(RuledAdmin, ModelAdmin):
    view_rule = "facilities.keep_recipient"
    manage_rule = "facilities.keep_recipient"
    list_display = ["name", "gln", "email", "phone", "active"]
    list_filter = ["active"]
    search_fields = ["name", "gln"]
    search_help_text = gettext_lazy("Name or GLN")
    fields = [("name", "gln"), ("email", "phone"), "active"]
    inlines: ClassVar[list[Any]] = [PartnershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recipient]:
        everyone = super().get_queryset(request)
        return everyone if is_operator(request) else everyone.filter(pk__in=managed_by(request))

    def get_readonly_fields(self, request: HttpRequest, obj: Recipient | None = None) -> list[str]:
        return [] if is_operator(request) else ["name", "active"]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
