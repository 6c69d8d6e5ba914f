"""What a carrier has to prove before it may drive: insurance, licences, certificates, each until a day."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models.carrier import Carrier
from apps.carriers.models.fleet import Vehicle
from apps.core.models import Record


class ComplianceDocument(Record):
    """One document of a carrier, or of one of its vehicles, with the days it is valid on, both included.

    Of one kind, the newest counts: where none is valid on a day and one of them ``blocks``, the carrier or
    the vehicle is not to be used on that day. ``path`` is where the uploaded file lies in the private store,
    empty where only the dates were entered.
    """

    class Kind(models.TextChoices):
        INSURANCE = "insurance", _("Goods-in-transit insurance")
        LIABILITY = "liability", _("Liability insurance")
        OPERATOR_LICENCE = "operator_licence", _("Operator licence")
        GDP = "gdp", _("GDP certificate")
        CONTRACT = "contract", _("Transport contract")
        ROADWORTHY = "roadworthy", _("Roadworthiness certificate")
        CALIBRATION = "calibration", _("Temperature calibration")
        ADR_APPROVAL = "adr_approval", _("ADR approval of the vehicle")

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="documents")
    vehicle = models.ForeignKey(
        Vehicle,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="documents",
        verbose_name=_("of the vehicle"),
        help_text=_("Empty: of the carrier as a whole."),
    )
    kind = models.CharField(_("document"), max_length=20, choices=Kind)
    number = models.CharField(_("number"), max_length=60, blank=True)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_until = models.DateField(_("valid until"))
    blocks = models.BooleanField(
        _("blocks when lapsed"), default=True, help_text=_("Without it, nothing is assigned.")
    )
    file_name = models.CharField(_("file"), max_length=200, blank=True, editable=False)
    media_type = models.CharField(max_length=100, blank=True, editable=False)
    path = models.CharField(max_length=300, blank=True, editable=False)
    sha256 = models.CharField(max_length=64, blank=True, editable=False)
    size = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("compliance document")
        verbose_name_plural = _("compliance documents")
        ordering = ["carrier", "kind", "-valid_until"]
        constraints = [
            models.CheckConstraint(
                name="compliance_days_ordered",
                condition=Q(valid_from__isnull=True) | Q(valid_until__gte=F("valid_from")),
                violation_error_message=_("The last day is before the first."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.carrier}"
