"""Taking positions: each row of a batch is stored, known already, or refused with its reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection, transaction

from apps.core.ids import new_id
from apps.tracking.models import Position, RefusedPosition, Source
from apps.tracking.plausible import Doubt, Fix, judged

#: Rows that one statement deletes when their time is over.
CHUNK = 50_000

VEHICLES = """
SELECT replace(upper(v.plate), ' ', ''), v.id, p.at, p.latitude, p.longitude, d.fixes
  FROM carriers_vehicle v
  LEFT JOIN LATERAL (
       SELECT at, latitude, longitude FROM tracking_position
        WHERE vehicle_id = v.id ORDER BY at DESC LIMIT 1) p ON true
  LEFT JOIN LATERAL (
       SELECT json_agg(json_build_array(extract(epoch FROM at), latitude, longitude) ORDER BY at) AS fixes
         FROM (SELECT at, latitude, longitude FROM tracking_refusedposition
                WHERE vehicle_id = v.id AND reason = 'jump' AND at > p.at
                ORDER BY at DESC LIMIT 2) newest) d ON true
 WHERE replace(upper(v.plate), ' ', '') = ANY(%s)
"""
STORE = """
INSERT INTO tracking_position
       (id, vehicle_id, at, received_at, latitude, longitude, accuracy_m, speed_kmh, heading, source)
SELECT g.id, g.vehicle_id, g.at, %s, g.latitude, g.longitude, g.accuracy_m, g.speed_kmh, g.heading, %s
  FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[], %s::float8[], %s::float8[],
              %s::int[], %s::int[], %s::int[])
       AS g(id, vehicle_id, at, latitude, longitude, accuracy_m, speed_kmh, heading)
    ON CONFLICT DO NOTHING
RETURNING id
"""


class Outcome:
    """What became of a row."""

    ACCEPTED = "accepted"
    LATE = "late"  # stored, and older than what the vehicle said before: the picture of now stays
    KNOWN = "known"
    REFUSED = "refused"


class Said(NamedTuple):
    """One position as it was sent: the sender's id for it, the plate, when, where, and what else is known.

    ``doubt`` is why the edge could not read it; then all but the id and the plate may be missing.
    """

    id: str
    plate: str
    at: datetime | None
    latitude: float | None
    longitude: float | None
    accuracy_m: int | None = None
    speed_kmh: int | None = None
    heading: int | None = None
    doubt: str = ""


class Answer(NamedTuple):
    """What became of one row, and why where it was refused (a ``RefusedPosition.Reason``)."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class _Seen:
    """A vehicle as it is known before the batch."""

    vehicle_id: UUID
    last: Fix | None
    doubted: tuple[Fix, ...]


@transaction.atomic
def take_positions(*, said: Sequence[Said], source: Source, sender: UUID, now: datetime) -> list[Answer]:
    """Store what can be believed of a batch and say of each row, in its order, what became of it.

    ``sender`` is whose ids they are: a key's, a phone's. A row whose id or moment is stored already is known.
    Four statements, however many rows. Runs in the shipper's schema: plates of others are unknown there.
    """
    ids = [new_id() if row.doubt else uuid5(sender, row.id) for row in said]
    known = set(Position.objects.filter(pk__in=ids).values_list("pk", flat=True))
    new = [place for place, key in enumerate(ids) if key not in known]
    seen = _vehicles({_plain(said[place].plate) for place in new if not said[place].doubt})
    doubts = _doubts(said, new, seen, now)
    good = [place for place in new if not doubts[place]]
    stored = _store([(ids[place], said[place]) for place in good], seen, source, now)
    _keep_refused([(ids[n], said[n], doubt) for n, doubt in enumerate(doubts) if doubt], seen, source, now)
    answers = [Answer(Outcome.REFUSED, doubt) if doubt else Answer(Outcome.KNOWN) for doubt in doubts]
    for place in good:
        last = seen[_plain(said[place].plate)].last
        if ids[place] in stored:
            stored.discard(ids[place])  # the same id again in this batch is known
            is_late = last is not None and said[place].at < last.at  # type: ignore[operator]  # it was read
            answers[place] = Answer(Outcome.LATE if is_late else Outcome.ACCEPTED)
    return answers


def forget_positions(*, now: datetime) -> int:
    """Delete what was kept for long enough, in pieces that hold up nobody; how many rows there were."""
    before = now - timedelta(days=settings.POSITIONS_KEPT_DAYS)
    gone = 0
    for model in (Position, RefusedPosition):
        while True:
            old = model.objects.filter(received_at__lt=before).values("pk")[:CHUNK]
            count, _ = model.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()
            gone += count
            if count < CHUNK:
                break
    return gone


def _plain(plate: str) -> str:
    return plate.upper().replace(" ", "")


def _vehicles(plates: set[str]) -> dict[str, _Seen]:
    """The vehicles with these plates, each with its newest position and the jumps since then."""
    if not plates:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(VEHICLES, [sorted(plates)])
        rows = cursor.fetchall()
    return {
        plate: _Seen(
            vehicle_id,
            Fix(at, latitude, longitude) if at else None,
            tuple(Fix(at.fromtimestamp(second, tz=at.tzinfo), lat, lon) for second, lat, lon in fixes or ()),
        )
        for plate, vehicle_id, at, latitude, longitude, fixes in rows
    }


def _doubts(said: Sequence[Said], new: Sequence[int], seen: dict[str, _Seen], now: datetime) -> list[str]:
    """Per row why it is not believed; each vehicle's new rows are judged in the order of their times."""
    doubts = [""] * len(said)
    of_vehicle: dict[str, list[int]] = {}
    for place in new:
        plate = _plain(said[place].plate)
        doubts[place] = said[place].doubt or ("" if plate in seen else Doubt.VEHICLE)
        if not doubts[place]:
            of_vehicle.setdefault(plate, []).append(place)
    for plate, places in of_vehicle.items():
        places.sort(key=lambda place: said[place].at)  # type: ignore[arg-type,return-value]  # it was read
        fixes = [Fix(said[n].at, said[n].latitude, said[n].longitude) for n in places]  # type: ignore[arg-type]
        known = seen[plate]
        for place, doubt in zip(
            places, judged(fixes, last=known.last, doubted=known.doubted, now=now), strict=True
        ):
            doubts[place] = doubt
    return doubts


def _store(
    rows: Sequence[tuple[UUID, Said]], seen: dict[str, _Seen], source: Source, now: datetime
) -> set[UUID]:
    """Insert them; the ids of those that were not there."""
    if not rows:
        return set()
    columns = zip(
        *(
            (
                key,
                seen[_plain(row.plate)].vehicle_id,
                row.at,
                row.latitude,
                row.longitude,
                row.accuracy_m,
                row.speed_kmh,
                row.heading,
            )
            for key, row in rows
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(STORE, [now, source.value, *map(list, columns)])
        return {key for (key,) in cursor.fetchall()}


def _keep_refused(
    rows: Sequence[tuple[UUID, Said, str]], seen: dict[str, _Seen], source: Source, now: datetime
) -> None:
    RefusedPosition.objects.bulk_create(
        [
            RefusedPosition(
                id=key,
                vehicle_id=seen[plate].vehicle_id if (plate := _plain(row.plate)) in seen else None,
                named=row.plate[:40],
                reason=doubt,
                at=row.at,
                latitude=row.latitude,
                longitude=row.longitude,
                source=source,
                received_at=now,
            )
            for key, row, doubt in rows
        ],
        ignore_conflicts=True,
    )
