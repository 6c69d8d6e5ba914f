"""Plans of a shipper site's day: routes, their stops, and what was left out with the reasons; depots."""

from django.contrib.postgres.fields import DateTimeRangeField
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier, Driver, Vehicle
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.facilities.models import Dock, Site


class Depot(Record):
    """What planning has to know of one of the shipper's own sites.

    Nobody leaves before ``opens`` or returns after ``closes`` (the site's own time; empty: the whole day). A
    site that is ``planned_with`` another has no plans of its own: the other's plans hold both, and goods that
    several of their sites stock leave from whichever is cheapest.
    """

    site = models.OneToOneField(Site, on_delete=models.DO_NOTHING, related_name="+")
    opens = models.TimeField(_("vehicles leave from"), null=True, blank=True)
    closes = models.TimeField(_("and are back by"), null=True, blank=True)
    planned_with = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        verbose_name=_("planned together with"),
        help_text=_("Its deliveries are then on that site's plans."),
    )

    class Meta:
        verbose_name = _("planning")
        verbose_name_plural = _("planning")
        constraints = [
            models.CheckConstraint(
                name="depot_hours_ordered",
                condition=Q(opens__isnull=True) | Q(closes__isnull=True) | Q(closes__gt=models.F("opens")),
                violation_error_message=_("It has to close later on the same day than it opens."),
            ),
            models.CheckConstraint(
                name="depot_planned_with_another",
                condition=Q(planned_with__isnull=True) | ~Q(planned_with=models.F("site")),
                violation_error_message=_("Name another site, or none."),
            ),
        ]

    def __str__(self) -> str:
        return str(self.site)


class RoutePlan(Record):
    """The solver's answer for one shipper site and day. Money in cents; a new run is a new plan.

    ``basis`` is the version that it was made from: repaired, moved by hand or brought back; none when it was
    planned anew. A version is never changed, but for its state and what is locked in it.
    ``cost_cents`` is what the carriers charge, ``penalty_cents`` what the left-out deliveries were priced at
    in the search; no plan of that day has both together below ``lower_bound_cents``. ``shortfall_cents`` is
    what promises to carriers that it does not keep are priced at. ``notes`` are sentences:
    where distances come from, how long was searched, what was proven, which vehicles stayed out and why.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        PUBLISHED = "published", _("Published")
        REPLACED = "replaced", _("Replaced")

    class Making(models.TextChoices):
        PLANNED = "planned", _("Planned anew")
        REPAIRED = "repaired", _("Repaired")
        MOVED = "moved", _("Moved by hand")
        RESTORED = "restored", _("Brought back")

    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField(help_text=_("In the site's own time zone."))
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField()
    making = models.CharField(max_length=10, choices=Making, default=Making.PLANNED)
    basis = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    job_id = models.UUIDField(
        null=True,
        blank=True,
        unique=True,
        help_text=_("The job that made it; a job makes one plan. None when it was made by hand."),
    )
    planned_by = models.CharField(max_length=200, blank=True)
    seed = models.PositiveIntegerField(default=1)
    iterations = models.PositiveIntegerField(default=0)
    is_finished = models.BooleanField(default=True, help_text=_("False when the search was ended early."))
    cost_cents = models.BigIntegerField(default=0)
    penalty_cents = models.BigIntegerField(default=0)
    shortfall_cents = models.BigIntegerField(default=0)
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

    It begins and ends at ``depot``, one of the shipper's own sites. ``segments`` account for every minute:
    dicts of ``activity`` (drive, wait, service, break, load), ``start``, ``end`` (ISO 8601, UTC) and ``leg``,
    the drive they belong to, counted from 0. ``cost_parts`` are cents by
    the parts of the tariff: fixed, distance, time, stops, pallets, and minimum for what lifts the sum to the
    minimum charge. ``around`` are the ways on which it drives around emission zones that its vehicle may not
    enter: dicts of ``leg`` (as above, the way home last), ``to_depot`` (a trip ends with it), ``zones``
    (their names), ``land`` (of each zone its circles: latitude, longitude, metres), ``metres`` and
    ``seconds`` by which that is longer than straight through, and ``bends`` (latitude, longitude). A locked
    route stays as it is when the day is planned again, as long as it can be driven.
    """

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="routes")
    number = models.PositiveSmallIntegerField()
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, related_name="routes")
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="routes")
    driver = models.ForeignKey(Driver, null=True, blank=True, on_delete=models.PROTECT, related_name="routes")
    depot = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    departs_at = models.DateTimeField()
    returns_at = models.DateTimeField()
    distance_m = models.BigIntegerField()
    cost_cents = models.BigIntegerField()
    cost_parts = models.JSONField(default=dict)
    segments = models.JSONField(default=list)
    around = models.JSONField(default=list)
    is_locked = models.BooleanField(default=False)

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="route_number_once"),
            models.UniqueConstraint(fields=["plan", "vehicle"], name="route_vehicle_once"),
        ]

    def __str__(self) -> str:
        return f"Route {self.number}"


