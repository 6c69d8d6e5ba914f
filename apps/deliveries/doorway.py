"""The only ways from the hub into a shipper's schema: one delivery, for a recipient whose site it goes to."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from apps.accounts.actors import Actor
from apps.appointments.models import Appointment
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import Delivery
from apps.facilities.models import Partnership, Site
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


@contextmanager
def enter_announced(*, actor: Actor | None, site: Site, shipper_id: UUID, number: str) -> Iterator[Delivery]:
    """Enter a partner's schema for the delivery that the papers of a vehicle at the gate name.

    Raises:
        UnknownDelivery: the site is not of the actor's recipients, the two are no partners, or the shipper
            has no delivery of that number to this site; the answer is the same.
    """
    unknown = UnknownDelivery(
        f"No delivery “{number}” to {site.name} is known there. Compare the number with the papers, or ask"
        " the shipper; a block keeps a dock for the vehicle meanwhile."
    )
    if actor is None or site.recipient_id is None or site.recipient_id not in actor.recipient_ids:
        raise unknown
    partnerships = Partnership.objects.select_related("shipper").filter(active=True)
    partnership = partnerships.filter(recipient_id=site.recipient_id, shipper_id=shipper_id).first()
    if partnership is None or partnership.shipper.state != Shipper.State.ACTIVE:
        raise unknown
    with doorway.enter_shipper(partnership.shipper):
        delivery = Delivery.objects.filter(number__iexact=number, site_id=site.pk).first()
        if delivery is None:
            raise unknown
        yield delivery


@contextmanager
def enter_received(*, actor: Actor | None, shipper_id: UUID) -> Iterator[Shipper]:
    """Enter the schema of a shipper that delivers or delivered to the actor's recipients, for its record.

    What is asked there has to be narrowed to what they received: `ExportScope.received_only` or a delivery
    whose appointment is at one of their sites. Evaluate it before leaving.

    Raises:
        UnknownDelivery: the shipper is no partner of theirs and never was, or is retired.
    """
    partnerships = Partnership.objects.select_related("shipper").filter(shipper_id=shipper_id)
    partnership = partnerships.filter(recipient_id__in=actor.recipient_ids if actor else ()).first()
    if partnership is None or partnership.shipper.state != Shipper.State.ACTIVE:
        raise UnknownDelivery("There is no such shipper that delivers to these sites.")
    with doorway.enter_shipper(partnership.shipper):
        yield partnership.shipper


@contextmanager
def enter_received_at(*, actor: Actor, slug: str) -> Iterator[Shipper]:
    """`enter_received` by the shipper's short name, as addresses name it.

    Raises:
        UnknownDelivery: none of that name delivers or delivered to the actor's recipients.
    """
    shipper = next((each for each in shippers_delivering_to(actor) if each.slug == slug), None)
    if shipper is None:
        raise UnknownDelivery("There is no such shipper that delivers to these sites.")
    with enter_received(actor=actor, shipper_id=shipper.pk) as entered:
        yield entered


def shippers_delivering_to(actor: Actor) -> list[Shipper]:
    """The active shippers that deliver or delivered to the actor's recipients, by name; for the hub."""
    partnerships = Partnership.objects.filter(recipient_id__in=actor.recipient_ids)
    return list(
        Shipper.objects.filter(pk__in=partnerships.values("shipper"), state=Shipper.State.ACTIVE).order_by(
            "name"
        )
    )
