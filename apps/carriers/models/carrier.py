"""A transport company, whom to reach there, and where it drives to."""

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models.areas import Area, named_or_a_circle
from apps.core.models import Record

SCAC = RegexValidator(r"^[A-Z]{2,4}$", _("A SCAC has 2 to 4 capital letters."))


class Carrier(Record):
    """A transport company; the shipper's own fleet is one as well and is never asked before it drives."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    scac = models.CharField("SCAC", max_length=4, blank=True, validators=[SCAC])
    own_fleet = models.BooleanField(
        _("own fleet"), default=False, help_text=_("Its routes are not tendered: they are its own.")
    )
    contact_name = models.CharField(_("contact"), max_length=100, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    routes_per_day = models.PositiveSmallIntegerField(
        _("routes per day"), null=True, blank=True, help_text=_("At most so many; empty means no cap.")
    )
    answer_minutes = models.PositiveSmallIntegerField(
        _("time to answer a tender (min)"), default=60, validators=[MinValueValidator(5)]
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("carrier")
        verbose_name_plural = _("carriers")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["scac"],
                condition=~Q(scac=""),
                name="carrier_scac_once",
                violation_error_message=_("Another carrier has this SCAC."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Contact(Record):
    """Somebody to reach at a carrier for one purpose; tenders go to its dispatchers."""

    class Purpose(models.TextChoices):
        DISPATCH = "dispatch", _("Dispatch, gets tenders")
        EMERGENCY = "emergency", _("Emergencies, day and night")
        ACCOUNTS = "accounts", _("Accounts")
        QUALITY = "quality", _("Quality and claims")

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="contacts")
    purpose = models.CharField(_("purpose"), max_length=10, choices=Purpose)
    name = models.CharField(_("name"), max_length=100)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["carrier", "purpose", "name"]
        constraints = [
            models.CheckConstraint(
                name="contact_reachable",
                condition=~Q(email="", phone=""),
                violation_error_message=_("Give an e-mail address or a phone number."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class ServiceArea(Area):
    """Where a carrier drives to; a carrier without any area drives everywhere."""

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="areas")

    class Meta:
        verbose_name = _("service area")
        verbose_name_plural = _("service areas")
        ordering = ["carrier", "country", "region", "postal_prefix"]
        constraints = [named_or_a_circle("area_is_named_or_a_circle")]