class Stop(Record):
    """One visit on a route. ``appointment_id``, ``dock`` and ``slot`` are what was agreed at the planning.

    ``trip`` counts from 1 and goes up where the vehicle was back at its depot and loaded before this stop; of
    the way to it, ``empty_m`` metres were then driven with nothing on board. A locked stop stays on its
    vehicle when the day is planned again.
    """

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
    trip = models.PositiveSmallIntegerField(default=1)
    empty_m = models.BigIntegerField(default=0)
    is_locked = models.BooleanField(default=False)

    class Meta:
        ordering = ["route", "position"]
        constraints = [models.UniqueConstraint(fields=["route", "position"], name="stop_position_once")]


class Unassigned(Record):
    """A delivery that the plan left out: a stable code, every binding reason as a sentence, and details.

    ``slot`` is what was agreed at the planning, if anything was. ``remedies`` are changes that would admit
    it to this plan, each tried out, the cheapest first: dicts of ``kind`` (slot, overtime, earlier, depot,
    vehicle), ``extra_cents`` that carriers would charge more, ``sentence``, ``route`` (number of the route
    that would take it; null: a further one), ``vehicle`` (what people call that class), ``seconds`` (by how
    much hours give way, else 0) and ``slot``: null, or for the kind slot what its dock could give and the
    recipient can be offered as it stands, a dict of ``dock`` (id), ``start`` and ``end`` (ISO 8601, UTC).
    """

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="unassigned")
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="+")
    slot = DateTimeRangeField(null=True, blank=True)
    code = models.CharField(max_length=40)
    reasons = models.JSONField(default=list)
    details = models.JSONField(
        default=list, help_text=_("Sentences, such as one for each vehicle that can't.")
    )
    remedies = models.JSONField(default=list, help_text=_("Changes that would admit it, the cheapest first."))

    class Meta:
        ordering = ["plan", "id"]
        constraints = [models.UniqueConstraint(fields=["plan", "delivery"], name="unassigned_once")]


class Disruption(Record):
    """Why a plan needs re-planning: something that it relied on is no longer so.

    Open until a later version is published or it passes by itself; ``settled_at`` says when. ``subject``
    tells two of a kind apart (a delivery's number, a plate), so that each is on record once per plan.
    """

    class Kind(models.TextChoices):
        TENDER_DECLINED = "tender-declined", _("Carrier declined")
        VEHICLE_OUT = "vehicle-out", _("Vehicle out of service")
        DELIVERY_NEW = "delivery-new", _("New delivery")
        LATE_DEPARTURE = "late-departure", _("Late departure")
        APPOINTMENT_MOVED = "appointment-moved", _("Appointment moved")
        APPOINTMENT_GONE = "appointment-gone", _("Appointment cancelled")

    plan = models.ForeignKey(RoutePlan, on_delete=models.CASCADE, related_name="disruptions")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=60)
    sentence = models.TextField()
    delivery = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    vehicle = models.ForeignKey(Vehicle, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    noticed_at = models.DateTimeField()
    noticed_by = models.CharField(max_length=200)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["plan", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "kind", "subject"],
                condition=Q(settled_at__isnull=True),
                name="disruption_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.sentence


class Schedule(Record):
    """When the days of one own site are planned by themselves, and whether plans in force repair themselves.

    ``plans_at`` is the site's local time; from it on, once a day, every day from ``first_day_ahead`` to
    ``last_day_ahead`` without a plan in force is planned. ``last_run_on`` is the local day of the last run.
    """

    site = models.OneToOneField(Site, on_delete=models.DO_NOTHING, related_name="+")
    active = models.BooleanField(_("plan by itself"), default=True)
    plans_at = models.TimeField(_("at"), default="16:00", help_text=_("The site's own time."))
    first_day_ahead = models.PositiveSmallIntegerField(
        _("from day"), default=1, validators=[MaxValueValidator(14)], help_text=_("0 is the same day.")
    )
    last_day_ahead = models.PositiveSmallIntegerField(
        _("to day"), default=1, validators=[MaxValueValidator(14)], help_text=_("At most 14 days ahead.")
    )
    repairs_itself = models.BooleanField(
        _("draft a repair by itself"),
        default=False,
        help_text=_("When a plan in force needs re-planning; publishing stays a planner's step."),
    )
    last_run_on = models.DateField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="schedule_days_ordered",
                condition=Q(last_day_ahead__gte=models.F("first_day_ahead")) & Q(last_day_ahead__lte=14),
            )
        ]

    def __str__(self) -> str:
        return f"{self.site}, {self.plans_at:%H:%M}"
