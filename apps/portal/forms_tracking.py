"""Shape of a link to follow a delivery by: who gets it, whom they call, and whether it is mailed."""

from django import forms
from django.utils.translation import gettext_lazy as _


class FollowForm(forms.Form):
    issued_to = forms.CharField(
        label=_("For whom"), max_length=200, help_text=_("A name, or the e-mail address to send it to.")
    )
    contact = forms.CharField(
        label=_("Whom they call with questions"),
        max_length=200,
        required=False,
        help_text=_("It stands on the page."),
    )
