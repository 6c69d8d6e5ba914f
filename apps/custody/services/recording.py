"""Appending one custody event, in the transaction of the change that it tells of."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from apps.accounts.actors import Actor, Means, Side
from apps.accounts.models import Role
from apps.accounts.permissions import require
from apps.core.ids import new_id
from apps.custody import canonical, events, facts
from apps.custody.commitments import Disclosure as Opening
from apps.custody.errors import RecordRefused
from apps.custody.facts import Personal
from apps.custody.models import CustodyEvent
from apps.custody.possession import MOVES
from apps.custody.selectors import log_origin
from apps.custody.services.devices import Device, note_action, said_before
from apps.custody.services.moving import keep_possible
from apps.custody.services.writing import prepared, take_places, write
from apps.facilities.models import Recipient, Site
from apps.tenancy.doorway import current_shipper

NETWORK = "Dockside network"
CORRECTION_REASONS = ("did_not_occur", "incorrect_data")
#: Somebody with several roles acts in the first of these that they hold.
ROLES = (
    Role.OPERATOR,
    Role.SHIPPER_ADMIN,
    Role.PLANNER,
    Role.RECEIVING_MANAGER,
    Role.DOCK_OPERATOR,
    Role.AUDITOR,
)


def record(
    event_type: str,
    *,
    actor: Actor,
    now: datetime,
    event_time: datetime,
    consignments: Mapping[str, Sequence[str]],
    details: Mapping[str, Any],
    delivery_id: UUID | None = None,
    delivery: str | None = None,
    site: Site | None = None,
    refs: Iterable[tuple[str, str]] = (),
    device: Device | None = None,
) -> CustodyEvent:
    """Append an event to the current shipper's log; it commits or vanishes with the caller's transaction.

    ``consignments`` are numbers and the SSCCs of their handling units, ``details`` what `events.EVENT_TYPES`
    demands, with every value about a person and all free text as `Personal`. ``event_time`` is when it
    happened by the clock of whoever says so, ``now`` the server's. Others who record for the same consignment
    wait until this transaction ends. What a ``device`` said before under the same number is not recorded
    again: the answer is then the event of the first time.

    Raises:
        RecordRefused: it does not fit the schema; nothing was written.
        ImpossibleStep: the goods were handed over already.
        DeviceForked: the device said something else under that number; `note_fork` puts that on record.
        UnknownShipper: the connection is in the network schema.
        TransactionManagementError: there is no transaction to belong to.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "a custody event belongs to the transaction of its change"
        )
    row = CustodyEvent(
        id=new_id(),
        type=event_type,
        delivery_id=delivery_id,
        delivery=delivery or "",
        site_id=site.pk if site else None,
        event_time=event_time,
        recorded_at=now,
    )
    if device and (earlier := said_before(device, event_type, event_time, consignments, details)):
        return earlier
    units = {facts.clean_text(number): sorted(set(ssccs)) for number, ssccs in sorted(consignments.items())}
    event, opened = _settled(_event(row, actor, units, details, site, refs, device), str(row.pk))
    numbers, parts = sorted(units), canonical.encode_in_parts(event)
    with prepared() as cursor:
        if event_type in MOVES:  # what moves goods is looked into first, under the lock of its places
            taken, before = take_places(cursor, numbers)
            row.ordinal = taken.ordinal
            passed = keep_possible(row, units, event["details"], before)
            write(cursor, row, consignments=numbers, parts=parts, opened=opened, taken=taken, passed=passed)
        else:
            write(cursor, row, consignments=numbers, parts=parts, opened=opened)
    if device:
        for anomaly in note_action(device, row, consignments, details):
            record("clock_anomaly", actor=actor, now=now, event_time=now, consignments={}, details=anomaly)
    return row


@transaction.atomic
def note_fork(*, actor: Actor, device: Device, now: datetime) -> CustodyEvent:
    """Put on record that a device said two different things under one number, after `record` refused it."""
    details = {"device": device.id, "seq": device.seq, "kind": "fork"}
    return record("clock_anomaly", actor=actor, now=now, event_time=now, consignments={}, details=details)


