"""The second factor of a handover: a one-time code that goes to the receiving person's own e-mail."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.models import Membership, Person, Role
from apps.accounts.permissions import require
from apps.deliveries.errors import CodeRefused
from apps.deliveries.models import Delivery, HandoverCode
from apps.deliveries.services.transitions import lock
from apps.deliveries.statement import Statement
from apps.facilities.models import Site
from apps.notices.kinds import Kind
from apps.notices.services import notify, outside
from apps.tenancy import doorway

LASTS = timedelta(minutes=15)
MOST_ATTEMPTS = 5
MOST_CODES = 5
WITHIN = timedelta(hours=1)
#: How long a code that was confirmed stands for the statement it was confirmed for.
STANDS = timedelta(hours=1)
COMPOSER = "deliveries.code"


@transaction.atomic
def request_code(*, actor: Actor, delivery_id: UUID, receiver: str, now: datetime) -> HandoverCode:
    """Send a code to the person of the site who receives; earlier ones are void. It is mailed by the worker.

    Raises:
        PermissionRefused: ``actor`` does not work this site and does not drive.
        CodeRefused: the site asks for none, nobody there has that name, or too many were sent.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    if not delivery.site.asks_code:
        raise CodeRefused(f"{delivery.site.name} asks for no code; sign without one.")
    if delivery.codes.filter(sent_at__gt=now - WITHIN).count() >= MOST_CODES:
        raise CodeRefused(f"{MOST_CODES} codes were sent within the hour. Use the last one, or wait.")
    person = _receiver(delivery.site, receiver)
    delivery.codes.filter(confirmed_at=None, expires_at__gt=now).update(expires_at=now)
    code = HandoverCode.objects.create(
        delivery=delivery, person_name=person.name, sent_at=now, expires_at=now + LASTS
    )
    notify(
        kind=Kind.HANDOVER,
        audience=outside(person.email, shipper_id=doorway.current_shipper().pk),
        title=f"{delivery.number}: code for the handover",
        composer=COMPOSER,
        facts={"code_id": str(code.pk)},
    )
    return code


@transaction.atomic
def confirm_code(
    *, actor: Actor, delivery_id: UUID, code: str, now: datetime, at: datetime | None = None
) -> str:
    """Check a code that was typed; empty when it is right, else what is wrong. Each wrong try is counted.

    ``at`` is when it was typed, for one that a phone sends later. Commit what this did, whatever comes next.

    Raises:
        PermissionRefused: ``actor`` does not work this site and does not drive.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    sent = delivery.codes.filter(used_at=None).order_by("-sent_at").first()
    if sent is None or sent.expires_at <= (at or now):
        return "The code has run out. Have another one sent."
    if sent.attempts >= MOST_ATTEMPTS:
        return "That code was typed wrong too often. Have another one sent."
    sent.attempts += 1
    if not (sent.code_hash and check_password(code.strip(), sent.code_hash)):
        sent.save(update_fields=["attempts"])
        return f"That is not the code; {MOST_ATTEMPTS - sent.attempts} tries are left."
    sent.confirmed_at = now
    sent.save(update_fields=["attempts", "confirmed_at"])
    return ""


def use_code(delivery: Delivery, statement: Statement, *, now: datetime) -> None:
    """Use the confirmed code for the statement of whoever it was sent to, in the handover's transaction.

    Raises:
        CodeRefused: none was confirmed, or it was sent to somebody else.
    """
    confirmed = (
        delivery.codes.filter(confirmed_at__gt=now - STANDS, used_at=None).order_by("-confirmed_at").first()
    )
    if confirmed is None:
        raise CodeRefused(
            f"{delivery.site.name} wants whoever receives to confirm by a code. Have it sent and type it."
        )
    if _plain(confirmed.person_name) != _plain(statement.received_by):
        raise CodeRefused(
            f"The code went to {confirmed.person_name}, so {confirmed.person_name} is who receives."
        )
    confirmed.used_at = now
    confirmed.save(update_fields=["used_at"])


def six_digits() -> str:
    """A code that can be said and typed."""
    return f"{secrets.randbelow(10**6):06}"


def new_code(code_id: UUID) -> tuple[HandoverCode, str]:
    """Draw the six digits of a code just before they are mailed; nothing but a slow hash of them is kept."""
    digits = six_digits()
    code = HandoverCode.objects.select_related("delivery__site").get(pk=code_id)
    code.code_hash = make_password(digits)
    code.save(update_fields=["code_hash"])
    return code, digits


def _receiver(site: Site, name: str) -> Person:
    """The member of the site's recipient who receives under that name; asked in the network's role."""
    with doorway.network():
        working = Membership.objects.filter(
            recipient=site.recipient,
            recipient__isnull=False,
            role__in=(Role.RECEIVING_MANAGER, Role.DOCK_OPERATOR),
            person__is_active=True,
        ).select_related("person")
        people = {each.person_id: each.person for each in working if _plain(each.person.name) == _plain(name)}
    if len(people) != 1:
        raise CodeRefused(
            f"{site.name} has nobody of that name who receives goods here. "
            "Write the name as it is signed in with."
        )
    return next(iter(people.values()))


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()
