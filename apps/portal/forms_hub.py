"""Shapes of what a recipient's people type: a reason, a counter-offer's words, a handover's statement."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.appointments.states import ReasonCode
from apps.consignments.models import SSCC
from apps.deliveries.models import Discrepancy
from apps.deliveries.services import Statement, UnitFinding

#: Why a recipient says no; the shipper's own reasons are left out.
RECIPIENT_REASONS = (
    ReasonCode.NO_CAPACITY,
    ReasonCode.NO_STAFF,
    ReasonCode.WRONG_DOCK,
    ReasonCode.PAPERS_MISSING,
    ReasonCode.NOT_ORDERED,
    ReasonCode.OTHER,
)
REASONS = [(reason.value, reason.label) for reason in RECIPIENT_REASONS]
MESSAGE = forms.Textarea(attrs={"rows": 3, "maxlength": 1000})


class ReasonForm(forms.Form):
    """Why an offer is declined or an appointment is cancelled; the other side reads it."""

    reason_code = forms.ChoiceField(label=_("Reason"), choices=[("", _("Choose a reason")), *REASONS])
    message = forms.CharField(label=_("Message"), required=False, max_length=1000, widget=MESSAGE)


class CounterForm(forms.Form):
    """What goes with a counter-offer beside its slots."""

    reason_code = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[("", _("No reason given")), *REASONS]
    )
    message = forms.CharField(
        label=_("Message"),
        required=False,
        max_length=1000,
        widget=MESSAGE,
        help_text=_("Both sides read it."),
    )


class ArrivalForm(forms.Form):
    vehicle = forms.CharField(
        label=_("Number plate"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class StatementForm(forms.Form):
    """Who released and who received, and whether the load as a whole was taken."""

    released_by = forms.CharField(label=_("Driver who releases the goods"), max_length=100)
    received_by = forms.CharField(
        label=_("Received by"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    received_by_role = forms.CharField(label=_("Role of who receives"), max_length=60, required=False)
    reservation = forms.CharField(
        label=_("Reservation"),
        required=False,
        max_length=1000,
        widget=MESSAGE,
        help_text=_("What the recipient does not accept without reservation, in words."),
    )
    refused = forms.BooleanField(label=_("Refuse the whole delivery"), required=False)

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("refused") and not typed.get("reservation"):
            self.add_error("reservation", _("Say why the whole delivery is refused."))
        return typed


class UnitForm(forms.Form):
    """What was found of one handling unit that was sent."""

    FINDINGS = (
        ("", _("As expected")),
        (Discrepancy.Kind.SHORT.value, _("Short: not there")),
        (Discrepancy.Kind.DAMAGED.value, _("Damaged, received")),
        (Discrepancy.Kind.REFUSED.value, _("Refused")),
    )

    sscc = forms.CharField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Finding"), choices=FINDINGS, required=False)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": _("Note")}),
    )


class OverForm(forms.Form):
    """A handling unit that came without being in the delivery; a row with nothing in it says nothing."""

    sscc = forms.CharField(
        label=_("SSCC"),
        required=False,
        validators=[SSCC],
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    note = forms.CharField(label=_("What came"), required=False, max_length=300)


UnitFormSet = forms.formset_factory(UnitForm, extra=0)
OverFormSet = forms.formset_factory(OverForm, extra=2)


class HandoverForms:
    """The whole statement as it is typed: the names, a finding per handling unit, and what came over.

    ``ssccs`` are the handling units that were sent; others can't be slipped in as sent.
    """

    def __init__(self, ssccs: Sequence[str], data: QueryDict | None = None, *, received_by: str = "") -> None:
        units = [{"sscc": sscc} for sscc in ssccs]
        self.statement_form = StatementForm(data, initial={"received_by": received_by})
        self.units = UnitFormSet(data, initial=units, prefix="unit")
        self.overs = OverFormSet(data, prefix="over")
        self._ssccs = frozenset(ssccs)

    def is_valid(self) -> bool:
        """Whether all of it can be read; errors stand beside their fields."""
        return all([self.statement_form.is_valid(), self.units.is_valid(), self.overs.is_valid()])

    @property
    def has_over(self) -> bool:
        """Whether something was typed about what came over."""
        return any(row.has_changed() for row in self.overs) if self.overs.is_bound else False

    def statement(self) -> Statement:
        """What was typed as the value that the service takes; call it after ``is_valid``."""
        typed = self.statement_form.cleaned_data
        return Statement(
            released_by=typed["released_by"],
            received_by=typed["received_by"],
            received_by_role=typed["received_by_role"],
            findings=() if typed["refused"] else (*self._found(), *self._over()),
            reservation=typed["reservation"],
            refused=typed["refused"],
        )

    def _found(self) -> list[UnitFinding]:
        return [
            UnitFinding(Discrepancy.Kind(row["kind"]), row["sscc"], row["note"])
            for row in self.units.cleaned_data
            if row.get("kind") and row["sscc"] in self._ssccs
        ]

    def _over(self) -> list[UnitFinding]:
        return [
            UnitFinding(Discrepancy.Kind.OVER, row["sscc"], row["note"])
            for row in self.overs.cleaned_data
            if row.get("sscc") or row.get("note")
        ]
