"""Telling the recipient before it has to ask: once, when a delivery is first expected after its window."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.appointments.models import Appointment
from apps.appointments.states import State
from apps.insights.kinds import Kind
from apps.insights.models import DeliveryException
from apps.notices.kinds import Kind as NoticeKind
from apps.notices.services import notify, recipient_people
from apps.tenancy.doorway import current_shipper


def tell_recipients(rows: Iterable[DeliveryException]) -> int:
    """Promise a notice for each late arrival among these at a recipient's site; how many there were."""
    late = [row for row in rows if row.kind == Kind.LATE_ARRIVAL]
    agreed = Appointment.objects.filter(
        delivery_id__in=[row.delivery_id for row in late],
        state=State.CONFIRMED,
        site__recipient__isnull=False,
    )
    facts = {row.delivery_id: row.facts for row in late}
    told = list(agreed.select_related("site"))
    for appointment in told:
        zone = ZoneInfo(appointment.site.time_zone)
        expected = datetime.fromisoformat(facts[appointment.delivery_id]["expected"]).astimezone(zone)
        assert appointment.site.recipient_id is not None  # filtered
        notify(
            kind=NoticeKind.EXCEPTION,
            audience=recipient_people(appointment.site.recipient_id),
            title=f"{appointment.reference} of {current_shipper().name} is expected at {expected:%H:%M}",
            body=f"{appointment.site.name}: that is after its arrival window. The shipper is told as well.",
            path=f"/appointments/{appointment.pk}/",
            subject_id=appointment.pk,
        )
    return len(told)
