"""What is expected of whoever has to answer an offer: by when, with which reminder, by which policy."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Side
from apps.appointments import services as appointments
from apps.appointments.announcing import tell
from apps.appointments.models import AnswerPolicy, Appointment, Offer
from apps.appointments.policies import answering_policy
from apps.notices.kinds import Kind
from apps.notices.services import outside
from apps.tenancy import doorway
from apps.tenancy.outbox import enqueue

ANSWER_BY_POLICY = "deliveries.answer_by_policy"
#: Without a policy that says otherwise the last quarter of the time to answer begins with a reminder.
LAST_PART = 4


def policy_to_answer(*, side: Side, site_id: UUID, shipper_id: UUID) -> AnswerPolicy | None:
    """The policy of the side that will have to answer; the network alone may read both sides'."""
    with doorway.network():
        return answering_policy(side=side, site_id=site_id, shipper_id=shipper_id)


def time_to_answer(policy: AnswerPolicy | None) -> timedelta | None:
    """How long the policy wants; None leaves it to the site."""
    return timedelta(hours=policy.answer_hours) if policy and policy.answer_hours else None


def expect_answer(offer: Offer, policy: AnswerPolicy | None, now: datetime) -> None:
    """Note when the answering side of a new offer is reminded, and have its policy look at it."""
    left = offer.expires_at - now
    before = (
        timedelta(minutes=policy.remind_minutes) if policy and policy.remind_minutes else left / LAST_PART
    )
    Offer.objects.filter(pk=offer.pk).update(escalate_at=max(now, offer.expires_at - before))
    if policy is not None and policy.answers:
        enqueue(ANSWER_BY_POLICY, offer_id=str(offer.pk))


@transaction.atomic
def escalate_offers(*, now: datetime) -> int:
    """Remind whoever has to answer this shipper's offers that are nearly over; returns how many."""
    noted = appointments.escalate_offers(now=now)
    for appointment in noted:
        _remind(appointment)
    return len(noted)


def _remind(appointment: Appointment) -> None:
    side = Side(appointment.must_act)
    tell(appointment, "escalated", side, kind=Kind.ESCALATION)
    policy = policy_to_answer(side=side, site_id=appointment.site_id, shipper_id=appointment.shipper_id)
    if policy is not None and policy.remind_also:
        on_behalf = appointment.shipper_id if side == Side.SHIPPER else None
        tell(
            appointment,
            "escalated",
            side,
            kind=Kind.ESCALATION,
            audience=outside(policy.remind_also, shipper_id=on_behalf),
        )
