"""Goods that came back, as rows of a table and as facts of a line."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from apps.deliveries.models import ReturnedLine
from apps.portal.presenters.deliveries import recipient_of
from apps.portal.presenters.timeline import decision_in_words

Context = dict[str, Any]


def rows(lines: Iterable[ReturnedLine], waiting: frozenset[Any] | None = None) -> list[Context]:
    """A row per line, from ``deliveries.returned.returned_lines``.

    ``waiting`` are the keys of those that a decision is waited for; without it all that are undecided.
    """
    return [_row(line, line.decided_at is None if waiting is None else line.pk in waiting) for line in lines]


def _row(line: ReturnedLine, waits: bool) -> Context:
    sent = line.delivery.leg_for or line.delivery
    return {
        "article": line.item.article,
        "gtin": line.item.gtin,
        "batch": line.item.batch,
        "expires_on": line.item.expires_on,
        "consignment": line.item.consignment.number,
        "unit": line.item.unit,
        "quantity": line.quantity,
        "is_counted": line.is_counted,
        "ssccs": line.ssccs,
        "site": line.site.name,
        "zone": line.site.time_zone,
        "at": line.at,
        "number": line.delivery.number,
        "url": reverse("desk:delivery", args=[line.delivery_id]),
        "from": recipient_of(sent),
        "decide_url": reverse("desk:decide_returned", args=[line.delivery_id]),
        "waits": waits,
        "is_decided": line.decided_at is not None,
        "decision": decision_in_words(line) if line.decided_at else "",
        "put_back": line.put_back,
        "stocked_at": line.stocked_at.name if line.stocked_at else "",
        "written_off": line.written_off,
        "reason": line.get_reason_display(),
        "note": line.note,
        "decided_by": line.decided_by,
        "decided_at": line.decided_at,
    }
