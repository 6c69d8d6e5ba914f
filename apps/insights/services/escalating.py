"""Escalation: who is told of exceptions that nobody deals with, by the shipper's rules, once each."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from apps.accounts.models import Role
from apps.core.turns import one_at_a_time
from apps.insights.models import DeliveryException, Escalation, EscalationRule, ExceptionEvent
from apps.notices.kinds import Kind
from apps.notices.services import Audience, notify, one_person, outside, shipper_people
from apps.tenancy.doorway import current_shipper

Until, Whom = EscalationRule.Until, EscalationRule.Whom


@transaction.atomic
def escalate(*, now: datetime) -> int:
    """Follow every rule for the exceptions it is due for; how many there were.

    Of those with one cause somebody is told once. What is put off waits. A worker that was down tells once.
    """
    one_at_a_time("insights watch")
    told = 0
    for rule in EscalationRule.objects.filter(active=True):
        due = list(_due(rule, now))
        Escalation.objects.bulk_create(Escalation(exception=row, rule=rule, at=now) for row in due)
        ExceptionEvent.objects.bulk_create(
            ExceptionEvent(
                exception=row,
                step=ExceptionEvent.Step.ESCALATED,
                actor_name="Dockside",
                note=f"{rule.name}: {rule.get_whom_display()}"[:500],
                at=now,
            )
            for row in due
        )
        for rows in _grouped(due):
            _tell(rule, rows)
        told += len(due)
    return told


def _due(rule: EscalationRule, now: datetime) -> Iterable[DeliveryException]:
    rows = DeliveryException.objects.filter(
        Q(snoozed_until=None) | Q(snoozed_until__lte=now),
        ended_at=None,
        severity__gte=rule.least_severity,
        detected_at__lte=now - timedelta(minutes=rule.after_minutes),
    ).exclude(escalations__rule=rule)
    if rule.kind:
        rows = rows.filter(kind=rule.kind)
    if rule.until == Until.ANSWERED:
        rows = rows.filter(answered_at=None)
    return rows.select_related("delivery__site").order_by("harm_at", "id")


def _grouped(rows: list[DeliveryException]) -> Iterable[list[DeliveryException]]:
    groups: dict[str, list[DeliveryException]] = {}
    for row in rows:
        groups.setdefault(row.group or str(row.pk), []).append(row)
    return groups.values()


def _tell(rule: EscalationRule, rows: list[DeliveryException]) -> None:
    first = rows[0]
    numbers = ", ".join(row.delivery.number for row in rows[:5])
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    said = "nobody has acted on it" if rule.until == Until.ANSWERED else "it is still open"
    notify(
        kind=Kind.EXCEPTION,
        audience=_audience(rule, first),
        title=f"{first.get_kind_display()}: {numbers}{more}",
        body=f"{first.delivery.site.name}. After {rule.after_minutes} minutes {said}.",
        path=f"/exceptions/{first.pk}/",
        subject_id=first.pk,
    )


def _audience(rule: EscalationRule, row: DeliveryException) -> Audience:
    shipper_id = current_shipper().pk
    if rule.whom == Whom.MAILBOX:
        return outside(rule.mailbox, shipper_id=shipper_id)
    if rule.whom == Whom.OWNER and row.owner_id is not None:
        return one_person(row.owner_id, shipper_id=shipper_id)
    if rule.whom == Whom.ADMINISTRATORS:
        return shipper_people(shipper_id, Role.SHIPPER_ADMIN)
    return shipper_people(shipper_id, Role.PLANNER, Role.SHIPPER_ADMIN)
