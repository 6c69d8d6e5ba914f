"""On which terms a carrier drives: what it charges, and how much it was promised or takes at most."""

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models.carrier import Carrier
from apps.carriers.models.fleet import VehicleClass
from apps.core.models import Record


class Tariff(Record):
    """What a carrier charges for a class of vehicle in a period. Amounts in cents of ``currency``.

    Waiting is time at a stop before unloading begins; it is charged on top of ``per_hour``, which counts from
    leaving the depot until the return.
    """

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="tariffs")
    vehicle_class = models.CharField(_("class"), max_length=12, choices=VehicleClass)
    valid = DateRangeField(_("valid"))
    currency = models.CharField(_("currency"), max_length=3, default="ZAR")
    per_route = models.PositiveIntegerField(_("per route (cents)"), default=0)
    per_km = models.PositiveIntegerField(_("per km (cents)"), default=0)
    per_hour = models.PositiveIntegerField(_("per hour (cents)"), default=0)
    per_stop = models.PositiveIntegerField(_("per stop (cents)"), default=0)
    per_pallet = models.PositiveIntegerField(_("per pallet (cents)"), default=0)
    per_waiting_hour = models.PositiveIntegerField(_("per hour of waiting (cents)"), default=0)
    minimum = models.PositiveIntegerField(_("minimum per route (cents)"), default=0)

    class Meta:
        verbose_name = _("tariff")
        verbose_name_plural = _("tariffs")
        ordering = ["carrier", "vehicle_class", "valid"]
        constraints = [
            ExclusionConstraint(
                name="tariff_valid_once",
                expressions=[
                    ("carrier", RangeOperators.EQUAL),
                    ("vehicle_class", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_(
                    "Another tariff of this carrier for this class of vehicle overlaps that time."
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.carrier}, {self.get_vehicle_class_display()}"


class Commitment(Record):
    """How much a carrier was promised (``at_least``) or takes (``at_most``) in each day, week or month.

    Weeks begin on Monday. Routes and pallets are numbers; ``share`` is a percentage of what the shipper
    spends on all contracted carriers in the period. What one route, pallet or per cent short of the promise
    is worth to the shipper is ``shortfall`` cents; None: as much as a route costs before the first kilometre.
    """

    class Period(models.TextChoices):
        DAY = "day", _("Day")
        WEEK = "week", _("Week")
        MONTH = "month", _("Month")

    class Measure(models.TextChoices):
        ROUTES = "routes", _("Routes")
        PALLETS = "pallets", _("Pallets")
        SHARE = "share", _("Share of spend (%)")

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="commitments")
    valid = DateRangeField(_("valid"))
    period = models.CharField(_("each"), max_length=5, choices=Period)
    measure = models.CharField(_("of"), max_length=7, choices=Measure)
    at_least = models.PositiveIntegerField(_("at least"), null=True, blank=True)
    at_most = models.PositiveIntegerField(_("at most"), null=True, blank=True)
    shortfall = models.PositiveIntegerField(_("each one short (cents)"), null=True, blank=True)

    class Meta:
        verbose_name = _("commitment")
        verbose_name_plural = _("commitments")
        ordering = ["carrier", "measure", "period", "valid"]
        constraints = [
            ExclusionConstraint(
                name="commitment_valid_once",
                expressions=[
                    ("carrier", RangeOperators.EQUAL),
                    ("measure", RangeOperators.EQUAL),
                    ("period", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_(
                    "Another commitment of this carrier for this measure and period overlaps that time."
                ),
            ),
            models.CheckConstraint(
                name="commitment_says_something",
                condition=Q(at_least__isnull=False) | Q(at_most__isnull=False),
                violation_error_message=_("Say how much at least, at most, or both."),
            ),
            models.CheckConstraint(
                name="commitment_ordered",
                condition=Q(at_least__isnull=True) | Q(at_most__isnull=True) | Q(at_most__gte=F("at_least")),
                violation_error_message=_("The most can't be less than the least."),
            ),
            models.CheckConstraint(
                name="commitment_share_is_a_percentage",
                condition=~Q(measure="share")
                | (
                    (Q(at_least__isnull=True) | Q(at_least__lte=100))
                    & (Q(at_most__isnull=True) | Q(at_most__lte=100))
                ),
                violation_error_message=_("A share is at most 100 %."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.carrier}: {self.get_measure_display()}"
