"""What people do about an exception; each step is a row that stays."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.models import Membership, Role
from apps.accounts.permissions import require
from apps.core.errors import DomainError
from apps.custody.canonical import format_time
from apps.custody.services import Personal
from apps.deliveries.selectors import delivery_by_id
from apps.deliveries.services.recording import record
from apps.insights.kinds import Cause, Decision, Ending, Kind
from apps.insights.models import CustomerContact, DeliveryException, ExceptionEvent
from apps.notices.kinds import Kind as NoticeKind
from apps.notices.services import notify, one_person
from apps.tenancy.doorway import current_shipper

Step = ExceptionEvent.Step
OWNERS = (Role.PLANNER, Role.SHIPPER_ADMIN)
ENDED: dict[str, object] = {"ending": Ending.RESOLVED}


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
    return act(actor, exception_id, Step.TAKEN, now, owner_id=actor.person_id, owner_name=actor.name)


def snooze(*, actor: Actor, exception_id: UUID, until: datetime, now: datetime) -> DeliveryException:
    """Off everybody's list ``until`` then, but no longer than until its harm, where that is still ahead.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: ``until`` is not ahead.
    """
    if until <= now:
        raise NothingSaid("Choose a time ahead; until then it is off the list.")
    harm = DeliveryException.objects.filter(pk=exception_id, harm_at__gt=now).values_list(
        "harm_at", flat=True
    )
    until = min([until, *harm])
    return act(
        actor, exception_id, Step.SNOOZED, now, note=f"{until:%Y-%m-%d %H:%M} UTC", snoozed_until=until
    )


def comment(*, actor: Actor, exception_id: UUID, note: str, now: datetime) -> DeliveryException:
    """Say something about it, a call with the customer for instance.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: the note is empty.
    """
    return act(actor, exception_id, Step.COMMENTED, now, note=_said(note))


def resolve(*, actor: Actor, exception_id: UUID, note: str, now: datetime) -> DeliveryException:
    """Take it off the list for good; ``note`` says how it was dealt with.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: the note is empty.
    """
    said = _said(note)
    if DeliveryException.objects.filter(pk=exception_id, kind=Kind.EXCURSION).exists():
        raise NothingSaid(
            "Goods outside their limits need a cause and a decision: accept, quarantine or return."
        )
    return act(actor, exception_id, Step.RESOLVED, now, note=said, **ENDED, ended_at=now)


def assign(*, actor: Actor, exception_id: UUID, person_id: UUID, now: datetime) -> DeliveryException:
    """Make a planner or administrator of the shipper its owner; they are told.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: there is no such colleague.
    """
    shipper = current_shipper()
    members = Membership.objects.filter(shipper=shipper, role__in=OWNERS, person__is_active=True)
    held = members.select_related("person").filter(person_id=person_id).first()
    if held is None:
        raise NothingSaid("Choose one of your planners or administrators.")
    name = str(held.person)
    with transaction.atomic():
        row = act(
            actor, exception_id, Step.ASSIGNED, now, note=name, owner_id=held.person_id, owner_name=name
        )
        if held.person_id != actor.person_id:
            notify(
                kind=NoticeKind.EXCEPTION,
                audience=one_person(held.person_id, shipper_id=shipper.pk),
                title=f"{row.get_kind_display()}: {row.delivery.number} is yours",
                body=f"{actor.name} assigned it to you.",
                path=f"/exceptions/{row.pk}/",
                subject_id=row.pk,
            )
    return row


@transaction.atomic
def note_contact(
    *, actor: Actor, exception_id: UUID, way: str, partner: str, said: str, now: datetime
) -> CustomerContact:
    """Keep what was said with the customer; it stands in the delivery's history of contacts.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: it names nobody, or no words.
    """
    if not partner.strip() or way not in CustomerContact.Way.values:
        raise NothingSaid("Say with whom you talked, and how.")
    words = _said(said)
    row = act(actor, exception_id, Step.CONTACTED, now, note=f"{partner.strip()}: {words}"[:500])
    return CustomerContact.objects.create(
        delivery_id=row.delivery_id,
        exception=row,
        way=way,
        partner=partner.strip()[:100],
        said=words,
        actor_name=actor.name,
        at=now,
    )


@transaction.atomic
def decide(
    *, actor: Actor, exception_id: UUID, reason: str, decision: str, note: str, now: datetime
) -> DeliveryException:
    """End an excursion: why it came to it, and what becomes of the goods; it goes on the custody record.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver; NothingSaid: it is no excursion, or lacks its
            cause or decision.
    """
    if reason not in Cause.values or decision not in Decision.values:
        raise NothingSaid("Choose the cause and what becomes of the goods.")
    if not DeliveryException.objects.filter(pk=exception_id, kind=Kind.EXCURSION).exists():
        raise UnknownException("There is no such excursion.")
    words = f"{Cause(reason).label} · {Decision(decision).label}"
    row = act(
        actor,
        exception_id,
        Step.RESOLVED,
        now,
        note=f"{words}. {note.strip()}"[:500] if note.strip() else words,
        **ENDED,
        ended_at=now,
        reason=reason,
        decision=decision,
    )
    facts = row.facts
    record(
        "excursion_decided",
        delivery=delivery_by_id(row.delivery_id),
        actor=actor,
        now=now,
        details={
            "sensor": facts["sensor"],
            "measure": facts["measure"],
            "from": format_time(datetime.fromisoformat(facts["from"])),
            "to": format_time(datetime.fromisoformat(facts["to"])),
            "minimum": facts["minimum"],
            "maximum": facts["maximum"],
            "cause": reason,
            "decision": decision,
            "note": Personal(note.strip()) if note.strip() else None,
        },
    )
    return row


def _said(note: str) -> str:
    if not note.strip():
        raise NothingSaid("Say in a few words what was done; the next one reads it.")
    return note.strip()[:500]


@transaction.atomic
def act(
    actor: Actor, exception_id: UUID, step: Step, now: datetime, *, note: str = "", **values: object
) -> DeliveryException:
    """Take one step on an open exception and keep it; who may and whether it is open is asked here.

    Raises:
        PermissionRefused, UnknownException, ExceptionOver.
    """
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
