"""Acting on an exception with one click: what was computed is tried as it stands now, by who clicks.

The services that do it ask again for permission, and lose no race: whoever was quicker wins, and the refusal
is said with what works instead.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.core.errors import DomainError
from apps.deliveries import services as deliveries
from apps.deliveries.models import Delivery
from apps.insights.interventions import Intervention, fingerprint, interventions
from apps.insights.models import DeliveryException, ExceptionEvent
from apps.insights.services.acting import act
from apps.routing.services import move_delivery, publish_plan, request_repair
from apps.tenancy.doorway import current_shipper
from apps.tendering.models import Tender
from apps.tendering.services import remind_link

log = logging.getLogger(__name__)

#: What helps is computed anew when it is older.
FRESH_FOR = timedelta(minutes=10)
#: So many exceptions in one look, the most urgent first: each may take some tenths of a second.
AT_ONCE = 20


class InterventionGone(DomainError):
    """What would have helped is no longer among what helps; nothing was changed."""

    code = "intervention-gone"
    status = 409


def weigh(*, now: datetime) -> int:
    """Compute what helps against the open exceptions that do harm soonest; for how many it was."""
    stale = DeliveryException.objects.filter(
        Q(weighed_at=None) | Q(weighed_at__lte=now - FRESH_FOR), ended_at=None
    )
    rows = list(
        stale.select_related("delivery__site", "delivery__origin").order_by("harm_at", "id")[:AT_ONCE]
    )
    for row in rows:
        try:
            found = interventions(row, now=now)
        except Exception:  # one that can't be weighed holds up no other, and is tried again later
            log.exception("what helps against exception %s could not be computed", row.pk)
            found = []
        DeliveryException.objects.filter(pk=row.pk).update(interventions=found, weighed_at=now)
    return len(rows)


@transaction.atomic
def intervene(*, actor: Actor, exception_id: UUID, number: int, what: str, now: datetime) -> Intervention:
    """Do the intervention of that number, and keep that it was done; which one it was.

    ``what`` is its fingerprint as the page had it: what was computed anew meanwhile is not done instead.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver: as ``acting.take``.
        InterventionGone: it is another one by now, or only somebody to call.
        DomainError: what it does is refused now; nothing was changed.
    """
    require(actor, "insights.act", current_shipper())
    row = (
        DeliveryException.objects.select_related("delivery__site", "delivery__origin")
        .filter(pk=exception_id)
        .first()
    )
    chosen = row.interventions[number] if row and 0 <= number < len(row.interventions) else None
    is_it = chosen is not None and chosen["key"] in _ACTS and fingerprint(chosen) == what
    if row is not None and not is_it:
        raise InterventionGone(
            "What would help was computed anew meanwhile. Choose from the list as it is now."
        )
    acted = act(actor, exception_id, ExceptionEvent.Step.ACTED, now, note=chosen["key"] if chosen else "")
    assert chosen is not None
    _ACTS[chosen["key"]](actor, acted.delivery, chosen, now)
    DeliveryException.objects.filter(pk=acted.pk).update(weighed_at=None)
    return chosen


def _answer(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    deliveries.accept_offer(
        actor=actor, delivery=delivery, offer_id=UUID(chosen["offer"]), slot_index=chosen["slot"], now=now
    )


def _slots(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    slots = [
        Slot(
            UUID(each["dock_id"]), datetime.fromisoformat(each["start"]), datetime.fromisoformat(each["end"])
        )
        for each in chosen["slots"]
    ]
    asked: dict[str, Any] = {"actor": actor, "delivery": delivery, "slots": slots, "now": now}
    if chosen["move"]:
        deliveries.propose_move(**asked, appointment_id=UUID(chosen["move"]))
    else:
        deliveries.ask_for_slots(**asked)


def _vehicle(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    draft = move_delivery(
        actor=actor,
        plan_id=UUID(chosen["plan"]),
        delivery_id=delivery.pk,
        plate=chosen["plate"],
        position=None,
        now=now,
    )
    publish_plan(actor=actor, plan_id=draft.pk, now=now)


def _publish(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    publish_plan(actor=actor, plan_id=UUID(chosen["plan"]), now=now)


def _repair(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    request_repair(actor=actor, plan_id=UUID(chosen["plan"]), now=now)


def _remind(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    tender = Tender.objects.select_related("carrier", "vehicle", "tendering__route__plan__site").filter(
        pk=UUID(chosen["tender"]), expires_at__gt=now
    )
    found = tender.first()
    if found is None:
        raise InterventionGone("That tender no longer waits for an answer.")
    remind_link(found)


def _again(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    deliveries.bring_again(actor=actor, delivery_id=delivery.pk, now=now)


def _note(actor: Actor, delivery: Delivery, chosen: Intervention, now: datetime) -> None:
    deliveries.request_consignment_note(actor=actor, delivery_id=delivery.pk)


_ACTS: dict[str, Callable[[Actor, Delivery, Intervention, datetime], None]] = {
    "answer": _answer,
    "slots": _slots,
    "vehicle": _vehicle,
    "publish": _publish,
    "repair": _repair,
    "remind": _remind,
    "again": _again,
    "note": _note,
}
