"""The custody record as people read it: its entries, the verdict on them, the head that was signed."""

from collections.abc import Iterable, Mapping, Sequence
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
from apps.custody.network.selectors import NetworkState
from apps.custody.selectors import TimelineEntry
from apps.portal.presenters.times import span_label

Context = dict[str, Any]
ACCESSES = frozenset({"access_viewed", "access_exported"})
STATE_OF_TYPE = {
    "slots_offered": "offered",
    "slots_countered": "countered",
    "appointment_confirmed": "confirmed",
    "appointment_rescheduled": "confirmed",
    "appointment_declined": "declined",
    "appointment_cancelled": "cancelled",
    "offer_expired": "expired",
    "planned": "planned",
    "document_issued": "info",
    "document_received": "info",
    "document_waived": "warning",
    "loaded": "loading",
    "departed": "departed",
    "arrived": "arrived",
    "unloading_started": "in_progress",
    "unloaded": "done",
    "handover_accepted": "delivered",
    "handover_accepted_with_reservation": "warning",
    "handover_partly_refused": "warning",
    "handover_unattended": "warning",
    "handover_refused": "refused",
    "handover_own_site": "done",
    "pickup_ready": "info",
    "drop_emptied": "done",
    "temperature_range_set": "info",
    "delivery_failed": "failed",
    "correction": "warning",
    "pii_erased": "warning",
}


def record_context(entries: Sequence[TimelineEntry], verdict: Verdict | None = None, *, zone: str) -> Context:
    """A delivery's record: what happened by day, and apart from it who looked and who took a copy."""
    accesses = [entry for entry in entries if entry.type in ACCESSES]
    happened = [entry for entry in entries if entry.type not in ACCESSES]
    return {
        "zone": zone,
        "count": len(happened),
        "days": custody_days(happened, verdict, zone=zone),
        "accesses": custody_entries(accesses, verdict, zone=zone),
    }


def custody_days(
    entries: Iterable[TimelineEntry], verdict: Verdict | None = None, *, zone: str
) -> list[Context]:
    """Entries under the day, in the site's zone, on which they happened; as recorded within it."""
    local = ZoneInfo(zone)
    days = groupby(entries, key=lambda entry: entry.at.astimezone(local).date())
    return [
        {"label": date_format(day, "l j F Y"), "entries": custody_entries(happened, verdict, zone=zone)}
        for day, happened in days
    ]


def custody_entries(
    entries: Iterable[TimelineEntry], verdict: Verdict | None = None, *, zone: str = "UTC"
) -> list[Context]:
    """Entries in the order of the log; each says whether it verified once ``verdict`` was asked for.

    Of a log that does not hold only the event that is known to be changed is marked. ``zone`` is the slots’.
    """
    return [_entry(entry, verdict, zone) for entry in entries]


def verdict_context(verdict: Verdict | None, *, action_url: str = "") -> Context:
    """Yes, no, or not asked yet; ``action_url`` is where the question is put (POST)."""
    if verdict is None:
        detail = _("Every event of this delivery is hashed anew and compared with what was signed.")
        return {"holds": None, "detail": detail, "action_url": action_url}
    return {
        "holds": verdict.holds,
        "detail": _verified(verdict) if verdict.holds else verdict.reason,
        "action_url": action_url,
        "broken_url": f"#{anchor(verdict.bad_event)}" if verdict.bad_event else "",
        "broken_label": _("First entry that does not verify") if verdict.bad_event else "",
    }


def checkpoint_sentence(checkpoint: Checkpoint | None) -> str:
    """What the newest signed tree head covers."""
    if checkpoint is None:
        return _("Nothing of this shipper's log is signed yet.")
    words = {
        "n": checkpoint.size,
        "root": bytes(checkpoint.root).hex()[:12],
        "when": date_format(checkpoint.created_at, "j M Y, H:i"),
    }
    return _("Newest checkpoint: %(n)s events, root %(root)s…, signed %(when)s UTC.") % words


def checkpoint_facts(
    checkpoint: Checkpoint | None, vkey: str | None, network: NetworkState | None = None
) -> Context | None:
    """The newest signed head, the key that it is checked with, and how the log stands in the network's; None
    while nothing was signed."""
    if checkpoint is None:
        return None
    return {
        "size": checkpoint.size,
        "root": bytes(checkpoint.root).hex(),
        "at": checkpoint.created_at,
        "vkey": vkey or "",
        "network": network,
    }


def anchor(event_id: UUID) -> str:
    """The anchor of an event on its delivery's page; stays the same for ever."""
    return f"event-{event_id}"


def _entry(entry: TimelineEntry, verdict: Verdict | None, zone: str) -> Context:
    facts = [f"{label}: {value}" for label, value in entry.summary if value]
    late = entry.received - entry.at
    return {
        "id": anchor(entry.event_id),
        "index": entry.index if entry.index is not None else "–",
        "state": STATE_OF_TYPE.get(entry.type, "note"),
        "what": entry.label,
        "actor": ", ".join(dict.fromkeys(part for part in (entry.actor, entry.role) if part)),
        "site": entry.organisation,
        "source": _("recorded %(n)s s later") % {"n": round(late.total_seconds())}
        if late.total_seconds() >= 1
        else "",
        "at": entry.at,
        "facts": [*facts, *_slots(entry, zone)],
        "hash_prefix": entry.hash,
        "is_logged": entry.index is not None,
        "verified": _is_verified(entry, verdict),
    }


def _slots(entry: TimelineEntry, zone: str) -> list[str]:
    """The slots that an offer or a confirmation names."""
    said = [*entry.details.get("slots", ()), *([entry.details["slot"]] if "slot" in entry.details else ())]
    return [_slot(slot, zone) for slot in said]


def _slot(said: Mapping[str, str], zone: str) -> str:
    start, end = datetime.fromisoformat(said["start"]), datetime.fromisoformat(said["end"])
    return f"{span_label(start, end, zone)}, {said['dock']}"


def _is_verified(entry: TimelineEntry, verdict: Verdict | None) -> bool | None:
    if verdict is None or entry.index is None or entry.index >= verdict.size:
        return None
    if verdict.holds:
        return True
    return False if entry.event_id == verdict.bad_event else None


def _verified(verdict: Verdict) -> str:
    sentence = ngettext(
        "%(n)s event of this delivery is in the signed log of %(size)s, unchanged.",
        "All %(n)s events of this delivery are in the signed log of %(size)s, unchanged.",
        verdict.checked,
    ) % {"n": verdict.checked, "size": verdict.size}
    if not verdict.waiting:
        return sentence
    waiting = ngettext(
        "%(n)s event waits for the next checkpoint.",
        "%(n)s events wait for the next checkpoint.",
        verdict.waiting,
    ) % {"n": verdict.waiting}
    return f"{sentence} {waiting}"
