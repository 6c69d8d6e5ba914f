"""What a look finds: one exception as it stands now; rooms above add looks of their own."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.insights.kinds import Kind, Severity


@dataclass(frozen=True)
class Finding:
    """One exception as it stands now; ``facts`` are JSON values for its sentence.

    Findings with the same ``group`` have one cause (a vehicle that is late) and stand as one on the list.
    """

    delivery_id: UUID
    kind: Kind
    severity: Severity
    cause_at: datetime
    harm_at: datetime
    subject: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    group: str = ""

    @property
    def key(self) -> tuple[UUID, str, str]:
        return (self.delivery_id, str(self.kind), self.subject)


Look = Callable[[datetime], Iterator[Finding]]
#: Looks of rooms that know more than this one, which may not import them.
LOOKS_FROM_ABOVE: list[Look] = []


def looks_from_above(look: Look) -> Look:
    """Let ``look`` take part whenever exceptions are looked for; its module is imported by its app."""
    LOOKS_FROM_ABOVE.append(look)
    return look
