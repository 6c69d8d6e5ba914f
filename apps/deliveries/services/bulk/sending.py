"""Sending what was chosen, in the worker: one transaction per delivery, its offer and its answer together.

Whatever stops it, each delivery is either offered and says so, or is as it was; going on sends the rest.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments.load import Slot
from apps.appointments.services import SlotRefused, SlotTaken
from apps.carriers.models import Vehicle
from apps.core.errors import DomainError, PermissionRefused
from apps.core.jobs import Reporter, fail, finish, lock_open, take_up
from apps.core.models import Job
from apps.deliveries.models import BulkLine
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.booking import ask_for_slots
from apps.deliveries.services.bulk.asking import asker
from apps.deliveries.vehicles import largest_for, load_with, vehicles_by_size


def run_bulk_sending(*, job_id: UUID, request_id: UUID, clock: Callable[[], datetime]) -> None:
    """Send the chosen lines that were not sent yet; a job that is over is left alone."""
    job = take_up(job_id, message="Sending the offers.", now=clock())
    if job is None:
        return
    try:
        actor = asker(job)
        require(actor, "deliveries.plan")
        chosen = list(
            BulkLine.objects.filter(request_id=request_id, chosen=True)
            .order_by("outcome", "id")
            .values_list("pk", flat=True)
        )
        vehicles = vehicles_by_size()
        reporter = Reporter(job_id, every=0.2)
        for done, line_id in enumerate(chosen):
            reporter.tell(done, len(chosen))
            if reporter.is_stopped:
                break
            _send(line_id, actor, vehicles, clock())
        _end(job_id, request_id, reporter.is_stopped, clock())
    except PermissionRefused as error:
        fail(job_id, error.message, now=clock())
    except Exception:
        fail(
            job_id,
            "Sending ended with an internal error; each delivery says whether it was offered. Send the rest"
            " again.",
            now=clock(),
        )
        raise


@transaction.atomic
def _send(line_id: UUID, actor: Actor, vehicles: list[Vehicle], now: datetime) -> None:
    line = BulkLine.objects.select_for_update().get(pk=line_id)
    if line.outcome != BulkLine.Outcome.OPEN:
        return
    delivery = delivery_by_id(line.delivery_id)
    load = load_with(delivery, largest_for(delivery, vehicles))
    slots = [_slot(described) for described in line.slots]
    lost = 0
    while True:
        try:
            with transaction.atomic():
                ask_for_slots(actor=actor, delivery=delivery, slots=slots, load=load, now=now)
        except SlotTaken as taken:
            line.alternatives = taken.details["alternatives"]
            lost += 1
            del slots[taken.details["slot"]]
            if slots:
                continue
            line.outcome, line.answer = BulkLine.Outcome.LOST, taken.message
        except PermissionRefused:
            raise
        except DomainError as refused:
            line.outcome, line.answer = BulkLine.Outcome.REFUSED, refused.message
            line.alternatives = refused.details["alternatives"] if isinstance(refused, SlotRefused) else []
        else:
            line.outcome, line.alternatives = BulkLine.Outcome.SENT, []
            line.answer = f"{lost} of {len(line.slots)} slots were taken meanwhile." if lost else ""
        break
    line.save(update_fields=["outcome", "answer", "alternatives"])


@transaction.atomic
def _end(job_id: UUID, request_id: UUID, is_stopped: bool, now: datetime) -> None:
    job = lock_open(job_id)
    if job is None:
        return
    lines = BulkLine.objects.filter(request_id=request_id, chosen=True)
    sent = lines.filter(outcome=BulkLine.Outcome.SENT).count()
    failed = lines.filter(outcome__in=(BulkLine.Outcome.LOST, BulkLine.Outcome.REFUSED)).count()
    said = f"{sent} {'offer is' if sent == 1 else 'offers are'} sent."
    if failed:
        said += f" {failed} could not be sent; each says why and what is free instead."
    job.total = lines.count()
    job.done = sent + failed
    if is_stopped:
        finish(job, Job.State.CANCELLED, f"Stopped. {said} The rest was not sent.", now=now)
    else:
        finish(job, Job.State.DONE, said, now=now)


def _slot(described: dict[str, str]) -> Slot:
    start, end = (datetime.fromisoformat(described[name]) for name in ("start", "end"))
    return Slot(UUID(described["dock_id"]), start, end)
