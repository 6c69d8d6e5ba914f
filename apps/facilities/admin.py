"""Recipients and who trades with whom, at the hub's admin; sites are set up on the hub's own pages.

Row-level security lets the hub see every recipient's rows, so the queryset here is narrowed to the
recipients that the person manages.
"""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy
from unfold.admin import ModelAdmin, TabularInline

from apps.accounts.admin_sites import RuledAdmin, RuledInline, hub_admin_site
from apps.accounts.http import actor_of
from apps.accounts.models import Role
from apps.accounts.permissions import allows
from apps.facilities import permissions as permissions  # registers the rules that are named below
from apps.facilities.models import (
    Partnership,
    Recipient,
)


def managed_by(request: HttpRequest) -> list[UUID]:
    """The recipients whose receiving manager the person is."""
    actor = actor_of(request)
    held = actor.recipient_roles if actor else ()
    return [recipient_id for recipient_id, role in held if role == Role.RECEIVING_MANAGER]


def is_operator(request: HttpRequest) -> bool:
    """Whether the person runs the network."""
    return allows(actor_of(request), "facilities.agree")


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
