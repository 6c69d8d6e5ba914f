"""What negotiation refuses, shared by several use cases; edges translate them by code and status."""

from collections.abc import Sequence
from typing import Any

from apps.appointments.load import Slot
from apps.appointments.search import SlotSearch
from apps.core.errors import DomainError


class SlotTaken(DomainError):
    """Somebody else has that dock then; ``alternatives`` are the nearest free slots."""

    code = "slot-taken"
    status = 409


class SlotRefused(DomainError):
    """The site's rules exclude that slot: ``reasons`` say why, ``alternatives`` are the nearest that work."""

    code = "slot-refused"
    status = 422


class TooManySlots(DomainError):
    """An offer has one to five slots that don't stand in each other's way."""

    code = "too-many-slots"
    status = 422


class OfferClosed(DomainError):
    """The offer was answered, withdrawn or has expired."""

    code = "offer-closed"
    status = 409


class TooManyHolds(DomainError):
    """The shipper holds as many slots at the site as one shipper may; ``limit`` and ``until`` say more."""

    code = "too-many-holds"
    status = 409


class HeldLongEnough(DomainError):
    """What a person is choosing was held longer once already."""

    code = "held-long-enough"
    status = 409


class ConsentNeeded(DomainError):
    """The change cut-off is over: the other side has to agree; ``cutoff`` is when that began."""

    code = "consent-needed"
    status = 409


class TooLate(DomainError):
    """The agreed slot has begun."""

    code = "too-late"
    status = 409


class NotYourTurn(DomainError):
    """The other side has to answer."""

    code = "not-your-turn"
    status = 409


class AlreadyNegotiating(DomainError):
    """The delivery has a live appointment already."""

    code = "already-negotiating"
    status = 409


class NoPartnership(DomainError):
    """The shipper and the recipient haven't agreed to trade."""

    code = "no-partnership"
    status = 403


class AppointmentNotFound(DomainError):
    """There is no such appointment or offer here."""

    code = "not-found"
    status = 404


class DockBusy(DomainError):
    """Others are booking the same docks and it took too long to wait for them; nothing has changed."""

    code = "dock-busy"
    status = 409


class ChangedMeanwhile(DomainError):
    """Somebody else changed it since it was read; nothing has changed by this."""

    code = "changed-meanwhile"
    status = 409


def described(search: SlotSearch, slots: Sequence[Slot]) -> list[dict[str, Any]]:
    """Slots as members of a problem document: dock, its name, start and end in ISO 8601 with offset."""
    return [
        {
            "dock_id": str(slot.dock_id),
            "dock": search.dock_names.get(slot.dock_id, ""),
            "start": slot.start.astimezone(search.zone).isoformat(),
            "end": slot.end.astimezone(search.zone).isoformat(),
        }
        for slot in slots
    ]
