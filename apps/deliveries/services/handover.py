"""The handover: one statement, made once, with which custody passes; findings by handling unit."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.accounts.actors import Actor
from apps.accounts.permissions import require
from apps.appointments import services as appointments
from apps.appointments.states import State as AppointmentState
from apps.consignments.models import HandlingUnit
from apps.custody.canonical import format_time, json_bytes
from apps.custody.services import Personal
from apps.deliveries.errors import StatementInvalid
from apps.deliveries.models import Delivery, Discrepancy, Handover
from apps.deliveries.selectors import consignments_of, visit_of
from apps.deliveries.services.booking import require_documents
from apps.deliveries.services.recording import record
from apps.deliveries.services.transitions import lock, transition
from apps.deliveries.states import State
from apps.facilities.models import Step
from apps.tenancy.doorway import current_shipper
from apps.tenancy.outbox import enqueue


@dataclass(frozen=True)
class UnitFinding:
    """One handling unit that is not as expected; an ``over`` one may have no SSCC of ours."""

    kind: Discrepancy.Kind
    sscc: str = ""
    note: str = ""


@dataclass(frozen=True)
class Statement:
    """What both people state and sign: who released, who received, what was found."""

    released_by: str
    received_by: str
    received_by_role: str = ""
    findings: Sequence[UnitFinding] = ()
    reservation: str = ""
    refused: bool = False


@transaction.atomic
def hand_over(
    *,
    actor: Actor,
    delivery_id: UUID,
    statement: Statement,
    now: datetime,
    device_time: datetime | None = None,
) -> Handover:
    """Record the statement and end the visit: delivered, or refused whole.

    Received + short + refused units equal expected + over units; damaged units count as received.

    Raises:
        PermissionRefused: ``actor`` does not work this site.
        DocumentsMissing: the site demands documents at handover.
        StatementInvalid: a name is missing, or a finding names a unit that is not in the delivery.
        IllegalTransition: unloading has not begun, or the handover was made already.
    """
    delivery = lock(delivery_id)
    require(actor, "deliveries.receive", delivery)
    require_documents(delivery, Step.HANDOVER)
    units = {unit.sscc: unit for c in consignments_of(delivery) for unit in c.handling_units.all()}
    _check(statement, units)
    outcome = _outcome(statement)
    refused = outcome == Handover.Outcome.REFUSED
    transition(delivery, State.REFUSED if refused else State.DELIVERED, actor=actor, at=now)
    handover = Handover.objects.create(
        delivery=delivery,
        outcome=outcome,
        units_expected=len(units),
        units_received=0 if refused else _received(statement, len(units)),
        released_by=statement.released_by,
        received_by=statement.received_by,
        received_by_role=statement.received_by_role,
        statement_sha256=_digest(statement, delivery, sorted(units), device_time or now),
        reservation=_reservation(statement)
        if outcome == Handover.Outcome.RESERVATION
        else statement.reservation,
        device_time=device_time or now,
        recorded_at=now,
    )
    Discrepancy.objects.bulk_create(
        Discrepancy(handover=handover, handling_unit=units.get(f.sscc), kind=f.kind, note=f.note)
        for f in statement.findings
    )
    _close_appointment(delivery, actor, now)
    _record(delivery, handover, statement, actor, now, device_time)
    return handover


def _check(statement: Statement, units: dict[str, HandlingUnit]) -> None:
    if not statement.released_by.strip() or not statement.received_by.strip():
        raise StatementInvalid("Both names are needed: who released the goods and who received them.")
    seen: set[str] = set()
    for finding in statement.findings:
        if finding.sscc and finding.sscc not in units and finding.kind != Discrepancy.Kind.OVER:
            raise StatementInvalid(f"{finding.sscc} is not in this delivery; record it as over.")
        if not finding.sscc and finding.kind != Discrepancy.Kind.OVER:
            raise StatementInvalid("Name the handling unit that is short, damaged or refused.")
        if finding.sscc and finding.sscc in seen:
            raise StatementInvalid(f"{finding.sscc} has two findings; one handling unit has one.")
        seen.add(finding.sscc)


def _outcome(statement: Statement) -> Handover.Outcome:
    if statement.refused:
        return Handover.Outcome.REFUSED
    if statement.findings or statement.reservation:
        return Handover.Outcome.RESERVATION
    return Handover.Outcome.ACCEPTED


def _received(statement: Statement, expected: int) -> int:
    kinds = [finding.kind for finding in statement.findings]
    return (
        expected
        + kinds.count(Discrepancy.Kind.OVER)
        - kinds.count(Discrepancy.Kind.SHORT)
        - kinds.count(Discrepancy.Kind.REFUSED)
    )


def _reservation(statement: Statement) -> str:
    return statement.reservation or "; ".join(
        f"{Discrepancy.Kind(finding.kind).label}: {finding.sscc or 'without SSCC'}"
        for finding in statement.findings
    )


def _digest(statement: Statement, delivery: Delivery, ssccs: list[str], at: datetime) -> str:
    """SHA-256 of the statement's canonical form (RFC 8785): what a signature would be made over."""
    body = {
        "delivery": delivery.number,
        "handling_units": ssccs,
        "released_by": statement.released_by,
        "received_by": statement.received_by,
        "received_by_role": statement.received_by_role,
        "findings": [{"kind": str(f.kind), "sscc": f.sscc, "note": f.note} for f in statement.findings],
        "reservation": statement.reservation,
        "refused": statement.refused,
        "at": format_time(at),
    }
    return hashlib.sha256(json_bytes(body)).hexdigest()


def _close_appointment(delivery: Delivery, actor: Actor, now: datetime) -> None:
    appointment = visit_of(delivery).appointment
    if appointment is not None:
        appointments.advance(
            actor=actor, appointment_id=appointment.pk, to=AppointmentState.COMPLETED, now=now
        )


def _record(
    delivery: Delivery,
    handover: Handover,
    statement: Statement,
    actor: Actor,
    now: datetime,
    device_time: datetime | None,
) -> None:
    if handover.outcome != Handover.Outcome.REFUSED:
        record("unloaded", delivery=delivery, actor=actor, now=now, event_time=device_time, details={})
    recipient = delivery.site.recipient
    details: dict[str, Any] = {
        "statement": handover.statement_sha256,
        "released_by": _signatory(current_shipper().name, statement.released_by),
        "received_by": _signatory(recipient.name if recipient else delivery.site.name, statement.received_by),
    }
    if handover.outcome == Handover.Outcome.REFUSED:
        details["reason"] = "rejectedByReceiver"
        if statement.reservation:
            details["note"] = Personal(statement.reservation)
    if handover.outcome == Handover.Outcome.RESERVATION:
        details["reservation"] = Personal(handover.reservation)
    if handover.outcome != Handover.Outcome.ACCEPTED:
        details["discrepancies"] = [
            {
                "kind": str(finding.kind),
                **({"sscc": finding.sscc} if finding.sscc else {}),
                **({"note": Personal(finding.note)} if finding.note else {}),
            }
            for finding in statement.findings
        ]
    record(
        f"handover_{handover.outcome}",
        delivery=delivery,
        actor=actor,
        now=now,
        event_time=device_time,
        details=details,
    )
    enqueue("deliveries.issue_proof_of_delivery", delivery_id=str(delivery.pk))
    enqueue("deliveries.announce_handover", delivery_id=str(delivery.pk))


def _signatory(organisation: str, name: str) -> dict[str, Any]:
    """A name that was typed on somebody else's device: captured, not signed."""
    return {"organisation": organisation, "name": Personal(name), "assurance": "captured"}
