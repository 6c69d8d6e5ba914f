"""Standing appointments: a series negotiated once, the dock time kept for each of its days, history."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.appointments.models.loads import CarriesLoad
from apps.appointments.models.negotiation import SIDES, Appointment, DockOccupancy
from apps.appointments.states import StandingState, VisitState
from apps.core.access import CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models import Dock, Site
from apps.tenancy.models import Shipper

OWN_SERIES = "EXISTS (SELECT 1 FROM public.appointments_standingappointment s WHERE s.id = standing_id)"


class StandingAppointment(CarriesLoad, Record):
    """A shipper comes to a site again and again: on which days, at what time of the site's own clock.

    The load is the one that is planned; a delivery that comes may carry less. ``replaces`` is the agreed
    series that this one changes; that stands until this one is agreed.
    """

    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="standing")
    dock = models.ForeignKey(
        Dock,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("Empty: the preferred one that is free."),
    )
    rule = models.CharField(max_length=80, help_text=_("Recurrence rule of RFC 5545."))
    starts = models.TimeField(help_text=_("In the site's own time zone."))
    first_day = models.DateField()
    last_day = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=8, choices=StandingState, default=StandingState.OFFERED)
    must_act = models.CharField(max_length=10, choices=SIDES, blank=True)
    replaces = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by"
    )

    access: ClassVar[Access] = Access(
        hub="SELECT, INSERT, UPDATE",
        shipper="SELECT, INSERT, UPDATE",
        rows=f"shipper_id = {CURRENT_SHIPPER}",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="standing_offered_waits_for_someone",
                condition=Q(state=StandingState.OFFERED) & ~Q(must_act="")
                | ~Q(state=StandingState.OFFERED) & Q(must_act=""),
            ),
            models.CheckConstraint(
                name="standing_days_in_order",
                condition=Q(last_day=None) | Q(last_day__gte=models.F("first_day")),
            ),
            models.UniqueConstraint(
                fields=["replaces"],
                condition=Q(state=StandingState.OFFERED),
                name="standing_one_change_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site} · {self.starts:%H:%M}"


class StandingVisit(Record):
    """One day of a series: its dock time is kept, a delivery has it, or why neither."""

    standing = models.ForeignKey(StandingAppointment, on_delete=models.CASCADE, related_name="visits")
    day = models.DateField()
    state = models.CharField(max_length=8, choices=VisitState)
    occupancy = models.ForeignKey(
        DockOccupancy, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(null=True, blank=True)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.TextField(blank=True, help_text=_("Why nothing is kept, or no delivery has it yet."))

    access: ClassVar[Access] = Access(hub="SELECT, INSERT, UPDATE", shipper="SELECT, UPDATE", rows=OWN_SERIES)

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["standing", "day"], name="standing_visit_once")]


class StandingEvent(Record):
    """The history of a series, one row per step, never changed."""

    standing = models.ForeignKey(StandingAppointment, on_delete=models.CASCADE, related_name="events")
    step = models.CharField(max_length=12)
    side = models.CharField(max_length=10, choices=SIDES)
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    message = models.TextField(blank=True)

    access: ClassVar[Access] = Access(hub="SELECT, INSERT", shipper="SELECT, INSERT", rows=OWN_SERIES)

    class Meta:
        ordering = ["at", "id"]
