"""The agreement that a vehicle comes to a site at a time: offers, holds, occupancy, history, terms."""

from typing import ClassVar

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.actors import Means, Side
from apps.appointments.models.loads import CarriesLoad
from apps.appointments.states import OfferState, ReasonCode, State
from apps.core.access import ALL, CURRENT_SHIPPER, Access
from apps.core.models import Record
from apps.facilities.models import VISIBLE_SITE, Dock, Site
from apps.tenancy.models import Shipper

OWN_APPOINTMENT = "EXISTS (SELECT 1 FROM public.appointments_appointment a WHERE a.id = appointment_id)"
OWN_PICKING = "EXISTS (SELECT 1 FROM public.appointments_picking p WHERE p.id = picking_id)"
SIDES = [(side.value, side.name.title()) for side in Side]


class Appointment(CarriesLoad, Record):
    """One visit of a shipper's vehicle to a site. ``dock``, ``lane`` and ``during`` are what was agreed."""

    shipper = models.ForeignKey(Shipper, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="appointments")
    delivery_id = models.UUIDField(help_text=_("The delivery in the shipper's schema."))
    reference = models.CharField(max_length=60, help_text=_("The delivery's number, as both sides name it."))
    state = models.CharField(max_length=12, choices=State, default=State.OFFERED)
    confirmation_number = models.CharField(max_length=12, unique=True, null=True, blank=True)
    dock = models.ForeignKey(
        Dock, null=True, blank=True, on_delete=models.PROTECT, related_name="appointments"
    )
    lane = models.PositiveSmallIntegerField(null=True, blank=True)
    during = DateTimeRangeField(null=True, blank=True)
    arrival_window = DateTimeRangeField(null=True, blank=True)
    must_act = models.CharField(max_length=10, choices=SIDES, blank=True)
    must_act_by = models.DateTimeField(null=True, blank=True)
    is_planned = models.BooleanField(default=True, help_text=_("False for a walk-in."))
    plate = models.CharField(
        _("number plate"),
        max_length=15,
        blank=True,
        db_default="",
        help_text=_("Letters and digits alone, as the gate looks it up."),
    )
    version = models.PositiveIntegerField(default=1)

    site_version = models.PositiveIntegerField(
        null=True, blank=True, help_text=_("The version of the site's rules that it was agreed under.")
    )

    access: ClassVar[Access] = Access(
        hub="SELECT, INSERT, UPDATE", shipper="SELECT, INSERT, UPDATE", rows=f"shipper_id = {CURRENT_SHIPPER}"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipper", "delivery_id"],
                condition=Q(state__in=[State.OFFERED, State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS]),
                name="appointment_one_live_per_delivery",
            ),
            models.CheckConstraint(
                name="appointment_agreed_has_slot",
                condition=~Q(state__in=[State.CONFIRMED, State.ARRIVED, State.IN_PROGRESS, State.COMPLETED])
                | Q(dock__isnull=False, during__isnull=False, confirmation_number__isnull=False)
                | Q(is_planned=False, state=State.ARRIVED, confirmation_number__isnull=False),
            ),
            models.CheckConstraint(
                name="appointment_offered_waits_for_someone",
                condition=~Q(state=State.OFFERED) | ~Q(must_act="") & Q(must_act_by__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["site", "state"]),
            models.Index(fields=["delivery_id"], name="appointment_of_delivery"),
            models.Index(
                fields=["must_act_by"], condition=Q(must_act_by__isnull=False), name="appointment_to_answer"
            ),
            models.Index(  # how much waits for whom stands on every page; few of a million do
                fields=["must_act", "shipper", "site"],
                condition=Q(must_act__in=["shipper", "recipient"]),
                name="appointment_whose_turn",
            ),
        ]

    def __str__(self) -> str:
        return self.confirmation_number or self.reference


class Offer(Record):
    """One party's proposal of one to five slots; a later offer of the other party counters it.

    ``moves`` says that the appointment has an agreed slot already, which stands until this is accepted.
    """

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="offers")
    side = models.CharField(max_length=10, choices=SIDES)
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.OPEN)
    message = models.TextField(blank=True)
    reason_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    offered_by = models.CharField(max_length=150, help_text=_("Name of whoever offered."))
    moves = models.BooleanField(default=False, db_default=False)
    expires_at = models.DateTimeField()
    escalate_at = models.DateTimeField(null=True, blank=True, help_text=_("When somebody is reminded."))
    escalated_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    access: ClassVar[Access] = Access(
        hub="SELECT, INSERT, UPDATE", shipper="SELECT, INSERT, UPDATE", rows=OWN_APPOINTMENT
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"],
                condition=Q(state=OfferState.OPEN),
                name="offer_one_open_per_appointment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["escalate_at"],
                condition=Q(state=OfferState.OPEN, escalated_at=None),
                name="offer_to_escalate",
            ),
        ]


