"""Drivers on the road: the phone that acts for one vehicle's round, and every action it sent, as it came."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models import Vehicle
from apps.core.access import APPEND, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.facilities.models import Site
from apps.routing.models import Stop


class DriverSession(Record):
    """A phone that exchanged a link: it reaches the published route of one vehicle on one day, nothing else.

    Whichever version of the plan is published holds the route, so a new version needs no new link. With a
    ``leg`` it reaches that one delivery to a site of the shipper's own instead, which no plan holds.
    """

    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField(help_text=_("In the site's own time zone."))
    vehicle = models.ForeignKey(Vehicle, on_delete=models.PROTECT, related_name="+")
    leg = models.ForeignKey(Delivery, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    driver_name = models.CharField(max_length=100)
    secret_hash = models.BinaryField(max_length=32, unique=True)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["site", "day", "vehicle"]),
            models.Index(fields=["leg"], condition=Q(leg__isnull=False), name="driver_session_of_a_leg"),
        ]

    def __str__(self) -> str:
        return f"{self.driver_name}, {self.day:%Y-%m-%d}"


class DriverAction(Record):
    """One step as a phone sent it, and what was answered; the same step sent again gets the same answer.

    The id is the phone's own, so that a step which was sent twice is known. ``number`` counts what the phone
    did; ``skew_ms`` is how far its clock was ahead of ours when it sent this. A refused step stays here with
    the reason: what somebody saw at a gate is not lost because it came too late.
    """

    class Kind(models.TextChoices):
        SET_OFF = "set_off", _("Set off")
        ARRIVE = "arrive", _("Arrived")
        AT_DOOR = "at_door", _("At the door")
        UNLOAD = "unload", _("Unloading")
        HAND_OVER = "hand_over", _("Handed over")
        PHOTO = "photo", _("Photo")
        PROBLEM = "problem", _("Could not deliver")

    class Outcome(models.TextChoices):
        DONE = "done", _("On record")
        KNOWN = "known", _("On record already")
        REFUSED = "refused", _("Refused")

    session = models.ForeignKey(DriverSession, on_delete=models.PROTECT, related_name="actions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    stop = models.ForeignKey(Stop, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    facts_sha256 = models.CharField(max_length=64, help_text=_("Of what was sent, to know a repetition."))
    device_time = models.DateTimeField(help_text=_("As the phone had it."))
    received_at = models.DateTimeField(help_text=_("As the server had it."))
    skew_ms = models.BigIntegerField()
    facts = models.JSONField(
        default=dict, help_text=_("What was sent, where it was refused; without drawn signatures.")
    )
    outcome = models.CharField(max_length=8, choices=Outcome)
    answer = models.CharField(max_length=600, blank=True)

    access: ClassVar[Access] = Access(own=APPEND)

    class Meta:
        ordering = ["session", "number"]
