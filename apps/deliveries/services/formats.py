"""How a delivery reaches its recipient: over a dock, collected (``pickups``), or left with a code.

A **drop** is brought to the recipient's site in an agreed slot and left in a locker or place whose code the
driver has beforehand and the recipient's people once the goods are there; what they find they say when they
take it out.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor
from apps.accounts.models import Role
from apps.accounts.permissions import require
from apps.appointments.models import Appointment
from apps.core.errors import IllegalTransition
from apps.custody.services import Personal
from apps.deliveries.errors import FormatRefused, StatementInvalid
from apps.deliveries.models import Delivery, DropEmptied, Handover
from apps.deliveries.selectors import delivery_by_id, ssccs_of, visit_of
from apps.deliveries.services.codes import six_digits
from apps.deliveries.services.recording import record
from apps.deliveries.services.transitions import lock
from apps.deliveries.states import State
from apps.notices.kinds import Kind
from apps.notices.services import notify, recipient_people
from apps.tenancy.doorway import current_shipper

DROPPED = "deliveries.announce_drop"
Format = Delivery.Format


@transaction.atomic
def choose_format(*, actor: Actor, delivery_id: UUID, format: str, now: datetime) -> Delivery:
    """Have it brought to a dock, collected where it leaves from, or left in a locker or place with a code.

    A pickup that stood ready does so no more, and its code is void.

    Raises:
        PermissionRefused: only the shipper's planners may.
        IllegalTransition: it is loaded, or is a leg of another.
        FormatRefused: the site takes nothing unattended; or what is collected has a slot that is asked for or
            agreed.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    if delivery.state not in (State.OPEN, State.FAILED) or delivery.leg:
        raise IllegalTransition(
            f"{delivery.number} is “{State(delivery.state).label}”; how it is delivered is chosen before.",
            state=delivery.state,
        )
    if format not in Format.values:
        raise FormatRefused("Choose how it is delivered.")
    if format == Format.DROP and not delivery.site.allows_unattended:
        raise FormatRefused(f"{delivery.site.name} takes no goods unattended, so nothing can be left there.")
    if format == Format.PICKUP and delivery.state != State.OPEN:
        raise FormatRefused(
            f"{delivery.number} failed on its way; ask for another slot, or bring it back first."
        )
    if format == Format.PICKUP and not visit_of(delivery).needs_slot:
        raise FormatRefused(
            f"{delivery.number} has a slot at {delivery.site.name}. Cancel it first: a pickup takes none."
        )
    delivery.format = format
    delivery.code = six_digits() if format == Format.DROP else ""
    delivery.ready_at, delivery.kept_until, delivery.wrong_codes = None, None, 0
    delivery.version += 1
    delivery.save(update_fields=["format", "code", "ready_at", "kept_until", "wrong_codes", "version"])
    return delivery


@transaction.atomic
def empty_drop(
    *,
    actor: Actor,
    delivery_id: UUID,
    taken_by: str,
    missing: Sequence[str] = (),
    damaged: Sequence[str] = (),
    note: str = "",
    now: datetime,
) -> DropEmptied:
    """The recipient's people took the goods out, and say what was not there or damaged; once.

    Raises:
        PermissionRefused: ``actor`` does not work this site.
        IllegalTransition: nothing was left there, or it was taken out already.
        StatementInvalid: no name, or a handling unit that was not left there, or that is both.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    handover = Handover.objects.filter(delivery=delivery, outcome=Handover.Outcome.UNATTENDED).first()
    if handover is None or DropEmptied.objects.filter(delivery=delivery).exists():
        raise IllegalTransition(f"Nothing of {delivery.number} lies there to be taken out.")
    units = set(ssccs_of(delivery))
    if not taken_by.strip():
        raise StatementInvalid("Write the name of whoever took the goods out.")
    if not {*missing, *damaged} <= units or set(missing) & set(damaged):
        raise StatementInvalid("Name handling units of this delivery, each as missing or as damaged.")
    emptied = DropEmptied.objects.create(
        delivery=delivery,
        taken_by=taken_by.strip()[:100],
        missing=sorted(missing),
        damaged=sorted(damaged),
        note=note.strip()[:300],
        recorded_at=now,
    )
    recipient = delivery.site.recipient
    found = [
        {"kind": kind, "sscc": sscc}
        for kind, ssccs in (("short", emptied.missing), ("damaged", emptied.damaged))
        for sscc in ssccs
    ]
    counts = {"expected": len(units), "over": 0, "refused": 0}
    counts |= {"short": len(emptied.missing), "damaged": len(emptied.damaged)}
    record(
        "drop_emptied",
        delivery=delivery,
        actor=actor,
        now=now,
        details={
            "received_by": {
                "organisation": recipient.name if recipient else delivery.site.name,
                "name": Personal(emptied.taken_by),
                "assurance": "captured",
            },
            "place": handover.place or None,
            "counts": {**counts, "received": len(units) - counts["short"] - counts["damaged"]},
            "discrepancies": found or None,
            "note": Personal(emptied.note) if emptied.note else None,
        },
    )
    return emptied


def announce_drop(*, delivery_id: UUID) -> None:
    """Tell the site's people where goods were left for them; the code stands on the visit's page."""
    delivery = delivery_by_id(delivery_id)
    recipient, handover = delivery.site.recipient, Handover.objects.get(delivery=delivery)
    visit = Appointment.objects.filter(delivery_id=delivery.pk).order_by("-id").first()
    if recipient is None or visit is None:
        return
    notify(
        kind=Kind.HANDOVER,
        audience=recipient_people(recipient.pk, Role.RECEIVING_MANAGER, Role.DOCK_OPERATOR),
        title=_("%(number)s from %(shipper)s was left at %(site)s")
        % {"number": delivery.number, "shipper": current_shipper().name, "site": delivery.site.name},
        body=_("Where: %(place)s. The code is on the visit's page; say there what was found.")
        % {"place": handover.place or delivery.site.name},
        path=f"/appointments/{visit.pk}/",
        subject_id=delivery.pk,
    )
