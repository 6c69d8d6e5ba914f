"""What belongs to a site as rows: read into forms, judged together, and written back row by row."""

# Django's formsets take no type arguments at run time.
# mypy: disable-error-code="type-arg"

from collections.abc import Iterable, Iterator
from datetime import time
from typing import Any, ClassVar

from django import forms
from django.db.models import Model, QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from apps.facilities.models import (
    Closure,
    Dock,
    DockRule,
    DocumentRequirement,
    HandlingTime,
    ReceivingWindow,
    Reservation,
    Season,
    Site,
)
from apps.facilities.rows import (
    ClosureRow,
    DockRow,
    HandlingRow,
    PaperRow,
    ReservationRow,
    RuleRow,
    SeasonRow,
    WindowRow,
)

MINUTES_A_DAY = 24 * 60
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
MOST_ROWS = 500


class SiteRows(forms.BaseFormSet):
    """Rows of one kind at one site; a posted id of another site's becomes a new row of this one."""

    prefix_of_rows: ClassVar[str] = "rows"

    def __init__(self, data: Any = None, *, site: Site, **options: Any) -> None:
        self.site = site
        super().__init__(data, initial=self.initial_rows(), prefix=self.prefix_of_rows, **options)

    def initial_rows(self) -> list[dict[str, Any]]:
        """What stands in the rows before anybody types."""
        raise NotImplementedError

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {"site": self.site}

    def apply(self, site: Site) -> None:
        """Write the rows; call it after ``is_valid``, on the locked site."""
        raise NotImplementedError

    def kept(self) -> Iterator[Any]:
        """The valid rows that will be there after saving."""
        for form in self.forms:
            data = getattr(form, "cleaned_data", None)
            is_there = form.has_changed() or not form.empty_permitted
            if data and not form.errors and is_there and form not in self.deleted_forms:
                yield form


