"""When the vehicle of an appointment is expected, as its shipper's tracking told it last: one row."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.appointments.models.negotiation import OWN_APPOINTMENT, Appointment
from apps.core.access import READ, Access
from apps.core.models import Record


class Basis(models.TextChoices):
    """What an expected arrival was computed from."""

    PLAN = "plan", _("The plan: it has not left yet")
    DEPARTURE = "departure", _("When it left")
    STOP = "stop", _("Its stop before")
    POSITION = "position", _("Where it is")


class Expected(Record):
    """What the recipient is told; the shipper keeps each one that it told. Nothing of other stops is here."""

    appointment = models.OneToOneField(Appointment, on_delete=models.CASCADE, related_name="expected")
    expected_at = models.DateTimeField()
    earliest = models.DateTimeField()
    latest = models.DateTimeField()
    basis = models.CharField(max_length=9, choices=Basis)
    told_at = models.DateTimeField()

    access: ClassVar[Access] = Access(hub=READ, shipper="SELECT, INSERT, UPDATE", rows=OWN_APPOINTMENT)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="appointment_expected_within_its_range",
                condition=Q(earliest__lte=F("expected_at"), latest__gte=F("expected_at")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.expected_at:%H:%M}"
