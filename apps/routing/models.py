"""Plans of a shipper site's day: routes, their stops, and what was left out with the reasons."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier, Driver, Vehicle
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.facilities.models import Dock, Site


class RoutePlan(Record):
    """The solver's answer for one shipper site and day. Money in cents; a new run is a new plan.

    ``cost_cents`` is what the carriers charge, ``penalty_cents`` what the left-out deliveries were priced at
    in the search; no plan of that day has both together below ``lower_bound_cents``. ``notes`` are sentences:
    where distances come from, how long was searched, what was proven, which vehicles stayed out and why.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Replaced")

    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField(help_text=_("In the site's own time zone."))
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField()
    job_id = models.UUIDField(unique=True, help_text=_("The job that made it; a job makes one plan."))
    planned_by = models.CharField(max_length=200, blank=True)
    seed = models.PositiveIntegerField(default=1)
    iterations = models.PositiveIntegerField(default=0)
    is_finished = models.BooleanField(default=True, help_text=_("False when the search was ended early."))
    cost_cents = models.BigIntegerField(default=0)
    penalty_cents = models.BigIntegerField(default=0)
    lower_bound_cents = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3)
    distance_m = models.BigIntegerField(default=0)
    notes = models.JSONField(default=list)
    problem_sha256 = models.CharField(max_length=64)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-day", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["site", "day", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["site", "day"], condition=Q(state="published"), name="plan_one_published"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d}, version {self.version}"


class Route(Record):
    """One vehicle's day.

    ``segments`` account for every minute: dicts of ``activity`` (drive, wait, service, break), ``start``,
    ``end`` (ISO 8601, UTC) and ``leg``, the drive they belong to, counted from 0. ``cost_parts`` are cents by
    the parts of the tariff: fixed, distance, time, stops, pallets, and minimum for what lifts the sum to the
    minimum charge.
    """

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="routes")
    number = models.PositiveSmallIntegerField()
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, related_name="routes")
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="routes")
    driver = models.ForeignKey(Driver, null=True, blank=True, on_delete=models.PROTECT, related_name="routes")
    departs_at = models.DateTimeField()
    returns_at = models.DateTimeField()
    distance_m = models.BigIntegerField()
    cost_cents = models.BigIntegerField()
    cost_parts = models.JSONField(default=dict)
    segments = models.JSONField(default=list)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="route_number_once"),
            models.UniqueConstraint(fields=["plan", "vehicle"], name="route_vehicle_once"),
        ]

    def __str__(self) -> str:
        return f"Route {self.number}"


class Stop(Record):
    """One visit on a route. ``appointment_id``, ``dock`` and ``slot`` are what was agreed at the planning."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="stops")
    position = models.PositiveSmallIntegerField()
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="stops")
    appointment_id = models.UUIDField()
    dock = models.ForeignKey(Dock, on_delete=models.DO_NOTHING, related_name="+")
    slot = DateTimeRangeField()
    arrives_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    departs_at = models.DateTimeField()
    distance_m = models.BigIntegerField(help_text=_("Driven to get there from the stop before."))

    class Meta:
        ordering = ["route", "position"]
        constraints = [models.UniqueConstraint(fields=["route", "position"], name="stop_position_once")]


class Unassigned(Record):
    """A delivery that the plan left out: a stable code, every binding reason as a sentence, and details."""

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="unassigned")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    details = models.JSONField(
        default=list, help_text=_("Sentences, such as one for each vehicle that can't.")
    )

    class Meta:
        ordering = ["plan", "id"]
        constraints = [models.UniqueConstraint(fields=["plan", "delivery"], name="unassigned_once")]
