"""Shapes of what auditors type: what to look for, two moments to compare, what a bundle is to hold."""

import re
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.custody.models import Checkpoint
from apps.custody.moments import Clock
from apps.custody.services import ExportScope
from apps.custody.services.scoping import COPIES
from apps.custody.spreadsheet import COLUMNS
from apps.deliveries.models import Delivery
from apps.facilities.models import Recipient
from apps.portal.forms_desk import DATE, Filter

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}, format="%Y-%m-%dT%H:%M:%S")
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S.%f"]
#: What narrows a search and an export alike.
CONDITIONS = ("recipient", "article", "batch", "carrier", "first_day", "last_day")


class RecordFilter(Filter):
    """Where to look. Without JavaScript the conditions beside the words are folded away, not gone."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=80,
        widget=forms.SearchInput(attrs={"placeholder": _("Number, SSCC, name or hash")}),
    )
    first_day = forms.DateField(label=_("Recorded from"), required=False, widget=DATE)
    last_day = forms.DateField(label=_("Recorded until"), required=False, widget=DATE)
    article = forms.CharField(
        label=_("Article"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": _("Name as ordered, or GTIN")}),
    )
    batch = forms.CharField(label=_("Batch"), required=False, max_length=60)
    carrier = forms.CharField(
        label=_("Carrier"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"placeholder": _("Name as planned")}),
    )
    recipient = forms.ModelChoiceField(
        Recipient.objects.none(), label=_("Recipient"), required=False, empty_label=_("Every recipient")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self, Recipient.objects.all())

    def scope(self) -> ExportScope | None:
        """The conditions as a scope; None where there is none."""
        given = {name: value for name, value in self.values().items() if name in CONDITIONS}
        return scope_of(given) if given else None


class MomentsForm(Filter):
    """One moment to see, a second one to compare it with, and by which clock; times are the site's."""

    at = forms.DateTimeField(label=_("At"), required=False, widget=MOMENT, input_formats=MOMENT_FORMATS)
    compare = forms.DateTimeField(
        label=_("Compared with"), required=False, widget=MOMENT, input_formats=MOMENT_FORMATS
    )
    clock = forms.ChoiceField(
        label=_("By"),
        required=False,
        choices=[
            (Clock.HAPPENED.value, _("when it happened")),
            (Clock.RECORDED.value, _("when it was recorded")),
        ],
    )

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        self.zone = ZoneInfo(zone)
        with timezone.override(self.zone):
            super().__init__(*args, **kwargs)

    def values(self) -> dict[str, Any]:
        with timezone.override(self.zone):
            return super().values()


