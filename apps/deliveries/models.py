"""One visit to one site: the goods it carries, where they are, and how they were handed over."""

from datetime import date, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.consignments.models import Consignment, ConsignmentItem, HandlingUnit, Priority
from apps.core.access import Access
from apps.core.models import Record
from apps.deliveries.states import FailureReason, State
from apps.facilities.models import LoadType, Site, TemperatureClass


class Delivery(Record):
    """What is booked, routed, documented and handed over as one; its load sums up its consignments'."""

    class Leg(models.TextChoices):
        TO_TERMINAL = "to_terminal", _("To a terminal")
        BACK = "back", _("Back to the shipper")

    class Format(models.TextChoices):
        DOOR = "door", _("To the recipient’s dock")
        PICKUP = "pickup", _("Collected by the recipient")
        DROP = "drop", _("Left in a locker or place, with a code")

    number = models.CharField(_("number"), max_length=40, unique=True)
    origin = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    day = models.DateField(_("for"), help_text=_("The requested day, in the site's own time zone."))
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    load_type = models.CharField(max_length=10, choices=LoadType, default=LoadType.PALLETS)
    temperature_class = models.CharField(
        max_length=10, choices=TemperatureClass, default=TemperatureClass.AMBIENT
    )
    pallets = models.PositiveIntegerField(default=0)
    weight_kg = models.DecimalField(max_digits=10, decimal_places=2, default=0)
    volume_m3 = models.DecimalField(max_digits=8, decimal_places=3, default=0)
    lines = models.PositiveIntegerField(default=0)
    failure_reason = models.CharField(max_length=30, choices=FailureReason, blank=True)
    seals = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text=_("On the vehicle when it was closed last, before this visit."),
    )
    follows = models.OneToOneField(
        "self",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="followed_by",
        help_text=_("The delivery whose goods were not all taken; this one brings them again."),
    )
    leg = models.CharField(
        max_length=12,
        choices=Leg,
        blank=True,
        db_default="",
        help_text=_("Of another delivery's way, ending at a site of the shipper's own."),
    )
    leg_for = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="legs")
    format = models.CharField(max_length=8, choices=Format, default=Format.DOOR, db_default=Format.DOOR)
    code = models.CharField(
        max_length=6,
        blank=True,
        db_default="",
        help_text=_("What opens the locker, or what whoever collects says."),
    )
    wrong_codes = models.PositiveSmallIntegerField(default=0, db_default=0)
    ready_at = models.DateTimeField(null=True, blank=True, help_text=_("To be collected, since then."))
    kept_until = models.DateTimeField(null=True, blank=True, help_text=_("To be collected before then."))
    priority = models.CharField(
        max_length=10,
        choices=Priority,
        default=Priority.NORMAL,
        db_default=Priority.NORMAL,
        help_text=_("What is left out first, and what last, where not everything fits on a day's routes."),
    )
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["day", "number"]
        constraints = [
            models.CheckConstraint(
                name="delivery_door_has_no_code",
                condition=Q(format="door", code="", ready_at=None)
                | Q(format="pickup")
                | Q(format="drop", ready_at=None) & ~Q(code=""),
            ),
            models.CheckConstraint(
                name="delivery_ready_has_a_code", condition=Q(ready_at=None) | ~Q(code="")
            ),
            models.CheckConstraint(
                name="delivery_kept_once_ready",
                condition=Q(kept_until=None) | Q(ready_at__isnull=False, kept_until__gt=F("ready_at")),
            ),
            models.CheckConstraint(name="delivery_codes_tried_at_most", condition=Q(wrong_codes__lte=5)),
            models.CheckConstraint(
                name="delivery_leg_is_of_another",
                condition=Q(leg="", leg_for=None) | ~Q(leg="") & Q(leg_for__isnull=False),
            ),
            models.UniqueConstraint(fields=["leg_for", "leg"], name="delivery_one_leg_of_a_kind"),
            models.CheckConstraint(
                name="delivery_priority_known", condition=Q(priority__in=["first", "normal", "can_wait"])
            ),
        ]
        indexes = [
            models.Index(fields=["site", "day"]),
            models.Index(fields=["day"], name="delivery_day"),
            models.Index(
                fields=["state"],
                condition=~Q(state__in=[State.DELIVERED, State.REFUSED, State.CANCELLED]),
                name="delivery_not_over",
            ),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def last_day(self) -> date | None:
        """The last day, at the place, on which what is collected is kept; None where nothing stands ready."""
        if self.kept_until is None:
            return None
        last = self.kept_until - timedelta(microseconds=1)
        return last.astimezone(ZoneInfo(self.origin.time_zone)).date()

    @property
    def place(self) -> Site:
        """Where its goods are handed over: at the recipient's site, or where the recipient collects them."""
        return self.origin if self.format == self.Format.PICKUP else self.site


class DeliveryConsignment(Record):
    """A consignment rides in one delivery; what its recipient did not take may ride again in another.

    ``ssccs`` are the handling units of it that ride; None means all that it has.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="rides")
    consignment = models.ForeignKey(Consignment, on_delete=models.PROTECT, related_name="ride")
    ssccs = ArrayField(models.CharField(max_length=18), null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["consignment"], condition=Q(ssccs=None), name="consignment_rides_whole_once"
            ),
            models.UniqueConstraint(fields=["delivery", "consignment"], name="consignment_once_a_delivery"),
            models.CheckConstraint(name="rides_with_some_unit", condition=Q(ssccs=None) | ~Q(ssccs=[])),
        ]


class Doubt(models.TextChoices):
    """What speaks against a statement without making it untrue; recorded with it, shown to both sides."""

    SEALS_DIFFER = "seals_differ", _("Seals differ from those at departure")
    SEALS_NOT_CHECKED = "seals_not_checked", _("Seals were not looked at")
    TEMPERATURE_OUTSIDE = "temperature_outside", _("Temperature was outside its range")
    PHOTOS_MISSING = "photos_missing", _("More photos were taken than arrived")
    FOREIGN_UNIT = "foreign_unit", _("A unit of another delivery came along")
    FAR_AWAY = "far_away", _("Stated far from the site")


class Handover(Record):
    """The one statement with which custody passes to the recipient; made once, signed by both.

    ``position`` is where the device said it was, as custody writes it; strokes of drawn signatures are
    personal values of the custody event and kept with it alone.
    """

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("Accepted")
        RESERVATION = "accepted_with_reservation", _("Accepted with reservation")
        PARTLY_REFUSED = "partly_refused", _("Partly refused")
        REFUSED = "refused", _("Refused")
        UNATTENDED = "unattended", _("Left unattended")

    class Condition(models.TextChoices):
        GOOD = "good", _("Good")
        PACKAGING = "packaging", _("Packaging damaged")
        WET = "wet", _("Wet")
        SHIFTED = "shifted", _("Load has shifted")
        DIRTY = "dirty", _("Dirty or infested")
        OTHER = "other", _("Otherwise not in order")

    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, related_name="handover")
    outcome = models.CharField(max_length=30, choices=Outcome)
    units_expected = models.PositiveIntegerField()
    units_received = models.PositiveIntegerField()
    released_by = models.CharField(_("released by"), max_length=100)
    received_by = models.CharField(_("received by"), max_length=100, blank=True)
    released_drawn = models.BooleanField(default=False, help_text=_("Drawn and not only typed."))
    received_drawn = models.BooleanField(default=False, help_text=_("Drawn and not only typed."))
    received_by_role = models.CharField(_("role"), max_length=60, blank=True)
    statement_sha256 = models.CharField(max_length=64)
    reservation = models.TextField(blank=True)
    condition = models.CharField(_("condition"), max_length=10, choices=Condition, blank=True)
    seals_out = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text=_("At departure.")
    )
    seals = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text=_("As found."))
    seals_after = ArrayField(
        models.CharField(max_length=40), default=list, blank=True, help_text=_("Put on for the way on.")
    )
    doubts = ArrayField(models.CharField(max_length=30, choices=Doubt), default=list, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1, help_text=_("1 is the first one."))
    place = models.CharField(
        _("where it was put"), max_length=100, blank=True, db_default="", help_text=_("A locker, a dock.")
    )
    position = models.JSONField(null=True, blank=True)
    confirmed_by_code = models.BooleanField(default=False, help_text=_("By whoever received."))
    device_time = models.DateTimeField(help_text=_("As the device had it."))
    recorded_at = models.DateTimeField(help_text=_("As the server had it."))

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        indexes = [models.Index(fields=["recorded_at"], name="handover_recorded")]
        constraints = [
            models.CheckConstraint(
                name="handover_reservation_said",
                condition=~Q(outcome="accepted_with_reservation") | ~Q(reservation=""),
            ),
            models.CheckConstraint(
                name="handover_received_by_somebody",
                condition=Q(outcome="unattended") | ~Q(received_by=""),
            ),
            models.CheckConstraint(
                name="handover_unattended_where",
                condition=~Q(outcome="unattended") | Q(position__isnull=False),
            ),
        ]


class DropEmptied(Record):
    """What the recipient's people found where goods were left for them; said once, as they took them out."""

    delivery = models.OneToOneField(Delivery, on_delete=models.PROTECT, related_name="emptied")
    taken_by = models.CharField(_("taken out by"), max_length=100)
    missing = ArrayField(
        models.CharField(max_length=18), default=list, blank=True, help_text=_("SSCCs that were not there.")
    )
    damaged = ArrayField(models.CharField(max_length=18), default=list, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    recorded_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.taken_by}"


class Discrepancy(Record):
    """Over, short, damaged, wrong or refused: a handling unit, or some of a line, not as expected.

    What is over may have an SSCC that is none of the shipper's, hence ``sscc`` beside the unit.
    """

    class Kind(models.TextChoices):
        OVER = "over", _("Over")
        SHORT = "short", _("Short")
        DAMAGED = "damaged", _("Damaged")
        WRONG = "wrong_item", _("Wrong goods")
        REFUSED = "refused", _("Refused")

    class Reason(models.TextChoices):
        TRANSPORT = "transport_damage", _("Damaged on the way")
        PACKAGING = "packaging", _("Packaging")
        TEMPERATURE = "temperature", _("Temperature")
        ARTICLE = "wrong_article", _("Another article")
        BATCH = "wrong_batch", _("Another batch")
        EXPIRY = "expiry", _("Expired or too short dated")
        NOT_ORDERED = "not_ordered", _("Not ordered")
        LABEL = "label", _("Label missing or unreadable")
        SEAL = "seal", _("Seal broken")
        OTHER = "other", _("Other")

    handover = models.ForeignKey(Handover, on_delete=models.PROTECT, related_name="discrepancies")
    handling_unit = models.ForeignKey(
        HandlingUnit, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies"
    )
    item = models.ForeignKey(
        ConsignmentItem, null=True, blank=True, on_delete=models.PROTECT, related_name="discrepancies"
    )
    sscc = models.CharField("SSCC", max_length=18, blank=True)
    quantity = models.DecimalField(
        max_digits=12, decimal_places=3, null=True, blank=True, help_text=_("Of the line, in its unit.")
    )
    kind = models.CharField(max_length=10, choices=Kind)
    reason = models.CharField(max_length=20, choices=Reason, blank=True)
    note = models.CharField(max_length=300, blank=True)

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="discrepancy_of_a_line_says_how_much",
                condition=Q(item=None, quantity=None) | Q(item__isnull=False, quantity__gt=0),
            )
        ]


