"""A place with an address, a time zone and a gate, and the docks that vehicles are unloaded at."""

from datetime import timedelta
from typing import ClassVar
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.access import CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models.parties import GLN, Recipient
from apps.tenancy.models import Shipper

PARTNERS_SITE = (
    "EXISTS (SELECT 1 FROM public.facilities_partnership p"
    " WHERE p.recipient_id = facilities_site.recipient_id)"
)
VISIBLE_SITE = "EXISTS (SELECT 1 FROM public.facilities_site s WHERE s.id = site_id)"


class PaperLanguage(models.TextChoices):
    """What a site's papers may be in, each by its own name; ``apps/documents/locale`` has the words."""

    ENGLISH = "en", "English"
    GERMAN = "de", "Deutsch"
    FRENCH = "fr", "Français"
    SPANISH = "es", "Español"
    ARABIC = "ar", "العربية"


def is_time_zone(name: str) -> None:
    """Accept an IANA time zone name."""
    if name not in available_timezones():
        raise ValidationError(
            _("%(name)s is no time zone; an example is Africa/Johannesburg."), params={"name": name}
        )


class Site(Record):
    """A place with an address, a time zone and a gate; a recipient's, or a shipper's own.

    Durations are site policy: ``min_lead_time`` and ``max_lead_time`` bound how early and late one
    may book, ``change_cutoff`` ends changes without consent, the arrival window opens ``early_minutes``
    before a slot and closes ``grace_minutes`` after its start.

    Limits per hour and day count what starts in a clock hour, or on a day, of the site's own time.
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
    paper_language = models.CharField(
        _("language of papers"),
        max_length=5,
        choices=PaperLanguage,
        default=PaperLanguage.ENGLISH,
        db_default=PaperLanguage.ENGLISH,
        help_text=_("Of delivery notes, labels, gate lists and all other papers of what comes here."),
    )
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
    allows_unattended = models.BooleanField(
        _("goods may be left unattended"),
        default=False,
        help_text=_("By the driver, with a photo and the phone's position."),
    )
    asks_code = models.BooleanField(
        _("whoever receives confirms by a one-time code"),
        default=False,
        help_text=_("Sent to their e-mail; without it nothing is handed over."),
    )
    vehicles_at_once = models.PositiveSmallIntegerField(_("vehicles at once"), null=True, blank=True)
    pallets_per_day = models.PositiveIntegerField(_("pallets per day"), null=True, blank=True)
    pallets_per_hour = models.PositiveIntegerField(_("pallets per hour"), null=True, blank=True)
    appointments_per_day = models.PositiveIntegerField(_("appointments per day"), null=True, blank=True)
    appointments_per_hour = models.PositiveIntegerField(_("appointments per hour"), null=True, blank=True)
    shipper_appointments_per_day = models.PositiveIntegerField(
        _("appointments per shipper and day"), null=True, blank=True
    )
    active = models.BooleanField(_("active"), default=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    #: Limits that are counted over what others hold and have booked; None means no limit.
    COUNTED: ClassVar[tuple[str, ...]] = (
        "vehicles_at_once",
        "appointments_per_hour",
        "pallets_per_hour",
        "appointments_per_day",
        "pallets_per_day",
        "shipper_appointments_per_day",
    )

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
                name="site_paper_language_known",
                condition=models.Q(paper_language__in=PaperLanguage.values),
            ),
            models.CheckConstraint(
                name="site_lead_times_ordered",
                condition=models.Q(max_lead_time__gt=models.F("min_lead_time")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def counts(self) -> bool:
        """Whether some limit of the site is counted over its docks."""
        return any(getattr(self, name) is not None for name in self.COUNTED)


class Dock(Record):
    """One place where vehicles are loaded or unloaded: as many at a time as it has lanes."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("Inbound")
        OUTBOUND = "outbound", _("Outbound")
        BOTH = "both", _("Both")

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="docks")
    name = models.CharField(_("name"), max_length=60)
    group = models.CharField(_("group"), max_length=60, blank=True, help_text=_("Docks beside each other."))
    lanes = models.PositiveSmallIntegerField(
        _("lanes"), default=1, validators=[MinValueValidator(1), MaxValueValidator(20)]
    )
    direction = models.CharField(_("direction"), max_length=8, choices=Direction, default=Direction.INBOUND)
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
