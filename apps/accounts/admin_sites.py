"""The two admins: at a shipper's desk for what it owns, at the hub for the recipients' sites and rules.

Both ask the same named rules as the services do, for the actor of the request; Django's own permission
tables are not used. Signing in, out and passwords are allauth's. A model admin registers with one of the
sites and takes ``RuledAdmin`` first, an inline ``RuledInline``.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from csp.constants import UNSAFE_EVAL
from csp.decorators import csp_update
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from apps.accounts.actors import Actor
from apps.accounts.http import actor_of
from apps.accounts.models import Role
from apps.accounts.permissions import allows, is_planner
from apps.tenancy.doorway import current_shipper, in_network

View = Callable[..., HttpResponseBase]


class DocksideAdminSite(UnfoldAdminSite):
    """What both admins share: Dockside's sign-in, its colours and the content security policy they need."""

    enable_nav_sidebar = True
    symbol: ClassVar[str] = "settings"

    def lets_in(self, actor: Actor) -> bool:
        """Whether this admin is for somebody with the actor's roles, at this host; each site says."""
        return False

    def has_permission(self, request: HttpRequest) -> bool:
        actor = actor_of(request)
        return actor is not None and self.lets_in(actor)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Strangers sign in at the usual page; who is signed in and still here may not come in."""
        if self.has_permission(request):
            return redirect(f"{self.name}:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        target = request.GET.get("next") or reverse(f"{self.name}:index")
        return redirect_to_login(target, reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if request.method == "POST":
            logout(request)
        return redirect("account_login")

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect("account_change_password")

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Alpine, which moves the admin's tabs and menus, compiles the templates' attributes at run time.

        So these pages, and no others, allow ``unsafe-eval`` for our own scripts; inline scripts and
        styles stay forbidden. The admin's colours come from a file for the same reason.
        """
        guarded: View = super().admin_view(view, cacheable)
        return csp_update({"script-src": [UNSAFE_EVAL]})(guarded)

    def extra_context(self, context: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
        """What the pages are called and look like, in place of settings."""
        theme = getattr(request.user, "theme", "auto")
        return context | {
            "site_title": "Dockside",
            "site_header": self.site_header,
            "site_favicons": [{"rel": "icon", "type": "image/svg+xml", "href": static("img/favicon.svg")}],
            "site_subheader": self.owner_name(request),
            "site_symbol": self.symbol,
            "colors": {},
            "styles": [static("css/admin.css")],
            "scripts": [static("js/admin.js")],
            "theme": theme if theme in {"light", "dark"} else None,
        }

    def owner_name(self, request: HttpRequest) -> str:
        """Whose things are shown."""
        return ""


class DeskAdminSite(DocksideAdminSite):
    """At a shipper's host, for its planners and administrators."""

    site_header = _("Carriers and fleet")
    index_title = _("Carriers and fleet")
    symbol = "local_shipping"

    def lets_in(self, actor: Actor) -> bool:
        return not in_network() and actor.shipper_id == current_shipper().pk and is_planner(actor)

    def owner_name(self, request: HttpRequest) -> str:
        return current_shipper().name


class HubAdminSite(DocksideAdminSite):
    """At the network's host, for receiving managers; the operator manages who trades with whom."""

    site_header = _("Sites and rules")
    index_title = _("Sites and rules")
    symbol = "warehouse"

    def lets_in(self, actor: Actor) -> bool:
        return in_network() and actor.has_role(Role.RECEIVING_MANAGER, Role.OPERATOR)


class RuledInline:
    """Asks the named rules who may see and who may change; an inline asks about the row it hangs on."""

    view_rule: ClassVar[str]
    manage_rule: ClassVar[str]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _allowed(request, self.view_rule, obj) or _allowed(request, self.manage_rule, obj)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _allowed(request, self.manage_rule, obj)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _allowed(request, self.manage_rule, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _allowed(request, self.manage_rule, obj)


class RuledAdmin(RuledInline):
    """The same for a model's own pages."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _allowed(request, self.manage_rule, None)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


def _allowed(request: HttpRequest, rule: str, subject: Model | None) -> bool:
    return allows(actor_of(request), rule, subject)


desk_admin_site = DeskAdminSite(name="admin")
hub_admin_site = HubAdminSite(name="admin")
