"""A history that says what a field was and what it became, for any model admin."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import override

LONGEST = 60


class FieldHistory:
    """For a model admin: "Phone: 011 5550 → 011 5551" in place of "Phone", for its inlines' rows as well."""

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        message: list[dict[str, Any]] = super().construct_change_message(  # type: ignore[misc]  # a mixin
            request, form, formsets, add
        )
        told = [entry["changed"] for entry in message if "changed" in entry]
        for entry, changed in zip(told, _changed(form, formsets, add), strict=True):
            entry["fields"] = differences(changed)
        return message


def differences(form: forms.BaseForm) -> list[str]:
    """Each changed field of a valid form: its label, what it was, what it became."""
    said = []
    with override(None):  # a history reads the same to everybody, as Django's own does
        for name in form.changed_data:
            field = form.fields[name]
            before = shown(field, form.get_initial_for_field(field, name))
            after = shown(field, form.cleaned_data.get(name))
            said.append(difference(str(field.label or name), before, after))
    return said


def difference(label: str, before: str, after: str) -> str:
    """One field's change in a line."""
    return f"{label}: {before} → {after}"


def shown(field: forms.Field, value: Any) -> str:
    """A value as the form shows it, cut after 60 characters; "–" for nothing."""
    prepared = field.prepare_value(value)
    if prepared in (None, "", [], ()):
        return "–"
    if isinstance(field, forms.ModelChoiceField):
        chosen = field.queryset.filter(pk=prepared).first() if field.queryset is not None else None
        return _cut(str(chosen or prepared))
    if isinstance(prepared, bool):
        return _("yes") if prepared else _("no")
    labels = {str(key): str(label) for key, label in getattr(field, "choices", [])}
    values = prepared if isinstance(prepared, list | tuple) else [prepared]
    return _cut(", ".join("…" if one is None else labels.get(str(one), str(one)) for one in values))


def _changed(form: Any, formsets: Any, add: bool) -> Iterator[Any]:
    """The changed forms in the order in which Django's message names them."""
    if not add and form.changed_data:
        yield form
    for formset in formsets or []:
        by_row = {one.instance.pk: one for one in formset.initial_forms}
        for row, _names in formset.changed_objects:
            yield by_row[row.pk]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