class HandoverCode(Record):
    """A one-time code that somebody got by e-mail to confirm a handover with; a slow hash of it is kept."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="codes")
    person_name = models.CharField(max_length=150)
    code_hash = models.CharField(max_length=200, blank=True, help_text=_("Empty until it is mailed."))
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="code_tried_at_most", condition=Q(attempts__lte=5)),
            models.CheckConstraint(
                name="code_used_once_confirmed", condition=Q(used_at=None) | Q(confirmed_at__isnull=False)
            ),
        ]


class ConditionReading(Record):
    """Temperatures of a delivery's goods between two moments: typed by hand, or read from a logger's table.

    In thousandths of a degree Celsius. ``within_limits`` judges by the class the goods had then.
    """

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="readings")
    sensor = models.CharField(max_length=120)
    start = models.DateTimeField()
    end = models.DateTimeField()
    readings = models.PositiveIntegerField()
    minimum_mc = models.IntegerField()
    maximum_mc = models.IntegerField()
    within_limits = models.BooleanField()
    file_sha256 = models.CharField(max_length=64, blank=True)
    recorded_at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "file_sha256"], condition=~Q(file_sha256=""), name="logger_file_once"
            ),
            models.CheckConstraint(
                name="reading_in_order",
                condition=Q(end__gte=models.F("start"), maximum_mc__gte=models.F("minimum_mc")),
            ),
        ]


class BulkRequest(Record):
    """Slots asked for many deliveries at once: what was wanted, and how good the answer is.

    ``figures`` are the solver's: placed, asked, lateness in minutes, detour in metres, the objective and its
    bound.
    """

    job_id = models.UUIDField(null=True, blank=True, help_text=_("The job that looks for the slots."))
    send_job_id = models.UUIDField(null=True, blank=True, help_text=_("The job that sends the offers."))
    asked_by_name = models.CharField(max_length=150)
    wanted_from = models.TimeField(
        _("preferred from"),
        null=True,
        blank=True,
        help_text=_("In each site's own time; empty: its opening."),
    )
    days = models.PositiveSmallIntegerField(_("days to look at"), default=2)
    slots_each = models.PositiveSmallIntegerField(_("slots in each offer"), default=1)
    seed = models.PositiveIntegerField(default=1)
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(name="bulk_one_to_five_slots", condition=Q(slots_each__range=(1, 5))),
            models.CheckConstraint(name="bulk_days", condition=Q(days__range=(1, 14))),
        ]


class BulkLine(Record):
    """One delivery of a bulk request: its proposed slots or why there is none, and what came of it."""

    class Outcome(models.TextChoices):
        OPEN = "", _("Not sent")
        SENT = "sent", _("Offered")
        LOST = "lost", _("Taken meanwhile")
        REFUSED = "refused", _("Refused")

    request = models.ForeignKey(BulkRequest, on_delete=models.CASCADE, related_name="lines")
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="bulk_lines")
    slots = models.JSONField(default=list, help_text=_("Of each: dock_id, dock, start and end in ISO 8601."))
    late_minutes = models.IntegerField(null=True, blank=True)
    detour_m = models.IntegerField(null=True, blank=True)
    why_not = models.TextField(blank=True)
    chosen = models.BooleanField(default=False, help_text=_("The planner sends it."))
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.OPEN)
    answer = models.TextField(blank=True)
    alternatives = models.JSONField(default=list)

    class Meta:
        ordering = ["request", "id"]
        constraints = [
            models.UniqueConstraint(fields=["request", "delivery"], name="bulk_line_once"),
        ]


class DeliveryEvent(Record):
    """The history of a delivery's state, one row per step, never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="events")
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        ordering = ["id"]