@transaction.atomic
def correct(
    *,
    actor: Actor,
    event_id: UUID,
    reason: str,
    now: datetime,
    corrected_by: Sequence[UUID] = (),
    note: str = "",
) -> CustodyEvent:
    """Say that an event did not happen or was wrong; it stays, and this event takes it back.

    ``reason`` is EPCIS's: ``did_not_occur`` or ``incorrect_data``; ``corrected_by`` are the events that say
    it right, recorded before.

    Raises:
        PermissionRefused: ``actor`` does not administer this shipper.
        RecordRefused: there is no such event, it names no goods, or the reason is another.
    """
    require(actor, "custody.correct", current_shipper())
    wrong = CustodyEvent.objects.filter(pk=event_id).first()
    said = json.loads(bytes(wrong.canonical)) if wrong else {}
    if wrong is None or not said["consignments"] or wrong.type == "correction":
        raise RecordRefused("There is no such event of goods to correct.")
    if reason not in CORRECTION_REASONS:
        raise RecordRefused(f"A correction says {' or '.join(CORRECTION_REASONS)}.")
    return record(
        "correction",
        actor=actor,
        now=now,
        event_time=now,
        consignments={each["number"]: each["sscc"] for each in said["consignments"]},
        details={
            "corrects": str(event_id),
            "reason": reason,
            "corrected_by": [str(each) for each in corrected_by],
            "note": Personal(note) if note else None,
        },
        delivery_id=wrong.delivery_id,
        delivery=wrong.delivery,
        site=Site.objects.filter(pk=wrong.site_id).first() if wrong.site_id else None,
    )


def site_fact(site: Site) -> dict[str, str]:
    """A site as events name it; its GLN only where that is one."""
    fact = {"name": facts.clean_text(site.name) or site.code}
    gln = facts.gs1_key("gln", site.gln)
    return {**fact, "gln": gln} if gln else fact


def _event(
    row: CustodyEvent,
    actor: Actor,
    units: Mapping[str, Sequence[str]],
    details: Mapping[str, Any],
    site: Site | None,
    refs: Iterable[tuple[str, str]],
    device: Device | None,
) -> dict[str, Any]:
    shipper = current_shipper()
    if row.type not in events.EVENT_TYPES:
        raise RecordRefused(f"“{row.type}” is no type of custody event.")
    return {
        "v": events.VERSION,
        "log": log_origin(shipper),
        "shipper": shipper.slug,
        "event_id": str(row.pk),
        "type": row.type,
        "consignments": [
            {"number": number, "cseq": 1, "sscc": ssccs} for number, ssccs in sorted(units.items())
        ],
        "delivery": row.delivery,
        "site": site_fact(site) if site else None,
        "actor": _actor(actor, shipper.name, site),
        "device": device.fact() if device else None,
        "event_time": canonical.format_time(row.event_time),
        "received_time": canonical.format_time(row.recorded_at),
        "why": events.why(row.type, refs),
        "details": details,
    }


def _settled(event: dict[str, Any], event_id: str) -> tuple[dict[str, Any], list[Opening]]:
    """The event in the schema's form, valid but for its places in the consignments' histories."""
    try:
        settled, opened = facts.settle(event, event_id=event_id)
        assert isinstance(settled, dict)
        canonical.validate(settled)
    except (canonical.EventInvalid, facts.FactInvalid) as error:
        raise RecordRefused(f"This can't go on the custody record: {error}.") from error
    return settled, opened


def _actor(actor: Actor, shipper_name: str, site: Site | None) -> dict[str, Any]:
    recipient = _recipient(actor, site) if actor.side == Side.RECIPIENT else None
    organisation = {
        Side.SHIPPER: shipper_name,
        Side.RECIPIENT: recipient.name if recipient else "",
        Side.NETWORK: NETWORK,
    }[actor.side]
    return {
        "id": str(actor.person_id) if actor.person_id else _stand_in(actor),
        "role": _role(actor, recipient),
        "organisation": organisation or NETWORK,
        "name": Personal(actor.name) if actor.person_id or _stand_in(actor) != "dockside" else None,
    }


def _stand_in(actor: Actor) -> str:
    """Who acts when nobody is signed in: the driver, whoever holds a link or a system's key, or Dockside."""
    if actor.means == Means.KEY:
        return f"system {actor.name}"
    return "driver" if actor.is_driver else "link" if actor.means == Means.LINK else "dockside"


def _recipient(actor: Actor, site: Site | None) -> Recipient | None:
    """The recipient that the actor acts for here: the site's, where it is one of theirs."""
    if site is not None and site.recipient_id in actor.recipient_ids:
        return site.recipient
    return Recipient.objects.filter(pk__in=actor.recipient_ids).order_by("name").first()


def _role(actor: Actor, recipient: Recipient | None) -> str:
    if actor.is_driver:
        return "driver"
    if actor.means != Means.PERSON:
        return actor.means.value
    held = actor.roles | {role for at, role in actor.recipient_roles if recipient and at == recipient.pk}
    return next((role.value for role in ROLES if role in held), "system")
