"""A project's dates, and the deliveries that have to be there by then."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import ALL, Access
from apps.core.models import Record
from apps.deliveries.models import Delivery
from apps.facilities.models import Site


class Milestone(Record):
    """Something begins at a site at ``starts_at`` and waits for goods; none may come before ``not_before``.

    What a begun day costs, late or early, is in cents of ``currency``; None: not known.
    """

    class Kind(models.TextChoices):
        CREW = "crew", _("Installation crew")
        PRODUCTION = "production", _("Production start")
        OPENING = "opening", _("Opening or launch")
        OTHER = "other", _("Other")

    project = models.CharField(_("project"), max_length=80)
    name = models.CharField(_("what begins"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind, default=Kind.CREW)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    starts_at = models.DateTimeField(_("begins"))
    not_before = models.DateTimeField(_("not before"), null=True, blank=True)
    late_day = models.PositiveIntegerField(_("a day late"), null=True, blank=True)
    early_day = models.PositiveIntegerField(_("a day early"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, default="ZAR")
    set_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["starts_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name", "site"], name="milestone_once"),
            models.CheckConstraint(
                name="milestone_opens_before_it_starts",
                condition=Q(not_before__isnull=True) | Q(not_before__lt=F("starts_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.project}: {self.name}"


class MilestoneDelivery(Record):
    """A delivery that a milestone waits for."""

    milestone = models.ForeignKey(Milestone, on_delete=models.CASCADE, related_name="tied")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="milestones")

    access: ClassVar[Access] = Access(own=ALL)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["milestone", "delivery"], name="milestone_waits_once")]
