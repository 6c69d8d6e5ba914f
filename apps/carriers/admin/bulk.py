"""What a shipper changes on many of its carriers' papers at once: their last days, and who drives where."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSingleDateWidget

from apps.carriers.forms import period_in_words
from apps.carriers.models import Carrier, ServiceArea
from apps.core.admin_actions import AskingActions, RowsForm
from apps.core.admin_history import difference

ONE_DAY = timedelta(days=1)
DAY = UnfoldAdminSingleDateWidget({"type": "date"}, format="%Y-%m-%d")
AREA = ("country", "region", "postal_prefix", "latitude", "longitude", "radius_km")

Changed = Mapping[Any, Sequence[str]]


class LaterForm(RowsForm):
    """A last day that is later than that of each of the rows."""

    day = forms.DateField(label=gettext_lazy("Valid until"), widget=DAY)

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        for row in self.rows:
            if row.valid_until is None:
                raise ValidationError(_("%s is valid without end already.") % row)
            if row.valid_until >= day:
                raise ValidationError(
                    _("%(row)s is valid until %(day)s already.") % {"row": row, "day": row.valid_until}
                )
        return day


class Extending(AskingActions):
    """For what is valid until a day: documents and qualifications."""

    @action(description=gettext_lazy("Extend the selected …"), permissions=["change"])
    def extend(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        title = _("Valid for longer?")
        return self.asked(
            request, queryset, name="extend", title=title, form=LaterForm, change=_valid_for_longer
        )


def _valid_for_longer(form: LaterForm) -> Changed:
    day, said = form.cleaned_data["day"], {}
    for row in form.rows:
        said[row] = [difference("valid_until", str(row.valid_until), str(day))]
        row.valid_until = day
        row.save(update_fields=["valid_until"])
    return said


class LastDayForm(RowsForm):
    """A last day on which each of the rows has begun."""

    day = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DAY,
        help_text=gettext_lazy("What ends before that day stays as it is."),
    )

    def clean_day(self) -> date:
        day: date = self.cleaned_data["day"]
        for row in self.rows:
            if row.valid.lower and row.valid.lower > day:
                raise ValidationError(
                    _("%(row)s, valid %(period)s, has not begun by then.")
                    % {"row": row, "period": period_in_words(row.valid)}
                )
        return day


class Ending(AskingActions):
    """For what is valid in a period: tariffs and commitments."""

    @action(description=gettext_lazy("End the selected …"), permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        title = _("End these?")
        return self.asked(request, queryset, name="end", title=title, form=LastDayForm, change=_over)


def _over(form: LastDayForm) -> Changed:
    after, said = form.cleaned_data["day"] + ONE_DAY, {}
    for row in form.rows:
        if row.valid.upper and row.valid.upper <= after:
            continue
        was = period_in_words(row.valid)
        row.valid = DateRange(row.valid.lower, after)
        row.save(update_fields=["valid"])
        said[row] = [difference("valid", was, period_in_words(row.valid))]
    return said


class CarriersForm(RowsForm):
    """Which carriers drive to these areas as well."""

    carriers = forms.ModelMultipleChoiceField(
        Carrier.objects.none(),
        label=gettext_lazy("Carriers"),
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=gettext_lazy(
            "A carrier without any area drives everywhere; with its first one it drives there alone."
        ),
    )

    def __init__(self, rows: Sequence[Any], data: Any = None) -> None:
        super().__init__(rows, data)
        field = self.fields["carriers"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Carrier.objects.filter(active=True).order_by("name")


class Sharing(AskingActions):
    """For service areas."""

    @action(description=gettext_lazy("Give the selected to further carriers …"), permissions=["change"])
    def share(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        title = _("Who drives there as well?")
        return self.asked(request, queryset, name="share", title=title, form=CarriersForm, change=_shared)


def _shared(form: CarriersForm) -> Changed:
    said = {}
    for carrier in form.cleaned_data["carriers"]:
        for row in form.rows:
            facts = {name: getattr(row, name) for name in AREA}
            if not ServiceArea.objects.filter(carrier=carrier, **facts).exists():
                one = ServiceArea.objects.create(carrier=carrier, **facts)
                said[one] = [difference("carrier", "–", carrier.name)]
    return said
