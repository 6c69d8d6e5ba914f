"""A shipper's custody log: events as the exact bytes that were hashed, their order, and signed checkpoints.

Rows are added and never changed: the runtime role has SELECT and INSERT alone, triggers refuse the rest, and
the signed tree shows whoever goes around both. Two tables are no evidence and may change: the counter that
numbers a consignment's events, and the disclosures, which may be erased.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, Access
from apps.core.models import Record

#: The types that tell of the log itself, not of goods: who looked, took something away or was given a key.
LOG_TYPES = [
    "access_viewed",
    "access_exported",
    "access_granted",
    "access_revoked",
    "key_rotated",
    "pii_erased",
    "clock_anomaly",
]


class CustodyEvent(Record):
    """What happened; everything beside ``canonical`` is a projection of it to search and order by.

    ``ordinal`` is drawn when the event holds its place in the history of all its consignments, so that it
    rises with them whatever clocks say. ``xid`` is the transaction that wrote the row: the sequencer knows by
    it which rows can't be missing any more.
    """

    canonical = models.BinaryField(help_text=_("RFC 8785 bytes, exactly as hashed."))
    leaf_hash = models.BinaryField(max_length=32, unique=True)
    type = models.CharField(max_length=40)
    delivery_id = models.UUIDField(null=True, blank=True, db_index=True)
    delivery = models.CharField(max_length=40, blank=True, db_index=True, help_text=_("Its number."))
    site_id = models.UUIDField(null=True, blank=True)
    event_time = models.DateTimeField()
    recorded_at = models.DateTimeField()
    ordinal = models.BigIntegerField(unique=True)
    xid = models.BigIntegerField(db_index=True)

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["ordinal"]
        indexes = [
            models.Index(fields=["type"], name="custody_erasures", condition=models.Q(type="pii_erased")),
            models.Index(
                fields=["recorded_at"], name="custody_of_the_log", condition=models.Q(type__in=LOG_TYPES)
            ),
            # rows come in nearly in this order: some kilobytes find a period in millions of them
            BrinIndex(
                fields=["recorded_at"], name="custody_recorded", autosummarize=True, pages_per_range=32
            ),
        ]


class ConsignmentSequence(models.Model):
    """One event's place in one consignment's history: gaps would show an event that was left out."""

    pk = models.CompositePrimaryKey("consignment", "position")
    event = models.ForeignKey(CustodyEvent, on_delete=models.PROTECT, related_name="sequences")
    consignment = models.CharField(max_length=40)
    position = models.PositiveIntegerField()

    access: ClassVar[Access] = Access(own=APPEND)

    def __str__(self) -> str:
        return f"{self.consignment} #{self.position}"


class ConsignmentCounter(models.Model):
    """How many events a consignment has: the row that whoever records its next event locks."""

    consignment = models.CharField(max_length=40, primary_key=True)
    last = models.PositiveIntegerField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    def __str__(self) -> str:
        return f"{self.consignment}: {self.last}"


class LogLeaf(models.Model):
    """An event's place in the log, given by the sequencer."""

    index = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(CustodyEvent, on_delete=models.PROTECT, related_name="leaf")

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["index"]

    def __str__(self) -> str:
        return f"{self.index}: {self.event_id}"


