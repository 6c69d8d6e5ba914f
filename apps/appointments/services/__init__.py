"""What others may ask of appointments: each function is one use case in one transaction."""

from apps.appointments.services.accept import accept_offer
from apps.appointments.services.advance import NoDockYet, TooEarly, advance
from apps.appointments.services.block import block_dock, move_block, unblock_dock
from apps.appointments.services.cancel import cancel_appointment
from apps.appointments.services.counter import counter_offer
from apps.appointments.services.decline import decline_offer
from apps.appointments.services.errors import (
    AlreadyNegotiating,
    AppointmentNotFound,
    ChangedMeanwhile,
    ConsentNeeded,
    DockBusy,
    HeldLongEnough,
    NoPartnership,
    NotYourTurn,
    OfferClosed,
    SlotRefused,
    SlotTaken,
    TooLate,
    TooManyHolds,
    TooManySlots,
)
from apps.appointments.services.escalate import escalate_offers
from apps.appointments.services.expire import expire_offer, expire_offers
from apps.appointments.services.moving import TimeIsAgreed, move_vehicle, take_from_dock
from apps.appointments.services.offer import offer_slots
from apps.appointments.services.picking import keep_longer, kept_for, lapse_picks, let_go, pick_slot
from apps.appointments.services.policies import drop_policy, set_policy
from apps.appointments.services.relocating import SiteIsBooked, require_same_clock
from apps.appointments.services.reschedule import move_now, propose_move, withdraw_move
from apps.appointments.services.walk_in import register_walk_in

__all__ = [
    "AlreadyNegotiating",
    "AppointmentNotFound",
    "ChangedMeanwhile",
    "ConsentNeeded",
    "DockBusy",
    "HeldLongEnough",
    "NoDockYet",
    "NoPartnership",
    "NotYourTurn",
    "OfferClosed",
    "SiteIsBooked",
    "SlotRefused",
    "SlotTaken",
    "TimeIsAgreed",
    "TooEarly",
    "TooLate",
    "TooManyHolds",
    "TooManySlots",
    "accept_offer",
    "advance",
    "block_dock",
    "cancel_appointment",
    "counter_offer",
    "decline_offer",
    "drop_policy",
    "escalate_offers",
    "expire_offer",
    "expire_offers",
    "keep_longer",
    "kept_for",
    "lapse_picks",
    "let_go",
    "move_block",
    "move_now",
    "move_vehicle",
    "offer_slots",
    "pick_slot",
    "propose_move",
    "register_walk_in",
    "require_same_clock",
    "set_policy",
    "take_from_dock",
    "unblock_dock",
    "withdraw_move",
]
