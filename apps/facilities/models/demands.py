"""What a site demands of a load and a vehicle, how long unloading takes, which papers go with it."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import Access
from apps.core.models import Record
from apps.facilities.facts import GoodsKind
from apps.facilities.models.hours import Season
from apps.facilities.models.loads import LoadType, TemperatureClass
from apps.facilities.models.places import VISIBLE_SITE, Dock, Site


class DockRule(Record):
    """One thing that a dock, or every dock of a site, demands of a load or a vehicle.

    ``limit`` carries the number of a limiting kind, ``values`` the names of an accepting kind. A season's
    rule stands in place of the usual one of its kind on the season's days. Classes kept apart are so on the
    whole site: never two of them in one vehicle, nor two vehicles with any of them at once.
    """

    class Kind(models.TextChoices):
        MAX_LENGTH = "max_length", _("Vehicle at most … m long")
        MAX_HEIGHT = "max_height", _("Vehicle at most … m high")
        MAX_WEIGHT = "max_weight", _("Vehicle at most … kg")
        MAX_PALLETS = "max_pallets", _("At most … pallets per visit")
        NEEDS_TAIL_LIFT = "needs_tail_lift", _("Tail-lift needed")
        TEMPERATURE = "temperature", _("Temperature classes accepted")
        ADR = "adr", _("Dangerous goods classes (ADR) accepted")
        LOAD_TYPES = "load_types", _("Load types accepted")
        LIVE_ONLY = "live_only", _("Live unloading only")
        DROP_ONLY = "drop_only", _("Dropped trailers only")
        VEHICLE_TYPES = "vehicle_types", _("Vehicle types accepted")
        EQUIPMENT = "equipment", _("Equipment at hand")
        APART = "apart", _("Dangerous goods classes kept apart")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="rules")
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(_("rule"), max_length=20, choices=Kind)
    limit = models.DecimalField(_("limit"), max_digits=9, decimal_places=2, null=True, blank=True)
    values = ArrayField(models.CharField(max_length=20), default=list, blank=True)
    season = models.ForeignKey(Season, null=True, blank=True, on_delete=models.CASCADE, related_name="rules")

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    LIMITING: ClassVar[frozenset[str]] = frozenset(
        {Kind.MAX_LENGTH, Kind.MAX_HEIGHT, Kind.MAX_WEIGHT, Kind.MAX_PALLETS}
    )
    ACCEPTING: ClassVar[frozenset[str]] = frozenset(
        {Kind.TEMPERATURE, Kind.ADR, Kind.LOAD_TYPES, Kind.VEHICLE_TYPES, Kind.EQUIPMENT, Kind.APART}
    )
    #: Kinds that hold for the whole site and all year, because they are counted over all its docks.
    SITE_WIDE: ClassVar[frozenset[str]] = frozenset({Kind.APART})

    class Meta:
        ordering = ["site", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "dock", "kind", "season"], nulls_distinct=False, name="dock_rule_once"
            ),
            models.CheckConstraint(
                name="dock_rule_site_wide",
                condition=~models.Q(kind="apart") | models.Q(dock=None, season=None),
            ),
        ]

    def clean(self) -> None:
        if self.kind in self.LIMITING and (self.limit is None or self.limit <= 0):
            raise ValidationError({"limit": _("This rule needs a limit above zero.")})
        if self.kind in self.SITE_WIDE and (self.dock_id or self.season_id):
            raise ValidationError({"kind": _("This rule holds for the whole site, all year.")})


class HandlingTime(Record):
    """How long a load takes at a dock: a fixed time, plus some per pallet and per order line, in minutes."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="handling_times")
    dock = models.ForeignKey(
        Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="handling_times"
    )
    load_type = models.CharField(_("load type"), max_length=10, choices=LoadType, blank=True)
    fixed_minutes = models.PositiveSmallIntegerField(_("fixed (min)"), default=15)
    minutes_per_pallet = models.DecimalField(_("per pallet (min)"), max_digits=5, decimal_places=2, default=2)
    minutes_per_line = models.DecimalField(
        _("per order line (min)"), max_digits=5, decimal_places=2, default=0
    )

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "dock", "load_type"], nulls_distinct=False, name="handling_time_once"
            ),
        ]


class DocumentType(models.TextChoices):
    DELIVERY_NOTE = "delivery_note", _("Delivery note")
    CERTIFICATE_OF_ANALYSIS = "coa", _("Certificate of analysis")
    TEMPERATURE_LOG = "temperature_log", _("Temperature log")
    BILL_OF_LADING = "bol", _("Bill of lading")
    CMR = "cmr", _("CMR consignment note")
    ADR = "adr", _("ADR transport document")
    SAFETY_DATA_SHEET = "sds", _("Safety data sheet")
    CUSTOMS = "customs", _("Customs document")
    INSURANCE = "insurance", _("Insurance certificate")
    INDUCTION = "induction", _("Driver's induction")
    PROOF_OF_DELIVERY = "pod", _("Proof of delivery")
    PHOTO = "photo", _("Photo")


#: What comes of the handover itself, so that no site can ask for it beforehand.
OF_THE_HANDOVER = frozenset({DocumentType.PROOF_OF_DELIVERY, DocumentType.PHOTO})
DEMANDED = [each for each in DocumentType.choices if each[0] not in OF_THE_HANDOVER]


class Step(models.TextChoices):
    """By when a document has to be there."""

    CONFIRM = "confirm", _("Before confirmation")
    ARRIVAL = "arrival", _("Before arrival")
    HANDOVER = "handover", _("At handover")


class Provider(models.TextChoices):
    """Who has to bring a document, and so who is asked for it."""

    SHIPPER = "shipper", _("The shipper")
    CARRIER = "carrier", _("The carrier")
    RECIPIENT = "recipient", _("The recipient")


class DocumentRequirement(Record):
    """A document that a site demands with every delivery of a kind, by which step, and from whom.

    Empty kinds and False demand it of every delivery; what is set narrows it, each for itself.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="document_requirements")
    document_type = models.CharField(_("document"), max_length=20, choices=DEMANDED)
    step = models.CharField(_("needed"), max_length=10, choices=Step)
    provider = models.CharField(_("provided by"), max_length=10, choices=Provider, default=Provider.SHIPPER)
    load_type = models.CharField(_("load type"), max_length=10, choices=LoadType, blank=True)
    temperature_class = models.CharField(
        _("temperature"), max_length=10, choices=TemperatureClass, blank=True
    )
    dangerous_only = models.BooleanField(_("only dangerous goods"), default=False)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "document_type", "temperature_class", "load_type", "dangerous_only"],
                name="document_requirement_once",
            ),
        ]

    def concerns(self, goods: GoodsKind) -> bool:
        """Whether it is demanded of such goods."""
        return (
            self.temperature_class in ("", goods.temperature_class)
            and self.load_type in ("", goods.load_type)
            and (goods.is_dangerous or not self.dangerous_only)
        )

    def clean(self) -> None:
        """Nothing can be demanded before it can exist: we issue the delivery note with the confirmation."""
        if self.document_type == DocumentType.DELIVERY_NOTE and self.step == Step.CONFIRM:
            raise ValidationError(
                {"step": _("The delivery note is issued with the confirmation; ask for it before arrival.")}
            )
