"""The waiting list: joining it where nothing is free, leaving it, and who is offered a freed slot next."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Load
from apps.appointments.models import Appointment, WaitingEntry
from apps.appointments.models.loads import facts
from apps.appointments.models.waiting import LIVE
from apps.appointments.search import local_day
from apps.appointments.selectors import find_slots
from apps.appointments.services.errors import described
from apps.appointments.services.occupancy import lock_holder
from apps.appointments.services.partners import require_partnership
from apps.appointments.services.terms import terms_of
from apps.appointments.states import State, WaitingState
from apps.core.errors import DomainError
from apps.facilities.models import Site

#: The most days that one entry may wait for.
MOST_DAYS = 14
NEGOTIATED = (State.OFFERED, State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS)


class StillFree(DomainError):
    """Nobody waits where something is free; ``alternatives`` are the first slots."""

    code = "still-free"
    status = 409


class CannotWait(DomainError):
    """The site keeps no list, the days make no sense, or the shipper has as many waiting as it may."""

    code = "cannot-wait"
    status = 422


class AlreadyWaiting(DomainError):
    """The delivery waits already, or has or negotiates a slot."""

    code = "already-waiting"
    status = 409


@transaction.atomic
def join_waiting_list(
    *,
    actor: Actor,
    site: Site,
    shipper_id: UUID,
    delivery_id: UUID,
    reference: str,
    load: Load,
    first_day: date,
    last_day: date,
    now: datetime,
) -> WaitingEntry:
    """Have a delivery wait for a slot on local days of the site, both included; the last in the line.

    Raises:
        PermissionRefused, NoPartnership
        CannotWait: the site keeps no list, the days are over, turned round or too many, or the shipper has as
            many deliveries waiting here as it may.
        AlreadyWaiting: the delivery waits, or a slot is negotiated or agreed.
        StillFree: something is free on those days.
    """
    entry = WaitingEntry(
        shipper_id=shipper_id,
        site=site,
        delivery_id=delivery_id,
        reference=reference,
        days=DateRange(first_day, last_day, "[]"),
        asked_at=now,
        asked_by=actor.name,
        **facts(load),
    )
    require(actor, "appointments.wait", entry)
    require_partnership(shipper_id, site)
    _require_days(site, first_day, last_day, now)
    _require_room(site, shipper_id)
    live = Appointment.objects.filter(shipper_id=shipper_id, delivery_id=delivery_id, state__in=NEGOTIATED)
    if live.exists():
        raise AlreadyWaiting(f"{reference} is being negotiated or has its slot already.")
    days = (last_day - first_day).days + 1
    search = find_slots(
        site=site, load=load, first_day=first_day, days=days, now=now, shipper_id=shipper_id, limit=3
    )
    if not search.docks:
        raise CannotWait(" ".join(next(iter(search.refusals.values()), ("No dock takes this load.",))))
    if search.slots:
        raise StillFree(
            "Some times are free on these days; offer one of them.",
            alternatives=described(search, search.earliest()),
        )
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        if "waiting_once_per_delivery" not in str(error):
            raise
        raise AlreadyWaiting(f"{reference} waits already.") from error
    return entry


def leave_waiting_list(*, actor: Actor, entry: WaitingEntry, now: datetime) -> None:
    """Stop waiting; a slot that is offered already is answered as an offer.

    Raises:
        PermissionRefused
    """
    require(actor, "appointments.wait", entry)
    waiting = WaitingEntry.objects.filter(pk=entry.pk, state=WaitingState.WAITING)
    waiting.update(state=WaitingState.LEFT, ended_at=now)


def settle_waiting_list(*, now: datetime) -> int:
    """Note what became of offers made to the list, and who waits for nothing any more; returns how many."""
    changed = 0
    offered = WaitingEntry.objects.filter(state=WaitingState.OFFERED).select_related("appointment")
    for entry in offered.exclude(appointment__state=State.OFFERED):
        agreed = entry.appointment is not None and entry.appointment.confirmation_number
        entry.state = WaitingState.TAKEN if agreed else WaitingState.PASSED
        entry.ended_at = now
        entry.save(update_fields=["state", "ended_at"])
        changed += 1
    for entry in WaitingEntry.objects.filter(state=WaitingState.WAITING).select_related("site"):
        if entry.days.upper <= local_day(now, ZoneInfo(entry.site.time_zone)):
            over = WaitingEntry.objects.filter(pk=entry.pk, state=WaitingState.WAITING)
            changed += over.update(state=WaitingState.OVER, ended_at=now)
    return changed


def in_line(*, site_id: UUID | None = None) -> list[WaitingEntry]:
    """Who is next, in the order of asking, at sites that offer freed slots; asked in the network."""
    waiting = WaitingEntry.objects.filter(state=WaitingState.WAITING).select_related("shipper", "site")
    if site_id is not None:
        waiting = waiting.filter(site_id=site_id)
    offering = Q(site__terms=None) | Q(site__terms__keeps_waiting_list=True)
    return list(waiting.filter(offering).order_by("asked_at", "id")[:500])


def ahead_of(entry: WaitingEntry) -> int:
    """How many asked before for some of the same days; asked in the network, which sees every shipper's."""
    before = WaitingEntry.objects.filter(
        site_id=entry.site_id,
        state=WaitingState.WAITING,
        asked_at__lt=entry.asked_at,
        days__overlap=entry.days,
    )
    return before.count()


def _require_days(site: Site, first_day: date, last_day: date, now: datetime) -> None:
    today = local_day(now, ZoneInfo(site.time_zone))
    furthest = local_day(now + site.max_lead_time, ZoneInfo(site.time_zone))
    if last_day < first_day:
        raise CannotWait("The last day is before the first; swap them.")
    if first_day < today or last_day > furthest:
        raise CannotWait(
            f"{site.name} is booked from {today:%d %B} to {furthest:%d %B}; choose days in that."
        )
    if (last_day - first_day).days >= MOST_DAYS:
        raise CannotWait(f"Wait for at most {MOST_DAYS} days at a time.")


def _require_room(site: Site, shipper_id: UUID) -> None:
    """Counted by one at a time, so that nobody slips through."""
    terms = terms_of(site.pk)
    if not terms.keeps_waiting_list:
        raise CannotWait(f"{site.name} keeps no waiting list; ask its contact.")
    lock_holder(site.pk, shipper_id)
    waiting = WaitingEntry.objects.filter(site=site, shipper_id=shipper_id, state__in=LIVE).count()
    if waiting >= terms.waiting_per_shipper:
        raise CannotWait(
            f"{site.name} lets {terms.waiting_per_shipper} deliveries of a shipper wait; take one off first."
        )
