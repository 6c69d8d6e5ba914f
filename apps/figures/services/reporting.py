"""The weekly report: promised once for each week that is over and counted, written when it is sent."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from apps.figures.demand import monday
from apps.figures.models import Counting, DayFigures, WeeklyReport
from apps.notices.kinds import Kind
from apps.notices.services import notify, shipper_people
from apps.tenancy.doorway import current_shipper

#: Who writes the mail; registered where the pages' tables are made.
COMPOSER = "figures.week"
#: From this hour of Monday on (UTC) the week before is reported.
FROM_HOUR = 5


@transaction.atomic
def report_week(*, now: datetime) -> bool:
    """Promise the report of the week before to the shipper's planners; whether it was promised now.

    Not before Monday morning, not before the week is counted, not of a week without deliveries, never twice.
    """
    week = monday(now.date()) - timedelta(weeks=1)
    end = week + timedelta(days=6)
    if now < datetime(end.year, end.month, end.day, FROM_HOUR, tzinfo=now.tzinfo) + timedelta(days=1):
        return False
    counting = Counting.objects.first()
    if counting is None or counting.seen_until.date() <= end:
        return False
    if not DayFigures.objects.filter(day__range=(week, end)).exists():
        return False
    _row, is_new = WeeklyReport.objects.get_or_create(week=week)
    if is_new:
        notify(
            kind=Kind.REPORT,
            audience=shipper_people(current_shipper().pk),
            title=_("Figures of the week from %(day)s") % {"day": week.isoformat()},
            path=f"/figures/?first={week}&last={end}",
            composer=COMPOSER,
            facts={"first": week.isoformat(), "last": end.isoformat()},
        )
    return is_new
