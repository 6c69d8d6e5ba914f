"""Routes offered to carriers: the search for a carrier, who was asked at what price, and what they said."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Carrier, Driver, Vehicle
from apps.core.access import Access
from apps.core.models import Record
from apps.routing.models import Route
from apps.tendering.states import Channel, ReasonCode, SearchState, State


class Tendering(Record):
    """The search for one route's carrier: in which way carriers are asked, and what came of it.

    ``left_out`` are sentences: which carriers were not asked and why. A search that is over stays as it is;
    another one of the same route is another row with the next ``number``.
    """

    class Mode(models.TextChoices):
        WATERFALL = "waterfall", _("One after the other")
        BROADCAST = "broadcast", _("All at once, the first to accept gets it")

    route = models.ForeignKey(Route, on_delete=models.PROTECT, related_name="tenderings")
    number = models.PositiveSmallIntegerField()
    mode = models.CharField(_("way of asking"), max_length=10, choices=Mode, default=Mode.WATERFALL)
    state = models.CharField(max_length=10, choices=SearchState, default=SearchState.OPEN)
    left_out = models.JSONField(default=list)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["route", "number"], name="tendering_number_once"),
            models.UniqueConstraint(
                fields=["route"], condition=Q(state__in=["open", "assigned"]), name="tendering_one_live"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.route}, search {self.number}"


class Tender(Record):
    """A route offered to one carrier with one of its vehicles, at what its tariff charges for it.

    ``weighed_cents`` is the price as it was ranked, ``reasons`` say in sentences how. ``answered_by`` is who
    answered as they were known to us. Of one search, one tender is accepted: the database sees to it.
    """

    tendering = models.ForeignKey(Tendering, on_delete=models.CASCADE, related_name="tenders")
    carrier = models.ForeignKey(Carrier, on_delete=models.PROTECT, related_name="tenders")
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+")
    driver = models.ForeignKey(Driver, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveSmallIntegerField()
    price_cents = models.BigIntegerField()
    cost_parts = models.JSONField(default=dict)
    weighed_cents = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.CharField(max_length=200, blank=True)
    reason_code = models.CharField(max_length=12, choices=ReasonCode, blank=True)
    note = models.CharField(max_length=300, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["tendering", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["tendering", "carrier"], name="tender_carrier_once"),
            models.UniqueConstraint(
                fields=["tendering"], condition=Q(state="accepted"), name="tender_one_accepted"
            ),
            models.CheckConstraint(
                name="tender_open_until",
                condition=~Q(state="open") | Q(sent_at__isnull=False, expires_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(state="open"), name="tender_open"),
            models.Index(fields=["carrier", "sent_at"], name="tender_of_carrier"),
        ]

    def __str__(self) -> str:
        return f"{self.carrier}: {self.get_state_display()}"


class TenderEvent(Record):
    """The history of a search and its tenders, one row per step, never changed."""

    tendering = models.ForeignKey(Tendering, on_delete=models.CASCADE, related_name="events")
    tender = models.ForeignKey(Tender, null=True, blank=True, on_delete=models.CASCADE, related_name="events")
    from_state = models.CharField(max_length=10, blank=True)
    to_state = models.CharField(max_length=10)
    actor_name = models.CharField(max_length=200)
    channel = models.CharField(max_length=6, choices=Channel)
    reason_code = models.CharField(max_length=12, choices=ReasonCode, blank=True)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        ordering = ["id"]
