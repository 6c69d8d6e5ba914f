"""How papers word numbers, moments and codes: in the paper's language and the site's time zone."""

import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal

from django import template
from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from apps.appointments.dwell import Stage
from apps.consignments.models import HandlingUnit
from apps.documents.papers import Period
from apps.facilities.models import DocumentType, Step, TemperatureClass

register = template.Library()

OUTCOMES = {
    "accepted": _("Accepted"),
    "accepted_with_reservation": _("Accepted with reservation"),
    "partly_refused": _("Partly refused"),
    "refused": _("Refused"),
    "unattended": _("Left unattended"),
}
FINDINGS = {
    "over": _("Over"),
    "short": _("Short"),
    "damaged": _("Damaged"),
    "wrong_item": _("Wrong goods"),
    "refused": _("Refused"),
}
STAGES = {
    Stage.QUEUE: _("Queue"),
    Stage.CHECK_IN: _("Check-in"),
    Stage.WAIT: _("Wait for door"),
    Stage.HANDLING: _("Handling"),
    Stage.PAPERWORK: _("Paperwork"),
}
_CODES = {"temperature": TemperatureClass, "kind": HandlingUnit.Kind, "document": DocumentType, "step": Step}
#: A day with its weekday and one for columns, as each language writes them; others as English.
_DAYS = {
    "en": ("D j M Y", "j M Y"),
    "de": ("D, j. F Y", "d.m.Y"),
    "es": (r"D j \d\e F \d\e Y", "d/m/Y"),
    "fr": ("D j F Y", "d/m/Y"),
}


@register.filter
def amount(value: Decimal | int) -> str:
    """A number as people read it: grouped, and no zeros that say nothing."""
    plain = Decimal(value).normalize()
    places = max(0, -int(plain.as_tuple().exponent))
    return formats.number_format(plain, decimal_pos=places, use_l10n=True, force_grouping=True)


@register.filter
def measure(value: Decimal, places: int) -> str:
    """A measured number, always with ``places`` decimals, so that a column lines up."""
    return formats.number_format(value, decimal_pos=places, use_l10n=True, force_grouping=True)


@register.filter
def sscc(digits: str) -> str:
    """An SSCC as GS1 prints it for people: application identifier (00) before its 18 digits."""
    return f"(00) {digits}"


@register.filter
def day(moment: datetime, zone: tzinfo) -> str:
    """The day in ``zone``: Tue 3 Mar 2026."""
    return formats.date_format(moment.astimezone(zone), _days()[0])


@register.filter
def dated(of: date) -> str:
    """A day without its weekday, for columns: 3 Mar 2026."""
    return formats.date_format(of, _days()[1])


@register.filter
def moment(at: datetime, zone: tzinfo) -> str:
    """Day, time and offset in ``zone``: Tue 3 Mar 2026, 09:00 SAST (UTC+02:00)."""
    return f"{day(at, zone)}, {_clock(at, zone)} {_offset(at, zone)}"


@register.filter
def hours(period: Period, zone: tzinfo) -> str:
    """From and to in ``zone``: 09:00–10:30; the second day is named when it is another one."""
    end = _clock(period.end, zone)
    if period.start.astimezone(zone).date() != period.end.astimezone(zone).date():
        end = f"{end}, {day(period.end, zone)}"
    if _offset(period.start, zone) == _offset(period.end, zone):
        return f"{_clock(period.start, zone)}–{end}"
    return f"{_clock(period.start, zone)} {_offset(period.start, zone)} – {end}"


@register.filter
def offset(period: Period, zone: tzinfo) -> str:
    """What the clock in ``zone`` is called at the period's end, and its offset: SAST (UTC+02:00)."""
    return _offset(period.end, zone)


@register.filter
def word(code: str, of: str) -> str:
    """The word for a code of ``of`` (temperature, kind, document, step); an unknown one is its own word."""
    choices = _CODES[of]
    return str(choices(code).label) if code in choices.values else code


@register.filter
def span(length: timedelta) -> str:
    """A length of time: 1 h 05 min."""
    hours_, minutes = divmod(int(length.total_seconds()) // 60, 60)
    if not hours_:
        return str(_("%(m)d min") % {"m": minutes})
    return str(_("%(h)d h %(m)02d min") % {"h": hours_, "m": minutes})


@register.filter
def outcome(code: str) -> str:
    """How a handover ended, in words; an unknown code is its own word."""
    return str(OUTCOMES.get(code, code))


@register.filter
def stage(code: str) -> str:
    """A stage of a stay, in words."""
    return str(STAGES[Stage(code)])


@register.filter
def finding(kind: str) -> str:
    """What was found of a handling unit, in words."""
    return str(FINDINGS.get(kind, kind))


@register.filter
def direction(text: str) -> str:
    """``rtl`` or ``ltr``, by the first letter that has a direction (Unicode Standard Annex 9, rule P2)."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in {"R", "AL"}:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


@register.filter
def rows_of(entries: Sequence[object], width: int) -> list[Sequence[object]]:
    """``entries`` side by side, ``width`` to a row."""
    return [entries[start : start + width] for start in range(0, len(entries), width)]


def _days() -> tuple[str, str]:
    return _DAYS.get(get_language() or "en", _DAYS["en"])


def _clock(at: datetime, zone: tzinfo) -> str:
    return formats.date_format(at.astimezone(zone), "H:i")


def _offset(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    distance = f"UTC{local:%z}"
    distance = f"{distance[:-2]}:{distance[-2:]}"
    name = local.tzname() or ""
    return f"{name} ({distance})" if name.isalpha() and name != "UTC" else distance
