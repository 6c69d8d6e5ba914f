"""Checkpoints that recipients were handed with papers: the hub's own copies, out of every shipper's reach.

They live in the network. A shipper's role can't read, add or change one; the hub's can't change one.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import APPEND, NOTHING, Access
from apps.core.models import Record
from apps.facilities.models import Recipient
from apps.tenancy.models import Shipper


class HeldCheckpoint(Record):
    """The head of a shipper's log as a recipient got it: how many events, their root, the signed note.

    ``grew`` says whether the log then began with the one that the recipient held before. The same head again
    is not kept twice; another root at the same size is, for that is what a rewritten log looks like.
    """

    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="+")
    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    size = models.BigIntegerField(help_text=_("Events in the log."))
    root = models.BinaryField(max_length=32)
    note = models.TextField(help_text=_("As it was signed, cosignatures included."))
    vkey = models.CharField(max_length=300, help_text=_("The key that signed it, as published then."))
    grew = models.BooleanField(default=True)
    paper = models.CharField(max_length=60, blank=True, help_text=_("With which paper it came."))
    handed_at = models.DateTimeField()

    access: ClassVar[Access] = Access(hub=APPEND, shipper=NOTHING)

    class Meta:
        ordering = ["size", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "shipper", "size", "root"], name="held_checkpoint_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shipper}: {self.size}"
