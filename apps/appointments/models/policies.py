"""What a party has Dockside answer for it: inside which bounds, how otherwise, and whom to remind when."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.actors import Side
from apps.appointments.models.negotiation import SIDES
from apps.core.access import ALL, CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models import Site
from apps.tenancy.models import Shipper


class AnswerPolicy(Record):
    """How one side answers offers at a site: the recipient's for one shipper or for all, or a shipper's own.

    A slot is inside when every bound that is set holds; bounds in days and hours are the site's own time.
    The other side never reads it, only what came of it.
    """

    side = models.CharField(max_length=10, choices=SIDES)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="answer_policies")
    shipper = models.ForeignKey(
        Shipper,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        help_text=_("With whom, or whose own; empty: every shipper."),
    )
    accepts = models.BooleanField(_("accept the first slot inside"), default=False)
    counters = models.BooleanField(_("answer slots outside with the nearest inside"), default=False)
    counter_slots = models.PositiveSmallIntegerField(_("slots to propose"), default=3)
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(), default=list, blank=True, help_text=_("ISO: 1 is Monday.")
    )
    opens = models.TimeField(_("not before"), null=True, blank=True)
    closes = models.TimeField(_("over by"), null=True, blank=True)
    most_pallets = models.PositiveIntegerField(_("at most pallets"), null=True, blank=True)
    notice_hours = models.PositiveSmallIntegerField(_("at least hours ahead"), null=True, blank=True)
    most_shift_minutes = models.PositiveIntegerField(
        _("at most minutes from what was asked"), null=True, blank=True
    )
    answer_hours = models.PositiveSmallIntegerField(_("hours to answer"), null=True, blank=True)
    remind_minutes = models.PositiveIntegerField(_("remind minutes before the end"), null=True, blank=True)
    remind_also = models.EmailField(_("remind also"), blank=True)
    set_by = models.CharField(max_length=150)
    set_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    access: ClassVar[Access] = Access(
        hub=ALL, shipper=ALL, rows=f"side = 'shipper' AND shipper_id = {CURRENT_SHIPPER}"
    )

    class Meta:
        ordering = ["site", "side"]
        constraints = [
            models.UniqueConstraint(
                fields=["side", "site", "shipper"], nulls_distinct=False, name="answer_policy_once"
            ),
            models.CheckConstraint(
                name="answer_policy_is_one_sides",
                condition=Q(side=Side.RECIPIENT) | Q(side=Side.SHIPPER, shipper__isnull=False),
            ),
            models.CheckConstraint(
                name="answer_policy_hours_in_order",
                condition=Q(opens=None, closes=None) | Q(opens__lt=models.F("closes")),
            ),
            models.CheckConstraint(
                name="answer_policy_one_to_five", condition=Q(counter_slots__range=(1, 5))
            ),
            models.CheckConstraint(
                name="answer_policy_leaves_time", condition=Q(answer_hours=None) | Q(answer_hours__gte=1)
            ),
        ]

    @property
    def answers(self) -> bool:
        """Whether it answers anything by itself."""
        return self.accepts or self.counters
