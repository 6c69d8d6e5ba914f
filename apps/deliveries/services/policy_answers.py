"""A party's policy answers an offer: accepts what is inside its bounds, proposes the nearest that is."""

import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor, Organisation, Side, actor_by_policy
from apps.appointments.load import Slot
from apps.appointments.models import AnswerPolicy, Appointment, Offer
from apps.appointments.policies import Circumstances, breaches, circumstances
from apps.appointments.selectors import slots_around
from apps.appointments.services import DockBusy
from apps.appointments.services.reschedule import needs_consent
from apps.appointments.states import OfferState
from apps.core.errors import DomainError
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.booking import accept_offer, counter_offer
from apps.deliveries.services.expecting import policy_to_answer

log = logging.getLogger(__name__)

#: How many of the nearest starts are held against the bounds before a policy leaves the answer to a person.
LOOKED_AT = 400


@transaction.atomic
def answer_by_policy(*, offer_id: UUID, now: datetime) -> str:
    """Answer an open offer as the side that has to has laid down; ``accepted``, ``countered`` or nothing.

    A person answers what the policy doesn't say, what is refused (a paper is missing, a slot is gone), a
    second round, and a move after the change cut-off, which takes consent.

    Raises:
        DockBusy: others are booking the same docks; ask again.
    """
    offer = (
        Offer.objects.select_related("appointment__site__recipient", "appointment__shipper")
        .filter(pk=offer_id, state=OfferState.OPEN, expires_at__gt=now)
        .first()
    )
    if offer is None:
        return ""
    appointment, side = offer.appointment, Side(offer.side).other
    policy = policy_to_answer(side=side, site_id=appointment.site_id, shipper_id=appointment.shipper_id)
    if policy is None or (offer.moves and needs_consent(appointment, now)):
        return ""
    about = circumstances(appointment, side, now)
    actor = _actor(appointment, side)
    offered = {row.index: Slot(row.dock_id, row.during.lower, row.during.upper) for row in offer.slots.all()}
    inside = [index for index, slot in offered.items() if not breaches(policy, slot, about)]
    try:
        if inside:
            return _accept(offer, actor, inside[0], now) if policy.accepts else ""
        return _counter(offer, actor, offered[min(offered)], policy, about) if policy.counters else ""
    except DockBusy:
        raise
    except DomainError as refusal:
        log.info("the policy of %s leaves %s to a person: %s", actor.name, appointment, refusal.message)
        return ""


def _accept(offer: Offer, actor: Actor, index: int, now: datetime) -> str:
    delivery = delivery_by_id(offer.appointment.delivery_id)
    accept_offer(actor=actor, delivery=delivery, offer_id=offer.pk, slot_index=index, now=now)
    return "accepted"


def _counter(offer: Offer, actor: Actor, wanted: Slot, policy: AnswerPolicy, about: Circumstances) -> str:
    """Propose the nearest slots inside, unless this side has proposed before: two policies never talk on."""
    appointment = offer.appointment
    if appointment.offers.filter(side=str(actor.side), moves=offer.moves).exists():
        return ""
    search = slots_around(
        site=appointment.site, load=appointment.load, slots=[wanted], now=about.now, appointment=appointment
    )
    near = (slot for slot in search.nearest(wanted, LOOKED_AT) if not breaches(policy, slot, about))
    slots = _apart(near, policy.counter_slots)
    if not slots:
        return ""
    counter_offer(
        actor=actor,
        delivery=delivery_by_id(appointment.delivery_id),
        appointment_id=appointment.pk,
        slots=slots,
        now=about.now,
    )
    return "countered"


def _apart(slots: Iterable[Slot], most: int) -> list[Slot]:
    """The first ``most`` that don't overlap: a choice, not the same time three times."""
    chosen: list[Slot] = []
    for slot in slots:
        if len(chosen) == most:
            break
        if all(slot.end <= other.start or other.end <= slot.start for other in chosen):
            chosen.append(slot)
    return chosen


def _actor(appointment: Appointment, side: Side) -> Actor:
    if side == Side.SHIPPER:
        return actor_by_policy(Organisation(side, appointment.shipper.name, appointment.shipper_id))
    recipient = appointment.site.recipient
    assert recipient is not None
    return actor_by_policy(Organisation(side, recipient.name, recipient.pk))
