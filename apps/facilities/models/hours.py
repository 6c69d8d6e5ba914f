"""When a site receives: weekly windows, seasons with hours of their own, closures, reserved time."""

from datetime import timedelta
from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models.loads import Equipment, LoadType
from apps.facilities.models.places import VISIBLE_SITE, Dock, Site
from apps.tenancy.models import Shipper


class Season(Record):
    """Hours and rules with dates: on its days its windows hold in place of the usual ones, at every dock.

    A rule of a season stands in place of the usual one of its kind. Seasons of one site don't overlap.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="seasons")
    name = models.CharField(_("name"), max_length=60)
    days = DateRangeField(_("days"), help_text=_("The site's local days, the last one not included."))

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        ordering = ["site", "days"]
        constraints = [
            models.CheckConstraint(
                name="season_is_bounded",
                condition=models.Q(days__isempty=False, days__lower_inf=False, days__upper_inf=False),
            ),
            ExclusionConstraint(
                name="season_one_at_a_time",
                expressions=[("site", RangeOperators.EQUAL), ("days", RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReceivingWindow(Record):
    """Weekly hours in the site's own time zone in which it takes deliveries.

    ``closes`` at or before ``opens`` means the window runs over midnight into the next day.
    Without a dock it holds for all docks of the site; without a load type for all loads; without a season
    on all days that are no season's.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="windows")
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        help_text=_("ISO: 1 is Monday, 7 is Sunday."),
        validators=[MinValueValidator(1), MaxValueValidator(7)],
    )
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    load_type = models.CharField(_("load type"), max_length=10, choices=LoadType, blank=True)
    season = models.ForeignKey(
        Season, null=True, blank=True, on_delete=models.CASCADE, related_name="windows"
    )

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        ordering = ["site", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(name="window_weekday", condition=models.Q(weekday__range=(1, 7)))
        ]


class Closure(Record):
    """A dated interval in which a site, or one of its docks, takes nothing.

    With ``equipment`` it is that equipment's maintenance: only loads that need it are not taken.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="closures")
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="closures")
    during = DateTimeRangeField(_("during"))
    reason = models.CharField(_("reason"), max_length=200)
    equipment = models.CharField(_("only of"), max_length=12, choices=Equipment, blank=True)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        ordering = ["during"]
        constraints = [
            models.CheckConstraint(
                name="closure_is_bounded",
                condition=models.Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
            ),
        ]


class Reservation(Record):
    """Weekly dock time kept for one shipper; ``lapses_before`` the start what is left is everybody's.

    Hours as in a receiving window, in the site's own zone. A shipper reads its own rows only; that time is
    reserved for somebody else it learns from the search, without a name.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="reservations")
    dock = models.ForeignKey(
        Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="reservations"
    )
    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"), validators=[MinValueValidator(1), MaxValueValidator(7)]
    )
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("until"))
    lapses_before = models.DurationField(_("free for all before"), default=timedelta(hours=24))

    access: ClassVar[Access] = Access(rows=f"shipper_id = {CURRENT_SHIPPER}")

    class Meta:
        ordering = ["site", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(name="reservation_weekday", condition=models.Q(weekday__range=(1, 7)))
        ]
