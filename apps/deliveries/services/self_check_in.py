"""A driver reports at the gate by the code that hangs there, without an account: into the queue, or sent on.

Reporting is no check-in: it says when a vehicle came and begins its queue. The gate checks it in.
"""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from apps.accounts.actors import Actor, Means, Side
from apps.accounts.models import Role
from apps.appointments.at_gate import EXPECTED, Judged, Verdict, claimed_at_gate, judge
from apps.appointments.models import Appointment
from apps.appointments.services.self_reports import note_report, require_few_reports
from apps.appointments.services.visiting import VisitStep, note_visit
from apps.core.errors import IllegalTransition
from apps.deliveries.doorway import enter_delivery
from apps.deliveries.selectors import checklist_of
from apps.documents.selectors import SATISFIED
from apps.facilities.models import DocumentType, Site, Step

#: What keeps a vehicle out, of what a site demands.
BEFORE_ARRIVAL = (Step.CONFIRM, Step.ARRIVAL)
#: Said to the gate, which sees to who is not known; everybody else is sent on or is in its list already.
TOLD_TO_THE_GATE = (Verdict.UNKNOWN, Verdict.NOT_AGREED)
DRIVER = "The driver, by the code at the gate"


@dataclass(frozen=True)
class Reported:
    """How a vehicle stands; ``missing`` are papers without which it is not let in."""

    judged: Judged
    appointment: Appointment | None = None
    missing: tuple[DocumentType, ...] = field(default=())


@transaction.atomic
def report_at_gate(*, site: Site, said: str, address: str, now: datetime) -> Reported:
    """Take a driver at their word that they stand at the gate of ``site``, by number or plate.

    Called at the hub. Whoever is expected stands in the gate's queue from now on, once.

    Raises:
        TooManyReports: nothing was looked up.
    """
    require_few_reports(site=site, address=address, now=now)
    found = claimed_at_gate(site=site, text=said, now=now)
    expected = [one for one in found if one.state in EXPECTED]
    appointment = found[0] if found else None
    if len(expected) > 1:
        appointment, judged = None, Judged(Verdict.SEVERAL)
    else:
        judged = judge(appointment, site=site, now=now) if appointment else Judged(Verdict.UNKNOWN)
    known = appointment if judged.verdict not in TOLD_TO_THE_GATE else None
    if judged.verdict != Verdict.SEVERAL:
        note_report(site=site, said=said, verdict=judged.verdict, appointment=known, address=address, now=now)
    if appointment is None or not judged.may_check_in:
        return Reported(judged, known)
    try:
        note_visit(
            actor=_driver_of(appointment), appointment_id=appointment.pk, step=VisitStep.AT_GATE, at=now
        )
    except IllegalTransition:  # the gate checked it in at this very moment
        appointment.refresh_from_db()
        return Reported(judge(appointment, site=site, now=now), appointment)
    return standing_of(appointment, at=site, now=now)


def standing_of(appointment: Appointment, *, at: Site, now: datetime) -> Reported:
    """How a vehicle that reported stands now at the gate of a site, with the papers that keep it out."""
    judged = judge(appointment, site=at, now=now)
    if not judged.may_check_in:
        return Reported(judged, appointment)
    assert at.recipient_id is not None
    gate = Actor(Side.RECIPIENT, recipient_roles=((at.recipient_id, Role.DOCK_OPERATOR),), means=Means.LINK)
    with enter_delivery(actor=gate, appointment_id=appointment.pk) as delivery:
        delivery.site = at
        lines, _on = checklist_of(delivery, appointment)
        missing = tuple(
            line.document_type
            for line in lines
            if line.step in BEFORE_ARRIVAL and line.standing not in SATISFIED
        )
    return Reported(judged, appointment, missing)


def _driver_of(appointment: Appointment) -> Actor:
    """Whoever brings it: of the shipper's side, and sure of nothing but what they say."""
    return Actor(
        Side.SHIPPER, name=DRIVER, shipper_id=appointment.shipper_id, is_driver=True, means=Means.LINK
    )