class LogTile(models.Model):
    """256 neighbouring hashes of one level of the tree, which will never change, and their root (`tiles`)."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()
    root = models.BinaryField(max_length=32)

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["level", "index"]

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class LogKey(Record):
    """A verifier key of the log, for everybody to see; the newest signs. No database has the private half.

    It signs the log above ``since`` events. ``note`` is the change from the key before it, signed by both;
    empty for the first one.
    """

    vkey = models.CharField(max_length=300, unique=True)
    since = models.BigIntegerField(default=0)
    note = models.TextField(blank=True, default="")

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.vkey


class Checkpoint(models.Model):
    """A signed tree head: how many leaves, their Merkle root, and the note that says so.

    ``frontier`` holds the roots of the perfect subtrees, 32 bytes each: what is needed to go on. Every event
    of a transaction before ``settled`` is in the log at this size.
    """

    size = models.BigIntegerField(primary_key=True)
    root = models.BinaryField(max_length=32)
    frontier = models.BinaryField()
    note = models.TextField()
    settled = models.BigIntegerField()
    created_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return self.note


class Cosignature(Record):
    """A witness's signature line under a checkpoint: somebody else saw that the log only grew up to there."""

    size = models.BigIntegerField()
    witness = models.CharField(max_length=300, help_text=_("Its verification key."))
    line = models.TextField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["size", "witness"]
        constraints = [models.UniqueConstraint(fields=["size", "witness"], name="custody_cosigned_once")]


class Register(models.Model):
    """Which consignments bear which marks, from the events of one UTC day in a stretch of the log.

    The stretch is the leaves ``[first, end)``; each register goes on where the one before ended. ``seed``
    hides what its leaves say, ``tree`` and ``top`` are what paths are read from (`registers`, `sparse`).
    """

    first = models.BigIntegerField(primary_key=True)
    end = models.BigIntegerField(unique=True)
    day = models.DateField()
    event = models.OneToOneField(CustodyEvent, on_delete=models.PROTECT, related_name="register")
    salt = models.BinaryField(max_length=32)
    seed = models.BinaryField(max_length=32)
    root = models.BinaryField(max_length=32)
    top = models.PositiveSmallIntegerField()
    tree = models.BinaryField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["first"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end__gt=models.F("first")), name="custody_register_not_empty"
            )
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.end}"


class RegisterEntry(models.Model):
    """What a register says of one mark: its consignments with an event there, and how many they have then."""

    pk = models.CompositePrimaryKey("mark", "register")
    mark = models.TextField()
    register = models.ForeignKey(Register, on_delete=models.PROTECT, related_name="entries", db_index=False)
    consignments = models.JSONField()

    access: ClassVar[Access] = Access(own=APPEND)

    def __str__(self) -> str:
        return self.mark


class SiteMark(models.Model):
    """A mark under which a site stands in the log: by its name or GLN of the time."""

    pk = models.CompositePrimaryKey("site_id", "mark")
    site_id = models.UUIDField()
    mark = models.TextField()

    access: ClassVar[Access] = Access(own=APPEND)

    def __str__(self) -> str:
        return f"{self.site_id}: {self.mark}"


class UnitHandover(Record):
    """A handling unit that its recipient has taken over: it can't be handed over twice.

    ``unit`` is its SSCC, empty for a consignment without handling units. A handover that a correction took
    back gives way to the next ``round``.
    """

    event = models.ForeignKey(CustodyEvent, on_delete=models.PROTECT, related_name="+")
    consignment = models.CharField(max_length=40)
    unit = models.CharField(max_length=18, blank=True)
    round = models.PositiveSmallIntegerField(default=0)

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["consignment", "unit", "round"], name="custody_unit_handed_over_once"
            )
        ]


class DeviceAction(Record):
    """What a device said under its own running number, by the digest of it: said twice, it counts once."""

    device = models.CharField(max_length=200)
    seq = models.BigIntegerField()
    digest = models.BinaryField(max_length=32)
    event = models.ForeignKey(CustodyEvent, on_delete=models.PROTECT, related_name="+")
    device_time = models.DateTimeField()
    recorded_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "seq"], name="custody_action_once")]


class Disclosure(models.Model):
    """A personal value that an event only commits to; it may be erased, not changed."""

    pk = models.CompositePrimaryKey("event", "path")
    event = models.ForeignKey(
        CustodyEvent, on_delete=models.PROTECT, related_name="disclosures", db_index=False
    )
    path = models.CharField(max_length=100)
    salt = models.BinaryField(max_length=32)
    value = models.JSONField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT, DELETE")

    def __str__(self) -> str:
        return f"{self.event_id}{self.path}"
