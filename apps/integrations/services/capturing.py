"""Taking EPCIS events of other systems onto the custody record, each or all of a document."""

import hashlib
import json
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.consignments.models import HandlingUnit
from apps.core.errors import DomainError
from apps.custody.models import CustodyEvent
from apps.custody.services import record
from apps.deliveries.models import Delivery
from apps.integrations.errors import CaptureTooLarge, EpcisError, EventRefused
from apps.integrations.models import ApiKey, Capture, CapturedEvent
from apps.integrations.reading import Reading, read
from apps.integrations.services.keys import actor_of_key
from apps.tenancy.outbox import enqueue
from apps.tracking.models import Measure
from apps.tracking.services import Measured, take_readings

KIND = "integrations.capture"
MOST_EVENTS = 1000
MOST_BYTES = 4 << 20


@transaction.atomic
def accept_capture(*, key: ApiKey, document: Any, behaviour: str, now: datetime) -> Capture:
    """Promise to try a document's events; the answer is the job to watch.

    Raises:
        EpcisError: it is no EPCIS document, or an unknown behaviour is asked for.
        CaptureTooLarge: it holds more than ``MOST_EVENTS``.
    """
    events = events_of(document)
    if behaviour not in Capture.Behaviour.values:
        raise EpcisError("GS1-Capture-Error-Behaviour is rollback or proceed.")
    if len(events) > MOST_EVENTS:
        raise CaptureTooLarge(f"At most {MOST_EVENTS} events are taken at once; split the document.")
    capture = Capture.objects.create(
        key=key, behaviour=behaviour, events=events, total=len(events), received_at=now
    )
    enqueue(KIND, capture_id=str(capture.pk))
    return capture


def events_of(document: Any) -> list[Any]:
    """The events of an EPCIS document in JSON.

    Raises:
        EpcisError: it is none.
    """
    if not isinstance(document, dict) or document.get("type") != "EPCISDocument":
        raise EpcisError("The body is an EPCISDocument in JSON.")
    missing = [
        name for name in ("@context", "schemaVersion", "creationDate", "epcisBody") if name not in document
    ]
    if missing:
        raise EpcisError(f"The document has no {', '.join(missing)}.")
    if str(document["schemaVersion"]).split(".")[0] != "2":
        raise EpcisError("schemaVersion 2.0 is spoken here.")
    body = document["epcisBody"]
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(events, list) or not events:
        raise EpcisError("epcisBody.eventList holds no events.")
    return events


@transaction.atomic
def run_capture(*, capture_id: UUID) -> None:
    """Try a document's events; how it went stands on its job. A job that is over stays as it is."""
    capture = Capture.objects.select_for_update().select_related("key").get(pk=capture_id)
    if capture.finished_at:
        return
    errors: list[dict[str, Any]] = []
    captured = 0
    now = timezone.now()
    trial = transaction.savepoint()
    for place, event in enumerate(capture.events or []):
        try:
            with transaction.atomic():
                _take(event, capture=capture, now=now)
            captured += 1
        except DomainError as error:
            errors.append(_problem(place, event, error))
    if errors and capture.behaviour == Capture.Behaviour.ROLLBACK:
        transaction.savepoint_rollback(trial)
        captured = 0
    else:
        transaction.savepoint_commit(trial)
    capture.events, capture.captured, capture.errors, capture.finished_at = None, captured, errors, now
    capture.save(update_fields=["events", "captured", "errors", "finished_at"])


@transaction.atomic
def capture_one(*, key: ApiKey, event: Any, now: datetime) -> CapturedEvent:
    """Take one event at once.

    Raises:
        EventRefused: it can't become a custody event.
        DomainError: custody refuses it.
    """
    capture = Capture.objects.create(key=key, total=1, captured=1, received_at=now, finished_at=now)
    return _take(event, capture=capture, now=now)


def _take(event: Any, *, capture: Capture, now: datetime) -> CapturedEvent:
    said = read(event, now=now)
    digest = hashlib.sha256(json.dumps(event, sort_keys=True, separators=(",", ":")).encode()).digest()
    earlier = CapturedEvent.objects.filter(epcis_id=said.epcis_id).first() if said.epcis_id else None
    if earlier:
        if bytes(earlier.digest) != digest:
            raise EventRefused(f"Another event was captured under {said.epcis_id} before.")
        return earlier
    row = _record(said, capture=capture, now=now)
    return CapturedEvent.objects.create(
        epcis_id=said.epcis_id or f"urn:uuid:{row.pk}", digest=digest, event=row, capture=capture
    )


def _record(said: Reading, *, capture: Capture, now: datetime) -> CustodyEvent:
    """
    Raises:
        EventRefused: the goods or the place are not those of one delivery here.
    """
    units = {
        unit.sscc: unit
        for unit in HandlingUnit.objects.filter(sscc__in=said.ssccs).select_related("consignment")
    }
    if unknown := [sscc for sscc in said.ssccs if sscc not in units]:
        raise EventRefused(f"This shipper has no handling unit {unknown[0]}.")
    consignments: dict[str, list[str]] = {}
    for sscc in said.ssccs:
        consignments.setdefault(units[sscc].consignment.number, []).append(sscc)
    delivery = _delivery_of({unit.consignment_id for unit in units.values()})
    if said.gln and said.type in ("arrived", "unloaded") and delivery.site.gln.zfill(13) != said.gln:
        raise EventRefused(f"{delivery.number} goes to another place than GLN {said.gln}.")
    _sense(said, delivery, capture=capture, now=now)
    return record(
        said.type,
        actor=actor_of_key(capture.key),
        now=now,
        event_time=said.event_time,
        consignments=consignments,
        delivery_id=delivery.pk,
        delivery=delivery.number,
        site=delivery.site,
        refs=[("epcis_event", said.epcis_id)] if said.epcis_id else [],
        details=said.details,
    )


def _sense(said: Reading, delivery: Delivery, *, capture: Capture, now: datetime) -> None:
    """Hold the temperatures of a sensor event against what the goods may see: the least and the greatest."""
    if said.type != "condition_reading":
        return
    ends = (("from", "minimum_mc"), ("to", "maximum_mc"))
    take_readings(
        said=[
            Measured(
                f"{said.details['sensor']} {end} {said.details[end]}",
                "delivery",
                delivery.number,
                said.details["sensor"][:60],
                Measure.TEMPERATURE,
                said.details[bound],
                datetime.fromisoformat(said.details[end]),
            )
            for end, bound in ends
        ],
        sender=capture.key_id,
        now=now,
    )


def _delivery_of(consignment_ids: set[UUID]) -> Delivery:
    """The newest delivery that carries all of these.

    Raises:
        EventRefused: none does.
    """
    carrying = Delivery.objects.all()
    for consignment_id in consignment_ids:
        carrying = carrying.filter(rides__consignment_id=consignment_id)
    delivery = carrying.order_by("-id").first()
    if delivery is None:
        raise EventRefused(
            "These handling units don't ride in one delivery; send an event for the units of each."
        )
    return delivery


def _problem(place: int, event: Any, error: DomainError) -> dict[str, Any]:
    """Why one event was refused, as a problem document that says which."""
    name = error.exception if isinstance(error, EpcisError) else "ValidationException"
    named = event.get("eventID") if isinstance(event, dict) else None
    return {
        "type": f"epcisException:{name}",
        "title": error.code.replace("-", " "),
        "status": 400,
        "detail": error.message,
        "instance": f"/epcisBody/eventList/{place}",
        **({"eventID": named} if isinstance(named, str) else {}),
    }
