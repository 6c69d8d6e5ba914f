"""A shipper's custody log: events as the exact bytes that were hashed, their order, and signed checkpoints.

Rows are added and never changed: the runtime role has SELECT and INSERT alone (the vault of erasable
personal data aside), triggers refuse the rest, and the signed tree shows whoever goes around both.
"""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, Access
from apps.core.models import Record


class CustodyEvent(Record):
    """What happened; everything beside ``canonical`` is a projection of it to search by."""

    canonical = models.BinaryField(help_text=_("RFC 8785 bytes, exactly as hashed."))
    leaf_hash = models.BinaryField(max_length=32, unique=True)
    type = models.CharField(max_length=40)
    delivery_id = models.UUIDField(null=True, blank=True, db_index=True)
    consignments = ArrayField(models.CharField(max_length=40), default=list)
    site_id = models.UUIDField(null=True, blank=True)
    actor_name = models.CharField(max_length=150, blank=True)
    event_time = models.DateTimeField()
    recorded_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["id"]


class ConsignmentSequence(Record):
    """One event's place in one consignment's history: gaps would show an event that was left out."""

    event = models.ForeignKey(CustodyEvent, on_delete=models.PROTECT, related_name="sequences")
    consignment = models.CharField(max_length=40)
    position = models.PositiveIntegerField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["consignment", "position"], name="custody_position_once")]


class LogLeaf(models.Model):
    """An event's place in the log, given by the sequencer."""

    index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(CustodyEvent, on_delete=models.PROTECT, related_name="leaf")

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["index"]


class Checkpoint(models.Model):
    """A signed tree head: how many leaves, their Merkle root, and the note that says so."""

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["size"]


class Disclosure(Record):
    """A personal value that an event only commits to; the one custody table that may be erased."""

    event = models.ForeignKey(CustodyEvent, on_delete=models.PROTECT, related_name="disclosures")
    path = models.CharField(max_length=100)
    salt = models.BinaryField(max_length=32)
    value = models.JSONField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT, DELETE")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "path"], name="disclosure_once")]
