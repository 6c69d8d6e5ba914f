"""What a planner types about goods that came back: of each order line, put back to stock and written off."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.deliveries.models import ReturnedLine
from apps.deliveries.services import Decision
from apps.facilities.models import Site


class ReturnedLineForm(forms.Form):
    """What becomes of one line; blank in both figures it is left for later."""

    put_back = forms.DecimalField(
        label=_("Put back to stock"), required=False, min_value=0, max_digits=12, decimal_places=3
    )
    site = forms.ChoiceField(label=_("Put back at"), required=False)
    written_off = forms.DecimalField(
        label=_("Written off"), required=False, min_value=0, max_digits=12, decimal_places=3
    )
    reason = forms.ChoiceField(
        label=_("Why it is written off"),
        required=False,
        choices=[("", "–"), *ReturnedLine.Reason.choices],
    )
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, typed: QueryDict | None, *, line: ReturnedLine, sites: Sequence[Site]) -> None:
        super().__init__(typed, prefix=f"line-{line.pk}", initial={"site": str(line.site_id)})
        self.line = line
        self.fields["site"].choices = [(str(one.pk), one.name) for one in sites]  # type: ignore[attr-defined]
        for name in ("put_back", "written_off"):
            self.fields[name].label = f"{self.fields[name].label} ({line.item.unit})"

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        figures = [said.get("put_back"), said.get("written_off")]
        if figures == [None, None] and not self.errors and (said.get("reason") or said.get("note")):
            self.add_error("written_off", _now("Say how many, or leave all of it blank for later."))
        return said

    def decision(self) -> Decision | None:
        """What was said of the line; None where it is left for later."""
        said = self.cleaned_data
        if said["put_back"] is None and said["written_off"] is None:
            return None
        return Decision(
            line_id=self.line.pk,
            put_back=said["put_back"] or Decimal(0),
            written_off=said["written_off"] or Decimal(0),
            site_id=UUID(said["site"]) if said["site"] else None,
            reason=said["reason"],
            note=said["note"],
        )
