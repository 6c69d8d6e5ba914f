"""Shape of a handover's statement as it is typed at the dock: names, counts, findings, conditions, photos."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from apps.consignments.models import SSCC
from apps.deliveries.models import Discrepancy, Handover
from apps.deliveries.scanning import scanned_ssccs, typed_seals
from apps.deliveries.services import Statement, UnitFinding
from apps.deliveries.temperatures import typed_temperatures
from apps.documents.inspection import MOST_BYTES
from apps.portal.forms_hub import MESSAGE

Kind = Discrepancy.Kind
NUMBERS = {"inputmode": "numeric", "autocomplete": "off"}
REASONS = [("", _("No reason given")), *Discrepancy.Reason.choices]
#: What can be found of a unit that was sent.
FINDINGS = (
    ("", _("As expected")),
    (Kind.SHORT.value, _("Short: not there")),
    (Kind.DAMAGED.value, _("Damaged, received")),
    (Kind.WRONG.value, _("Wrong goods, not taken")),
    (Kind.REFUSED.value, _("Refused")),
)
PICTURES = "image/jpeg,image/png,image/webp"


class StatementForm(forms.Form):
    """Who released and who received, how it was counted, and in which condition the load is."""

    released_by = forms.CharField(label=_("Driver who releases the goods"), max_length=100)
    received_by = forms.CharField(
        label=_("Received by"), max_length=100, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    received_by_role = forms.CharField(label=_("Role of who receives"), max_length=60, required=False)
    scanned = forms.CharField(
        label=_("Scanned handling units"),
        required=False,
        max_length=150_000,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
        help_text=_(
            "Scan every label, one to a line. What is not scanned counts as short, what is not in the"
            " delivery as over. Leave it empty to count by the list."
        ),
    )
    condition = forms.ChoiceField(
        label=_("Condition of the load"),
        required=False,
        choices=[("", _("Not stated")), *Handover.Condition.choices],
    )
    seals = forms.CharField(
        label=_("Seals found"), required=False, max_length=900, help_text=_("With commas between.")
    )
    no_seal = forms.BooleanField(label=_("No seal was on the vehicle"), required=False)
    seals_after = forms.CharField(
        label=_("Seals put on for the way on"),
        required=False,
        max_length=900,
        help_text=_("With commas between."),
    )
    temperatures = forms.CharField(
        label=_("Temperatures measured (°C)"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "4.5; 5.0"}),
        help_text=_("With semicolons between."),
    )
    reservation = forms.CharField(
        label=_("Reservation"),
        required=False,
        max_length=1000,
        widget=MESSAGE,
        help_text=_("What the recipient does not accept without reservation, in words."),
    )
    refused = forms.BooleanField(label=_("Refuse the whole delivery"), required=False)
    released_strokes = forms.CharField(required=False, max_length=90_000, widget=forms.HiddenInput)
    received_strokes = forms.CharField(required=False, max_length=90_000, widget=forms.HiddenInput)

    def clean_scanned(self) -> tuple[str, ...] | None:
        text: str = self.cleaned_data["scanned"]
        return _read(scanned_ssccs, text) if text.strip() else None

    def clean_seals(self) -> tuple[str, ...]:
        return _read(typed_seals, self.cleaned_data["seals"])

    def clean_seals_after(self) -> tuple[str, ...]:
        return _read(typed_seals, self.cleaned_data["seals_after"])

    def clean_temperatures(self) -> tuple[int, ...]:
        return _read(typed_temperatures, self.cleaned_data["temperatures"])

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("refused") and not typed.get("reservation"):
            self.add_error("reservation", _("Say why the whole delivery is refused."))
        if typed.get("no_seal") and typed.get("seals"):
            self.add_error("no_seal", _("Seals are named above; either there were some or none."))
        return typed


class UnitForm(forms.Form):
    """What was found of one handling unit that was sent."""

    sscc = forms.CharField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Finding"), choices=FINDINGS, required=False)
    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS, required=False)
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=300,
        widget=forms.TextInput(attrs={"placeholder": _("Note")}),
    )


class OverForm(forms.Form):
    """A handling unit that came without being in the delivery; a row with nothing in it says nothing."""

    sscc = forms.CharField(
        label=_("SSCC"), required=False, validators=[SSCC], widget=forms.TextInput(attrs=NUMBERS)
    )
    note = forms.CharField(label=_("What came"), required=False, max_length=300)


class LineForm(forms.Form):
    """Some of an order line that is not as expected, whatever unit it stands on."""

    item = forms.ChoiceField(label=_("Article"), required=False)
    kind = forms.ChoiceField(label=_("Finding"), choices=[("", _("Choose")), *Kind.choices], required=False)
    quantity = forms.DecimalField(
        label=_("How much"), required=False, min_value=0, max_digits=12, decimal_places=3
    )
    reason = forms.ChoiceField(label=_("Reason"), choices=REASONS, required=False)
    note = forms.CharField(label=_("Note"), required=False, max_length=300)

    def __init__(self, *args: Any, lines: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = [("", _("Choose an article")), *lines]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("item"):
            for name in ("kind", "quantity"):
                if not typed.get(name) and name not in self.errors:
                    self.add_error(name, _("Say it, or choose no article."))
        return typed


class FilesForm(forms.Form):
    """A photo with what it shows, and a logger's table; both go on record before the statement does."""

    subject = forms.ChoiceField(label=_("The photo shows"), required=False)
    photo = forms.FileField(
        label=_("Photo"),
        required=False,
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": PICTURES, "capture": "environment"}),
    )
    logger = forms.FileField(
        label=_("Temperature logger’s table (CSV)"),
        required=False,
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv"}),
    )

    def __init__(self, *args: Any, subjects: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["subject"].choices = [("", _("The delivery as a whole")), *subjects]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_photo(self) -> "UploadedFile[bytes] | None":
        return _not_too_large(self.cleaned_data["photo"])

    def clean_logger(self) -> "UploadedFile[bytes] | None":
        return _not_too_large(self.cleaned_data["logger"])


UnitFormSet = forms.formset_factory(UnitForm, extra=0)
OverFormSet = forms.formset_factory(OverForm, extra=2)
LineFormSet = forms.formset_factory(LineForm, extra=2)


class HandoverForms:
    """The whole statement as it is typed: the names, a finding per handling unit or line, what came over.

    ``ssccs`` are the handling units that were sent, ``lines`` the order lines with their names; others can't
    be slipped in as sent.
    """

    def __init__(
        self,
        ssccs: Sequence[str],
        data: QueryDict | None = None,
        files: "MultiValueDict[str, UploadedFile[bytes]] | None" = None,
        *,
        received_by: str = "",
        lines: Sequence[tuple[str, str]] = (),
    ) -> None:
        units = [{"sscc": sscc} for sscc in ssccs]
        self.statement_form = StatementForm(data, initial={"received_by": received_by})
        self.units = UnitFormSet(data, initial=units, prefix="unit")
        self.overs = OverFormSet(data, prefix="over")
        self.lines = LineFormSet(data, prefix="line", form_kwargs={"lines": lines})
        subjects = [*((sscc, sscc) for sscc in ssccs), *lines]
        self.files = FilesForm(data, files, subjects=subjects)
        self._ssccs = frozenset(ssccs)

    def is_valid(self) -> bool:
        """Whether all of it can be read; errors stand beside their fields."""
        parts = [each.is_valid() for each in (self.statement_form, self.units, self.overs, self.lines)]
        return all(parts)

    def keep_quiet(self) -> None:
        """Leave what is missing unsaid while somebody is still typing."""
        self.is_valid()
        for form in (self.statement_form, *self.units, *self.overs, *self.lines):
            form.errors.clear()

    @property
    def has_over(self) -> bool:
        """Whether something was typed about what came over."""
        return any(row.has_changed() for row in self.overs) if self.overs.is_bound else False

    @property
    def has_lines(self) -> bool:
        """Whether something was typed about an order line."""
        return any(row.has_changed() for row in self.lines) if self.lines.is_bound else False

    def statement(self) -> Statement:
        """What was typed as the value that the service takes; call it after ``is_valid``."""
        typed = self.statement_form.cleaned_data
        return Statement(
            released_by=typed["released_by"],
            received_by=typed["received_by"],
            received_by_role=typed["received_by_role"],
            findings=() if typed["refused"] else (*self._found(), *self._over(), *self._of_lines()),
            reservation=typed["reservation"],
            refused=typed["refused"],
            scanned=typed["scanned"],
            condition=typed["condition"],
            seals=typed["seals"] or (() if typed["no_seal"] else None),
            seals_after=typed["seals_after"],
            temperatures_mc=typed["temperatures"],
            released_strokes=typed["released_strokes"],
            received_strokes=typed["received_strokes"],
        )

    def _found(self) -> list[UnitFinding]:
        return [
            UnitFinding(Kind(row["kind"]), row["sscc"], row["note"], reason=row["reason"])
            for row in self.units.cleaned_data
            if row.get("kind") and row["sscc"] in self._ssccs
        ]

    def _over(self) -> list[UnitFinding]:
        return [
            UnitFinding(Kind.OVER, row["sscc"], row["note"])
            for row in self.overs.cleaned_data
            if row.get("sscc") or row.get("note")
        ]

    def _of_lines(self) -> list[UnitFinding]:
        return [
            UnitFinding(
                Kind(row["kind"]),
                note=row["note"],
                reason=row["reason"],
                item=row["item"],
                quantity=row["quantity"],
            )
            for row in self.lines.cleaned_data
            if row.get("item")
        ]


def line_choices(consignments: Iterable[Any]) -> list[tuple[str, str]]:
    """The order lines of consignments by the keys that findings name them with, and what they are called."""
    return [
        (
            f"{each.number}/{item.line}",
            f"{item.article}{f', {item.batch}' if item.batch else ''} ({each.number})",
        )
        for each in consignments
        for item in each.items.all()
    ]


def _read(reader: Callable[[str], Any], text: str) -> Any:
    """What ``reader`` makes of a text; what it can't read is said beside the field."""
    try:
        return reader(text)
    except ValueError as error:
        raise forms.ValidationError(str(error)) from error


def _not_too_large(file: "UploadedFile[bytes] | None") -> "UploadedFile[bytes] | None":
    """Refuse by size before anything is read into memory."""
    if file and (file.size or 0) > MOST_BYTES:
        raise forms.ValidationError(
            _("The file has %(size)s MB; at most %(most)s MB are taken. Take it with a lower resolution.")
            % {"size": -(-(file.size or 0) // 1024**2), "most": MOST_BYTES // 1024**2}
        )
    return file
