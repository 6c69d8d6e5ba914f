"""Stretches of land: a country, with a region or a postal prefix, or a circle on the map."""

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import Record

COUNTRY = RegexValidator(r"^[A-Z]{2}$", _("A country is written with two capital letters, such as ZA."))


class Area(Record):
    """``region`` and ``postal_prefix`` are compared without regard to case, the prefix with the beginning of
    a site's postal code."""

    country = models.CharField(_("country"), max_length=2, blank=True, validators=[COUNTRY])
    region = models.CharField(_("region"), max_length=100, blank=True)
    postal_prefix = models.CharField(_("postal codes that begin with"), max_length=12, blank=True)
    latitude = models.FloatField(
        _("latitude"), null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)]
    )
    longitude = models.FloatField(
        _("longitude"), null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    radius_km = models.PositiveIntegerField(
        _("radius (km)"), null=True, blank=True, validators=[MinValueValidator(1)]
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        if self.radius_km:
            return f"{self.radius_km} km around {self.latitude}, {self.longitude}"
        return " ".join(filter(None, [self.country, self.region, self.postal_prefix]))


def named_or_a_circle(name: str) -> models.CheckConstraint:
    """The constraint that an area is one or the other, never both."""
    return models.CheckConstraint(
        name=name,
        condition=(~Q(country="") & Q(latitude__isnull=True, longitude__isnull=True, radius_km__isnull=True))
        | Q(
            country="",
            region="",
            postal_prefix="",
            latitude__isnull=False,
            longitude__isnull=False,
            radius_km__gt=0,
        ),
        violation_error_message=_(
            "Name a country, with a region or postal prefix where that is narrower, "
            "or give latitude, longitude and radius of a circle; not both."
        ),
    )
