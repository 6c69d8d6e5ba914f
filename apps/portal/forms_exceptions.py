"""What people say about exceptions, and which ones they want to see."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.insights.kinds import Cause, Decision, Kind
from apps.insights.models import CustomerContact


class ExceptionFilter(forms.Form):
    """Read from the address; what it does not know is left out."""

    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("All kinds")), *Kind.choices])
    whose = forms.ChoiceField(
        label=_("Whose"),
        required=False,
        choices=[("", _("Everybody's")), ("mine", _("Mine")), ("nobody", _("Nobody's"))],
    )
    snoozed = forms.BooleanField(label=_("Also what is put off"), required=False)


class NoteForm(forms.Form):
    """A few words that stay with the exception."""

    note = forms.CharField(
        label=_("What was said or done"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3, "maxlength": 500}),
        help_text=_("Everybody at your company reads it here; it stays on record."),
    )


class ContactForm(forms.Form):
    """What was said with the customer."""

    way = forms.ChoiceField(label=_("How"), choices=CustomerContact.Way.choices)
    partner = forms.CharField(label=_("With whom"), max_length=100)
    said = forms.CharField(
        label=_("What was said"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 500}),
    )


class DecisionForm(forms.Form):
    """How an excursion ends: its cause, and what becomes of the goods."""

    reason = forms.ChoiceField(label=_("Cause"), choices=[("", _("Choose the cause")), *Cause.choices])
    decision = forms.ChoiceField(
        label=_("What becomes of the goods"), choices=[("", _("Choose")), *Decision.choices]
    )
    note = forms.CharField(
        label=_("What speaks for it"),
        max_length=400,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 400}),
        help_text=_("It goes on the custody record."),
    )


class AssignForm(forms.Form):
    """Whose it is to be; the choices are the shipper's planners and administrators."""

    person = forms.ChoiceField(label=_("Owner"))

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = list(people)  # type: ignore[attr-defined]  # a ChoiceField
