"""What a planner asks of it: look for slots for these deliveries, send those that were chosen, stop."""

from collections.abc import Collection
from datetime import datetime, time
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor, actor_at_shipper
from apps.accounts.models import Person
from apps.accounts.permissions import require
from apps.core.errors import DomainError, PermissionRefused
from apps.core.jobs import OPEN, stop
from apps.core.models import Job
from apps.deliveries.errors import UnknownDelivery
from apps.deliveries.models import BulkLine, BulkRequest
from apps.deliveries.selectors import deliveries
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue

FINDING, SENDING = "deliveries.find_slots", "deliveries.send_offers"
MOST_AT_ONCE = 900  # each is a field of a form, and Django reads a thousand
MOST_DAYS, MOST_SLOTS = 14, 5


class UnknownBulk(DomainError):
    """There is no such request in this schema."""

    code = "unknown-bulk"
    status = 404


class BulkInvalid(DomainError):
    """The request can't be meant: says which part and what would work."""

    code = "bulk-invalid"
    status = 422


@transaction.atomic
def request_bulk(
    *,
    actor: Actor,
    delivery_ids: Collection[UUID],
    days: int = 2,
    slots_each: int = 1,
    wanted_from: time | None = None,
    seed: int = 1,
) -> BulkRequest:
    """Have slots looked for in the background for all of these deliveries; nothing is held by that.

    Each is looked for on ``days`` days from its requested one on, best at ``wanted_from`` in its site's own
    time (None: when the site opens). Deliveries that can't be booked now get a line that says so.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        BulkInvalid: no delivery or too many, or numbers out of range.
        UnknownDelivery: one of them is not in this schema.
    """
    require(actor, "deliveries.plan")
    wanted = set(delivery_ids)
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise BulkInvalid(f"Choose between 1 and {MOST_AT_ONCE} deliveries; {len(wanted)} are chosen.")
    if not 1 <= days <= MOST_DAYS or not 1 <= slots_each <= MOST_SLOTS:
        raise BulkInvalid(f"Look at 1 to {MOST_DAYS} days, and ask for 1 to {MOST_SLOTS} slots each.")
    known = deliveries().filter(pk__in=wanted).order_by("day", "number").values_list("pk", flat=True)
    if len(known) < len(wanted):
        raise UnknownDelivery("One of these deliveries is not there any more; choose anew.")
    request = BulkRequest(
        asked_by_name=actor.name, days=days, slots_each=slots_each, wanted_from=wanted_from, seed=seed
    )
    request.job_id = _job(actor, FINDING, request).pk
    request.save(force_insert=True)
    BulkLine.objects.bulk_create(BulkLine(request=request, delivery_id=pk) for pk in known)
    return request


@transaction.atomic
def send_bulk(*, actor: Actor, request_id: UUID, delivery_ids: Collection[UUID]) -> Job:
    """Have the proposed slots of these deliveries sent as offers; what was sent or is being sent stays so.

    While they are being sent, asking again gives the job that does it.

    Raises:
        PermissionRefused, UnknownBulk
        BulkInvalid: nothing of what is chosen has slots that were not sent yet.
    """
    require(actor, "deliveries.plan")
    request = BulkRequest.objects.select_for_update().filter(pk=request_id).first()
    if request is None:
        raise UnknownBulk("There is no such request.")
    running = Job.objects.filter(kind=SENDING, subject_id=request.pk, state__in=OPEN).first()
    if running is not None:
        return running
    sendable = request.lines.filter(outcome=BulkLine.Outcome.OPEN).exclude(slots=[])
    sendable.update(chosen=False)
    if not sendable.filter(delivery_id__in=delivery_ids).update(chosen=True):
        raise BulkInvalid("Choose at least one delivery that has slots and was not sent yet.")
    job = _job(actor, SENDING, request)
    request.send_job_id = job.pk
    request.save(update_fields=["send_job_id"])
    return job


@transaction.atomic
def cancel_bulk_job(*, actor: Actor, job_id: UUID, now: datetime) -> Job:
    """Stop looking, with the best found so far as the answer; or stop sending: what is sent stays sent.

    Raises:
        PermissionRefused: ``actor`` does not plan for this shipper.
        UnknownBulk: there is no such job in this schema.
    """
    require(actor, "deliveries.plan")
    job = Job.objects.select_for_update().filter(pk=job_id, kind__in=(FINDING, SENDING)).first()
    if job is None:
        raise UnknownBulk("There is no such job.")
    stop(job, by=actor.name, now=now)
    return job


def asker(job: Job) -> Actor:
    """Who asked for a job, with the roles they hold now.

    Raises:
        PermissionRefused: they are no member of this shipper any more.
    """
    asked_by = Job.objects.filter(pk=job.pk).values("asked_by_id")
    person = Person.objects.filter(pk__in=asked_by, is_active=True).first()
    actor = actor_at_shipper(person, current_shipper().pk) if person else None
    if actor is None:
        raise PermissionRefused("Whoever asked for this is no member of this shipper any more.")
    return actor


def _job(actor: Actor, kind: str, request: BulkRequest) -> Job:
    job = Job.objects.create(
        kind=kind,
        subject_id=request.pk,
        message="Waiting for a worker.",
        asked_by_id=actor.person_id,
        asked_by_name=actor.name,
    )
    enqueue(kind, job_id=str(job.pk), request_id=str(request.pk))
    return job
