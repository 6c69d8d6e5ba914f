"""What people say about exceptions, and which ones they want to see."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.insights.kinds import Kind


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
