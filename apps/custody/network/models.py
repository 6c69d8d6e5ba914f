"""The network's log as it is stored: entries that each shipper alone may read, the tree, its signed heads.

Rows are added and never changed, by privilege and by triggers, as in the shippers' logs.
"""

from typing import ClassVar

from django.db import models

from apps.core.access import APPEND, CURRENT_SHIPPER, NOTHING, READ, Access
from apps.core.models import Record
from apps.tenancy.models import Shipper


class NetworkEntry(Record):
    """What a shipper's log was on a day: leaf ``index`` of the network's log, hidden by ``salt``."""

    index = models.BigIntegerField(unique=True)
    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    salt = models.BinaryField(max_length=32)

    access: ClassVar[Access] = Access(hub=APPEND, shipper=READ, rows=f"shipper_id = {CURRENT_SHIPPER}")

    class Meta:
        ordering = ["index"]
        constraints = [models.UniqueConstraint(fields=["shipper", "day"], name="network_entry_once_a_day")]

    def __str__(self) -> str:
        return f"{self.day}: {self.size}"


class NetworkNode(models.Model):
    """The root of a perfect subtree of the network's log (`merkle`); leaves are those of level 0."""

    pk = models.CompositePrimaryKey("level", "index")
    level = models.PositiveSmallIntegerField()
    index = models.BigIntegerField()
    hash = models.BinaryField(max_length=32)

    access: ClassVar[Access] = Access(hub=APPEND, shipper=NOTHING)

    def __str__(self) -> str:
        return f"{self.level}/{self.index}"


class NetworkKey(Record):
    """A verifier key of the network's log, for everybody to see; the newest signs. No database has the
    private half.

    It signs heads of more than ``since`` leaves. ``note`` is the change from the key before it, signed by
    both; empty for the first one.
    """

    vkey = models.CharField(max_length=300, unique=True)
    since = models.BigIntegerField(default=0)
    note = models.TextField(blank=True, default="")

    access: ClassVar[Access] = Access(hub=APPEND, shipper=READ)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.vkey


class NetworkCheckpoint(models.Model):
    """The signed head of the network's log at the end of a day's batch, the same for everybody."""

    size = models.BigIntegerField(primary_key=True)
    day = models.DateField(unique=True)
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created_at = models.DateTimeField()

    access: ClassVar[Access] = Access(hub=APPEND, shipper=READ)

    class Meta:
        ordering = ["size"]

    def __str__(self) -> str:
        return self.note
