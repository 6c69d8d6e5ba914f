"""Shapes of what planners type about plans: what broke down, and when days are planned by themselves."""

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.routing.models import Schedule


class BreakdownForm(forms.Form):
    note = forms.CharField(label=_("What happened"), max_length=200, required=False)


class ScheduleForm(forms.ModelForm):  # type: ignore[type-arg] # Django's is generic in its stubs alone
    """Fields and bounds are the model's; ``routing.services.set_schedule`` writes it."""

    class Meta:
        model = Schedule
        fields = ["active", "plans_at", "first_day_ahead", "last_day_ahead", "repairs_itself"]
        widgets = {"plans_at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M")}
