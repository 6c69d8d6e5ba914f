"""What a calendar feed shows: the agreed appointments of a site, a dock or a shipper, and those cancelled."""

from datetime import datetime, timedelta

from django.db.models import Max, QuerySet

from apps.appointments.announcing import entry_of
from apps.appointments.models import Appointment
from apps.appointments.states import State
from apps.notices.calendar import Entry
from apps.notices.models import CalendarFeed

#: How long what is over or cancelled stays in a calendar.
KEPT = timedelta(days=30)
SHOWN = (State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS, State.COMPLETED, State.CANCELLED)
MOST = 2000


def entries_of(feed: CalendarFeed, *, now: datetime) -> list[Entry]:
    """The feed's entries by start, the same bytes as long as nothing changes; a cancelled one says so.

    A recipient's feed shows every shipper's appointments at its own site, a shipper's its own alone: at its
    host the database shows no others.
    """
    rows = (
        _scope(feed)
        .filter(state__in=SHOWN, during__endswith__gt=now - KEPT, confirmation_number__isnull=False)
        .select_related("site", "dock", "shipper")
        .annotate(changed_at=Max("events__at"))
        .order_by("during", "pk")[:MOST]
    )
    made = (entry_of(row, changed_at=row.changed_at) for row in rows)
    return [entry for entry in made if entry is not None]


def _scope(feed: CalendarFeed) -> QuerySet[Appointment]:
    rows = Appointment.objects.all()
    if feed.shipper_id is not None:
        rows = rows.filter(shipper_id=feed.shipper_id)
    elif feed.recipient_id is not None:
        rows = rows.filter(site__recipient_id=feed.recipient_id)
    if feed.scope == CalendarFeed.Scope.SITE:
        return rows.filter(site_id=feed.subject_id)
    if feed.scope == CalendarFeed.Scope.DOCK:
        return rows.filter(dock_id=feed.subject_id)
    return rows
