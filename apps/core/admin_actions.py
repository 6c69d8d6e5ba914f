"""Actions that several admins share: switching rows on and off, and what needs a form, after asking."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import helpers
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import transaction
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
        question = {"title": _("Activate?") if active else _("Deactivate?"), "active": active}
        count = affected.count()
        return _page(
            self,
            request,
            "admin/confirm_activity.html",
            action_name,
            affected,
            count,
            question | {"count": count},
        )


class RowsForm(forms.Form):
    """What an action on the ``rows`` that were chosen has to know."""

    def __init__(self, rows: Sequence[Any], data: Any = None) -> None:
        super().__init__(data)
        self.rows = rows


class AskingActions:
    """For a model admin with actions that ask something first and then change all of the rows or none."""

    def asked(
        self,
        request: HttpRequest,
        queryset: QuerySet[Any],
        *,
        name: str,
        title: str,
        form: type[RowsForm],
        change: Callable[[Any], Mapping[Any, Sequence[str]]],
    ) -> HttpResponse | None:
        """The page with the form until it is valid; then ``change`` gets the form and says of each row
        that it changed what it was and what it is, for its history."""
        admin: Any = self
        with transaction.atomic():
            rows = list(queryset.select_for_update(of=("self",)))
            confirmed = request.POST.get("confirmed") == "yes"
            answer = form(rows, request.POST if confirmed else None)
            if confirmed and answer.is_valid():
                changed = change(answer)
                for row, said in changed.items():
                    message = [{"changed": {"fields": list(said)}}]
                    LogEntry.objects.log_actions(str(request.user.pk), [row], CHANGE, change_message=message)
                done = ngettext("%d was changed.", "%d were changed.", len(changed)) % len(changed)
                admin.message_user(request, done, messages.SUCCESS)
                return None
        question = {"title": title, "form": answer, "media": admin.media + answer.media}
        return _page(admin, request, "admin/asked.html", name, rows, len(rows), question)


def _page(
    admin: Any,
    request: HttpRequest,
    template: str,
    action_name: str,
    rows: Any,
    count: int,
    question: Mapping[str, Any],
) -> HttpResponse:
    """The question before an action, with the rows that it is about; its form sends the choice once more."""
    context = {
        **admin.admin_site.each_context(request),
        "opts": admin.opts,
        "media": admin.media,
        "rows": rows[:SHOWN],
        "more": max(0, count - SHOWN),
        "selected": request.POST.getlist(helpers.ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "checkbox_name": helpers.ACTION_CHECKBOX_NAME,
        "action": action_name,
        **question,
    }
    request.current_app = admin.admin_site.name
    return TemplateResponse(request, template, context)