class ModelRows(SiteRows):
    """Each row is one record and keeps it; a record that is gone meanwhile is made anew."""

    model: ClassVar[type[Model]]
    #: Fields that together may be used once; left out they count as "all".
    once: ClassVar[tuple[str, ...]] = ()

    def queryset(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(site=self.site)

    def initial_rows(self) -> list[dict[str, Any]]:
        self.records = {str(record.pk): record for record in self.queryset()}
        return [{"id": key} for key in self.records]

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        key = ""
        if index is not None and self.is_bound:
            key = self.data.get(f"{self.prefix}-{index}-id", "")
        elif index is not None:
            key = dict(enumerate(self.records)).get(index, "")
        return {"site": self.site, "instance": self.records.get(key) or self.model(site=self.site)}

    def clean(self) -> None:
        seen = set()
        for form in list(self.kept()) if self.once else []:
            key = tuple(form.cleaned_data.get(name) for name in self.once)
            if key in seen:
                form.add_error(self.once[-1], _("This is there already."))
            seen.add(key)

    def apply(self, site: Site) -> None:
        for form in self.deleted_forms:
            if str(form.instance.pk) in self.records:
                form.instance.delete()
        for form in self.kept():
            form.instance.site = site
            form.instance.save()


class DockRows(ModelRows):
    """A site's docks: switched off and never deleted, since appointments point at them."""

    model, once = Dock, ("name",)

    def queryset(self) -> QuerySet[Any]:
        return super().queryset().order_by("rank", "name")


class SeasonRows(ModelRows):
    model, once = Season, ("name",)

    def clean(self) -> None:
        super().clean()
        earlier: list[Any] = []
        for form in self.kept():
            days = form.instance.days
            over = next((o for o in earlier if days.lower < o.days.upper and o.days.lower < days.upper), None)
            if over is not None:
                form.add_error("first_day", _("Lies over %(other)s.") % {"other": over.name})
            earlier.append(form.instance)


class ClosureRows(ModelRows):
    """Closures that are not over yet; past ones stay as they are."""

    model = Closure

    def __init__(self, data: Any = None, *, now: Any, **options: Any) -> None:
        self.now = now
        super().__init__(data, **options)

    def queryset(self) -> QuerySet[Any]:
        return super().queryset().filter(during__endswith__gt=self.now).order_by("during")


class RuleRows(ModelRows):
    model, once = DockRule, ("season", "dock", "kind")


class HandlingRows(ModelRows):
    model, once = HandlingTime, ("dock", "load_type")


class PaperRows(ModelRows):
    model, once = DocumentRequirement, ("temperature_class", "load_type", "dangerous_only", "document_type")


class WeekRows(SiteRows):
    """Weekly hours: a row holds the days that share them, and is written as a record for each day."""

    model: ClassVar[Any]
    #: What two rows have to share to be in each other's way.
    same: ClassVar[tuple[str, ...]]

    def initial_rows(self) -> list[dict[str, Any]]:
        rows: dict[tuple[Any, ...], list[int]] = {}
        fields = ("opens", "closes", *self.others())
        for record in self.model.objects.filter(site=self.site).order_by("weekday"):
            rows.setdefault(tuple(getattr(record, name) for name in fields), []).append(record.weekday)
        return [{"days": days, **dict(zip(fields, shared, strict=True))} for shared, days in rows.items()]

    def others(self) -> tuple[str, ...]:
        """The fields beside days and hours."""
        return tuple(name for name in self.form.base_fields if name not in ("days", "opens", "closes"))

    def clean(self) -> None:
        taken: dict[Any, list[tuple[str, list[tuple[int, int]]]]] = {}
        for form in self.kept():
            data = form.cleaned_data
            others = taken.setdefault(tuple(data[name] for name in self.same), [])
            for day in data["days"]:
                spans = week_spans(day, data["opens"], data["closes"])
                if over := next((said for said, theirs in others if _meet(spans, theirs)), None):
                    form.add_error("opens", _("Overlaps the hours %s.") % over)
                    break
                others.append((_hours(day, data), spans))

    def apply(self, site: Site) -> None:
        self.model.objects.filter(site=site).delete()
        names = ("opens", "closes", *self.others())
        self.model.objects.bulk_create(
            self.model(site=site, weekday=day, **{name: form.cleaned_data[name] for name in names})
            for form in self.kept()
            for day in form.cleaned_data["days"]
        )


class WindowRows(WeekRows):
    model, same = ReceivingWindow, ("dock", "load_type", "season")


class ReservationRows(WeekRows):
    model, same = Reservation, ("dock",)


#: Each kind of rows with the form of one of them.
KINDS: dict[type[SiteRows], type[forms.BaseForm]] = {
    DockRows: DockRow,
    SeasonRows: SeasonRow,
    WindowRows: WindowRow,
    ReservationRows: ReservationRow,
    ClosureRows: ClosureRow,
    RuleRows: RuleRow,
    HandlingRows: HandlingRow,
    PaperRows: PaperRow,
}


def rows(kind: type[SiteRows], data: Any = None, *, site: Site, spare: int = 0, **options: Any) -> SiteRows:
    """The site's rows of a kind, with ``spare`` empty ones at the end; bound where there is ``data``."""
    made: Any = forms.formset_factory(
        KINDS[kind],
        formset=kind,
        extra=spare,
        can_delete=kind is not DockRows,
        max_num=MOST_ROWS,
        absolute_max=MOST_ROWS,
    )
    formset: SiteRows = made(data, site=site, **options)
    return formset


def week_spans(weekday: int, opens: time, closes: time) -> list[tuple[int, int]]:
    """A weekly window as minutes of the week ``[start, end)``, in two where it runs over Sunday midnight.

    ``weekday`` is ISO (1 is Monday); closing at or before opening means into the next day.
    """
    start = (weekday - 1) * MINUTES_A_DAY + _minutes(opens)
    length = (_minutes(closes) - _minutes(opens)) % MINUTES_A_DAY or MINUTES_A_DAY
    end = start + length
    if end <= MINUTES_A_WEEK:
        return [(start, end)]
    return [(start, MINUTES_A_WEEK), (0, end - MINUTES_A_WEEK)]


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _meet(ours: Iterable[tuple[int, int]], theirs: Iterable[tuple[int, int]]) -> bool:
    return any(start < end_2 and start_2 < end for start, end in ours for start_2, end_2 in theirs)


def _hours(day: int, window: dict[str, Any]) -> str:
    return f"{WEEKDAYS[day - 1]} {window['opens']:%H:%M}–{window['closes']:%H:%M}"
