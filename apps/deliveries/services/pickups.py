"""What a recipient collects: ready at a site of the shipper's own, kept for a while, handed out by its code.

It waits where it leaves from (perhaps brought there by a leg). Its recipient's people get a code by mail when
it is ready; who says the code gets the goods, by the same statement as at a dock, and custody passes from the
shipper to the recipient with no carrier between.
"""

from datetime import UTC, date, datetime, time, timedelta
from hmac import compare_digest
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor
from apps.accounts.models import Role
from apps.accounts.permissions import require
from apps.core.errors import IllegalTransition
from apps.deliveries.errors import CodeRefused, FormatRefused, StatementInvalid
from apps.deliveries.models import Delivery, Handover
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.codes import MOST_ATTEMPTS, six_digits
from apps.deliveries.services.handover import hand_over
from apps.deliveries.services.recording import record
from apps.deliveries.services.steps import require_goods
from apps.deliveries.services.transitions import lock
from apps.deliveries.statement import Statement
from apps.deliveries.states import State
from apps.facilities.models import Site
from apps.notices.kinds import Kind
from apps.notices.services import notify, recipient_people
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

READY = "deliveries.pickup_ready"
REMIND = "deliveries.remind_of_pickup"
#: How long goods are kept where nobody says otherwise, and how long before its end that is told again.
KEPT_DAYS = 7
REMINDED_BEFORE = timedelta(days=1)
Format = Delivery.Format


@transaction.atomic
def ready_to_collect(
    *, actor: Actor, delivery_id: UUID, now: datetime, last_day: date | None = None
) -> Delivery:
    """The goods stand ready; the recipient's people get the code by mail. Again: another code, also by mail.

    They are kept until the end of ``last_day``, by the place's own clock; without one a week, or as long as
    was said before. A day before that the recipient's people are reminded.

    Raises:
        FormatRefused: the last day is over already, or more than a year away.
        PermissionRefused: ``actor`` does not plan for the shipper, or the place is not its own.
        IllegalTransition: it is not collected, was collected, or its goods are on a leg.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.plan")
    _require_pickup(delivery)
    require(actor, "deliveries.check_in", delivery)
    require_goods(delivery)
    was_ready = delivery.ready_at is not None
    delivery.code, delivery.wrong_codes = six_digits(), 0
    delivery.ready_at = delivery.ready_at or now
    if last_day is not None or delivery.kept_until is None:
        delivery.kept_until = _kept_until(delivery.origin, last_day, now)
    delivery.version += 1
    delivery.save(update_fields=["code", "wrong_codes", "ready_at", "kept_until", "version"])
    if not was_ready:
        record("pickup_ready", delivery=delivery, actor=actor, now=now, place=delivery.origin, details={})
    enqueue("deliveries.issue_delivery_note", delivery_id=str(delivery.pk))
    _tell(delivery, _("%(number)s from %(shipper)s can be collected"))
    assert delivery.kept_until is not None
    enqueue(
        REMIND,
        due_at=max(now, delivery.kept_until - REMINDED_BEFORE),
        delivery_id=str(delivery.pk),
        kept_until=delivery.kept_until.isoformat(),
    )
    return delivery


@transaction.atomic
def hand_out(*, actor: Actor, delivery_id: UUID, code: str, statement: Statement, now: datetime) -> Handover:
    """Hand a pickup to whoever says its code, by their one statement.

    Raises:
        PermissionRefused: ``actor`` does not plan for the shipper, or the place is not its own.
        IllegalTransition: it is not ready, or was collected.
        CodeRefused: the code is wrong or was tried too often; have it counted by ``note_wrong_code``.
        StatementInvalid: it contradicts the goods, or nothing of them is taken.
        DocumentsMissing: the site demands documents at handover.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    _require_pickup(delivery)
    if delivery.ready_at is None:
        raise IllegalTransition(f"{delivery.number} is not ready yet; say that it is, and its code goes out.")
    if delivery.wrong_codes >= MOST_ATTEMPTS:
        raise CodeRefused("The code was said wrong too often. Have another one sent.")
    if not compare_digest(delivery.code.encode(), code.strip().encode()):
        raise CodeRefused("That is not the code of this pickup. Who collects has it by mail.")
    if statement.unattended:
        raise StatementInvalid("Whoever collects is there; nothing is left unattended.")
    return hand_over(actor=actor, delivery_id=delivery_id, statement=statement, now=now)


@transaction.atomic
def note_wrong_code(*, actor: Actor, delivery_id: UUID) -> int:
    """Count a code of a pickup that was wrong; how many tries are left."""
    delivery = lock(delivery_id)
    require(actor, "deliveries.check_in", delivery)
    delivery.wrong_codes = min(delivery.wrong_codes + 1, MOST_ATTEMPTS)
    delivery.save(update_fields=["wrong_codes"])
    return MOST_ATTEMPTS - delivery.wrong_codes


def remind_of_pickup(*, delivery_id: UUID, kept_until: datetime) -> bool:
    """Remind the recipient's people of what still waits for them; whether it does, kept until that moment."""
    delivery = delivery_by_id(delivery_id)
    if delivery.state != State.OPEN or delivery.ready_at is None or delivery.kept_until != kept_until:
        return False
    _tell(delivery, _("%(number)s from %(shipper)s still waits to be collected"))
    return True


def _tell(delivery: Delivery, title: str) -> None:
    """The recipient's people, by mail with the code; the notice on the page says none."""
    recipient = delivery.site.recipient
    if recipient is not None:
        notify(
            kind=Kind.HANDOVER,
            audience=recipient_people(recipient.pk, Role.RECEIVING_MANAGER, Role.DOCK_OPERATOR),
            title=title % {"number": delivery.number, "shipper": current_shipper().name},
            body=_address(delivery.origin),
            composer=READY,
            facts={"shipper_id": str(current_shipper().pk), "delivery_id": str(delivery.pk)},
        )


def _kept_until(place: Site, last_day: date | None, now: datetime) -> datetime:
    """The end of that day at the place."""
    zone = ZoneInfo(place.time_zone)
    today = now.astimezone(zone).date()
    last = last_day or today + timedelta(days=KEPT_DAYS)
    if not today <= last <= today + timedelta(days=366):
        raise FormatRefused("Keep it until a day from today on, and within a year.")
    return datetime.combine(last + timedelta(days=1), time.min, tzinfo=zone).astimezone(UTC)


def _require_pickup(delivery: Delivery) -> None:
    if delivery.format != Format.PICKUP or delivery.state != State.OPEN:
        raise IllegalTransition(f"{delivery.number} is not there to be collected.", state=delivery.state)


def _address(site: Site) -> str:
    parts = (
        site.name,
        site.street,
        " ".join(filter(None, (site.postal_code, site.city))),
        site.gate_instructions,
    )
    return "\n".join(part for part in parts if part)
