"""Opening a negotiation: the first offer of slots for a delivery."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Load, Slot
from apps.appointments.models import Appointment
from apps.appointments.models.loads import facts
from apps.appointments.services.errors import AlreadyNegotiating
from apps.appointments.services.partners import require_partnership
from apps.appointments.services.picking import give_up_picks
from apps.appointments.services.proposals import expiry, judge, propose
from apps.appointments.services.transitions import begin
from apps.appointments.states import State
from apps.core.ids import new_id
from apps.facilities.models import Site


@transaction.atomic
def offer_slots(
    *,
    actor: Actor,
    site: Site,
    shipper_id: UUID,
    delivery_id: UUID,
    reference: str,
    load: Load,
    slots: Sequence[Slot],
    message: str = "",
    now: datetime,
    answer_within: timedelta | None = None,
) -> Appointment:
    """Offer one to five slots for a delivery to the other side and hold all of them until it answers.

    Without ``answer_within`` that is by when the site wants answers.

    Raises:
        PermissionRefused: ``actor`` negotiates neither for the shipper nor for the site's recipient.
        NoPartnership: the two haven't agreed to trade.
        AlreadyNegotiating: the delivery has a live appointment.
        TooManySlots: none, more than five, or overlapping ones.
        SlotRefused: a rule of the site excludes a slot; says which, with the nearest that work.
        SlotTaken: a slot is taken, or was a moment ago; with the nearest free ones. Nothing is held.
        TooManyHolds: the shipper holds as many slots at the site as one may.
        DockBusy: others are booking the same docks for too long.
    """
    appointment = Appointment(
        id=new_id(),
        shipper_id=shipper_id,
        site=site,
        delivery_id=delivery_id,
        reference=reference,
        state=State.OFFERED,
        must_act=str(actor.side.other),
        **facts(load),
    )
    require(actor, "appointments.offer", appointment)
    require_partnership(shipper_id, site)
    give_up_picks(appointment, slots)
    search = judge(site=site, load=load, slots=slots, now=now, shipper_id=shipper_id)
    appointment.must_act_by = expiry(site, slots, now, answer_within)
    insert(appointment)
    offer = propose(
        appointment=appointment,
        actor=actor,
        slots=slots,
        search=search,
        message=message,
        reason_code="",
        now=now,
        answer_within=answer_within,
    )
    begin(appointment, actor=actor, at=now, offer=offer, message=message)
    return appointment


def insert(appointment: Appointment) -> None:
    """Write the new row; the database refuses a second live one for the delivery.

    Raises:
        AlreadyNegotiating: there is one.
    """
    try:
        appointment.save(force_insert=True)
    except IntegrityError as error:
        raise already(error, appointment) from error


def already(error: IntegrityError, appointment: Appointment) -> Exception:
    """The refusal for a delivery's second live appointment; any other broken constraint stays what it is."""
    if "appointment_one_live_per_delivery" in str(error):
        return AlreadyNegotiating(f"{appointment.reference} is being negotiated or has its slot already.")
    return error
