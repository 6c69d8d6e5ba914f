"""The recipients' ground: who receives, where, at which docks, when, and under which rules."""

from datetime import timedelta
from typing import ClassVar
from zoneinfo import available_timezones

from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.tenancy.models import Shipper

GLN = RegexValidator(r"^\d{13}$", _("A GLN has 13 digits."))
PARTNERS_SITE = (
    "EXISTS (SELECT 1 FROM public.facilities_partnership p"
    " WHERE p.recipient_id = facilities_site.recipient_id)"
)
VISIBLE_SITE = "EXISTS (SELECT 1 FROM public.facilities_site s WHERE s.id = site_id)"


def is_time_zone(name: str) -> None:
    """Accept an IANA time zone name."""
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is no time zone; an example is Africa/Johannesburg."), params={"name": name}
        )


class LoadType(models.TextChoices):
    PALLETS = "pallets", _("Pallets")
    PARCELS = "parcels", _("Parcels")
    BULK = "bulk", _("Bulk")
    CONTAINER = "container", _("Container")


class TemperatureClass(models.TextChoices):
    AMBIENT = "ambient", _("Ambient")
    CHILLED = "chilled", _("Chilled, 2–8 °C")
    FROZEN = "frozen", _("Frozen")


class Recipient(Record):
    """A company that receives goods at its sites, possibly from many shippers."""

    name = models.CharField(_("name"), max_length=200, unique=True)
    gln = models.CharField("GLN", max_length=13, blank=True, validators=[GLN])
    email = models.EmailField(_("e-mail for requests"), blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    active = models.BooleanField(_("active"), default=True)

    access: ClassVar[Access] = Access(
        rows="EXISTS (SELECT 1 FROM public.facilities_partnership p"
        " WHERE p.recipient_id = facilities_recipient.id)"
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Partnership(Record):
    """A shipper and a recipient that agreed to trade; without it neither sees the other."""

    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="partnerships")
    recipient = models.ForeignKey(Recipient, on_delete=models.PROTECT, related_name="partnerships")
    active = models.BooleanField(default=True)

    access: ClassVar[Access] = Access(rows=f"shipper_id = {CURRENT_SHIPPER} AND active")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shipper", "recipient"], name="partnership_once")]

    def __str__(self) -> str:
        return f"{self.shipper} – {self.recipient}"


class Site(Record):
    """A place with an address, a time zone and a gate; a recipient's, or a shipper's own.

    Durations are site policy: ``min_lead_time`` and ``max_lead_time`` bound how early and late one
    may book, ``change_cutoff`` ends changes without consent, the arrival window opens ``early_minutes``
    before a slot and closes ``grace_minutes`` after its start.
    """

    recipient = models.ForeignKey(
        Recipient, null=True, blank=True, on_delete=models.PROTECT, related_name="sites"
    )
    shipper = models.ForeignKey(
        Shipper, null=True, blank=True, on_delete=models.PROTECT, related_name="sites"
    )
    code = models.CharField(_("code"), max_length=20, help_text=_("Short, as partners' orders name it."))
    name = models.CharField(_("name"), max_length=200)
    gln = models.CharField("GLN", max_length=13, blank=True, validators=[GLN])
    street = models.CharField(_("street"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)
    city = models.CharField(_("city"), max_length=100, blank=True)
    region = models.CharField(_("region"), max_length=100, blank=True)
    country = models.CharField(_("country"), max_length=2, default="ZA")
    latitude = models.FloatField(_("latitude"), validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(
        _("longitude"), validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    time_zone = models.CharField(_("time zone"), max_length=50, validators=[is_time_zone])
    gate_instructions = models.TextField(_("gate instructions"), blank=True)
    protective_equipment = models.CharField(_("protective equipment"), max_length=200, blank=True)
    contact_name = models.CharField(_("contact"), max_length=100, blank=True)
    contact_phone = models.CharField(_("contact's phone"), max_length=20, blank=True)
    min_lead_time = models.DurationField(_("minimum lead time"), default=timedelta(hours=4))
    max_lead_time = models.DurationField(_("maximum lead time"), default=timedelta(days=30))
    change_cutoff = models.DurationField(_("change cut-off"), default=timedelta(hours=12))
    answer_within = models.DurationField(_("offers expire after"), default=timedelta(hours=24))
    early_minutes = models.PositiveSmallIntegerField(_("arrival window opens before (min)"), default=30)
    grace_minutes = models.PositiveSmallIntegerField(_("grace period (min)"), default=30)
    free_minutes = models.PositiveSmallIntegerField(_("free time (min)"), default=120)
    vehicles_at_once = models.PositiveSmallIntegerField(_("vehicles at once"), null=True, blank=True)
    pallets_per_day = models.PositiveIntegerField(_("pallets per day"), null=True, blank=True)
    active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    access: ClassVar[Access] = Access(
        shipper="SELECT, INSERT, UPDATE",
        rows=f"shipper_id = {CURRENT_SHIPPER} OR (active AND {PARTNERS_SITE})",
        writes=f"shipper_id = {CURRENT_SHIPPER}",
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="site_has_one_owner",
                condition=models.Q(recipient__isnull=False, shipper__isnull=True)
                | models.Q(recipient__isnull=True, shipper__isnull=False),
            ),
            models.UniqueConstraint(fields=["recipient", "code"], name="site_code_at_recipient"),
            models.UniqueConstraint(fields=["shipper", "code"], name="site_code_at_shipper"),
            models.CheckConstraint(
                name="site_lead_times_ordered",
                condition=models.Q(max_lead_time__gt=models.F("min_lead_time")),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Dock(Record):
    """One place where vehicles are loaded or unloaded: as many at a time as it has lanes."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("Inbound")
        OUTBOUND = "outbound", _("Outbound")
        BOTH = "both", _("Both")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="docks")
    name = models.CharField(_("name"), max_length=60)
    lanes = models.PositiveSmallIntegerField(
        _("lanes"), default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    direction = models.CharField(max_length=8, choices=Direction, default=Direction.INBOUND)
    rank = models.PositiveSmallIntegerField(_("preference"), default=1, help_text=_("1 is taken first."))
    setup_minutes = models.PositiveSmallIntegerField(_("before each vehicle (min)"), default=0)
    clear_minutes = models.PositiveSmallIntegerField(_("after each vehicle (min)"), default=0)
    active = models.BooleanField(_("active"), default=True)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        ordering = ["site", "rank", "name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="dock_name_at_site"),
            models.CheckConstraint(name="dock_has_lanes", condition=models.Q(lanes__range=(1, 20))),
        ]

    def __str__(self) -> str:
        return self.name


class ReceivingWindow(Record):
    """Weekly hours in the site's own time zone in which it takes deliveries.

    ``closes`` at or before ``opens`` means the window runs over midnight into the next day.
    Without a dock it holds for all docks of the site; without a load type for all loads.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="windows")
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="windows")
    weekday = models.PositiveSmallIntegerField(
        _("weekday"),
        help_text=_("ISO: 1 is Monday, 7 is Sunday."),
        validators=[MinValueValidator(1), MaxValueValidator(7)],
    )
    opens = models.TimeField(_("opens"))
    closes = models.TimeField(_("closes"))
    load_type = models.CharField(_("load type"), max_length=10, choices=LoadType, blank=True)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        ordering = ["site", "weekday", "opens"]
        constraints = [
            models.CheckConstraint(name="window_weekday", condition=models.Q(weekday__range=(1, 7)))
        ]


class Closure(Record):
    """A dated interval in which a site, or one of its docks, takes nothing."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="closures")
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="closures")
    during = DateTimeRangeField(_("during"))
    reason = models.CharField(_("reason"), max_length=200)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        ordering = ["during"]
        constraints = [
            models.CheckConstraint(
                name="closure_is_bounded",
                condition=models.Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
            ),
        ]


class DockRule(Record):
    """One thing that a dock, or every dock of a site, demands of a load or a vehicle.

    ``limit`` carries the number of a limiting kind, ``values`` the names of an accepting kind.
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

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="rules")
    dock = models.ForeignKey(Dock, null=True, blank=True, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(_("rule"), max_length=20, choices=Kind)
    limit = models.DecimalField(_("limit"), max_digits=9, decimal_places=2, null=True, blank=True)
    values = ArrayField(models.CharField(max_length=20), default=list, blank=True)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    LIMITING: ClassVar[frozenset[str]] = frozenset(
        {Kind.MAX_LENGTH, Kind.MAX_HEIGHT, Kind.MAX_WEIGHT, Kind.MAX_PALLETS}
    )
    ACCEPTING: ClassVar[frozenset[str]] = frozenset({Kind.TEMPERATURE, Kind.ADR, Kind.LOAD_TYPES})

    class Meta:
        ordering = ["site", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["site", "dock", "kind"], nulls_distinct=False, name="dock_rule_once"
            ),
        ]

    def clean(self) -> None:
        if self.kind in self.LIMITING and (self.limit is None or self.limit <= 0):
            raise ValidationError({"limit": _("This rule needs a limit above zero.")})


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
    CMR = "cmr", _("CMR consignment note")
    ADR = "adr", _("ADR transport document")
    INSURANCE = "insurance", _("Insurance certificate")
    PROOF_OF_DELIVERY = "pod", _("Proof of delivery")


#: What a site can ask for: the proof of delivery comes of the handover itself.
DEMANDED = [each for each in DocumentType.choices if each[0] != DocumentType.PROOF_OF_DELIVERY]


class Step(models.TextChoices):
    """By when a document has to be there."""

    CONFIRM = "confirm", _("Before confirmation")
    ARRIVAL = "arrival", _("Before arrival")
    HANDOVER = "handover", _("At handover")


class DocumentRequirement(Record):
    """A document that a site demands with every delivery of a kind, and by which step."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="document_requirements")
    document_type = models.CharField(_("document"), max_length=20, choices=DEMANDED)
    step = models.CharField(_("needed"), max_length=10, choices=Step)
    temperature_class = models.CharField(_("only for"), max_length=10, choices=TemperatureClass, blank=True)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["site", "document_type", "temperature_class"], name="document_requirement_once"
            ),
        ]

    def clean(self) -> None:
        """Nothing can be demanded before it can exist: we issue the delivery note with the confirmation."""
        if self.document_type == DocumentType.DELIVERY_NOTE and self.step == Step.CONFIRM:
            raise ValidationError(
                {"step": _("The delivery note is issued with the confirmation; ask for it before arrival.")}
            )
