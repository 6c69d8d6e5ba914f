"""A move as it is asked about: every lane with whether it is free then, and the way back from a move."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.utils.translation import gettext as _

from apps.appointments.landing import Landing
from apps.portal.choosing import MINUTE
from apps.portal.presenters.times import span_label

Context = dict[str, Any]


def lane_name(landing: Landing) -> str:
    """“Dock 1”, or “Dock 1 · 2” where a dock has several lanes."""
    return f"{landing.dock.name} · {landing.lane}" if landing.dock.lanes > 1 else landing.dock.name


def choices(
    landings: list[Landing], zone: str, *, here: tuple[UUID, int] | tuple[None, None]
) -> list[Context]:
    """The lanes as radio buttons: what stands in the way of each; the first free one is chosen."""
    first = next((p for p in landings if p.is_free and (p.dock.pk, p.lane) != here), None)
    return [
        {
            "value": write_place(landing.dock.pk, landing.lane),
            "name": lane_name(landing),
            "when": span_label(landing.start, landing.end, zone),
            "is_here": (landing.dock.pk, landing.lane) == here,
            "is_free": landing.is_free,
            "is_chosen": landing is first,
            "reasons": landing.reasons,
        }
        for landing in landings
    ]


def judged(landing: Landing | None, zone: str) -> Context:
    """One lane in one sentence, for the ghost of a card that is being moved."""
    if landing is None:
        return {"free": False, "says": _("There is no such dock in use.")}
    when = span_label(landing.start, landing.end, zone)
    if landing.is_free:
        return {
            "free": True,
            "says": _("%(dock)s, %(when)s: free") % {"dock": lane_name(landing), "when": when},
            "start": landing.start.isoformat(),
            "minutes": int((landing.end - landing.start).total_seconds()) // 60,
        }
    return {"free": False, "says": f"{lane_name(landing)}, {when}: {' '.join(landing.reasons)}"}


def write_place(dock_id: UUID, lane: int) -> str:
    """A lane as one word for a form."""
    return f"{dock_id}_{lane}"


def read_place(value: str) -> tuple[UUID, int] | None:
    """What ``write_place`` wrote; None for anything else."""
    try:
        dock_id, lane = value.split("_")
        return UUID(dock_id), int(lane)
    except ValueError:
        return None


@dataclass(frozen=True)
class Standing:
    """Where a vehicle stands, or that it waits for a dock (both of ``place`` None)."""

    place: tuple[UUID, int] | tuple[None, None]
    start: datetime | None


def undo_url(address: str, before: Standing, *, version: int, board: str) -> str:
    """Where a POST puts it back to ``before``; ``board`` is the query of the board that is looked at."""
    dock_id, lane = before.place
    fields: dict[str, object] = {
        "place": write_place(dock_id, lane) if dock_id is not None and lane is not None else "waiting",
        "version": version,
        "undo": 1,
    }
    if before.start is not None:
        fields["start"] = before.start.astimezone(UTC).strftime(MINUTE)
    return f"{address}?{urlencode(fields)}&{board}"
