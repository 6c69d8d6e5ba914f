"""A project's dates as they are typed, by the clock of the site."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.facilities.models import Site
from apps.figures.models import Milestone
from apps.figures.services import Dates

MOMENT = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
#: Typed without a zone: it is the site's.
MOMENT_FORMATS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]


class _SiteTime(forms.DateTimeField):
    """A moment that stays without a zone until the site is known."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=MOMENT, input_formats=MOMENT_FORMATS, **options)

    def to_python(self, value: Any) -> Any:
        """As typed; a zone that was typed all the same is not taken."""
        for each in MOMENT_FORMATS:
            try:
                return datetime.strptime(str(value).strip(), each) if value else None
            except ValueError:
                continue
        raise forms.ValidationError(self.error_messages["invalid"], code="invalid")


class MilestoneForm(forms.Form):
    """What begins, where and when; from when on goods are welcome; what a begun day costs."""

    project = forms.CharField(label=_("Project"), max_length=80)
    name = forms.CharField(label=_("What begins"), max_length=80)
    kind = forms.ChoiceField(label=_("Kind"), choices=Milestone.Kind.choices)
    site = forms.ModelChoiceField(label=_("Site"), queryset=Site.objects.none(), empty_label=_("Choose"))
    starts_at = _SiteTime(label=_("Begins"), help_text=_("Site time. By then the goods have to be there."))
    not_before = _SiteTime(
        label=_("Goods welcome from"),
        required=False,
        help_text=_("Site time. Earlier they are in the way, or have to be stored."),
    )
    currency = forms.RegexField(
        r"^[A-Z]{3}$", label=_("Currency"), initial="ZAR", help_text=_("Three capital letters: ZAR.")
    )
    late_day = forms.DecimalField(
        label=_("A begun day late costs"), required=False, min_value=0, max_digits=9, decimal_places=2
    )
    early_day = forms.DecimalField(
        label=_("A begun day early costs"), required=False, min_value=0, max_digits=9, decimal_places=2
    )

    def __init__(self, data: Any = None, *, milestone: Milestone | None = None) -> None:
        super().__init__(data, initial=_initial(milestone) if milestone else None)
        self.fields["site"].queryset = Site.objects.exclude(recipient=None).order_by("name")  # type: ignore[attr-defined]  # a model choice

    @property
    def dates(self) -> Dates:
        """What was typed; call it after ``is_valid``."""
        typed = self.cleaned_data
        zone = ZoneInfo(typed["site"].time_zone)
        opens = typed["not_before"]
        return Dates(
            project=typed["project"].strip(),
            name=typed["name"].strip(),
            kind=Milestone.Kind(typed["kind"]),
            site=typed["site"],
            starts_at=typed["starts_at"].replace(tzinfo=zone),
            not_before=opens.replace(tzinfo=zone) if opens else None,
            late_day=_cents(typed["late_day"]),
            early_day=_cents(typed["early_day"]),
            currency=typed["currency"],
        )


class TieForm(forms.Form):
    """Which deliveries a milestone waits for as well."""

    numbers = forms.CharField(
        label=_("Numbers of deliveries"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 2000}),
        help_text=_("With spaces, commas or lines between them; all of them or none is taken."),
    )

    @property
    def chosen(self) -> list[str]:
        """Each number once, in the order typed."""
        return list(dict.fromkeys(self.cleaned_data["numbers"].replace(",", " ").split()))


def _initial(milestone: Milestone) -> dict[str, Any]:
    zone = ZoneInfo(milestone.site.time_zone)
    opens = milestone.not_before
    return {
        "project": milestone.project,
        "name": milestone.name,
        "kind": milestone.kind,
        "site": milestone.site_id,
        "starts_at": milestone.starts_at.astimezone(zone).replace(tzinfo=None),
        "not_before": opens.astimezone(zone).replace(tzinfo=None) if opens else None,
        "currency": milestone.currency,
        "late_day": None if milestone.late_day is None else Decimal(milestone.late_day) / 100,
        "early_day": None if milestone.early_day is None else Decimal(milestone.early_day) / 100,
    }


def _cents(amount: Decimal | None) -> int | None:
    return None if amount is None else int(amount * 100)
