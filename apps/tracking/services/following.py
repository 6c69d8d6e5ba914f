"""Letting somebody without an account follow one delivery: by a link that only shows and can be ended."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.models import Link
from apps.accounts.permissions import require
from apps.accounts.services import LinkClosed, find_link, issue_link, revoke_links
from apps.appointments.search import day_bounds
from apps.core.errors import DomainError
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id, visit_of
from apps.notices.kinds import Kind
from apps.notices.services import notify, outside
from apps.tenancy.doorway import current_shipper

PURPOSE = "tracking.follow"
COMPOSER = "tracking.follow"
#: How long after the visit the link still shows what came of it.
AFTERWARDS = timedelta(days=3)


class AddressInvalid(DomainError):
    """The link can't be mailed there."""

    code = "address-invalid"


@dataclass(frozen=True)
class Followed:
    """What a link shows: the delivery, and whom to call about it."""

    delivery: Delivery
    contact: str
    issued_to: str


@transaction.atomic
def make_link(*, actor: Actor, delivery_id: UUID, issued_to: str, contact: str, now: datetime) -> str:
    """A token that shows the delivery to whoever holds it, until some days after the visit.

    ``issued_to`` says who that is to be; ``contact`` is whom they call. The token is kept nowhere.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownDelivery: there is none with that id in this schema.
    """
    require(actor, "deliveries.plan")
    return issue(delivery_by_id(delivery_id), issued_to=issued_to, contact=contact, now=now)


@transaction.atomic
def mail_link(*, actor: Actor, delivery_id: UUID, address: str, contact: str, now: datetime) -> None:
    """Promise a mail with a link of its own to ``address``; the worker makes it when it writes the mail.

    Raises:
        PermissionRefused, UnknownDelivery: as ``make_link``.
        AddressInvalid: it is no e-mail address.
    """
    require(actor, "deliveries.plan")
    delivery = delivery_by_id(delivery_id)
    try:
        validate_email(address)
    except ValidationError as error:
        raise AddressInvalid(f"“{address[:80]}” is no e-mail address; the link was not sent.") from error
    shipper = current_shipper()
    notify(
        kind=Kind.AGREED,
        audience=outside(address, shipper_id=shipper.pk),
        title=f"{shipper.name}: follow delivery {delivery.number}",
        subject_id=delivery.pk,
        composer=COMPOSER,
        facts={"delivery_id": str(delivery.pk), "contact": contact},
    )


def issue(delivery: Delivery, *, issued_to: str, contact: str, now: datetime) -> str:
    """The token of a new link; whoever calls this has required who may."""
    return issue_link(
        PURPOSE,
        subject_id=delivery.pk,
        shipper_id=current_shipper().pk,
        issued_to=issued_to[:200],
        expires_at=max(now, _end_of(delivery)) + AFTERWARDS,
        facts={"contact": contact[:200]},
    )


@transaction.atomic
def end_links(*, actor: Actor, delivery_id: UUID, now: datetime) -> int:
    """Close every link to a delivery; how many were open.

    Raises:
        PermissionRefused, UnknownDelivery: as ``make_link``.
    """
    require(actor, "deliveries.plan")
    return revoke_links(PURPOSE, subject_id=delivery_by_id(delivery_id).pk, now=now)


def open_links(delivery: Delivery, *, now: datetime) -> list[Link]:
    """The links that show a delivery now, the newest first."""
    links = Link.objects.filter(purpose=PURPOSE, subject_id=delivery.pk, revoked_at=None, expires_at__gt=now)
    return list(links.order_by("-created_at"))


def followed(token: str, *, now: datetime) -> Followed:
    """What the link behind a token shows, in the current shipper's schema.

    Raises:
        LinkClosed: it was ended, has run out, never was one, or is another shipper's.
    """
    link = find_link(token, PURPOSE, now=now)
    delivery = Delivery.objects.select_related("site", "origin").filter(pk=link.subject_id).first()
    if link.shipper_id != current_shipper().pk or delivery is None:
        raise LinkClosed("This link no longer works. Ask whoever sent it for a new one.")
    return Followed(delivery, str(link.facts.get("contact", "")), link.issued_to)


def _end_of(delivery: Delivery) -> datetime:
    """When the visit is over by what is agreed, else the day that was asked for."""
    appointment = visit_of(delivery).appointment
    if appointment is not None and appointment.during is not None:
        return appointment.during.upper
    _start, end = day_bounds(delivery.day, ZoneInfo(delivery.site.time_zone))
    return end
