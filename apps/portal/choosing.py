"""What has been chosen on the way to an offer: all in the address, so nothing needs script or gets lost."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict

from apps.appointments.load import Slot

MOST_SLOTS = 5
MINUTE = "%Y%m%dT%H%MZ"


@dataclass(frozen=True)
class Choice:
    """Up to five slots in the order of preference, the day that is looked at, and what was typed."""

    slots: tuple[Slot, ...] = ()
    day: date | None = None
    message: str = ""
    reason_code: str = ""

    @property
    def is_full(self) -> bool:
        return len(self.slots) >= MOST_SLOTS

    def overlaps(self, slot: Slot) -> bool:
        """Whether the slot stands in the way of a chosen one at its dock; an offer can't hold both."""
        return any(
            slot.dock_id == other.dock_id and slot.start < other.end and other.start < slot.end
            for other in self.slots
        )

    def with_slot(self, slot: Slot) -> "Choice":
        """With one more slot; a second time at one dock and start, or a sixth slot, changes nothing."""
        if slot in self.slots or self.is_full:
            return self
        return replace(self, slots=(*self.slots, slot))

    def without(self, slot: Slot) -> "Choice":
        return replace(self, slots=tuple(kept for kept in self.slots if kept != slot))

    def fields(self) -> list[tuple[str, str]]:
        """As names and values of hidden fields, or of a query."""
        return [
            *(("slot", write_slot(slot)) for slot in self.slots),
            *((name, value) for name, value in self._rest() if value),
        ]

    def query(self) -> str:
        """As a query string with its question mark; empty when nothing is chosen."""
        fields = self.fields()
        return f"?{urlencode(fields)}" if fields else ""

    def _rest(self) -> Sequence[tuple[str, str]]:
        day = self.day.isoformat() if self.day else ""
        return (("day", day), ("message", self.message), ("reason_code", self.reason_code))


def read_choice(query: QueryDict) -> Choice:
    """The choice in a query or a posted form; what can't be read is left out, ``drop`` takes one slot out."""
    dropped = {read_slot(value) for value in query.getlist("drop")}
    choice = Choice(
        day=read_day(query.get("day", "")),
        message=query.get("message", ""),
        reason_code=query.get("reason_code", ""),
    )
    for value in query.getlist("slot"):
        slot = read_slot(value)
        if slot is not None and slot not in dropped:
            choice = choice.with_slot(slot)
    return choice


def write_slot(slot: Slot) -> str:
    """A slot as one word for an address or a button's value."""
    minutes = int((slot.end - slot.start).total_seconds()) // 60
    return f"{slot.dock_id}_{slot.start.astimezone(UTC):{MINUTE}}_{minutes}"


def read_slot(value: str) -> Slot | None:
    """What ``write_slot`` wrote; None for anything else."""
    try:
        dock_id, start, minutes = value.split("_")
        begins = datetime.strptime(start, MINUTE).replace(tzinfo=UTC)
        return Slot(UUID(dock_id), begins, begins + timedelta(minutes=int(minutes)))
    except (ValueError, OverflowError):
        return None


def read_day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
