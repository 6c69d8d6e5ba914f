"""The shape of a policy as it is typed: its bounds, what it does inside and outside, time and reminders."""

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from apps.accounts.actors import Side
from apps.appointments.models import AnswerPolicy

DAYS = [(str(number + 1), name) for number, name in WEEKDAYS.items()]
TIME = {"type": "time", "step": 900}
#: The fields that are terms of the policy; the form has its version besides.
TERMS = (
    "accepts",
    "counters",
    "counter_slots",
    "weekdays",
    "opens",
    "closes",
    "most_pallets",
    "notice_hours",
    "most_shift_minutes",
    "answer_hours",
    "remind_minutes",
    "remind_also",
)


def _whole(label: Any, most: int, least: int = 1, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        required=False,
        validators=[MinValueValidator(least), MaxValueValidator(most)],
        widget=forms.NumberInput(attrs={"min": least, "max": most}),
        **options,
    )


class PolicyForm(forms.Form):
    """How one side answers without a person; an empty bound excludes nothing."""

    weekdays = forms.MultipleChoiceField(
        label=_("Days of the week"),
        required=False,
        choices=DAYS,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: every day."),
    )
    opens = forms.TimeField(
        label=_("Not before"), required=False, widget=forms.TimeInput(attrs=TIME, format="%H:%M")
    )
    closes = forms.TimeField(
        label=_("Over by"), required=False, widget=forms.TimeInput(attrs=TIME, format="%H:%M")
    )
    most_pallets = _whole(_("At most pallets"), 1000)
    notice_hours = _whole(_("At least hours ahead"), 720)
    most_shift_minutes = _whole(
        _("At most minutes from what was asked"),
        10_080,
        0,
        help_text=_("Earlier or later than the first slot that the shipper asked for."),
    )
    accepts = forms.BooleanField(label=_("Accept the first slot inside these bounds"), required=False)
    counters = forms.BooleanField(
        label=_("Answer an offer outside them with the nearest slots inside, once"), required=False
    )
    counter_slots = _whole(_("Slots to propose then"), 5, initial=3)
    answer_hours = _whole(
        _("Hours to answer"), 720, help_text=_("Then an offer expires; empty: what the site says.")
    )
    remind_minutes = _whole(
        _("Remind, minutes before it expires"), 10_080, help_text=_("Empty: in the last quarter.")
    )
    remind_also = forms.EmailField(
        label=_("Remind this address too"),
        required=False,
        help_text=_("Its mail holds a link that answers; whoever has it can use it."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None, *, side: Side, policy: AnswerPolicy | None) -> None:
        super().__init__(data, initial=_initial(policy) if policy else None)
        if side == Side.RECIPIENT:
            del self.fields["most_shift_minutes"]

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        opens, closes = typed.get("opens"), typed.get("closes")
        if "opens" not in self.errors and "closes" not in self.errors and bool(opens) != bool(closes):
            self.add_error("closes" if opens else "opens", _("Give both times or neither."))
        elif opens and closes and opens >= closes:
            self.add_error("closes", _("This has to be after the first time."))
        return typed

    def terms(self) -> dict[str, Any]:
        """What was typed as fields of a policy; call it after ``is_valid``."""
        typed = {name: self.cleaned_data[name] for name in TERMS if name in self.cleaned_data}
        return typed | {
            "weekdays": [int(day) for day in typed["weekdays"]],
            "counter_slots": typed["counter_slots"] or 3,
        }


def _initial(policy: AnswerPolicy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in TERMS} | {
        "version": policy.version,
        "weekdays": [str(day) for day in policy.weekdays],
    }
