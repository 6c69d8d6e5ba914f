"""Who receives, and which shippers it trades with."""

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.tenancy.models import Shipper

GLN = RegexValidator(r"^\d{13}$", _("A GLN has 13 digits."))


class Recipient(Record):
    """A company that receives goods at its sites, possibly from many shippers."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    gln = models.CharField("GLN", max_length=13, blank=True, validators=[GLN])
    email = models.EmailField(_("e-mail for requests"), blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    active = models.BooleanField(_("active"), default=True)

    access: ClassVar[Access] = Access(
        rows="EXISTS (SELECT 1 FROM public.facilities_partnership p"
        " WHERE p.recipient_id = facilities_recipient.id)"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Partnership(Record):
    """A shipper and a recipient that agreed to trade; without it neither sees the other."""

    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="partnerships")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="partnerships")
    active = models.BooleanField(default=True)

    access: ClassVar[Access] = Access(rows=f"shipper_id = {CURRENT_SHIPPER} AND active")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipper", "recipient"], name="partnership_once")]

    def __str__(self) -> str:
        return f"{self.shipper} – {self.recipient}"
