"""Drivers: what they are qualified for and until when, when they work, when they are away."""

from django.contrib.postgres.fields import DateRangeField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.carriers.models.carrier import Carrier
from apps.core.models import Record
from apps.facilities.models import Site


class Driver(Record):
    """Somebody who drives for a carrier; acts through a link, without an account.

    Without any shift they work whenever their vehicle does. ``longest_duty_minutes`` bounds the time from
    leaving until the return.
    """

    carrier = models.ForeignKey(Carrier, on_delete=models.CASCADE, related_name="drivers")
    name = models.CharField(_("name"), max_length=100)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    licence = models.CharField(_("licence number"), max_length=30, blank=True)
    longest_duty_minutes = models.PositiveSmallIntegerField(
        _("longest duty (min)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(30), MaxValueValidator(1440)],
        help_text=_("From leaving until the return; empty means the whole shift."),
    )
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("driver")
        verbose_name_plural = _("drivers")
        ordering = ["carrier", "name"]
        constraints = [
            models.CheckConstraint(
                name="driver_longest_duty",
                condition=Q(longest_duty_minutes__isnull=True) | Q(longest_duty_minutes__range=(30, 1440)),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Qualification(Record):
    """Something a driver may do until ``valid_until``, that day included; None means without end.

    An induction is for one site, or for every site of the recipient's where none is named.
    """

    class Kind(models.TextChoices):
        LICENCE_B = "licence_b", _("Licence B: vans")
        LICENCE_C = "licence_c", _("Licence C: rigid trucks")
        LICENCE_CE = "licence_ce", _("Licence CE: articulated trucks")
        PROFESSIONAL = "professional", _("Professional driving permit")
        ADR = "adr", _("Dangerous goods (ADR)")
        MEDICAL = "medical", _("Medical certificate")
        GDP = "gdp", _("Good distribution practice training")
        INDUCTION = "induction", _("Site induction")

    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="qualifications")
    kind = models.CharField(_("qualification"), max_length=12, choices=Kind)
    site = models.ForeignKey(
        Site,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        related_name="+",
        verbose_name=_("for the site"),
    )
    number = models.CharField(_("number"), max_length=40, blank=True)
    valid_until = models.DateField(_("valid until"), null=True, blank=True)

    class Meta:
        verbose_name = _("qualification")
        verbose_name_plural = _("qualifications")
        ordering = ["driver", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["driver", "kind", "site"],
                nulls_distinct=False,
                name="qualification_once",
                violation_error_message=_("This driver has that qualification already; change its date."),
            ),
            models.CheckConstraint(
                name="qualification_site_is_an_inductions",
                condition=Q(site__isnull=True) | Q(kind="induction"),
                violation_error_message=_("Only an induction is for a site."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.driver.name}: {self.get_kind_display()}"


class Shift(Record):
    """Weekly hours of a driver, in the zone of the site that is planned from."""

    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="shifts")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        help_text=_("ISO: 1 is Monday, 7 is Sunday."),
        validators=[MinValueValidator(1), MaxValueValidator(7)],
    )
    starts = models.TimeField(_("from"))
    ends = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        ordering = ["driver", "weekday", "starts"]
        constraints = [
            models.UniqueConstraint(
                fields=["driver", "weekday"],
                name="shift_once_a_day",
                violation_error_message=_("This driver has a shift on that weekday already."),
            ),
            models.CheckConstraint(name="shift_weekday", condition=Q(weekday__range=(1, 7))),
            models.CheckConstraint(
                name="shift_ordered",
                condition=Q(ends__gt=F("starts")),
                violation_error_message=_("The shift has to end later on the same day than it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.weekday}: {self.starts:%H:%M}–{self.ends:%H:%M}"


class Absence(Record):
    """Days on which a driver is away: ``[first, day after last)``, open while unknown."""

    class Reason(models.TextChoices):
        LEAVE = "leave", _("Leave")
        ILLNESS = "illness", _("Illness")
        TRAINING = "training", _("Training")
        OTHER = "other", _("Other")

    driver = models.ForeignKey(Driver, on_delete=models.CASCADE, related_name="absences")
    during = DateRangeField(_("during"))
    reason = models.CharField(_("reason"), max_length=10, choices=Reason, default=Reason.LEAVE)

    class Meta:
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        ordering = ["driver", "during"]
        constraints = [
            models.CheckConstraint(
                name="absence_has_a_first_day", condition=Q(during__isempty=False, during__lower_inf=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.driver.name}: {self.get_reason_display()}"
