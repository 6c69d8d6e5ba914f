"""The only way from the hub into a shipper's schema: one delivery, for a recipient whose site it goes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery
from apps.tenancy import doorway
from apps.tenancy.models import Shipper


@contextmanager
def enter_delivery(*, actor: Actor | None, appointment_id: UUID) -> Iterator[Delivery]:
    """Enter the schema of the shipper of one appointment at one of the actor's sites, for its delivery.

    Evaluate what is needed of the delivery before leaving.

    Raises:
        UnknownDelivery: no such appointment at a site of the actor's recipients, or its shipper is retired.
    """
    appointment = (
        Appointment.objects.select_related("shipper")
        .filter(pk=appointment_id, site__recipient_id__in=actor.recipient_ids if actor else ())
        .first()
    )
    if appointment is None or appointment.shipper.state != Shipper.State.ACTIVE:
        raise UnknownDelivery("There is no such appointment at these sites.")
    with doorway.enter_shipper(appointment.shipper):
        yield Delivery.objects.get(pk=appointment.delivery_id)