class ExportForm(forms.Form):
    """What a custody bundle is to hold. After validation ``chosen`` is the ``ExportScope``."""

    SCOPES = (
        ("delivery", _("One delivery")),
        ("consignments", _("Named consignments")),
        ("search", _("By conditions, as for a recall")),
        ("log", _("The whole log")),
    )

    scope = forms.ChoiceField(
        label=_("What to export"), choices=SCOPES, widget=forms.RadioSelect, initial="delivery"
    )
    number = forms.CharField(label=_("Delivery number"), required=False, max_length=40)
    consignments = forms.CharField(
        label=_("Consignment numbers"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("With commas or line breaks between."),
    )
    recipient = forms.ModelChoiceField(
        Recipient.objects.none(), label=_("Recipient"), required=False, empty_label=_("Every recipient")
    )
    article = forms.CharField(
        label=_("Article"), required=False, max_length=200, help_text=_("Its name as ordered, or its GTIN.")
    )
    batch = forms.CharField(label=_("Batch"), required=False, max_length=60)
    carrier = forms.CharField(
        label=_("Carrier"), required=False, max_length=200, help_text=_("Its name as planned.")
    )
    first_day = forms.DateField(label=_("Recorded from"), required=False, widget=DATE)
    last_day = forms.DateField(
        label=_("Recorded until"), required=False, widget=DATE, help_text=_("Days in UTC, both counted.")
    )
    kept = forms.IntegerField(
        label=_("Checkpoint that you keep"),
        required=False,
        min_value=1,
        help_text=_("The number in its second line. The bundle then proves that the log only grew since."),
    )
    copies = forms.MultipleChoiceField(
        label=_("Reading copies"),
        required=False,
        initial=COPIES,
        widget=forms.CheckboxSelectMultiple,
        choices=(
            ("epcis", "EPCIS 2.0"),
            ("ubl", _("UBL despatch and receipt advice")),
            ("workbook", _("Spreadsheet (XLSX)")),
            ("dossier", _("Dossier (PDF, signed)")),
        ),
    )

    columns = forms.MultipleChoiceField(
        label=_("Columns of the spreadsheet"),
        required=False,
        initial=COLUMNS,
        widget=forms.CheckboxSelectMultiple,
        choices=[(name, name.replace("_", " ")) for name in COLUMNS],
    )
    #: Whether the choice of copies was before whoever sent this: a link that names none means all.
    shown = forms.BooleanField(required=False, initial=True, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None) -> None:
        if data is not None and "shown" not in data:
            data = data.copy()
            data["shown"] = "1"
            for name, every in (("copies", COPIES), ("columns", COLUMNS)):
                data.setlist(name, data.getlist(name) or list(every))
        super().__init__(data)
        _offer(self, Recipient.objects.all())

    def clean_kept(self) -> int | None:
        kept: int | None = self.cleaned_data["kept"]
        if kept is not None and not Checkpoint.objects.filter(size=kept).exists():
            raise forms.ValidationError(
                _now("This log never signed a checkpoint of that size. Compare the origin in its first line.")
            )
        return kept

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        match typed.get("scope"):
            case "delivery":
                number = (typed.get("number") or "").strip()
                delivery = Delivery.objects.filter(number__iexact=number).first()
                if delivery is None:
                    self.add_error("number", _now("There is no delivery with this number."))
                else:
                    typed["chosen"] = ExportScope(delivery_id=delivery.pk)
            case "consignments":
                numbers = numbers_in_text(typed.get("consignments") or "")
                if numbers:
                    typed["chosen"] = ExportScope(consignments=numbers)
                else:
                    self.add_error("consignments", _now("Name at least one."))
            case "search":
                given = {name: typed[name] for name in CONDITIONS if typed.get(name)}
                if given:
                    typed["chosen"] = scope_of(given)
                elif not self.errors:
                    self.add_error("scope", _now("Give at least one condition, or export the whole log."))
            case "log":
                typed["chosen"] = ExportScope()
        if "workbook" in typed.get("copies", ()) and not typed.get("columns"):
            self.add_error("columns", _now("Choose at least one, or leave the spreadsheet out."))
        return typed


class ReceivedFilter(Filter):
    """Where a recipient's auditor looks, over all shippers or at one."""

    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=80,
        widget=forms.SearchInput(attrs={"placeholder": _("Number, SSCC or hash")}),
    )
    shipper = forms.ChoiceField(label=_("Shipper"), required=False)
    article = forms.CharField(label=_("Article"), required=False, max_length=200)
    batch = forms.CharField(label=_("Batch"), required=False, max_length=60)
    first_day = forms.DateField(label=_("Recorded from"), required=False, widget=DATE)
    last_day = forms.DateField(label=_("Recorded until"), required=False, widget=DATE)

    def __init__(self, *args: Any, shippers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer_shippers(self, shippers)


class ReceivedExportForm(forms.Form):
    """What a recipient's bundles are to hold, one for each shipper's log."""

    recipient = forms.ChoiceField(label=_("For"), required=False)

    shipper = forms.ChoiceField(label=_("Shipper"), required=False)
    consignments = forms.CharField(
        label=_("Consignments, unless all"),
        required=False,
        max_length=4000,
        widget=forms.TextInput(attrs={"placeholder": _("Numbers with commas between")}),
    )
    article = forms.CharField(label=_("Article"), required=False, max_length=200)
    batch = forms.CharField(label=_("Batch"), required=False, max_length=60)
    first_day = forms.DateField(label=_("Recorded from"), required=False, widget=DATE)
    last_day = forms.DateField(label=_("Recorded until"), required=False, widget=DATE)
    kept = forms.IntegerField(
        label=_("Another checkpoint kept (its size)"),
        required=False,
        min_value=1,
    )

    def __init__(
        self, *args: Any, shippers: list[tuple[str, str]], recipients: list[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        _offer_shippers(self, shippers)
        for_whom = self.fields["recipient"]
        assert isinstance(for_whom, forms.ChoiceField)
        for_whom.choices = recipients
        if len(recipients) == 1:
            for_whom.widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        typed = super().clean() or {}
        if typed.get("kept") and not typed.get("shipper"):
            self.add_error("shipper", _now("Choose the shipper whose checkpoint it is."))
        return typed

    def scope(self, recipient_id: UUID) -> ExportScope:
        """Of this recipient's goods, those that were asked for."""
        typed = self.cleaned_data
        return ExportScope(
            recipient_id=recipient_id,
            received_only=True,
            consignments=numbers_in_text(typed["consignments"]),
            article=typed["article"].strip(),
            batch=typed["batch"].strip(),
            first_day=typed["first_day"],
            last_day=typed["last_day"],
        )


def scope_of(given: dict[str, Any]) -> ExportScope:
    """Conditions by name, as a scope."""
    texts = {name: given[name].strip() for name in ("article", "batch", "carrier") if name in given}
    days = {name: given[name] for name in ("first_day", "last_day") if name in given}
    recipient = given.get("recipient")
    return ExportScope(recipient_id=recipient.pk if recipient else None, **texts, **days)


def numbers_in_text(text: str) -> tuple[str, ...]:
    """Numbers that commas, semicolons or blanks keep apart, each once."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[,;\s]+", text))))


def _offer(form: forms.Form, recipients: Any) -> None:
    field = form.fields["recipient"]
    assert isinstance(field, forms.ModelChoiceField)
    field.queryset = recipients


def _offer_shippers(form: forms.Form, shippers: list[tuple[str, str]]) -> None:
    field = form.fields["shipper"]
    assert isinstance(field, forms.ChoiceField)
    field.choices = [("", _now("Every shipper")), *shippers]