class PriorityChange(Record):
    """The history of a delivery's priority, the shipper's own business; one row per change, never changed."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="priority_changes")
    before = models.CharField(max_length=10, choices=Priority)
    after = models.CharField(max_length=10, choices=Priority)
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField()

    access: ClassVar[Access] = Access(own="SELECT, INSERT")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="priority_change_changes", condition=~Q(before=models.F("after"))),
        ]


class ReturnedLine(Record):
    """Goods of one order line that are at a site of the shipper's own again, and what was decided about them.

    They came with ``delivery``: a leg back, a pickup of which not all was taken, or a delivery of which some
    of a line was turned away. ``ssccs`` are the handling units that they may stand on, empty where the line
    itself was counted. Which line stands on which unit is not known: where a consignment did not come back
    whole, ``quantity``, in the line's unit, is the most that may have come, and ``is_counted`` is False.

    A planner decides once. A trigger keeps what came and what was decided as it was written, and lets no more
    of a line be decided, with whatever it came, than was ordered.
    """

    class Reason(models.TextChoices):
        DAMAGED = "damaged", _("Damaged")
        OPENED = "opened", _("Opened or not clean")
        EXPIRY = "expiry", _("Expired or too short dated")
        TEMPERATURE = "temperature", _("Was too warm or too cold")
        MISSING = "missing", _("Was not there")
        OTHER = "other", _("Other")

    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="returned_lines")
    item = models.ForeignKey(ConsignmentItem, on_delete=models.PROTECT, related_name="returned_lines")
    site = models.ForeignKey(Site, on_delete=models.DO_NOTHING, related_name="+")
    ssccs = ArrayField(models.CharField(max_length=18), default=list, blank=True)
    quantity = models.DecimalField(max_digits=12, decimal_places=3)
    is_counted = models.BooleanField(help_text=_("Exactly so much came; else so much at most."))
    at = models.DateTimeField()
    put_back = models.DecimalField(
        _("put back to stock"), max_digits=12, decimal_places=3, null=True, blank=True
    )
    stocked_at = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.DO_NOTHING, related_name="+", verbose_name=_("at")
    )
    written_off = models.DecimalField(
        _("written off"), max_digits=12, decimal_places=3, null=True, blank=True
    )
    reason = models.CharField(_("why"), max_length=12, choices=Reason, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    decided_by = models.CharField(max_length=150, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(own="SELECT, INSERT, UPDATE")

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["at"], condition=Q(decided_at=None), name="returned_line_undecided"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["delivery", "item"], name="returned_line_once"),
            models.CheckConstraint(name="returned_line_something", condition=Q(quantity__gt=0)),
            models.CheckConstraint(
                name="returned_line_decided_in_full",
                condition=Q(
                    decided_at=None,
                    put_back=None,
                    written_off=None,
                    stocked_at=None,
                    reason="",
                    note="",
                    decided_by="",
                )
                | Q(decided_at__isnull=False, put_back__gte=0, written_off__gte=0) & ~Q(decided_by=""),
            ),
            models.CheckConstraint(
                name="returned_line_at_most_what_came",
                condition=Q(decided_at=None) | Q(quantity__gte=F("put_back") + F("written_off")),
            ),
            models.CheckConstraint(
                name="returned_line_put_back_somewhere",
                condition=~Q(put_back__gt=0) | Q(stocked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="returned_line_written_off_for_a_reason",
                condition=~Q(written_off__gt=0) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} {self.item_id}"
