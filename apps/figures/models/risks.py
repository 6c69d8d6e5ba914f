"""How likely a first attempt is late or fails: the model by which it is told, and what was told of whom."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.access import Access
from apps.core.models import Record
from apps.deliveries.models import Delivery


class RiskModel(Record):
    """One training of a shipper's model, as plain values: nothing in it is run, it is only calculated with.

    ``weights`` are what ``apps.figures.prediction.scoring.Weights`` reads. ``test`` is how it did on the days
    held back: cases, share, Brier score, that of always telling the share, area under the curve, lift, and
    the bins of its calibration. ``in_use`` says whether it tells risks, or the rules still do.
    """

    trained_at = models.DateTimeField()
    cases = models.PositiveIntegerField()
    weights = models.JSONField(default=dict)
    test = models.JSONField(default=dict)
    in_use = models.BooleanField(default=False)
    note = models.CharField(max_length=300, blank=True, help_text=_("Why it is in use or not."))

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    class Meta:
        ordering = ["-trained_at"]
        constraints = [
            models.UniqueConstraint(fields=["in_use"], condition=Q(in_use=True), name="risk_model_one_in_use")
        ]

    def __str__(self) -> str:
        return f"{self.trained_at:%Y-%m-%d}"


class Risk(Record):
    """What was told last of one delivery before its vehicle came: it stays, so that it can be checked.

    ``reasons`` are the strongest, each a dict of ``feature``, ``value`` and ``weight`` (log odds).
    """

    delivery = models.OneToOneField(Delivery, on_delete=models.CASCADE, related_name="risk")
    model = models.ForeignKey(
        RiskModel,
        null=True,
        on_delete=models.PROTECT,
        related_name="risks",
        help_text=_("None: by the rules, before there was history enough."),
    )
    probability = models.FloatField()
    reasons = models.JSONField(default=list)
    told_at = models.DateTimeField()

    class Meta:
        ordering = ["-probability"]
        constraints = [
            models.CheckConstraint(
                name="risk_is_a_probability", condition=Q(probability__gte=0, probability__lte=1)
            )
        ]
