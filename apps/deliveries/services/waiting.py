"""A delivery on a site's waiting list: joining, leaving, and being offered a slot that became free."""

import logging
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.actors import Actor, Organisation, Side, actor_by_policy
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.announcing import tell
from apps.appointments.load import Load
from apps.appointments.models import WaitingEntry
from apps.appointments.selectors import find_slots
from apps.appointments.services import waiting as line
from apps.appointments.services.terms import terms_of
from apps.appointments.states import WaitingState
from apps.core.errors import DomainError
from apps.deliveries.models import Delivery
from apps.deliveries.selectors import delivery_by_id, load_of
from apps.deliveries.services.negotiation_record import record_first_offer
from apps.deliveries.services.transitions import try_again
from apps.notices.kinds import Kind
from apps.tenancy import doorway
from apps.tenancy.doorway import current_shipper

log = logging.getLogger(__name__)


@transaction.atomic
def wait_for_slot(
    *,
    actor: Actor,
    delivery: Delivery,
    first_day: date,
    last_day: date,
    now: datetime,
    load: Load | None = None,
) -> WaitingEntry:
    """Have a delivery wait for a slot on these local days of its site.

    Raises:
        PermissionRefused, StillFree, CannotWait, AlreadyWaiting: as ``appointments.services.waiting``.
    """
    require(actor, "deliveries.plan")
    try_again(delivery, actor=actor, now=now)
    return line.join_waiting_list(
        actor=actor,
        site=delivery.site,
        shipper_id=current_shipper().pk,
        delivery_id=delivery.pk,
        reference=delivery.number,
        load=load or load_of(delivery),
        first_day=first_day,
        last_day=last_day,
        now=now,
    )


def offer_freed_slots(*, now: datetime, site_id: UUID | None = None) -> int:
    """Offer what is free to those who wait for it, in the order of asking; returns how many offers.

    Called in the network; each offer is made in its shipper's schema and a transaction of its own. Done
    twice it offers nothing twice. One that fails holds up no other.
    """
    line.settle_waiting_list(now=now)
    made = 0
    for entry in line.in_line(site_id=site_id):
        try:
            with doorway.enter_shipper(entry.shipper):
                made += _offer(entry.pk, now)
        except Exception:
            log.exception("could not offer %s a freed slot", entry)
    return made


@transaction.atomic
def _offer(entry_id: UUID, now: datetime) -> bool:
    """Offer the first free start of the entry's days, held as long as the site's terms say."""
    waiting = WaitingEntry.objects.select_for_update(of=("self",)).select_related("site__recipient")
    entry = waiting.filter(pk=entry_id, state=WaitingState.WAITING).first()
    if entry is None or entry.site.recipient is None:
        return False
    days = (entry.days.upper - entry.days.lower).days
    found = find_slots(
        site=entry.site,
        load=entry.load,
        first_day=entry.days.lower,
        days=days,
        now=now,
        shipper_id=entry.shipper_id,
        limit=1,
    )
    if not found.slots:
        return False
    minutes = terms_of(entry.site_id).waiting_hold_minutes
    recipient = entry.site.recipient
    actor = actor_by_policy(Organisation(Side.RECIPIENT, recipient.name, recipient.pk))
    try:
        appointment = appointments.offer_slots(
            actor=actor,
            site=entry.site,
            shipper_id=entry.shipper_id,
            delivery_id=entry.delivery_id,
            reference=entry.reference,
            load=entry.load,
            slots=found.slots[:1],
            message=_("From the waiting list: this became free."),
            now=now,
            answer_within=timedelta(minutes=minutes),
        )
    except appointments.AlreadyNegotiating:
        _end(entry, WaitingState.LEFT, now)
        return False
    except DomainError as refusal:
        log.info("%s waits on: %s", entry, refusal.message)
        return False
    entry.appointment, entry.state = appointment, WaitingState.OFFERED
    entry.save(update_fields=["appointment", "state"])
    record_first_offer(delivery_by_id(entry.delivery_id), appointment, actor, now)
    tell(appointment, "offered", Side.SHIPPER, kind=Kind.WAITING)
    return True


def _end(entry: WaitingEntry, state: WaitingState, now: datetime) -> None:
    entry.state, entry.ended_at = state, now
    entry.save(update_fields=["state", "ended_at"])
