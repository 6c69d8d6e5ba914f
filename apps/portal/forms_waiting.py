"""Shapes of the waiting list: the days that a delivery waits for, and a site's terms."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.appointments.models import SiteTerms
from apps.portal.forms_desk import DATE


class WaitForm(forms.Form):
    """Local days of the site, both included."""

    first_day = forms.DateField(label=_("First day"), widget=DATE)
    last_day = forms.DateField(label=_("Last day"), widget=DATE, help_text=_("At most 14 days."))


TERMS = ("keeps_waiting_list", "waiting_hold_minutes", "waiting_per_shipper", "live_holds_per_shipper")


class TermsForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable when it runs
    """What the site asks of those who hold slots or wait; ``read_at`` is the version that was read."""

    read_at = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    class Meta:
        model = SiteTerms
        fields = TERMS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["read_at"].initial = self.instance.version
