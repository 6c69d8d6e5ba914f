"""Papers that go with the goods: rendered by us or brought in, stored by content, private."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import Access
from apps.core.models import Record
from apps.facilities.models import DocumentType


class Document(Record):
    """One issued or received paper of a delivery. A new issue is a new row; the old one stays."""

    delivery_id = models.UUIDField(db_index=True, help_text=_("Deliveries stand above documents, hence an id."))
    document_type = models.CharField(max_length=20, choices=DocumentType)
    number = models.CharField(max_length=60)
    file_name = models.CharField(max_length=120)
    media_type = models.CharField(max_length=100)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    path = models.CharField(max_length=300, help_text=_("In the private store, under this shipper's schema."))
    valid_until = models.DateField(null=True, blank=True)
    issued_by = models.CharField(max_length=150)

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        ordering = ["-id"]
