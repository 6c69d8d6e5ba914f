"""A vehicle that came without an appointment: on the calendar from the gate on, at first without a dock."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Load
from apps.appointments.models import Appointment
from apps.appointments.models.loads import facts
from apps.appointments.services.accept import unused_number
from apps.appointments.services.offer import insert
from apps.appointments.services.transitions import walk_in
from apps.appointments.states import State
from apps.core.ids import new_id
from apps.facilities.models import Site


@transaction.atomic
def register_walk_in(
    *,
    actor: Actor,
    site: Site,
    shipper_id: UUID,
    delivery_id: UUID,
    reference: str,
    load: Load,
    now: datetime,
) -> Appointment:
    """Put a vehicle that is at the gate unannounced on the site's calendar, as arrived and without a dock.

    Raises:
        PermissionRefused: ``actor`` doesn't work at the site.
        AlreadyNegotiating: the delivery has a live appointment; it is no walk-in.
    """
    appointment = Appointment(
        id=new_id(),
        shipper_id=shipper_id,
        site=site,
        delivery_id=delivery_id,
        reference=reference,
        state=State.ARRIVED,
        is_planned=False,
        confirmation_number=unused_number(),
        **facts(load),
    )
    require(actor, "appointments.move", appointment)
    insert(appointment)
    walk_in(appointment, actor=actor, at=now)
    return appointment
