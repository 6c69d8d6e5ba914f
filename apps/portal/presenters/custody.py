"""A delivery's custody record for ``custody_entry.html``, the verdict on it, and the head that was signed."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.custody.checking import Verdict
from apps.custody.models import Checkpoint
from apps.custody.selectors import TimelineEntry
from apps.portal.presenters.times import span_label

Context = dict[str, Any]
STATES = {
    "slots_offered": "offered",
    "slots_countered": "countered",
    "appointment_confirmed": "confirmed",
    "appointment_declined": "declined",
    "appointment_cancelled": "cancelled",
    "offer_expired": "expired",
    "planned": "planned",
    "document_issued": "done",
    "loaded": "loading",
    "departed": "departed",
    "arrived": "arrived",
    "unloading_started": "in_progress",
    "unloaded": "in_progress",
    "handover_accepted": "delivered",
    "handover_accepted_with_reservation": "warning",
    "handover_refused": "refused",
    "delivery_failed": "failed",
    "correction": "warning",
    "pii_erased": "warning",
}


def days(entries: Iterable[TimelineEntry], *, zone: str, verdict: Verdict | None = None) -> list[Context]:
    """Entries under the local day on which they happened, in the order they were recorded."""
    local = ZoneInfo(zone)
    shown = [(entry.at.astimezone(local).date(), custody_entry(entry, zone=zone, verdict=verdict)) for entry in entries]
    return [
        {"label": date_format(day, "l j F Y"), "entries": [entry for _day, entry in group]}
        for day, group in groupby(shown, key=lambda pair: pair[0])
    ]


def custody_entry(entry: TimelineEntry, *, zone: str, verdict: Verdict | None = None) -> Context:
    """One event: what, who for whom, when by whose clock, what was said, which hash proves it."""
    return {
        "id": anchor(entry.event_id),
        "index": _("not yet in the log") if entry.index is None else entry.index,
        "state": STATES.get(entry.type, "info"),
        "what": entry.label,
        "actor": _actor(entry),
        "site": _("consignment %(numbers)s") % {"numbers": ", ".join(entry.consignments)} if entry.consignments else "",
        "at": entry.at,
        "facts": [*(f"{label}: {value}" for label, value in entry.summary), *_slots(entry, zone)],
        "source": _source(entry),
        "hash_prefix": entry.hash,
        "hash_url": "",
        "is_sequenced": entry.index is not None,
        "verified": _verified(entry, verdict),
    }


def verdict_facts(verdict: Verdict | None, *, action: str) -> Context:
    """Yes, no or not yet, with what was looked at and where it breaks first (``verdict.html``)."""
    if verdict is None:
        return {
            "holds": None,
            "detail": _("Every event is hashed anew and the whole log's tree is built and compared with what was signed."),
            "action_url": action,
        }
    if not verdict.holds:
        return {
            "holds": False,
            "detail": verdict.reason,
            "action_url": action,
            "broken_url": f"#{anchor(verdict.bad_event)}" if verdict.bad_event else "",
            "broken_label": _("Show the first that is wrong"),
        }
    found = ngettext(
        "%(n)d event of this delivery is in the signed log of %(size)d events, as it was recorded.",
        "%(n)d events of this delivery are in the signed log of %(size)d events, as they were recorded.",
        verdict.checked,
    ) % {"n": verdict.checked, "size": verdict.size}
    waiting = (
        ngettext("%(n)d waits for its place in the log.", "%(n)d wait for their place in the log.", verdict.waiting)
        % {"n": verdict.waiting}
        if verdict.waiting
        else ""
    )
    return {"holds": True, "detail": " ".join(filter(None, (found, waiting))), "action_url": action}


def checkpoint_facts(checkpoint: Checkpoint | None, vkey: str | None) -> Context | None:
    """The newest signed head and the key that it is checked with; None while nothing was signed."""
    if checkpoint is None:
        return None
    return {
        "size": checkpoint.size,
        "root": bytes(checkpoint.root).hex(),
        "at": checkpoint.created_at,
        "note": checkpoint.note,
        "vkey": vkey or "",
    }


def anchor(event_id: UUID) -> str:
    """The anchor of an event on its delivery's page; stays the same for ever."""
    return f"event-{event_id}"


def _actor(entry: TimelineEntry) -> str:
    if entry.actor == entry.role:
        return f"{entry.role} ({entry.organisation})"
    return f"{entry.actor}, {entry.role} ({entry.organisation})"


def _source(entry: TimelineEntry) -> str:
    """Whose clock the time is from, and how far it was from the server's."""
    skew = round((entry.received - entry.at).total_seconds())
    if skew == 0:
        return _("server's clock")
    received = f"{entry.received:%H:%M:%S} UTC"
    return _("a device's clock, received %(received)s") % {"received": received}


def _slots(entry: TimelineEntry, zone: str) -> list[str]:
    """The slots that an offer or a confirmation names, in site time."""
    said = entry.details.get("slots") or ([entry.details["slot"]] if "slot" in entry.details else [])
    return [
        f"{span_label(datetime.fromisoformat(slot['start']), datetime.fromisoformat(slot['end']), zone)}, {slot['dock']}"
        for slot in said
    ]


def _verified(entry: TimelineEntry, verdict: Verdict | None) -> bool | None:
    """Of one entry: True where the whole holds and it is in the log, False where it breaks, else unknown."""
    if verdict is None:
        return None
    if verdict.bad_event == entry.event_id:
        return False
    return True if verdict.holds and entry.index is not None else None
