"""Facts of each delivery, their sums by day, site, carrier and origin, and how far they are counted."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier
from apps.core.access import ALL, APPEND, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.deliveries.states import State
from apps.facilities.models import Dock, Site
from apps.figures.causes import Cause, Step

#: So many minutes ahead expected arrivals are held against what came; each has columns of its own below.
HORIZONS = (30, 60, 120, 240)


def _eta() -> Any:
    """By how many seconds it came later than was told so many minutes before; none where nothing was."""
    return models.IntegerField(null=True)


class VisitFacts(models.Model):
    """One delivery in one row, as the record has it: what was planned, what happened, what it took.

    Moments are None where nothing was recorded. ``tenders_…``, ``cost_cents``, ``distance_m``, ``empty_m``,
    ``route_s`` and ``capacity`` are the delivery's equal share of its route in force. ``before_s`` is by how
    much the stop before ended later than planned. ``cause`` is why it came late or failed, read from these
    facts, with ``evidence``.
    """

    delivery = models.OneToOneField(
        Delivery, primary_key=True, on_delete=models.CASCADE, related_name="facts"
    )
    day = models.DateField()
    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    origin = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    carrier = models.ForeignKey(
        Carrier, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+")
    state = models.CharField(max_length=12, choices=State)
    failure_reason = models.CharField(max_length=30, blank=True)
    load_type = models.CharField(max_length=10)
    temperature_class = models.CharField(max_length=10)
    pallets = models.PositiveIntegerField(default=0)

    asked_at = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    is_negotiating = models.BooleanField(default=False)
    rounds = models.PositiveIntegerField(default=0)
    answers = models.PositiveIntegerField(default=0)
    answer_s = models.PositiveBigIntegerField(default=0)
    unanswered = models.PositiveIntegerField(default=0)
    slot_from = models.DateTimeField(null=True)
    slot_to = models.DateTimeField(null=True)
    window_from = models.DateTimeField(null=True)
    window_to = models.DateTimeField(null=True)

    planned_departure = models.DateTimeField(null=True)
    planned_arrival = models.DateTimeField(null=True)
    before_s = models.IntegerField(null=True)
    tenders = models.FloatField(default=0)
    tenders_answered = models.FloatField(default=0)
    tenders_accepted = models.FloatField(default=0)
    cost_cents = models.FloatField(null=True)
    distance_m = models.FloatField(null=True)
    empty_m = models.FloatField(null=True)
    route_s = models.FloatField(null=True)
    capacity = models.FloatField(null=True, help_text=_("Pallets that its vehicle takes."))

    loaded_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)
    gate_at = models.DateTimeField(null=True)
    checking_at = models.DateTimeField(null=True)
    came_at = models.DateTimeField(null=True)
    unloading_at = models.DateTimeField(null=True)
    unloaded_at = models.DateTimeField(null=True)
    handed_at = models.DateTimeField(null=True)
    out_at = models.DateTimeField(null=True)
    free_minutes = models.PositiveIntegerField(default=0)

    has_failed = models.BooleanField(default=False, help_text=_("An attempt failed."))
    attempt = models.PositiveSmallIntegerField(null=True)
    outcome = models.CharField(max_length=30, blank=True)
    units_expected = models.PositiveIntegerField(default=0)
    units_received = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0, help_text=_("Discrepancies stated."))
    damaged = models.PositiveIntegerField(default=0, help_text=_("Units stated as damaged."))
    findings = ArrayField(models.CharField(max_length=10), default=list)
    papers_lacked = models.BooleanField(default=False, help_text=_("When it was due."))
    no_carrier = models.BooleanField(default=False, help_text=_("Every carrier of its route declined."))
    is_late_synced = models.BooleanField(default=False)
    is_incomplete = models.BooleanField(default=False, help_text=_("Proof without a drawn or coded receipt."))
    is_unscanned = models.BooleanField(default=False, help_text=_("Handed over without a recorded step."))
    exceptions = models.PositiveIntegerField(default=0)
    exceptions_answered = models.PositiveIntegerField(default=0)
    response_s = models.PositiveBigIntegerField(default=0)
    exceptions_ended = models.PositiveIntegerField(default=0)
    resolution_s = models.PositiveBigIntegerField(default=0)
    eta_30_s = _eta()
    eta_60_s = _eta()
    eta_120_s = _eta()
    eta_240_s = _eta()
    mails = models.PositiveIntegerField(default=0, help_text=_("To the shipper's people, no longer waiting."))
    mails_taken = models.PositiveIntegerField(default=0, help_text=_("Of those, by the mail server in time."))
    mails_waiting = models.PositiveIntegerField(default=0, help_text=_("Not taken, and still with time."))

    cause = models.CharField(max_length=20, choices=Cause, blank=True)
    step = models.CharField(max_length=12, choices=Step, blank=True)
    evidence = models.JSONField(default=list)
    counted_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=ALL)

    class Meta:
        indexes = [
            models.Index(fields=["day", "site"], name="facts_day_site"),
            models.Index(fields=["day"], condition=~Q(cause=""), name="facts_caused"),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id}"


def _sum() -> Any:
    return models.BigIntegerField(default=0)


class DayFigures(models.Model):
    """Sums of the facts of one day, site, carrier and origin; ``apps.figures.summing`` says of what each is.

    Names ending in ``_s`` are seconds, in ``_m`` metres. ``lateness`` counts arrivals by how they lay to
    their window, in the bins of ``summing.LATENESS``.
    """

    day = models.DateField()
    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    origin = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    carrier = models.ForeignKey(
        Carrier, null=True, on_delete=models.DO_NOTHING, related_name="+", db_constraint=False
    )
    deliveries = _sum()
    over = _sum()
    came = _sum()
    came_window = _sum()
    on_time = _sum()
    over_window = _sum()
    otif = _sum()
    first = _sum()
    stated = _sum()
    otherwise = _sum()
    damaged = _sum()
    units = _sum()
    dwelt = _sum()
    dwell_s = _sum()
    queued = _sum()
    queue_s = _sum()
    checked = _sum()
    check_s = _sum()
    waited = _sum()
    wait_s = _sum()
    handled = _sum()
    handling_s = _sum()
    papered = _sum()
    paper_s = _sum()
    stayed = _sum()
    detained = _sum()
    detention_s = _sum()
    negotiated = _sum()
    negotiating = _sum()
    agreed = _sum()
    rounds = _sum()
    answers = _sum()
    answer_s = _sum()
    unanswered = _sum()
    tenders = models.FloatField(default=0)
    tenders_answered = models.FloatField(default=0)
    tenders_accepted = models.FloatField(default=0)
    costed = _sum()
    cost_cents = models.FloatField(default=0)
    cost_pallets = _sum()
    distance_m = models.FloatField(default=0)
    empty_m = models.FloatField(default=0)
    route_s = models.FloatField(default=0)
    capacity = models.FloatField(default=0)
    late_synced = _sum()
    incomplete = _sum()
    unscanned = _sum()
    exceptions = _sum()
    exceptions_answered = _sum()
    response_s = _sum()
    exceptions_ended = _sum()
    resolution_s = _sum()
    misaddressed = _sum()
    told_30 = _sum()
    right_30 = _sum()
    told_60 = _sum()
    right_60 = _sum()
    told_120 = _sum()
    right_120 = _sum()
    told_240 = _sum()
    right_240 = _sum()
    mails = _sum()
    mails_taken = _sum()
    mails_waiting = _sum()
    caused = _sum()
    lateness = ArrayField(models.BigIntegerField(), default=list)

    access: ClassVar[Access] = Access(own=ALL)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "site", "carrier", "origin"], nulls_distinct=False, name="day_figures_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}"


class WeeklyReport(Record):
    """The figures of one week were sent to the shipper's people: once."""

    week = models.DateField(unique=True, help_text=_("Its Monday."))

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["-week"]

    def __str__(self) -> str:
        return f"{self.week}"


class Counting(models.Model):
    """How far facts are counted: changes up to ``seen_until``, days back to ``back_to`` (None: all)."""

    id = models.BooleanField(primary_key=True, default=True)
    seen_until = models.DateTimeField()
    back_to = models.DateField(null=True)
    is_complete = models.BooleanField(default=False)

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    class Meta:
        constraints = [models.CheckConstraint(name="counting_is_one_row", condition=Q(id=True))]

    def __str__(self) -> str:
        return f"{self.seen_until}"
