"""A shipper's orders as goods: consignments, their lines and handling units, and the imports they came by."""

from typing import ClassVar

from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.consignments.ranges import Range
from apps.core.access import Access
from apps.core.models import Record
from apps.facilities.models import LoadType, Site, TemperatureClass

SSCC = RegexValidator(r"^\d{18}$", _("An SSCC has 18 digits."))


class Priority(models.TextChoices):
    """How much it matters that goods are on their day's routes, the most first."""

    FIRST = "first", _("Before others")
    NORMAL = "normal", _("Normal")
    CAN_WAIT = "can_wait", _("Can wait")


class Import(Record):
    """One file brought in: what came of each of its rows."""

    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0, help_text=_("Rows of the file, the header not counted."))
    created = models.PositiveIntegerField(default=0, help_text=_("Consignments that are new."))
    unchanged = models.PositiveIntegerField(
        default=0, help_text=_("Consignments known with the same content.")
    )
    refused = models.PositiveIntegerField(default=0, help_text=_("Rows that stayed out."))
    report = models.JSONField(default=list, help_text=_("Refused rows: row, column, value, reason."))
    imported_by = models.CharField(max_length=150)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.file_name


class Consignment(Record):
    """Goods of one order from one shipper site to one recipient site."""

    number = models.CharField(_("number"), max_length=40, unique=True)
    order_reference = models.CharField(_("order"), max_length=60, blank=True)
    origin = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    requested_date = models.DateField(_("requested for"), help_text=_("In the site's own time zone."))
    load_type = models.CharField(max_length=10, choices=LoadType, default=LoadType.PALLETS)
    temperature_class = models.CharField(
        max_length=10, choices=TemperatureClass, default=TemperatureClass.AMBIENT
    )
    temperature_min_mc = models.IntegerField(
        null=True, blank=True, help_text=_("In thousandths of a degree Celsius; empty: as its class has it.")
    )
    temperature_max_mc = models.IntegerField(null=True, blank=True)
    adr_classes = models.JSONField(default=list, blank=True)
    priority = models.CharField(
        max_length=10, choices=Priority, default=Priority.NORMAL, db_default=Priority.NORMAL
    )
    content_sha256 = models.CharField(
        max_length=64, help_text=_("Of the imported rows; the same again is no change.")
    )
    imported_by = models.ForeignKey(
        Import, null=True, blank=True, on_delete=models.PROTECT, related_name="consignments"
    )

    class Meta:
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                name="consignment_colder_end_first",
                condition=Q(temperature_min_mc=None)
                | Q(temperature_max_mc=None)
                | Q(temperature_max_mc__gte=models.F("temperature_min_mc")),
            ),
            models.CheckConstraint(
                name="consignment_priority_known", condition=Q(priority__in=["first", "normal", "can_wait"])
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def temperature_range(self) -> Range:
        """What its order says; without limits where that is left to its class."""
        return self.temperature_min_mc, self.temperature_max_mc


class ConsignmentItem(Record):
    """One order line: an article, how much of it, from which batch."""

    consignment = models.ForeignKey(Consignment, on_delete=models.CASCADE, related_name="items")
    line = models.PositiveIntegerField()
    article = models.CharField(max_length=300)
    gtin = models.CharField("GTIN", max_length=14, blank=True)
    quantity = models.DecimalField(max_digits=12, decimal_places=3, validators=[MinValueValidator(0.001)])
    unit = models.CharField(max_length=20, default="pack")
    batch = models.CharField(max_length=60, blank=True)
    expires_on = models.DateField(null=True, blank=True)
    weight_kg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    volume_m3 = models.DecimalField(max_digits=8, decimal_places=3, default=0)

    class Meta:
        ordering = ["consignment", "line"]
        constraints = [
            models.UniqueConstraint(fields=["consignment", "line"], name="item_line_once"),
            models.CheckConstraint(name="item_quantity_positive", condition=models.Q(quantity__gt=0)),
        ]


class StockedArticle(Record):
    """An article that one of the shipper's own sites carries, named by its GTIN or, without one, as orders
    write it. Goods of which each article is carried may leave from that site as well as from where they were
    ordered, as long as there is enough beside what leaves from there anyway; an empty ``quantity`` is always
    enough. It is what is there now, in the unit of orders: it falls as goods leave, and is entered or
    imported anew as goods come. ``missing`` is how much more has left since then than the figure had."""

    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+", verbose_name=_("site"))
    gtin = models.CharField("GTIN", max_length=14, blank=True)
    article = models.CharField(_("article"), max_length=300, blank=True)
    quantity = models.DecimalField(
        _("how much is there"),
        max_digits=12,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
        help_text=_("In the unit of orders; empty: as much as is asked for. It falls as goods leave."),
    )
    missing = models.DecimalField(
        _("left beyond the figure"), max_digits=18, decimal_places=3, default=0, db_default=0, editable=False
    )

    class Meta:
        verbose_name = _("stocked article")
        verbose_name_plural = _("stocked articles")
        ordering = ["site", "gtin", "article"]
        constraints = [
            models.CheckConstraint(
                name="stocked_article_named",
                condition=~models.Q(gtin="", article=""),
                violation_error_message=_("Name the article, or give its GTIN."),
            ),
            models.CheckConstraint(
                name="stocked_article_not_negative",
                condition=models.Q(quantity__isnull=True) | models.Q(quantity__gte=0),
                violation_error_message=_("There can't be less than nothing of it."),
            ),
            models.CheckConstraint(name="stocked_article_missing_not_negative", condition=Q(missing__gte=0)),
            models.UniqueConstraint(
                fields=["site", "gtin", "article"],
                name="stocked_article_once",
                violation_error_message=_("This site carries that article already."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gtin or self.article}, {self.site}"


class StockTaken(Record):
    """What left a site's stock with a delivery: how much it took along, and how much of that the figure had.

    One row per article while the goods are away; once they are back at the site it is given back as it was
    taken, and another departure takes anew. ``gtin`` and ``article`` are those of the stocked article.
    """

    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    gtin = models.CharField("GTIN", max_length=14, blank=True)
    article = models.CharField(max_length=300, blank=True)
    delivery_id = models.UUIDField()
    delivery_number = models.CharField(max_length=40)
    quantity = models.DecimalField(max_digits=18, decimal_places=3)
    taken = models.DecimalField(max_digits=18, decimal_places=3)
    at = models.DateTimeField()
    back_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["site", "gtin", "article"], name="stock_taken_of_an_article")]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery_id", "site", "gtin", "article"],
                condition=Q(back_at=None),
                name="stock_taken_once_while_away",
            ),
            models.CheckConstraint(
                name="stock_taken_at_most_what_left",
                condition=Q(taken__gte=0, taken__lte=models.F("quantity"), quantity__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_number}, {self.gtin or self.article}"


class HandlingUnit(Record):
    """A pallet or parcel with its SSCC (GS1 application identifier 00)."""

    class Kind(models.TextChoices):
        PALLET = "pallet", _("Pallet")
        PARCEL = "parcel", _("Parcel")

    consignment = models.ForeignKey(Consignment, on_delete=models.CASCADE, related_name="handling_units")
    sscc = models.CharField("SSCC", max_length=18, unique=True, validators=[SSCC])
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PALLET)
    weight_kg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    volume_m3 = models.DecimalField(max_digits=8, decimal_places=3, default=0)

    class Meta:
        ordering = ["sscc"]

    def __str__(self) -> str:
        return self.sscc


class NumberSeries(Record):
    """Counters that never repeat: SSCC serials, delivery numbers. Taken under the row's lock."""

    name = models.CharField(max_length=40, unique=True)
    next_value = models.PositiveBigIntegerField(default=1)

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")
