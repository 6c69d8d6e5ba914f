"""Plans of a shipper site's day: routes, their stops, and what was left out with the reasons."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier, Driver, Vehicle
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.facilities.models import Site


class RoutePlan(Record):
    """The solver's answer for one shipper site and day. Money in cents; a new run is a new plan."""

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Replaced")

    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    seed = models.PositiveIntegerField(default=1)
    cost_cents = models.BigIntegerField(default=0)
    currency = models.CharField(max_length=3, default="ZAR")
    distance_m = models.BigIntegerField(default=0)
    notes = models.JSONField(default=list)
    problem_sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-day", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["site", "day", "version"], name="plan_version_once"),
            models.UniqueConstraint(
                fields=["site", "day"], condition=Q(state="published"), name="plan_one_published"
            ),
        ]


class Route(Record):
    """One vehicle's day."""

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="routes")
    number = models.PositiveSmallIntegerField()
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, related_name="routes")
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="routes")
    driver = models.ForeignKey(Driver, null=True, blank=True, on_delete=models.PROTECT, related_name="routes")
    departs_at = models.DateTimeField()
    returns_at = models.DateTimeField()
    break_start = models.DateTimeField(null=True, blank=True)
    break_end = models.DateTimeField(null=True, blank=True)
    distance_m = models.BigIntegerField()
    cost_cents = models.BigIntegerField()
    cost_parts = models.JSONField(default=dict)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [models.UniqueConstraint(fields=["plan", "number"], name="route_number_once")]


class Stop(Record):
    """One visit on a route."""

    route = models.ForeignKey(Route, on_delete=models.CASCADE, related_name="stops")
    position = models.PositiveSmallIntegerField()
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="stops")
    arrives_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    departs_at = models.DateTimeField()

    class Meta:
        ordering = ["route", "position"]
        constraints = [models.UniqueConstraint(fields=["route", "position"], name="stop_position_once")]


class Unassigned(Record):
    """A delivery that the plan left out, with every binding reason as a sentence."""

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="unassigned")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    reasons = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "delivery"], name="unassigned_once")]
