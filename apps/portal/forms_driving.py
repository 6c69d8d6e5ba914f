"""Shape of one step as a driver's phone sends it: a plain form, or JSON or a file by its queue."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from apps.core.ids import new_id
from apps.deliveries.models import Handover
from apps.deliveries.states import FailureReason
from apps.documents.inspection import require_size
from apps.driving.errors import ActionInvalid
from apps.driving.models import DriverAction
from apps.driving.services import Sent
from apps.portal.forms_handover import PICTURES

MOST_BYTES = 400 * 1024
#: Facts that are texts, and those that are ticked.
TEXTS = (
    "reason",
    "note",
    "subject",
    "released_by",
    "received_by",
    "received_by_role",
    "reservation",
    "scanned",
    "condition",
    "seals",
    "seals_after",
    "temperatures",
    "released_strokes",
    "received_strokes",
    "code",
    "place",
)
TICKS = ("refused", "unattended", "no_seal")
#: The fields of a finding, by unit (``kind-<SSCC>``) or of the line that is named (``line-kind``).
OF_A_FINDING = ("kind", "reason", "note")


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
    note = forms.CharField(label=_("What happened"), max_length=1000, required=False)


class PhotoForm(forms.Form):
    """A photo with what it shows."""

    subject = forms.ChoiceField(label=_("The photo shows"), required=False)
    file = forms.FileField(
        label=_("Photo"),
        widget=forms.ClearableFileInput(attrs={"accept": PICTURES, "capture": "environment"}),
    )

    def __init__(self, *args: Any, subjects: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = [("", _("The delivery as a whole")), *subjects]  # type: ignore[attr-defined]  # a ChoiceField


class HandoverForm(forms.Form):
    """What both people state on the driver's phone, beside the findings; unattended, nobody receives."""

    use_required_attribute = False
    condition = forms.ChoiceField(
        label=_("Condition of the load"),
        required=False,
        choices=[("", _("Not stated")), *Handover.Condition.choices],
    )
    seals = forms.CharField(
        label=_("Seals found"), required=False, max_length=900, help_text=_("With commas between.")
    )
    no_seal = forms.BooleanField(label=_("No seal was on the vehicle"), required=False)
    seals_after = forms.CharField(label=_("Seals put on for the way on"), required=False, max_length=900)
    temperatures = forms.CharField(
        label=_("Temperatures measured (°C)"),
        required=False,
        max_length=300,
        help_text=_("With semicolons between."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "4.5; 5.0"}),
    )
    place = forms.CharField(
        label=_("Where the goods are"),
        required=False,
        max_length=100,
        help_text=_("Where nobody receives them: which locker or place."),
    )
    reservation = forms.CharField(
        label=_("Reservation"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 1000}),
        help_text=_("What is not accepted without reservation, in words."),
    )
    released_by = forms.CharField(
        label=_("Released by"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    received_by = forms.CharField(
        label=_("Received by"),
        max_length=100,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    received_by_role = forms.CharField(label=_("Role"), max_length=60, required=False)

    def __init__(self, *args: Any, may_be_unattended: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_be_unattended:
            del self.fields["place"]


def read_step(request: HttpRequest, now: datetime) -> Sent:
    """The step that a request brings.

    Raises:
        ActionInvalid: it can't be read, or lacks its kind; says what to do.
        UploadTooLarge: its photo is too large; nothing was read of it.
    """
    body = _json(request) if request.content_type == "application/json" else _typed(request)
    form = StepForm(body)
    if not form.is_valid():
        raise ActionInvalid("This step could not be read. Load the page again and repeat it.")
    step = form.cleaned_data
    facts = body.get("facts")
    file = request.FILES.get("file") if request.FILES else None
    if file is not None:
        require_size(file.size or 0)
    return Sent(
        id=step["id"] or new_id(),
        number=step["number"] or 0,
        kind=step["kind"],
        device_time=step["device_time"] or now,
        sent_at=step["sent_at"] or now,
        stop_id=step["stop"],
        facts=facts if isinstance(facts, dict) else {},
        file=file.read() if file else b"",
        file_name=(file.name or "") if file else "",
    )


class PositionForm(forms.Form):
    """Where a phone is, under its own id and by its own clock."""

    id = forms.UUIDField()
    device_time = forms.CharField(max_length=40)

    def clean_device_time(self) -> datetime | None:
        return _moment(self.cleaned_data["device_time"])


def read_position(request: HttpRequest) -> tuple[UUID, datetime, dict[str, Any]]:
    """The id and time of a position that a phone sent between its steps, and its facts.

    Raises:
        ActionInvalid: it can't be read.
    """
    body = _json(request)
    form = PositionForm(body)
    if not form.is_valid():
        raise ActionInvalid("This position could not be read. Load the page again.")
    facts = {"position": body.get("position")}
    return form.cleaned_data["id"], form.cleaned_data["device_time"], facts


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
    """A plain form: what is not of the envelope are facts; `drive.js` groups them the same way."""
    typed = request.POST.dict()
    facts: dict[str, Any] = {name: typed[name] for name in TEXTS if typed.get(name)}
    facts |= {name: True for name in TICKS if typed.get(name)}
    if findings := _findings(typed):
        facts["findings"] = findings
    return {**typed, "facts": facts}


def _findings(typed: dict[str, Any]) -> list[dict[str, str]]:
    ssccs = [name.removeprefix("kind-") for name, kind in typed.items() if name.startswith("kind-") and kind]
    found = [
        {"sscc": sscc, **{name: str(typed.get(f"{name}-{sscc}", "")) for name in OF_A_FINDING}}
        for sscc in ssccs
    ]
    if typed.get("line-item"):
        of_a_line = {name: str(typed.get(f"line-{name}", "")) for name in (*OF_A_FINDING, "quantity", "item")}
        found.append(of_a_line)
    return found


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
