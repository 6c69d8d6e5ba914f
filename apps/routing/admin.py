"""A shipper's own sites: where they are and how they are planned from, at its desk's admin."""

# Django's model forms take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, StackedInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, desk_admin_site
from apps.core.admin_actions import ActivityActions
from apps.core.admin_history import FieldHistory
from apps.facilities.models import Site
from apps.routing import permissions as permissions  # registers the rule that the admins name
from apps.routing.models import Depot
from apps.tenancy.doorway import current_shipper


class Planned:
    """Whoever plans may enter what is planned from."""

    view_rule = "routing.plan"
    manage_rule = "routing.plan"


class OwnSiteForm(forms.ModelForm):
    """One of the shipper's own sites; no two of them have one code."""

    class Meta:
        model = Site
        fields = "__all__"  # noqa: DJ007 the admin names the fields

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        others = _own_sites().filter(code=code).exclude(pk=self.instance.pk)
        if others.exists():
            raise ValidationError(_("Another site of your own has this code."))
        return code


class DepotInline(Planned, RuledInline, StackedInline):
    model = Depot
    fk_name = "site"
    extra = 1
    hide_title = True
    fields = [("opens", "closes"), "planned_with"]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Only a site of one's own can be planned with."""
        if db_field.name == "planned_with":
            kwargs["queryset"] = _own_sites().filter(active=True).order_by("name")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Site, site=desk_admin_site)
class OwnSiteAdmin(Planned, FieldHistory, RuledAdmin, ActivityActions, ModelAdmin):
    """Partners' sites are theirs to change and are not listed; own ones are switched off, never deleted."""

    form = OwnSiteForm
    list_display = ["name", "code", "city", "time_zone", "planned_with", "active"]
    list_filter = ["active"]
    search_fields = ["name", "code", "gln", "city"]
    search_help_text = gettext_lazy("Name, code, GLN or city")
    actions = ["activate", "deactivate"]
    inlines = [DepotInline]
    warn_unsaved_form = True
    fieldsets = [
        (None, {"fields": [("name", "code"), ("gln", "active")]}),
        (
            gettext_lazy("Where it is"),
            {
                "fields": [
                    "street",
                    ("postal_code", "city"),
                    ("region", "country"),
                    ("latitude", "longitude"),
                    "time_zone",
                ]
            },
        ),
        (gettext_lazy("At the gate"), {"fields": [("contact_name", "contact_phone"), "gate_instructions"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        return _own_sites().order_by("name")

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        obj.shipper = current_shipper()
        super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("Planned with"), empty_value="–")
    def planned_with(self, site: Site) -> str | None:
        depot = Depot.objects.filter(site=site).select_related("planned_with").first()
        return depot.planned_with.name if depot is not None and depot.planned_with is not None else None


def _own_sites() -> QuerySet[Site]:
    return Site.objects.filter(shipper=current_shipper())
