"""What may be done for and by drivers on the road."""

from apps.driving.services.access import end_access, end_leg_access, invite_driver, invite_for_leg, open_route
from apps.driving.services.acting import Sent, perform
from apps.driving.services.whereabouts import follow

__all__ = [
    "Sent",
    "end_access",
    "end_leg_access",
    "follow",
    "invite_driver",
    "invite_for_leg",
    "open_route",
    "perform",
]
