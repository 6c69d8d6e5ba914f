"""A shipper's keys for other systems, and what those systems captured by them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import Access
from apps.core.models import Record
from apps.custody.models import CustodyEvent
from apps.facilities.models import Recipient


class Scope(models.TextChoices):
    """What a key is good for."""

    CAPTURE = "epcis.capture", _("Capture EPCIS events")
    QUERY = "epcis.query", _("Query EPCIS events")
    POSITIONS = "positions.write", _("Report positions of vehicles")
    CONDITIONS = "conditions.write", _("Report readings of sensors")


class ApiKey(Record):
    """Another system's way in; only its token's hash is kept.

    With a ``recipient`` it is one of that recipient's own and reads what it received, nothing else.
    """

    name = models.CharField(max_length=100, help_text=_("Whose system it is; stands on record."))
    token_hash = models.BinaryField(max_length=32, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    recipient = models.ForeignKey(
        Recipient, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+"
    )
    made_by = models.CharField(max_length=150, blank=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~models.Q(scopes=[]), name="api_key_is_good_for_something"),
            models.CheckConstraint(
                condition=models.Q(recipient=None) | models.Q(scopes=[Scope.QUERY.value]),
                name="api_key_of_a_recipient_only_asks",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NamedQuery(Record):
    """A query that a system keeps under a name: parameters of the simple event query with their values."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="queries")
    name = models.CharField(max_length=100)
    parameters = models.JSONField()

    access: ClassVar[Access] = Access()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["key", "name"], name="named_query_once")]

    def __str__(self) -> str:
        return self.name


class Subscription(Record):
    """Where a named query's new events are posted to, as they come into the log or by a schedule.

    ``position`` is the place in the log from which on nothing was reported yet: in the log each event has
    exactly one, so none is told twice or lost. ``secret`` is what the subscriber gave to be signed with.
    """

    query = models.ForeignKey(NamedQuery, on_delete=models.CASCADE, related_name="subscriptions")
    dest = models.CharField(max_length=500)
    secret = models.CharField(max_length=200, blank=True)
    schedule = models.JSONField(null=True, blank=True, help_text=_("None: as events come (a stream)."))
    report_if_empty = models.BooleanField(default=False)
    initial_record_time = models.DateTimeField(null=True, blank=True)
    position = models.BigIntegerField()
    due_at = models.DateTimeField()
    notified_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_why = models.CharField(max_length=200, blank=True)

    access: ClassVar[Access] = Access()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.dest


class Report(Record):
    """One post to a subscriber: the events of a stretch of the log that its query matches.

    There is at most one that was not taken yet, so they arrive in order.
    """

    subscription = models.ForeignKey(Subscription, on_delete=models.CASCADE, related_name="reports")
    start = models.BigIntegerField()
    end = models.BigIntegerField(help_text=_("Not itself among them."))
    asked_at = models.DateTimeField()
    events = models.PositiveIntegerField(null=True, blank=True)
    failed = models.CharField(max_length=200, blank=True, help_text=_("Why it was not taken the last time."))
    done_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription"], condition=models.Q(done_at=None), name="one_report_under_way"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subscription} {self.start}–{self.end}"


class Capture(Record):
    """One document of EPCIS events that a system handed in: a capture job in the standard's words.

    ``events`` are kept until they were tried; ``errors`` are problem documents, one for each refused event.
    """

    class Behaviour(models.TextChoices):
        ROLLBACK = "rollback"
        PROCEED = "proceed"

    key = models.ForeignKey(ApiKey, on_delete=models.PROTECT, related_name="captures")
    behaviour = models.CharField(max_length=8, choices=Behaviour, default=Behaviour.ROLLBACK)
    events = models.JSONField(null=True, blank=True)
    total = models.PositiveIntegerField()
    captured = models.PositiveIntegerField(default=0)
    errors = models.JSONField(default=list, blank=True)
    received_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.key} · {self.total}"


class CapturedEvent(Record):
    """The custody event that a captured EPCIS event became, under the id it came with: twice is once."""

    epcis_id = models.CharField(max_length=300, unique=True)
    digest = models.BinaryField(max_length=32)
    event = models.OneToOneField(CustodyEvent, on_delete=models.PROTECT, related_name="captured_as")
    capture = models.ForeignKey(Capture, on_delete=models.PROTECT, related_name="captured_events")

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    def __str__(self) -> str:
        return self.epcis_id
