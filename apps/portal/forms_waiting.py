"""Shapes of the waiting list: the days that a delivery waits for, and a site's terms."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.appointments.models import SiteTerms
from apps.portal.forms_desk import DATE


class WaitForm(forms.Form):
    """Local days of the site, both included."""

    first_day = forms.DateField(label=_("First day"), widget=DATE)
    last_day = forms.DateField(label=_("Last day"), widget=DATE, help_text=_("At most 14 days."))


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What the site asks of those who hold slots or wait for them."""

    class Meta:
        model = SiteTerms
        fields = [
            "keeps_waiting_list",
            "waiting_hold_minutes",
            "waiting_per_shipper",
            "live_holds_per_shipper",
        ]
