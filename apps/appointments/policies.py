"""A party's policy held against one slot: what of its bounds the slot breaks; and which policy holds."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q
from django.utils.translation import gettext as _

from apps.accounts.actors import Side
from apps.appointments.load import Slot
from apps.appointments.models import AnswerPolicy, Appointment


@dataclass(frozen=True)
class Circumstances:
    """What a slot is judged by beside itself: the pallets, the start that the judge asked for first."""

    pallets: int
    asked: datetime | None
    zone: ZoneInfo
    now: datetime


def answering_policy(*, side: Side, site_id: UUID, shipper_id: UUID) -> AnswerPolicy | None:
    """The policy by which that side answers offers between the two: for that shipper, else for every one.

    The hub asks, whose role alone reads both sides' policies.
    """
    found = AnswerPolicy.objects.filter(side=str(side), site_id=site_id)
    mine = found.filter(Q(shipper_id=shipper_id) | Q(shipper=None))
    return mine.select_related("site", "shipper").order_by(F("shipper").asc(nulls_last=True)).first()


def circumstances(appointment: Appointment, side: Side, now: datetime) -> Circumstances:
    """What that side's policy judges an offer for the appointment by; its site is loaded."""
    return Circumstances(
        pallets=appointment.pallets,
        asked=_asked(appointment, side),
        zone=ZoneInfo(appointment.site.time_zone),
        now=now,
    )


def breaches(policy: AnswerPolicy, slot: Slot, about: Circumstances) -> list[str]:
    """Which bounds of the policy the slot breaks, a sentence each; empty when it is inside all of them."""
    start, end = slot.start.astimezone(about.zone), slot.end.astimezone(about.zone)
    same_day = start.date() == end.date()
    broken = [
        (
            bool(policy.weekdays) and start.isoweekday() not in policy.weekdays,
            _("It is on another day of the week."),
        ),
        (policy.opens is not None and start.time() < policy.opens, _("It begins too early.")),
        (
            policy.closes is not None and (not same_day or end.time() > policy.closes),
            _("It ends too late."),
        ),
        (
            policy.most_pallets is not None and about.pallets > policy.most_pallets,
            _("There are too many pallets."),
        ),
        (
            policy.notice_hours is not None and slot.start < about.now + timedelta(hours=policy.notice_hours),
            _("It is too soon."),
        ),
        (
            policy.most_shift_minutes is not None
            and about.asked is not None
            and abs(slot.start - about.asked) > timedelta(minutes=policy.most_shift_minutes),
            _("It is too far from what was asked."),
        ),
    ]
    return [sentence for is_broken, sentence in broken if is_broken]


def _asked(appointment: Appointment, side: Side) -> datetime | None:
    """The start that the side wanted first; what is agreed while another time is negotiated."""
    if appointment.during is not None:
        agreed: datetime = appointment.during.lower
        return agreed
    first = appointment.offers.filter(side=str(side)).order_by("id").first()
    slot = first.slots.order_by("index").first() if first else None
    return slot.during.lower if slot else None
