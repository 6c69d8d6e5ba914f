"""Keep the list of exceptions true: open what is found, close what stays away, each once."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Max

from apps.core.turns import one_at_a_time
from apps.insights.detecting import findings
from apps.insights.detecting_missed import missed
from apps.insights.finding import Finding
from apps.insights.kinds import BY_PERSON, WITHOUT_OCCASION, Ending, Kind
from apps.insights.models import DeliveryException, ExceptionEvent, LastLook
from apps.insights.services.telling import tell_recipients

#: A cause has to stay away for this long before its exception closes, so that none flickers.
GONE_AFTER = timedelta(minutes=2)
#: What goes up and down by itself has to stay away longer.
GONE_LONGER = {Kind.LATE_ARRIVAL: timedelta(minutes=10), Kind.DATA_FAULT: timedelta(minutes=30)}
#: Found later than this after it could be seen, an exception says that it was found late.
LATE = timedelta(minutes=5)
#: Noting each look would write a row three times a minute at every shipper.
LOOKS_NOTED_EVERY = timedelta(minutes=1)


Key = tuple[UUID, str, str]


@dataclass(frozen=True)
class Watched:
    """How many exceptions one look opened and closed."""

    opened: int
    closed: int


@transaction.atomic
def watch(*, now: datetime) -> Watched:
    """Look once, in the current shipper's schema. Two looks at once wait for each other."""
    one_at_a_time("insights watch")
    found = {finding.key: finding for finding in findings(now)}
    rows = DeliveryException.objects.filter(ended_at=None)
    standing = {(row.delivery_id, row.kind, row.subject): row for row in rows}
    settled = _settled_by_people(found.values())
    new = [finding for key, finding in found.items() if key not in standing and key not in settled]
    _open(new, now)
    changed = [_told(row, found[key]) for key, row in standing.items() if key in found]
    DeliveryException.objects.bulk_update(
        [row for row in changed if row is not None],
        ["severity", "facts", "harm_at", "group", "missing_since"],
    )
    _tell_missed(now)
    gone = [row for key, row in standing.items() if key not in found and row.kind not in BY_PERSON]
    return Watched(len(new), _close(gone, now))


def _settled_by_people(found: Iterable[Finding]) -> set[Key]:
    """What a person resolved and is still there to be seen: it is not opened again.

    What came about after that is another occasion (a second failed attempt, the next offer) and is opened.
    """
    resolved = DeliveryException.objects.filter(ending=Ending.RESOLVED)
    last = (
        resolved.filter(delivery_id__in={finding.delivery_id for finding in found})
        .order_by()
        .values_list("delivery_id", "kind", "subject")
        .annotate(until=Max("ended_at"))
    )
    until: dict[Key, datetime] = {(delivery, kind, subject): at for delivery, kind, subject, at in last}
    return {
        finding.key
        for finding in found
        if finding.key in until
        and (finding.kind in WITHOUT_OCCASION or finding.cause_at <= until[finding.key])
    }


def _tell_missed(now: datetime) -> None:
    """Open and close what began and was over since the last look, where that was long ago."""
    last = LastLook.objects.first()
    if last is None or now - last.at >= LOOKS_NOTED_EVERY:
        LastLook.objects.update_or_create(pk=1, defaults={"at": now})
    if last is None or now - last.at <= LATE:
        return
    rows = _written(list(missed(last.at, now)), now)
    DeliveryException.objects.filter(pk__in=[row.pk for row in rows]).update(
        ended_at=now, ending=Ending.PASSED
    )
    ExceptionEvent.objects.bulk_create(
        ExceptionEvent(
            exception=row,
            step=ExceptionEvent.Step.PASSED,
            actor_name="Dockside",
            note="It was over before anybody looked.",
            at=now,
        )
        for row in rows
    )


def _open(new: list[Finding], now: datetime) -> None:
    tell_recipients(_written(new, now))


def _written(new: list[Finding], now: datetime) -> list[DeliveryException]:
    """The exceptions of these findings, with what was late about finding them."""
    rows = [
        DeliveryException(
            delivery_id=finding.delivery_id,
            kind=finding.kind,
            subject=finding.subject,
            severity=finding.severity,
            facts=finding.facts,
            group=finding.group,
            cause_at=finding.cause_at,
            harm_at=finding.harm_at,
            detected_at=now,
        )
        for finding in new
    ]
    DeliveryException.objects.bulk_create(rows)
    ExceptionEvent.objects.bulk_create(
        ExceptionEvent(
            exception=row,
            step=ExceptionEvent.Step.DETECTED,
            actor_name="Dockside",
            note=_how_late(row, now),
            at=now,
        )
        for row in rows
    )
    return rows


def _how_late(row: DeliveryException, now: datetime) -> str:
    late = now - row.cause_at
    minutes = int(late.total_seconds() // 60)
    return f"Found {minutes} minutes after it could be seen." if late > LATE else ""


def _told(row: DeliveryException, finding: Finding) -> DeliveryException | None:
    """The row with what the finding says now; None where nothing changed."""
    told = (finding.severity, finding.facts, finding.harm_at, finding.group, None)
    if (row.severity, row.facts, row.harm_at, row.group, row.missing_since) == told:
        return None
    row.severity, row.facts, row.harm_at, row.group, row.missing_since = told
    return row


def _close(gone: list[DeliveryException], now: datetime) -> int:
    """Close what stayed away long enough, note the rest; returns how many were closed."""
    first = [row.pk for row in gone if row.missing_since is None]
    DeliveryException.objects.filter(pk__in=first).update(missing_since=now)
    over = [
        row
        for row in gone
        if row.missing_since is not None
        and now - row.missing_since >= GONE_LONGER.get(Kind(row.kind), GONE_AFTER)
    ]
    DeliveryException.objects.filter(pk__in=[row.pk for row in over]).update(
        ended_at=now, ending=Ending.PASSED
    )
    ExceptionEvent.objects.bulk_create(
        ExceptionEvent(exception=row, step=ExceptionEvent.Step.PASSED, actor_name="Dockside", at=now)
        for row in over
    )
    return len(over)
