"""The agreement that a vehicle comes to a site at a time, and how each side wants it negotiated.

All of it lives in the network, once, with one state. A shipper's role reads and writes only its own.
"""

from apps.appointments.models.expected import Basis, Expected
from apps.appointments.models.gate import SelfReport
from apps.appointments.models.negotiation import (
    OWN_APPOINTMENT,
    SIDES,
    Appointment,
    AppointmentEvent,
    DockOccupancy,
    Offer,
    OfferedSlot,
    SiteTerms,
)
from apps.appointments.models.picking import PickedSlot, Picking
from apps.appointments.models.policies import AnswerPolicy
from apps.appointments.models.standing import StandingAppointment, StandingEvent, StandingVisit
from apps.appointments.models.waiting import WaitingEntry

__all__ = [
    "OWN_APPOINTMENT",
    "SIDES",
    "AnswerPolicy",
    "Appointment",
    "AppointmentEvent",
    "Basis",
    "DockOccupancy",
    "Expected",
    "Offer",
    "OfferedSlot",
    "PickedSlot",
    "Picking",
    "SelfReport",
    "SiteTerms",
    "StandingAppointment",
    "StandingEvent",
    "StandingVisit",
    "WaitingEntry",
]