class OfferedSlot(Record):
    """One slot of an offer, in the order in which it was proposed."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="slots")
    index = models.PositiveSmallIntegerField()
    dock = models.ForeignKey(Dock, on_delete=models.PROTECT, related_name="+")
    lane = models.PositiveSmallIntegerField()
    during = DateTimeRangeField()
    occupies = DateTimeRangeField(
        null=True, blank=True, help_text=_("With the dock's time before and after the vehicle.")
    )
    accepted = models.BooleanField(default=False)

    access: ClassVar[Access] = Access(
        hub="SELECT, INSERT, UPDATE",
        shipper="SELECT, INSERT, UPDATE",
        rows="EXISTS (SELECT 1 FROM public.appointments_offer o WHERE o.id = offer_id)",
    )

    class Meta:
        ordering = ["offer", "index"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "index"], name="offered_slot_once"),
            models.CheckConstraint(name="offered_slot_at_most_five", condition=Q(index__range=(0, 4))),
        ]


class DockOccupancy(Record):
    """The ledger that makes double-booking impossible: a lane of a dock is taken once at any moment.

    ``during`` includes the dock's time before and after a vehicle. A hold blocks until ``hold_expires_at``,
    for an offer or for whoever is ``picking`` it; whoever books removes expired ones in the way. A slot that
    is to replace the agreed one holds only what that one doesn't take already.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", _("Held")
        BOOKING = "booking", _("Booked")
        BLOCK = "block", _("Blocked")

    dock = models.ForeignKey(Dock, on_delete=models.PROTECT, related_name="occupancies")
    lane = models.PositiveSmallIntegerField()
    during = DateTimeRangeField()
    kind = models.CharField(max_length=8, choices=Kind)
    appointment = models.ForeignKey(
        Appointment, null=True, blank=True, on_delete=models.CASCADE, related_name="occupancies"
    )
    offered_slot = models.ForeignKey(
        OfferedSlot, null=True, blank=True, on_delete=models.CASCADE, related_name="occupancies"
    )
    picking = models.ForeignKey(
        "appointments.Picking",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="occupancies",
        db_index=False,
    )
    hold_expires_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    access: ClassVar[Access] = Access(shipper=ALL, rows=f"{OWN_APPOINTMENT} OR {OWN_PICKING}")

    class Meta:
        constraints = [
            ExclusionConstraint(
                name="dock_lane_taken_once",
                expressions=[
                    ("dock", RangeOperators.EQUAL),
                    ("lane", RangeOperators.EQUAL),
                    ("during", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                name="occupancy_holds_expire",
                condition=Q(kind="hold", hold_expires_at__isnull=False)
                | ~Q(kind="hold") & Q(hold_expires_at=None),
            ),
            models.CheckConstraint(
                name="occupancy_belongs",
                condition=Q(kind="block", appointment=None, picking=None)
                | Q(kind="booking", appointment__isnull=False, picking=None)
                | Q(kind="hold", appointment__isnull=False, picking=None)
                | Q(kind="hold", picking__isnull=False),
            ),
            models.CheckConstraint(
                name="occupancy_is_bounded",
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
            ),
        ]
        indexes = [
            models.Index(fields=["hold_expires_at"], condition=Q(kind="hold"), name="occupancy_holds"),
            models.Index(fields=["picking"], condition=Q(picking__isnull=False), name="occupancy_picked"),
        ]


class AppointmentEvent(Record):
    """The history of an appointment, one row per step, never changed: the timeline that both sides read."""

    appointment = models.ForeignKey(Appointment, on_delete=models.CASCADE, related_name="events")
    offer = models.ForeignKey(Offer, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    step = models.CharField(max_length=20, help_text=_("offered, countered, confirmed, declined, expired, …"))
    from_state = models.CharField(max_length=12, blank=True)
    to_state = models.CharField(max_length=12)
    side = models.CharField(max_length=10, choices=SIDES)
    actor_name = models.CharField(max_length=150)
    at = models.DateTimeField()
    message = models.TextField(blank=True)
    reason_code = models.CharField(max_length=20, choices=ReasonCode, blank=True)
    means = models.CharField(
        max_length=8, choices=[(each.value, each.name.title()) for each in Means], default=Means.PERSON.value
    )
    late = models.BooleanField(
        default=False, db_default=False, help_text=_("After the change cut-off, without consent.")
    )

    access: ClassVar[Access] = Access(hub="SELECT, INSERT", shipper="SELECT, INSERT", rows=OWN_APPOINTMENT)

    class Meta:
        ordering = ["id"]


class SiteTerms(Record):
    """What a site asks of those who negotiate with it, beyond its rules; every partner may read it."""

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="terms")
    live_holds_per_shipper = models.PositiveSmallIntegerField(
        _("held slots per shipper"),
        null=True,
        blank=True,
        help_text=_("How many slots one shipper may hold here at a time; empty: as many as it likes."),
    )
    waiting_hold_minutes = models.PositiveSmallIntegerField(
        _("freed slots are kept for (min)"),
        default=30,
        help_text=_("How long a freed slot is kept for the next on the waiting list."),
    )
    keeps_waiting_list = models.BooleanField(
        _("offer freed slots to the waiting list"),
        default=True,
        db_default=True,
        help_text=_("Dockside offers them in the recipient’s name, in the order of asking."),
    )
    waiting_per_shipper = models.PositiveSmallIntegerField(
        _("waiting deliveries per shipper"),
        default=10,
        db_default=10,
        help_text=_("How many of its deliveries may wait here at a time."),
    )
    set_by = models.CharField(max_length=150, blank=True, db_default="")
    set_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1, db_default=1)

    access: ClassVar[Access] = Access(rows=VISIBLE_SITE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="site_terms_hold_something",
                condition=Q(live_holds_per_shipper=None) | Q(live_holds_per_shipper__gte=1),
            ),
            models.CheckConstraint(
                name="site_terms_keep_a_while", condition=Q(waiting_hold_minutes__range=(5, 24 * 60))
            ),
            models.CheckConstraint(
                name="site_terms_let_somebody_wait", condition=Q(waiting_per_shipper__gte=1)
            ),
        ]
