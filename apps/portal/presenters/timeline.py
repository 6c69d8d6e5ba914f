"""One thread of what both sides did, the negotiation and the visit together, for ``timeline_entry.html``."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.actors import Means, Side
from apps.appointments.models import AppointmentEvent
from apps.deliveries.models import DeliveryEvent, PriorityChange, ReturnedLine
from apps.deliveries.states import State as DeliveryState
from apps.portal.presenters.offers import reason_label, slots_sentence
from apps.portal.presenters.parties import Parties

Context = dict[str, Any]

#: Steps of a delivery that its appointment's history does not tell.
ONLY_AT_THE_SHIPPER = {
    DeliveryState.LOADED,
    DeliveryState.IN_TRANSIT,
    DeliveryState.REFUSED,
    DeliveryState.FAILED,
}
WITH_SLOTS = {"offered", "countered", "reopened", "move_offered", "move_countered"}
STATE_OF_STEP = {
    "reopened": "countered",
    "move_offered": "countered",
    "move_countered": "countered",
    "move_declined": "declined",
    "move_expired": "expired",
    "move_withdrawn": "cancelled",
    "rescheduled": "confirmed",
    "escalated": "expiring",
    "moved": "info",
    "walked_in": "arrived",
    "at_gate": "waiting",
    "checking_in": "arrived",
    "called": "running",
    "at_door": "running",
    "unloaded": "in_progress",
    "checked_out": "done",
    "detention_near": "warning",
    "waits": "waiting",
    "in_progress": "in_progress",
    "completed": "done",
}
STATE_OF_DELIVERY = {"loaded": "loading", "in_transit": "departed", "refused": "refused", "failed": "failed"}


def timeline(
    events: Iterable[AppointmentEvent],
    parties: Parties,
    *,
    zone: str,
    moves: Iterable[DeliveryEvent] = (),
    priorities: Iterable[PriorityChange] = (),
    returns: Iterable[ReturnedLine] = (),
) -> list[Context]:
    """Entries in the order of time; events as from ``appointments.selectors.timeline``.

    ``moves`` are the delivery's own steps; only those are told that the appointment knows nothing of.
    ``priorities`` and ``returns``, lines that were decided, are for the shipper's own people alone.
    """
    entries = [_of_appointment(event, parties, zone) for event in events]
    entries += [_of_delivery(move, parties) for move in moves if move.to_state in ONLY_AT_THE_SHIPPER]
    entries += [_of_priority(change, parties) for change in priorities]
    entries += [_of_return(line, parties) for line in returns]
    return sorted(entries, key=lambda entry: entry["at"])


def _of_appointment(event: AppointmentEvent, parties: Parties, zone: str) -> Context:
    offer = event.offer if event.step in WITH_SLOTS else None
    details = slots_sentence(list(offer.slots.all()), zone) if offer is not None else ""
    reason = reason_label(event.reason_code)
    return {
        "id": f"step-{event.pk}",
        "state": STATE_OF_STEP.get(event.step, event.step),
        "actor": _who(event.actor_name, event.side, parties, event.means),
        "what": _late(event) if event.late else _words(event.step),
        "at": event.at,
        "message": event.message,
        "details": ". ".join(part for part in (reason, details) if part),
    }


def _of_delivery(move: DeliveryEvent, parties: Parties) -> Context:
    side = Side.RECIPIENT if move.to_state == DeliveryState.REFUSED else Side.SHIPPER
    return {
        "id": f"move-{move.pk}",
        "state": STATE_OF_DELIVERY[move.to_state],
        "actor": _who(move.actor_name, side, parties),
        "what": _words(move.to_state),
        "at": move.at,
        "message": "",
        "details": "",
    }


def _of_priority(change: PriorityChange, parties: Parties) -> Context:
    words = _("set the priority: %(before)s → %(after)s")
    return {
        "id": f"priority-{change.pk}",
        "state": "info",
        "actor": _who(change.actor_name, Side.SHIPPER, parties),
        "what": words % {"before": change.get_before_display(), "after": change.get_after_display()},
        "at": change.at,
        "message": "",
        "details": "",
    }


def _of_return(line: ReturnedLine, parties: Parties) -> Context:
    return {
        "id": f"returned-{line.pk}",
        "state": "info",
        "actor": _who(line.decided_by, Side.SHIPPER, parties),
        "what": _("decided about %(article)s that came back") % {"article": line.item.article},
        "at": line.decided_at,
        "message": line.note,
        "details": decision_in_words(line),
    }


def decision_in_words(line: ReturnedLine) -> str:
    """“33 pack put back to stock at Acme warehouse. 7 pack written off (Damaged)”."""
    parts = []
    if line.put_back:
        words = _("%(quantity)s %(unit)s put back to stock at %(site)s")
        parts.append(words % {**_amount(line, line.put_back), "site": line.stocked_at})
    if line.written_off:
        words = _("%(quantity)s %(unit)s written off (%(reason)s)")
        parts.append(words % {**_amount(line, line.written_off), "reason": line.get_reason_display()})
    return ". ".join(parts) or _("None of it was there")


def _amount(line: ReturnedLine, quantity: Decimal) -> Context:
    return {"quantity": f"{quantity.normalize():f}", "unit": line.item.unit}


def _late(event: AppointmentEvent) -> str:
    return _("%(did)s after the change cut-off") % {"did": _words(event.step)}


def _who(name: str, side: str, parties: Parties, means: str = Means.PERSON) -> str:
    """“Alice Adams (Acme Medical)”; Dockside alone for what it does by itself, a party's policy as such."""
    if means == Means.POLICY:
        return _("A policy of %(party)s") % {"party": parties.name(side)}
    if side == Side.NETWORK or not name:
        return parties.name(side)
    return f"{name} ({parties.name(side)})"


def _words(step: str) -> str:
    words = {
        "offered": _("offered slots"),
        "countered": _("proposed other slots"),
        "reopened": _("took the negotiation up again"),
        "confirmed": _("confirmed a slot"),
        "move_offered": _("proposed another time; the agreed one stands"),
        "move_countered": _("answered with another time; the agreed one stands"),
        "move_declined": _("declined another time; the agreed one stands"),
        "move_expired": _("closed the proposal of another time: nobody answered in time"),
        "move_withdrawn": _("withdrew the proposal of another time"),
        "rescheduled": _("moved the appointment"),
        "declined": _("declined"),
        "escalated": _("reminded of the open offer"),
        "expired": _("closed the offer: nobody answered in time"),
        "cancelled": _("cancelled"),
        "loaded": _("loaded the goods"),
        "in_transit": _("set off"),
        "arrived": _("checked the vehicle in"),
        "in_progress": _("started unloading"),
        "completed": _("finished the visit"),
        "refused": _("refused the goods"),
        "failed": _("recorded a failed attempt"),
        "no_show": _("recorded that nobody came"),
        "moved": _("gave the vehicle another dock"),
        "waits": _("had the vehicle wait for a dock"),
        "walked_in": _("registered the vehicle at the gate, unannounced"),
        "at_gate": _("stands at the gate"),
        "checking_in": _("began to check the vehicle in"),
        "called": _("called the vehicle to its dock"),
        "at_door": _("stands at the door"),
        "unloaded": _("finished unloading"),
        "checked_out": _("let the vehicle leave"),
        "detention_near": _("warned that free time ends soon"),
    }
    return words.get(step, step.replace("_", " "))
