"""Where a delivery stood at one moment or two, as rows of a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.custody.labels import EVENT_LABELS, HOLDER_LABELS, STATE_LABELS, VALUE_LABELS
from apps.custody.moments import Clock, State, differences, state_at
from apps.custody.selectors import TimelineEntry
from apps.portal.presenters.custody import ACCESSES, custody_entries
from apps.portal.presenters.times import exact_label, span_label

Context = dict[str, Any]
ABSENT = "–"
SUBJECTS = {"paper": VALUE_LABELS["document_type"]}


def moments_context(
    entries: Sequence[TimelineEntry], asked: Mapping[str, Any], *, zone: str, now: datetime
) -> Context:
    """One moment (``at``, or now) and a second one to ``compare`` it with, by the ``clock`` asked for."""
    clock = Clock(asked.get("clock", Clock.HAPPENED))
    moments = sorted({asked.get("at", now), *([asked["compare"]] if "compare" in asked else [])})
    states = [state_at(entries, moment, clock) for moment in moments]
    second = states[1] if len(states) > 1 else None
    between = [
        entry
        for entry in entries
        if entry.type not in ACCESSES
        and second is not None
        and moments[0] < (entry.received if clock == Clock.RECORDED else entry.at) <= moments[1]
    ]
    return {
        "zone": zone,
        "moments": [exact_label(moment, zone) for moment in moments],
        "rows": state_rows(states[0], second, zone=zone),
        "changes": len(differences(states[0], second)) if second is not None else None,
        "between": custody_entries(between, zone=zone),
    }


def state_rows(first: State, second: State | None, *, zone: str) -> list[Context]:
    """One row for each thing that either moment says: what, of what, how at each moment."""
    order = {field: place for place, field in enumerate(STATE_LABELS)}
    keys = sorted({*first, *(second or {})}, key=lambda key: (order[key[0]], key[1]))
    return [
        {
            "label": STATE_LABELS[field],
            "subject": SUBJECTS.get(field, {}).get(subject, subject),
            "first": _value(field, first.get((field, subject)), zone),
            "second": _value(field, second.get((field, subject)), zone) if second is not None else "",
            "differs": second is not None and first.get((field, subject)) != second.get((field, subject)),
        }
        for field, subject in keys
    ]


def _value(field: str, value: Any, zone: str) -> str:
    if value is None:
        return ABSENT
    if field == "holder":
        who = str(HOLDER_LABELS[value["holder"]])
        return f"{who}, {_('since')} {exact_label(value['since'], zone)}" if value["since"] else who
    if field == "slot":
        start, end = (datetime.fromisoformat(value[name]) for name in ("start", "end"))
        return f"{span_label(start, end, zone)}, {value['dock']}"
    if field in {"step", "appointment"}:
        return str(EVENT_LABELS[value])
    if field == "paper":
        return _paper(value)
    if field == "items":
        return "; ".join(_item(each) for each in value)
    if field == "measured":
        within = _("within limits") if value["within_limits"] else _("outside limits")
        return f"{_celsius(value['minimum_mc'])} – {_celsius(value['maximum_mc'])}, {within}"
    if field == "temperature_mc":
        return _celsius(value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _paper(value: Mapping[str, str] | str) -> str:
    if isinstance(value, str):
        return str(EVENT_LABELS[value])
    return f"{value['number']}, SHA-256 {value['sha256'][:12]}…"


def _item(item: Mapping[str, str]) -> str:
    batch = f", {_('batch')} {item['lot']}" if "lot" in item else ""
    return f"{Decimal(item['quantity']).normalize():f} {item['unit']} {item['article']}{batch}"


def _celsius(millidegrees: int) -> str:
    return f"{millidegrees / 1000:g} °C"
