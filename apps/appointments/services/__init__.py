"""What others may ask of appointments: each function is one use case in one transaction."""

from apps.appointments.services.accept import accept_offer
from apps.appointments.services.advance import TooEarly, advance
from apps.appointments.services.block import block_dock, unblock_dock
from apps.appointments.services.cancel import cancel_appointment
from apps.appointments.services.counter import counter_offer
from apps.appointments.services.decline import decline_offer
from apps.appointments.services.errors import (
    AlreadyNegotiating,
    AppointmentNotFound,
    DockBusy,
    NoPartnership,
    NotYourTurn,
    OfferClosed,
    SlotRefused,
    SlotTaken,
    TooManySlots,
)
from apps.appointments.services.expire import expire_offer, expire_offers
from apps.appointments.services.offer import offer_slots

__all__ = [
    "AlreadyNegotiating",
    "AppointmentNotFound",
    "DockBusy",
    "NoPartnership",
    "NotYourTurn",
    "OfferClosed",
    "SlotRefused",
    "SlotTaken",
    "TooEarly",
    "TooManySlots",
    "accept_offer",
    "advance",
    "block_dock",
    "cancel_appointment",
    "counter_offer",
    "decline_offer",
    "expire_offer",
    "expire_offers",
    "offer_slots",
    "unblock_dock",
]
