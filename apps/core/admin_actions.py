"""Actions that several admins share: switching rows on and off, after asking."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

SHOWN = 20


class ActivityActions:
    """For a model admin whose model has ``active``: what is off stays on record and is not planned with."""

    @action(description=gettext_lazy("Activate the selected …"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._switch(request, queryset, action_name="activate", active=True)

    @action(description=gettext_lazy("Deactivate the selected …"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self._switch(request, queryset, action_name="deactivate", active=False)

    def _switch(
        self, request: HttpRequest, queryset: QuerySet[Any], *, action_name: str, active: bool
    ) -> HttpResponse | None:
        affected = queryset.exclude(active=active)
        if request.POST.get("confirmed") != "yes":
            return self._question(request, affected, action_name=action_name, active=active)
        rows = list(affected)
        affected.model._default_manager.filter(pk__in=[row.pk for row in rows]).update(active=active)
        if rows:
            change = [{"changed": {"fields": ["active"]}}]
            LogEntry.objects.log_actions(str(request.user.pk), rows, CHANGE, change_message=change)
        done = (
            ngettext("%d is active now.", "%d are active now.", len(rows))
            if active
            else ngettext("%d is not active any more.", "%d are not active any more.", len(rows))
        )
        self.message_user(request, done % len(rows), messages.SUCCESS)  # type: ignore[attr-defined]  # a mixin
        return None

    def _question(
        self, request: HttpRequest, affected: QuerySet[Any], *, action_name: str, active: bool
    ) -> HttpResponse:
        admin: Any = self
        count = affected.count()
        context = {
            **admin.admin_site.each_context(request),
            "title": _("Activate?") if active else _("Deactivate?"),
            "opts": admin.opts,
            "media": admin.media,
            "active": active,
            "count": count,
            "rows": affected[:SHOWN],
            "more": max(0, count - SHOWN),
            "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
            "action": action_name,
        }
        request.current_app = admin.admin_site.name
        return TemplateResponse(request, "admin/confirm_activity.html", context)
