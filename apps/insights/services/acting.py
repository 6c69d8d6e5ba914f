"""What people do about an exception; each step is a row that stays."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.insights.kinds import Ending
from apps.insights.models import DeliveryException, ExceptionEvent
from apps.tenancy.doorway import current_shipper

Step = ExceptionEvent.Step


class UnknownException(DomainError):
    """There is no such exception for whoever asks."""

    code = "unknown-exception"
    status = 404


class ExceptionOver(DomainError):
    """It is off the list already; nothing was changed."""

    code = "exception-over"
    status = 409


class NothingSaid(DomainError):
    """A step that needs words came without any."""

    code = "nothing-said"
    status = 422


def take(*, actor: Actor, exception_id: UUID, now: datetime) -> DeliveryException:
    """Make the actor its owner.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver.
    """
    return _act(actor, exception_id, Step.TAKEN, now, owner_id=actor.person_id, owner_name=actor.name)


def snooze(*, actor: Actor, exception_id: UUID, until: datetime, now: datetime) -> DeliveryException:
    """Off everybody's list ``until`` then; it never hides harm that comes sooner, it only moves down.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: ``until`` is not ahead.
    """
    if until <= now:
        raise NothingSaid("Choose a time ahead; until then it is off the list.")
    return _act(
        actor, exception_id, Step.SNOOZED, now, note=f"{until:%Y-%m-%d %H:%M} UTC", snoozed_until=until
    )


def comment(*, actor: Actor, exception_id: UUID, note: str, now: datetime) -> DeliveryException:
    """Say something about it, a call with the customer for instance.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: the note is empty.
    """
    return _act(actor, exception_id, Step.COMMENTED, now, note=_said(note))


def resolve(*, actor: Actor, exception_id: UUID, note: str, now: datetime) -> DeliveryException:
    """Take it off the list for good; ``note`` says how it was dealt with.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: the note is empty.
    """
    ended = {"ended_at": now, "ending": Ending.RESOLVED}
    return _act(actor, exception_id, Step.RESOLVED, now, note=_said(note), **ended)


def _said(note: str) -> str:
    if not note.strip():
        raise NothingSaid("Say in a few words what was done; the next one reads it.")
    return note.strip()[:500]


@transaction.atomic
def _act(
    actor: Actor, exception_id: UUID, step: Step, now: datetime, *, note: str = "", **values: object
) -> DeliveryException:
    require(actor, "insights.act", current_shipper())
    row = DeliveryException.objects.select_for_update().filter(pk=exception_id).first()
    if row is None:
        raise UnknownException("There is no such exception.")
    if row.ended_at is not None:
        raise ExceptionOver(f"It is off the list already: {row.get_ending_display().lower()}.")
    for name, value in values.items():
        setattr(row, name, value)
    row.answered_at = row.answered_at or now
    row.version += 1
    row.save()
    ExceptionEvent.objects.create(exception=row, step=step, actor_name=actor.name, note=note, at=now)
    return row
