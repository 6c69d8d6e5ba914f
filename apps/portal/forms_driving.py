"""Shape of one step as a driver's phone sends it: as a form without script, as JSON from the queue."""

import json
from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from apps.core.ids import new_id
from apps.deliveries.models import Discrepancy
from apps.deliveries.states import FailureReason
from apps.driving.errors import ActionInvalid
from apps.driving.models import DriverAction
from apps.driving.services import Sent

MOST_BYTES = 64 * 1024
#: What a driver finds; what is over or refused by unit is stated at the dock.
FINDINGS = [("", _("As sent")), *[each for each in Discrepancy.Kind.choices if each[0] != "over"]]


class StepForm(forms.Form):
    """The envelope of every step; without script the server's clock and a fresh id stand in."""

    id = forms.UUIDField(required=False)
    number = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    kind = forms.ChoiceField(choices=DriverAction.Kind.choices)
    stop = forms.UUIDField(required=False)
    device_time = forms.CharField(required=False, max_length=40)
    sent_at = forms.CharField(required=False, max_length=40)

    def clean_device_time(self) -> datetime | None:
        return _moment(self.cleaned_data["device_time"])

    def clean_sent_at(self) -> datetime | None:
        return _moment(self.cleaned_data["sent_at"])


class ProblemForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why"), choices=[("", _("Choose a reason")), *FailureReason.choices])


class HandoverForm(forms.Form):
    """What the person who receives the goods states on the driver's phone."""

    received_by = forms.CharField(
        label=_("Received by"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    received_by_role = forms.CharField(label=_("Role"), max_length=60, required=False)
    reservation = forms.CharField(
        label=_("Reservation"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}),
        help_text=_("What is not accepted without reservation, in words."),
    )


def read_step(request: HttpRequest, now: datetime) -> Sent:
    """The step that a request brings.

    Raises:
        ActionInvalid: it can't be read, or lacks its kind; says what to do.
    """
    body = _json(request) if request.content_type == "application/json" else _typed(request)
    form = StepForm(body)
    if not form.is_valid():
        raise ActionInvalid("This step could not be read. Load the page again and repeat it.")
    step = form.cleaned_data
    facts = body.get("facts")
    return Sent(
        id=step["id"] or new_id(),
        number=step["number"] or 0,
        kind=step["kind"],
        device_time=step["device_time"] or now,
        sent_at=step["sent_at"] or now,
        stop_id=step["stop"],
        facts=facts if isinstance(facts, dict) else {},
    )


def _json(request: HttpRequest) -> dict[str, Any]:
    if len(request.body) > MOST_BYTES:
        raise ActionInvalid("This step is too long. Shorten its notes.")
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise ActionInvalid("This step could not be read. Load the page again and repeat it.") from error
    if not isinstance(body, dict):
        raise ActionInvalid("This step could not be read. Load the page again and repeat it.")
    return body


def _typed(request: HttpRequest) -> dict[str, Any]:
    """A plain form: what is not of the envelope are facts, findings are ``finding-<SSCC>`` fields."""
    typed = request.POST.dict()
    findings = [
        {"sscc": name.removeprefix("finding-"), "kind": kind}
        for name, kind in typed.items()
        if name.startswith("finding-") and kind
    ]
    facts: dict[str, Any] = {
        name: typed[name]
        for name in ("reason", "received_by", "received_by_role", "reservation")
        if typed.get(name)
    }
    if findings:
        facts["findings"] = findings
    if typed.get("refused"):
        facts["refused"] = True
    return {**typed, "facts": facts}


def _moment(text: str) -> datetime | None:
    """A moment with its zone, as RFC 3339 has it; None for nothing."""
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise forms.ValidationError("A time needs its date and its zone.")
    return moment
