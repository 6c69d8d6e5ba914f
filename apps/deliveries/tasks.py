"""Work of the deliveries room in the background: papers, news by e-mail, offers that ran out."""

import logging
from collections.abc import Mapping
from uuid import UUID

from celery import shared_task
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils import timezone

from apps.accounts.actors import SYSTEM, Side
from apps.accounts.models import Membership, Role
from apps.appointments.models import Appointment
from apps.deliveries import services
from apps.deliveries.selectors import delivery_by_id
from apps.documents.papers import Transport
from apps.tenancy import doorway
from apps.tenancy.addresses import desk_address, hub_address
from apps.tenancy.models import Shipper
from apps.tenancy.outbox import handles

log = logging.getLogger(__name__)


@shared_task(name="deliveries.expire", ignore_result=True, expires=25)
def expire() -> None:
    """End, for each shipper, the offers that nobody answered in time; one that fails holds up no other."""
    with doorway.network():
        shippers = list(Shipper.objects.filter(state=Shipper.State.ACTIVE))
    for shipper in shippers:
        try:
            with doorway.enter_shipper(shipper):
                services.expire_offers(now=timezone.now())
        except Exception:
            log.exception("the offers of %s were not ended", shipper.slug)


@handles("deliveries.issue_delivery_note", queue="documents")
def issue_delivery_note(delivery_id: str, carrier: str = "", vehicle: str = "", driver: str = "") -> None:
    """Render the delivery note of a delivery as it stands now; whoever planned it says who brings it."""
    services.issue_delivery_note(
        actor=SYSTEM,
        delivery=delivery_by_id(UUID(delivery_id)),
        now=timezone.now(),
        transport=Transport(carrier=carrier, vehicle=vehicle, driver=driver),
    )


@handles("deliveries.issue_proof_of_delivery", queue="documents")
def issue_proof_of_delivery(delivery_id: str) -> None:
    """Lay out and sign the proof of a handover."""
    services.issue_proof_of_delivery(
        actor=SYSTEM, delivery=delivery_by_id(UUID(delivery_id)), now=timezone.now()
    )


@handles("deliveries.announce", atomic=False)
def announce(appointment_id: str, step: str, by: str) -> None:
    """Tell the party that did not act what happened to an appointment, both when Dockside acted by itself."""
    appointment = Appointment.objects.select_related("site__recipient", "shipper", "dock").get(
        pk=appointment_id
    )
    for side in sorted({Side.RECIPIENT, Side.SHIPPER} - {Side(by)}):
        _send(appointment, step, side)


@handles("deliveries.announce_move", atomic=False)
def announce_move(appointment_id: str, version: int) -> None:
    """Tell the shipper which dock its vehicle goes to, unless the appointment has moved on since."""
    appointment = Appointment.objects.select_related("site__recipient", "shipper", "dock").get(
        pk=appointment_id
    )
    if appointment.version == version:
        _send(appointment, "moved", Side.SHIPPER)


def _send(appointment: Appointment, step: str, side: Side) -> None:
    addresses = _addresses(appointment, side)
    if not addresses:
        return
    offer = appointment.offers.prefetch_related("slots__dock").order_by("-id").first()
    context = {
        "appointment": appointment,
        "step": step,
        "offer": offer,
        "site": appointment.site,
        "link": _link(appointment, side),
        "must_act_here": appointment.must_act == side,
    }
    subject = render_to_string("mail/appointment_subject.txt", context).strip()
    send_mail(subject, render_to_string("mail/appointment.txt", context), None, addresses)


def _addresses(appointment: Appointment, side: Side) -> list[str]:
    if side == Side.SHIPPER:
        roles, organisation = (Role.PLANNER, Role.SHIPPER_ADMIN), {"shipper": appointment.shipper}
        with doorway.network():
            return _members(roles, organisation)
    recipient = appointment.site.recipient
    if recipient is None:
        return []
    if recipient.email:
        return [recipient.email]
    with doorway.network():
        return _members((Role.RECEIVING_MANAGER,), {"recipient": recipient})


def _members(roles: tuple[Role, ...], organisation: Mapping[str, object]) -> list[str]:
    members = Membership.objects.filter(role__in=roles, person__is_active=True, **organisation)
    return sorted(set(members.values_list("person__email", flat=True)))


def _link(appointment: Appointment, side: Side) -> str:
    if side == Side.RECIPIENT:
        return hub_address(f"/appointments/{appointment.pk}/")
    return desk_address(appointment.shipper, f"/deliveries/{appointment.delivery_id}/")


@handles("deliveries.announce_handover", atomic=False)
def announce_handover(delivery_id: str) -> None:
    """Tell the shipper's planners how the handover went."""
    delivery = delivery_by_id(UUID(delivery_id))
    handover = delivery.handover
    shipper = doorway.current_shipper()
    with doorway.network():
        addresses = _members((Role.PLANNER, Role.SHIPPER_ADMIN), {"shipper": shipper})
    if addresses:
        context = {"delivery": delivery, "handover": handover}
        subject = render_to_string("mail/handover_subject.txt", context).strip()
        send_mail(subject, render_to_string("mail/handover.txt", context), None, addresses)
