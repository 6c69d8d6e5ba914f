"""Notices: what one person or mailbox was told, how each person wants to be told, and calendar feeds.

All of it lives in the network. A shipper's role reads what its own people were told.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import ALL, CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.notices.kinds import Kind
from apps.tenancy.models import Shipper


class Notice(Record):
    """One thing that one addressee was told: a person in the portal, by mail or both, or a mailbox by mail.

    ``shipper`` says at whose desk a person reads it, ``recipient`` for which recipient at the hub; a mailbox
    without either is somebody outside. ``composer`` names who writes the mail when it is sent.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    address = models.EmailField(blank=True, help_text=_("Where it is mailed; empty when it is not."))
    shipper = models.ForeignKey(Shipper, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(
        "facilities.Recipient", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    title = models.CharField(max_length=200)
    body = models.TextField(blank=True)
    path = models.CharField(max_length=300, blank=True, help_text=_("The page it is about, at its host."))
    subject_id = models.UUIDField(null=True, blank=True, help_text=_("What it is about."))
    composer = models.CharField(max_length=40, blank=True)
    facts = models.JSONField(default=dict, help_text=_("What the composer needs, as plain values."))
    in_portal = models.BooleanField(default=True)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(
        hub=ALL, shipper="SELECT, UPDATE", rows=f"shipper_id = {CURRENT_SHIPPER}"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="notice_reaches_somebody",
                condition=Q(in_portal=True, person__isnull=False) | Q(in_portal=False) & ~Q(address=""),
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], condition=Q(in_portal=True), name="notice_inbox"),
            models.Index(fields=["person"], condition=Q(in_portal=True, read_at=None), name="notice_unread"),
            models.Index(fields=["subject_id"], condition=~Q(address=""), name="notice_mailed_about"),
        ]

    def __str__(self) -> str:
        return self.title


class Preference(Record):
    """How one person wants to hear of one kind of thing; without a row the kind's default holds."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    in_portal = models.BooleanField(default=True)
    by_mail = models.BooleanField(default=True)

    access: ClassVar[Access] = Access(
        hub=ALL,
        shipper=ALL,
        rows="EXISTS (SELECT 1 FROM public.accounts_membership m"
        " WHERE m.person_id = notices_preference.person_id)",
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="preference_once")]


class CalendarFeed(Record):
    """An address under which a calendar reads what is agreed at a site, at a dock or for a shipper.

    Only its token's hash is kept; whoever holds the address may read until it is revoked.
    """

    class Scope(models.TextChoices):
        SITE = "site", _("Site")
        DOCK = "dock", _("Dock")
        SHIPPER = "shipper", _("Shipper")

    scope = models.CharField(max_length=8, choices=Scope)
    subject_id = models.UUIDField(help_text=_("The site, dock or shipper."))
    label = models.CharField(max_length=200)
    shipper = models.ForeignKey(Shipper, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    recipient = models.ForeignKey(
        "facilities.Recipient", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    made_by = models.CharField(max_length=150)
    token_hash = models.BinaryField(max_length=32, unique=True)
    last_read_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(
        hub="SELECT, INSERT, UPDATE",
        shipper="SELECT, INSERT, UPDATE",
        rows=f"shipper_id = {CURRENT_SHIPPER}",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="feed_belongs_to_one",
                condition=Q(shipper__isnull=False, recipient=None) | Q(shipper=None, recipient__isnull=False),
            ),
        ]
