"""Exceptions of deliveries: detected, owned, put off, resolved, with everything that was said about them."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.insights.kinds import Cause, Decision, Ending, Kind, Severity


class DeliveryException(Record):
    """Something that will do harm to a delivery at ``harm_at``, or did, unless somebody acts.

    ``subject`` tells two of a kind apart; those with the same ``group`` have one cause and stand as one on
    the list. ``facts`` are what its sentence is made of; ``interventions`` are what would help, the best
    first, as ``insights.interventions`` writes them. ``missing_since`` is when the cause was first not found
    any more; it closes when it stays away. A person's resolution stands; that of an excursion has a cause
    (``reason``) and a ``decision``.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="exceptions")
    kind = models.CharField(max_length=20, choices=Kind)
    subject = models.CharField(max_length=60, blank=True)
    severity = models.CharField(max_length=1, choices=Severity)
    facts = models.JSONField(default=dict)
    cause_at = models.DateTimeField(help_text=_("Since when it could be seen."))
    harm_at = models.DateTimeField()
    group = models.CharField(max_length=80, blank=True, db_default="")
    interventions = models.JSONField(default=list)
    weighed_at = models.DateTimeField(null=True, blank=True, help_text=_("When what helps was computed."))
    reason = models.CharField(max_length=15, choices=Cause, blank=True, db_default="")
    decision = models.CharField(max_length=10, choices=Decision, blank=True, db_default="")
    detected_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)
    owner_id = models.UUIDField(null=True, blank=True)
    owner_name = models.CharField(max_length=150, blank=True)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True, help_text=_("When a person first acted on it."))
    ended_at = models.DateTimeField(null=True, blank=True)
    ending = models.CharField(max_length=10, choices=Ending, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["harm_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "kind", "subject"],
                condition=Q(ended_at__isnull=True),
                name="exception_open_once",
            ),
            models.CheckConstraint(
                name="exception_excursion_ends_with_decision",
                condition=~Q(kind=Kind.EXCURSION.value, ending=Ending.RESOLVED.value)
                | ~Q(reason="") & ~Q(decision=""),
            ),
            models.CheckConstraint(
                name="exception_ended_says_why",
                condition=Q(ended_at__isnull=True, ending="") | Q(ended_at__isnull=False) & ~Q(ending=""),
            ),
        ]
        indexes = [
            models.Index(fields=["harm_at"], condition=Q(ended_at__isnull=True), name="exception_open"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.delivery}"


class LastLook(models.Model):
    """When exceptions were last looked for: one row. What is over before the next look is told by it."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="last_look_is_one")]

    def __str__(self) -> str:
        return self.at.isoformat()


class ExceptionEvent(Record):
    """What happened to an exception, one row per step, never changed."""

    class Step(models.TextChoices):
        DETECTED = "detected", _("Detected")
        TAKEN = "taken", _("Taken on")
        ASSIGNED = "assigned", _("Assigned")
        ESCALATED = "escalated", _("Escalated")
        ACTED = "acted", _("Acted")
        CONTACTED = "contacted", _("Talked to the customer")
        SNOOZED = "snoozed", _("Put off")
        COMMENTED = "commented", _("Commented")
        RESOLVED = "resolved", _("Resolved")
        PASSED = "passed", _("The cause is gone")

    exception = models.ForeignKey(DeliveryException, on_delete=models.CASCADE, related_name="events")
    step = models.CharField(max_length=10, choices=Step)
    actor_name = models.CharField(max_length=150)
    note = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["id"]


class EscalationRule(Record):
    """Who is told of exceptions that nobody deals with, after how long."""

    class Until(models.TextChoices):
        ANSWERED = "answered", _("nobody has acted on it")
        ENDED = "ended", _("it is still open")

    class Whom(models.TextChoices):
        OWNER = "owner", _("Its owner, or every planner")
        PLANNERS = "planners", _("Every planner")
        ADMINISTRATORS = "administrators", _("The administrators")
        MAILBOX = "mailbox", _("A mailbox")

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(
        _("kind"), max_length=20, choices=Kind, blank=True, help_text=_("Empty means every kind.")
    )
    least_severity = models.CharField(
        _("from severity"), max_length=1, choices=Severity, default=Severity.WARNING
    )
    after_minutes = models.PositiveSmallIntegerField(
        _("after (min)"), default=15, help_text=_("Counted from when it was found.")
    )
    until = models.CharField(_("if"), max_length=8, choices=Until, default=Until.ANSWERED)
    whom = models.CharField(_("tell"), max_length=14, choices=Whom, default=Whom.PLANNERS)
    mailbox = models.EmailField(_("mailbox"), blank=True, help_text=_("By mail alone, without an account."))
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("escalation rule")
        verbose_name_plural = _("escalation rules")
        ordering = ["after_minutes", "name"]
        constraints = [
            models.CheckConstraint(
                name="escalation_mailbox_where_told",
                condition=Q(whom="mailbox") & ~Q(mailbox="") | ~Q(whom="mailbox") & Q(mailbox=""),
                violation_error_message=_("Give a mailbox if one is to be told, and only then."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Escalation(Record):
    """A rule was followed for an exception: once, however often it is looked."""

    exception = models.ForeignKey(DeliveryException, on_delete=models.CASCADE, related_name="escalations")
    rule = models.ForeignKey(EscalationRule, on_delete=models.CASCADE, related_name="escalations")
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT, DELETE")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["exception", "rule"], name="escalated_once")]


class CustomerContact(Record):
    """What was said with the customer about a delivery, by which way and with whom; never changed."""

    class Way(models.TextChoices):
        PHONE = "phone", _("Phone")
        MAIL = "mail", _("E-mail")
        VISIT = "visit", _("In person")

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="customer_contacts")
    exception = models.ForeignKey(
        DeliveryException, null=True, blank=True, on_delete=models.CASCADE, related_name="contacts"
    )
    way = models.CharField(max_length=5, choices=Way, default=Way.PHONE)
    partner = models.CharField(max_length=100, help_text=_("Who it was said with."))
    said = models.CharField(max_length=500)
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["-id"]
